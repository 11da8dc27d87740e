package sandbox

import (
	"io"
	"net/http"
)

// listFaults answers GET /sandbox/faults with a JSON array of [Fault].
func (s *Sandbox) listFaults(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, s.Faults())
}

// postFault answers POST /sandbox/faults with 201 and the [Fault] with its defaults. It
// answers 400 with the name of a wrong field, and 409 when too many faults are set.
func (s *Sandbox) postFault(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		writeError(w, err)
		return
	}
	var fault Fault
	if err := fault.UnmarshalJSON(body); err != nil {
		writeError(w, err)
		return
	}
	if fault, err = s.AddFault(fault); err != nil {
		writeError(w, err)
		return
	}
	writeJSON(w, http.StatusCreated, fault)
}

// deleteFaults answers DELETE /sandbox/faults with 204. It removes all faults.
func (s *Sandbox) deleteFaults(w http.ResponseWriter, _ *http.Request) {
	s.ClearFaults()
	w.WriteHeader(http.StatusNoContent)
}

// deleteFault answers DELETE /sandbox/faults/{id} with 204, or 404.
func (s *Sandbox) deleteFault(w http.ResponseWriter, r *http.Request) {
	if err := s.RemoveFault(r.PathValue("id")); err != nil {
		writeError(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
