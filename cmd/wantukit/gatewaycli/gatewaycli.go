// Package gatewaycli is the gateway at the command line: for an operator who has
// to look after one order, and for a developer who writes a client.
//
// [Verbs] are kong's commands, and [ExitCode] says how one of them ended. They
// speak to the sandbox on this machine unless a configuration or flags name
// another gateway.
package gatewaycli

import (
	"fmt"
	"io"

	"github.com/alecthomas/kong"
)

// Verbs are the commands.
type Verbs struct {
	Query          queryVerb          `cmd:"" group:"gateway" help:"Ask what became of an order."`
	Refund         refundVerb         `cmd:"" group:"gateway" help:"Give money back, all of an order or a part."`
	Close          closeVerb          `cmd:"" group:"gateway" help:"End an order that is not paid."`
	Cancel         cancelVerb         `cmd:"" group:"gateway" help:"End an order whatever its state; what was paid is given back."`
	QRCode         qrcodeVerb         `cmd:"" name:"qrcode" group:"gateway" help:"Place an order and draw its code."`
	Pos            posVerb            `cmd:"" group:"gateway" help:"Take a payment by the code on a shopper's phone, and wait for it."`
	MerchantQRCode merchantQRCodeVerb `cmd:"" name:"merchant-qrcode" group:"gateway" help:"Draw the store's own code, which takes any amount."`
	Statement      statementVerb      `cmd:"" group:"gateway" help:"List the payments and refunds of a span of days."`
	Rate           rateVerb           `cmd:"" group:"gateway" help:"Show the rate of a currency."`
	Sign           signVerb           `cmd:"" group:"messages" help:"Sign a JSON object as the gateway does."`
	Verify         verifyVerb         `cmd:"" group:"messages" help:"Check the signature of a JSON object."`
}

// Groups are the titles under which the help lists the verbs and their flags.
func Groups() []kong.Group {
	return []kong.Group{
		{Key: "gateway", Title: "At the gateway, which is the sandbox unless --config or --gateway names another:"},
		{Key: "messages", Title: "For whoever writes a client:"},
		{Key: "account", Title: "Which gateway, and whose account:"},
	}
}

// Streams are where a verb reads and writes.
type Streams struct {
	In  io.Reader
	Out io.Writer
	// Err is for what a person should know and a script should not read.
	Err io.Writer
	// Terminal says that a person reads Out.
	Terminal bool
}

// tell writes one line to a person.
func (s Streams) tell(format string, args ...any) {
	_, _ = fmt.Fprintf(s.Err, format+"\n", args...)
}

// say writes one line of the answer.
func (s Streams) say(format string, args ...any) error {
	_, err := fmt.Fprintf(s.Out, format+"\n", args...)
	return err
}
