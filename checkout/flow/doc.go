// Package flow decides how a shopper pays, from what the browser says about
// itself. It is pure: it reads nothing, keeps nothing and calls nobody. The server
// and the WebAssembly client share it.
//
//   - [Wallet] is the app that pays and [Channel] its payment network. [Wallets]
//     lists the wallets, [ExpandWallets] resolves a name to wallets.
//   - [Detect] turns request headers into a [Device]: the kind of device, the app
//     that shows the page ([Container]), and whether a program or a prefetch reads
//     it. [DeviceHeaders] and [Hints] name the headers.
//   - [Choose] turns a device and a wallet into a [Choice]: the [Flow], the [Guide]
//     for the shopper, the other flows on offer, and the reason.
package flow
