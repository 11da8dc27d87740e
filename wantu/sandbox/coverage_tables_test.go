package sandbox_test

import (
	"fmt"
	"slices"
)

// manualTables are the manual's tables of fields. The client and the sandbox do not share
// code for them, and both are compared with these tables.
type manualTables struct {
	Common                        []manualField
	Endpoints                     []manualEndpoint
	Notification, Acknowledgement []manualField
}

type manualEndpoint struct {
	Name, Section   string
	Request, Answer []manualField
	WeChat          []manualField // the answer for WeChat, if it differs
}

type manualField struct {
	Name     string
	From     string // "example" if only the manual's example has the field
	Required bool
	Max      int    // the greatest length in characters; 0 if the manual has none
	But      string // how the manual's text or example contradicts its table
}

func (f manualField) rule() string {
	rule := "optional"
	if f.Required {
		rule = "required"
	}
	if f.From != "" {
		rule = f.From
	}
	if f.Max > 0 {
		rule = fmt.Sprintf("%s, %d", rule, f.Max)
	}
	if f.But != "" {
		rule += "; " + f.But
	}
	return rule
}

func (e manualEndpoint) groups(common []manualField) []group {
	return []group{
		groupOf("request", "", e.Name, (*coverage).request, slices.Concat(common, e.Request)...),
		groupOf("answer", "", e.Name, (*coverage).answer, e.Answer...),
		groupOf("wechat", "answer for WeChat", e.Name, (*coverage).weChatAnswer, e.WeChat...),
	}
}

func (tables manualTables) notificationGroups() []group {
	return []group{
		groupOf("answer", "notification", "notification", (*coverage).notified, tables.Notification...),
		groupOf("request", "acknowledgement", "notification", (*coverage).acknowledged, tables.Acknowledgement...),
	}
}
