package sandbox

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"strconv"

	"github.com/wantukit/wantukit/wantu"
)

// respond carries out a call and answers it. If a fault is set for this endpoint, the
// oldest one strikes, even if the call is invalid.
func (s *Sandbox) respond(w http.ResponseWriter, r *http.Request, endpoint string, body []byte, carryOut func() reply) {
	fault := s.faults.strikeOldest(func(f Fault) bool {
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

// answerLate answers after the delay of the fault. It hangs up when the merchant does,
// or when the sandbox is closed. With When == Before the timer carries out the call, so
// that with a Clock it happens in the right order with everything else that is due.
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

// spoil sends the answer as the fault changes it. A panic with ErrAbortHandler makes
// net/http close the connection without a log message.
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
		body, err := wantu.Encode(answer, otherKey(s.config.Key))
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
		s.render(w, layout{template: "outage.html"}, fault.Status, nil)
	}
}

// cut sends the headers of the answer and half of its body, and hangs up.
func (s *Sandbox) cut(w http.ResponseWriter, answer reply) {
	body, err := wantu.Encode(answer, s.config.Key)
	if err == nil {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		writeAnswer(w, http.StatusOK, body[:len(body)/2], nil)
		_ = http.NewResponseController(w).Flush() // without this nothing is sent before the hang-up
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
	_, _ = bytes.NewReader(body).WriteTo(w) // an error means that the merchant hung up
}

// numberIn returns the out_trade_no in a body, or "" when there is none.
func numberIn(body []byte) string {
	message, err := wantu.Decode(body)
	if err != nil {
		return ""
	}
	return message.Text("out_trade_no")
}

// otherNumber returns a valid out_trade_no that is not number.
func otherNumber(number string) string {
	if number == "another_order" {
		return "one_more_order"
	}
	return "another_order"
}

func otherKey(key string) string { return "not-" + key }
