// Package kit assembles the whole checkout behind one http.Handler: the database,
// the worker, the gateway's clients, the pages and the merchant API. The program
// wantukit is built on it, and a shop that is written in Go can embed it:
//
//	listener, err := net.Listen("tcp", ":8080")
//	if err != nil {
//		return err
//	}
//	k, err := kit.New(ctx, kit.Config{
//		Database:  kit.Database{Folder: "data"}, // SQLite; URL names a PostgreSQL
//		PublicURL: "https://pay.example.com",
//		Secret:    secret, // at least 32 random bytes, the same after each start
//		Merchants: []kit.Merchant{{
//			Checkout: checkout.Merchant{ID: "tea", Name: "Tea House"},
//			Web:      web.Merchant{APIKeys: []apikey.Configured{{Secret: apiKey}}, ReturnHosts: []string{"shop.example.com"}},
//			Account:  wantu.Config{MerchantAccount: merchant, StoreAccount: store, Key: key},
//			Webhook:  worker.Endpoint{URL: "https://shop.example.com/webhook", Secret: webhookSecret},
//		}},
//	})
//	if err != nil {
//		return err
//	}
//	server := &http.Server{Handler: k}
//	return k.Run(ctx, func() error { return server.Serve(listener) }, server.Shutdown)
//
// The shop then makes sessions by the merchant API or by [Kit.Service], sends each
// shopper to the session's page, and learns of payments by its webhook. The
// example of this package takes a payment at the sandbox, without a page and a webhook.
//
// A program that needs only the domain, such as a tool that reconciles, uses
// [NewDomain].
package kit
