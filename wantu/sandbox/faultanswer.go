package sandbox

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"strconv"

	"github.com/wantukit/wantukit/wantu"
)

// respond carries out a call and answers it, as the oldest fault for this
// endpoint would have it. Calls that are badly made are struck as well.
func (s *Sandbox) respond(w http.ResponseWriter, r *http.Request, endpoint string, body []byte, carryOut func() reply) {
	fault := s.faults.strike(func(f Fault) bool {
		return f.On == OnAnswer && (f.Endpoint == "" || f.Endpoint == endpoint)
	})
	switch fault.Kind {
	case "":
		s.answer(w, carryOut())
	case FaultLate:
		s.answerLate(w, r, fault, carryOut)
	default:
		number := numberIn(body)
		answer := succeed(reply{"out_trade_no": number})
		if fault.When == After {
			answer = carryOut()
		}
		s.spoil(w, fault, answer, number)
	}
}

// answerLate gives up when the merchant does, or when the sandbox is closed. A
// call that is carried out late is so by the alarm: on a clock that stands it
// has its place among all else that falls due.
func (s *Sandbox) answerLate(w http.ResponseWriter, r *http.Request, fault Fault, carryOut func() reply) {
	if fault.When == After {
		answer := carryOut()
		carryOut = func() reply { return answer }
	}
	ready := make(chan reply, 1)
	s.after(r.Context(), fault.Delay, func() { ready <- carryOut() })
	select {
	case answer := <-ready:
		s.answer(w, answer)
	case <-r.Context().Done():
		panic(http.ErrAbortHandler)
	case <-s.lifetime.Done():
		panic(http.ErrAbortHandler)
	}
}

// spoil sends what the fault leaves of an answer. net/http closes the
// connection at ErrAbortHandler and logs nothing.
func (s *Sandbox) spoil(w http.ResponseWriter, fault Fault, answer reply, number string) {
	switch fault.Kind {
	case FaultCut:
		s.cut(w, answer)
	case FaultHangUp:
		panic(http.ErrAbortHandler)
	case FaultUnsigned:
		body, err := json.Marshal(answer)
		writeAnswer(w, http.StatusOK, body, err)
	case FaultForged:
		body, err := wantu.Encode(answer, wrongKey(s.config.Key))
		writeAnswer(w, http.StatusOK, body, err)
	case FaultOtherOrder:
		answer = maps.Clone(answer)
		answer["out_trade_no"] = otherNumber(number)
		s.answer(w, answer)
	case FaultStatus:
		body, err := wantu.Encode(answer, s.config.Key)
		writeAnswer(w, fault.Status, body, err)
	case FaultRefuse:
		s.answer(w, refuse(fault.ReturnCode, ""))
	default: // FaultHTML
		s.render(w, look{template: "outage.html"}, fault.Status, nil)
	}
}

// cut sends the headers of a whole answer, half of its body, and hangs up.
func (s *Sandbox) cut(w http.ResponseWriter, answer reply) {
	body, err := wantu.Encode(answer, s.config.Key)
	if err == nil {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		writeAnswer(w, http.StatusOK, body[:len(body)/2], nil)
		_ = http.NewResponseController(w).Flush() // else nothing would leave before the hang-up
	}
	panic(http.ErrAbortHandler)
}

func (s *Sandbox) answer(w http.ResponseWriter, r reply) {
	body, err := wantu.Encode(r, s.config.Key)
	writeAnswer(w, http.StatusOK, body, err)
}

func writeAnswer(w http.ResponseWriter, status int, body []byte, err error) {
	if err != nil {
		http.Error(w, "the answer cannot be encoded", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = bytes.NewReader(body).WriteTo(w) // a merchant that hung up will query
}

// numberIn returns the out_trade_no that a body names, "" when it names none.
func numberIn(body []byte) string {
	message, err := wantu.Decode(body)
	if err != nil {
		return ""
	}
	return message.Text("out_trade_no")
}

// otherNumber is a good out_trade_no, and surely not number.
func otherNumber(number string) string {
	if number == "another_order" {
		return "one_more_order"
	}
	return "another_order"
}

func wrongKey(key string) string { return "not-" + key }
