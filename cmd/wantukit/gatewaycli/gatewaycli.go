// Package gatewaycli is the command line for the gateway: for an operator who
// checks one order, and for a developer who writes a client.
//
// [Verbs] are kong's commands, and [ExitCode] returns the exit code of one. They
// call the sandbox on this machine unless a configuration file or flags name
// another gateway.
package gatewaycli

import (
	"fmt"
	"io"

	"github.com/alecthomas/kong"
)

// Verbs are the commands.
type Verbs struct {
	Query          queryVerb          `cmd:"" group:"gateway" help:"Query the status of an order."`
	Refund         refundVerb         `cmd:"" group:"gateway" help:"Refund an order, in full or in part."`
	Close          closeVerb          `cmd:"" group:"gateway" help:"Close an order that is not paid."`
	Cancel         cancelVerb         `cmd:"" group:"gateway" help:"Cancel an order in any state. A payment is refunded."`
	QRCode         qrcodeVerb         `cmd:"" name:"qrcode" group:"gateway" help:"Place an order and draw its QR code."`
	Pos            posVerb            `cmd:"" group:"gateway" help:"Take a payment with the code on a shopper's phone, and wait for it."`
	MerchantQRCode merchantQRCodeVerb `cmd:"" name:"merchant-qrcode" group:"gateway" help:"Draw the store's QR code, which takes any amount."`
	Statement      statementVerb      `cmd:"" group:"gateway" help:"List the payments and refunds of a range of days."`
	Rate           rateVerb           `cmd:"" group:"gateway" help:"Show the exchange rate of a currency."`
	Sign           signVerb           `cmd:"" group:"messages" help:"Sign a JSON object as the gateway does."`
	Verify         verifyVerb         `cmd:"" group:"messages" help:"Check the signature of a JSON object."`
}

// Groups are the titles under which the help lists the verbs and their flags.
func Groups() []kong.Group {
	return []kong.Group{
		{Key: "gateway", Title: "At the gateway, which is the sandbox unless --config or --gateway names another one:"},
		{Key: "messages", Title: "To write a client:"},
		{Key: "account", Title: "Gateway and account:"},
	}
}

// Streams are the input and output of a verb.
type Streams struct {
	In  io.Reader
	Out io.Writer
	// Err gets lines for a person that a script should not read.
	Err io.Writer
	// Terminal is true if Out is a terminal.
	Terminal bool
}

// inform writes one line to Err.
func (s Streams) inform(format string, args ...any) {
	_, _ = fmt.Fprintf(s.Err, format+"\n", args...)
}

// print writes one line to Out.
func (s Streams) print(format string, args ...any) error {
	_, err := fmt.Fprintf(s.Out, format+"\n", args...)
	return err
}
