// Package templates holds the pages of the checkout: view models and the templ
// components that draw them.
//
// A handler fills a [CheckoutPage] or a [ProblemPage] and renders [Checkout]
// or [Problem] into a buffer. View models hold exactly what is shown, already
// formatted; words come from the catalogue by the page's language, which
// [Match] chooses. The style sheet is inline: [Brand.StyleHash] is its source for
// the Content-Security-Policy. No page has an inline script or a style
// attribute.
//
// Every page is complete without script. The data attributes of #checkout are
// the contract with static/loader.js and web/client.
package templates
