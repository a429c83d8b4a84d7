package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"reflect"

	"goapp/settings"
)

// maxNotice is more than the agent ever sends.
const maxNotice = 1 << 20

// notice is what the agent says of a generation.
type notice struct {
	Directory string   `json:"directory"`
	Digest    string   `json:"digest"`
	Changed   []string `json:"changed"`
}

// agentRoutes are the calls of the agent `confpath run`.
func (s *service) agentRoutes() http.Handler {
	routes := http.NewServeMux()
	routes.HandleFunc("POST /internal/prepare", prepare)
	routes.HandleFunc("POST /internal/reload", s.reload)
	return routes
}

// prepare answers whether the service can run with a candidate. Nothing changes by it. A refusal by 503 is asked again.
func prepare(w http.ResponseWriter, r *http.Request) {
	_, candidate, ok := read(w, r)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), loginTime)
	defer cancel()
	if err := login(ctx, candidate); err != nil {
		status := http.StatusUnprocessableEntity
		if mayPass(err) {
			status = http.StatusServiceUnavailable
		}
		http.Error(w, reason(err), status)
	}
}

// reload puts a generation into force, and acknowledges it by its digest: from then on no query uses another one.
func (s *service) reload(w http.ResponseWriter, r *http.Request) {
	told, values, ok := read(w, r)
	if !ok {
		return
	}
	if err := s.apply(r.Context(), values); err != nil {
		http.Error(w, reason(err), http.StatusServiceUnavailable)
		return
	}
	slog.Info("generation in force", "changed", told.Changed)
	_, _ = io.WriteString(w, told.Digest)
}

// apply puts values into force, or changes nothing.
func (s *service) apply(ctx context.Context, values *settings.Settings) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if needsSessions(s.values, values) {
		next, err := openSessions(values)
		if err != nil {
			return err
		}
		// What waits for a session waits for the old ones: new ones come into force when all are there.
		if err := next.fill(ctx); err != nil {
			next.close()
			return err
		}
		s.database.swap(next)
	}
	s.setLevel(values)
	s.values = values
	return nil
}

// needsSessions returns true if the sessions of old do not do for values.
func needsSessions(old, values *settings.Settings) bool {
	of := func(s *settings.Settings) any {
		return []any{s.DatabaseURL, s.DBPassword.Expose(), s.MaxConnections}
	}
	return !reflect.DeepEqual(of(old), of(values))
}

// read returns a call of the agent, and the settings that it is about; or it answers why not.
func read(w http.ResponseWriter, r *http.Request) (*notice, *settings.Settings, bool) {
	var told notice
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxNotice)).Decode(&told); err != nil {
		http.Error(w, "the call is no JSON object of the agent", http.StatusBadRequest)
		return nil, nil, false
	}
	values, err := settings.Load(told.Directory)
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return nil, nil, false
	}
	return &told, values, true
}
