package sandbox

import (
	"context"
	"net/http"
	"net/url"
)

// submit answers the forms of the root page: back to it, or the page with what
// went wrong and what was filled in.
func (s *Sandbox) submit(w http.ResponseWriter, r *http.Request) {
	do, known := map[string]func(url.Values) error{
		"pay":           s.orderForm("pay"),
		"fail":          s.orderForm("fail"),
		"notify":        s.notifyForm,
		"fault":         s.faultForm,
		"remove":        func(form url.Values) error { return s.RemoveFault(form.Get("id")) },
		"clear":         func(url.Values) error { s.ClearFaults(); return nil },
		"notifications": func(form url.Values) error { return s.switchNotifications(form.Get("on")) },
		"advance":       func(form url.Values) error { return s.advance(form.Get("advance")) },
	}[r.PathValue("action")]
	if !known {
		s.problem(w, http.StatusNotFound, "页面不存在", "No such page")
		return
	}
	if err := r.ParseForm(); err != nil {
		s.problem(w, http.StatusBadRequest, "表单错误", "The form cannot be read")
		return
	}
	filter := r.PostForm.Get("q")
	r.PostForm.Del("q") // of the page, not of the action
	if err := do(r.PostForm); err != nil {
		s.index(w, r, statusOf(err), indexState{Filter: filter, Problem: err.Error(), Form: r.PostForm})
		return
	}
	back := "/"
	if filter != "" {
		back += "?" + url.Values{"q": {filter}}.Encode()
	}
	http.Redirect(w, r, back, http.StatusSeeOther) // #nosec G710 -- the root page, with a filter
}

func (s *Sandbox) orderForm(action string) func(url.Values) error {
	return func(form url.Values) error {
		_, err := s.act(s.lifetime, form.Get("number"), action)
		return err
	}
}

// notifyForm does not wait for a notification that a fault holds back: the page
// that would let it go could not be shown. While one that was asked for is held,
// it asks for no other: each would stay until the end.
func (s *Sandbox) notifyForm(form url.Values) error {
	if s.held.has(func(h *hold) bool { return h.manual && h.number == form.Get("number") }) {
		return nil
	}
	ctx, cancel := context.WithCancel(s.lifetime)
	taken := false
	ended := make(chan struct{})
	err := s.notifyAgain(ctx, form.Get("number"), func(ok bool) {
		taken = ok
		close(ended)
		cancel()
	})
	if err != nil {
		cancel()
		return err
	}
	select {
	case <-ended:
		if !taken {
			return ErrNotAcknowledged
		}
	default: // held back
	}
	return nil
}

// faultForm leaves out what does not go with the kind: without script the form
// shows every field, and some are filled in.
func (s *Sandbox) faultForm(form url.Values) error {
	texts := make(map[string]string, len(form))
	for name := range form {
		texts[name] = form.Get(name)
	}
	forget(texts)
	fault, err := readFault(texts)
	if err != nil {
		return err
	}
	_, err = s.AddFault(fault)
	return err
}

// forget drops the texts that the kind of fault has no use for.
func forget(texts map[string]string) {
	for _, kind := range faultKinds() {
		if string(kind.Kind) != texts["kind"] {
			continue
		}
		for _, field := range []string{"delay", "status", "return_code", "copies", "forgery"} {
			if kind.lacks(field) {
				delete(texts, field)
			}
		}
		if kind.On == OnNotification {
			delete(texts, "endpoint")
			delete(texts, "when")
		}
	}
}
