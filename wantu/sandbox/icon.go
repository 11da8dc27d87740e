package sandbox

import "net/http"

// showIcon answers GET /favicon.ico, which a browser asks for where a page does not name
// its icon, such as the JSON of an order.
func showIcon(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "image/svg+xml")
	http.ServeFileFS(w, r, assets, "static/icon.svg")
}
