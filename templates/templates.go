// Package templates has the pages of the checkout: the view models and the templ
// components that render them.
//
// A handler fills a [CheckoutPage] or a [ProblemPage] and renders [Checkout] or
// [Problem] into a buffer. View models hold formatted text: see [FormatAmount] and
// [FormatTime]. The texts come from the table of languages; [Match] chooses the
// language of a page. The style sheet is inline, and [Brand.StyleHash] is its source
// for the Content-Security-Policy. No page has an inline script or a style attribute.
//
// Every page works without script. The data attributes of #checkout are the interface
// to static/loader.js and web/client.
package templates
