package sandbox

import (
	"context"
	"net/http"
	"net/url"
)

// submit answers the forms of the root page. It redirects back to the page. After an
// error it shows the page with the error and the form as it was filled in.
func (s *Sandbox) submit(w http.ResponseWriter, r *http.Request) {
	action := r.PathValue("action")
	do, known := map[string]func(url.Values) error{
		"pay":           s.orderForm("pay"),
		"fail":          s.orderForm("fail"),
		"notify":        s.notifyForm,
		"fault":         s.faultForm,
		"remove":        func(form url.Values) error { return s.RemoveFault(form.Get("id")) },
		"clear":         func(url.Values) error { s.ClearFaults(); return nil },
		"notifications": func(form url.Values) error { return s.switchNotifications(form.Get("on")) },
		"advance":       func(form url.Values) error { return s.advance(form.Get("advance")) },
	}[action]
	if !known {
		s.problem(w, http.StatusNotFound, "页面不存在", "No such page")
		return
	}
	if err := r.ParseForm(); err != nil {
		s.problem(w, http.StatusBadRequest, "表单错误", "The form cannot be read")
		return
	}
	filter := r.PostForm.Get("q")
	r.PostForm.Del("q") // the filter of the page is no field of the action
	if err := do(r.PostForm); err != nil {
		s.index(w, r, httpStatusOf(err), indexState{
			Filter: filter, Open: foldOf(action), Problem: err.Error(), Form: r.PostForm,
		})
		return
	}
	http.Redirect(w, r, pageAfterForm(action, filter, r.PostForm), http.StatusSeeOther) // #nosec G710 -- the root page
}

// pageAfterForm returns the address of the root page at the part that the form belongs
// to: an order, or a part that is folded otherwise.
func pageAfterForm(action, filter string, form url.Values) string {
	query := url.Values{}
	if filter != "" {
		query.Set("q", filter)
	}
	part := foldOf(action)
	if part != "" {
		query.Set("open", part)
	} else {
		part = "order-" + form.Get("number")
	}
	return (&url.URL{Path: "/", RawQuery: query.Encode(), Fragment: part}).String()
}

// foldOf returns the folded part of the root page that has the form of an action. It
// returns "" for the form of an order.
func foldOf(action string) string {
	switch action {
	case "fault", "remove", "clear":
		return foldFaults
	case "notifications", "advance":
		return foldSwitches
	default:
		return ""
	}
}

func (s *Sandbox) orderForm(action string) func(url.Values) error {
	return func(form url.Values) error {
		_, err := s.actOnOrder(s.lifetime, form.Get("number"), action)
		return err
	}
}

// notifyForm sends a notification again. It does not wait for one that a fault holds
// back, because only on the page that it answers with can the user remove the fault. If
// the fault already holds back such a notification of the order, it does nothing:
// otherwise one more would be held back with each click.
func (s *Sandbox) notifyForm(form url.Values) error {
	if s.held.has(func(h *heldNotification) bool { return h.outsideSchedule && h.number == form.Get("number") }) {
		return nil
	}
	ctx, cancel := context.WithCancel(s.lifetime)
	acknowledged := false
	ended := make(chan struct{})
	err := s.notifyOutsideSchedule(ctx, form.Get("number"), func(ok bool) {
		acknowledged = ok
		close(ended)
		cancel()
	})
	if err != nil {
		cancel()
		return err
	}
	select {
	case <-ended:
		if !acknowledged {
			return ErrNotAcknowledged
		}
	default: // a fault holds it back
	}
	return nil
}

// faultForm adds a fault. It ignores the fields that the kind does not have, because the
// form always shows all fields and fills in some.
func (s *Sandbox) faultForm(form url.Values) error {
	texts := make(map[string]string, len(form))
	for name := range form {
		texts[name] = form.Get(name)
	}
	dropUnusedFields(texts)
	fault, err := readFault(texts)
	if err != nil {
		return err
	}
	_, err = s.AddFault(fault)
	return err
}

// dropUnusedFields deletes the texts of the fields that the kind of fault does not have.
func dropUnusedFields(texts map[string]string) {
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
