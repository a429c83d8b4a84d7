package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"goapp/settings"
)

// first is the password that the role has at the beginning of each test.
const first = "canary-first"

// scene is the service with a database, called without a network.
type scene struct {
	*testing.T
	server  *server
	service *service
	texts   map[string]string
}

// newScene returns a service whose role logs in with the password first.
func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{T: t, server: startServer(t)}
	s.server.sql(t, "CREATE ROLE app LOGIN PASSWORD '"+first+"'")
	s.texts = map[string]string{"DATABASE_URL": s.server.url("app"), "DB_PASSWORD": first, "MAX_CONNECTIONS": "2"}
	values, err := settings.Load(s.generation(nil))
	check(t, err)
	s.service, err = newService(values, new(slog.LevelVar))
	check(t, err)
	t.Cleanup(s.service.close)
	return s
}

// generation returns a folder with the settings of the scene and those that change.
func (s *scene) generation(change map[string]string) string {
	s.Helper()
	folder := s.TempDir()
	for _, texts := range []map[string]string{s.texts, change} {
		for key, text := range texts {
			check(s.T, os.WriteFile(filepath.Join(folder, key), []byte(text), 0o600))
		}
	}
	return folder
}

// call has the agent's call answered, and returns status and body.
func (s *scene) call(path, directory string) (int, string) {
	s.Helper()
	body, err := json.Marshal(notice{Directory: directory, Digest: "d1", Changed: []string{}})
	check(s.T, err)
	recorder := httptest.NewRecorder()
	s.service.agentRoutes().ServeHTTP(recorder, httptest.NewRequest("POST", path, strings.NewReader(string(body))))
	return recorder.Code, strings.TrimSpace(recorder.Body.String())
}

func (s *scene) get(path string) (int, string) {
	s.Helper()
	recorder := httptest.NewRecorder()
	s.service.routes().ServeHTTP(recorder, httptest.NewRequest("GET", path, nil))
	return recorder.Code, strings.TrimSpace(recorder.Body.String())
}

// answers fails the test unless GET path is answered by 200 and this body.
func (s *scene) answers(path, expected string) {
	s.Helper()
	if status, body := s.get(path); status != http.StatusOK || body != expected {
		s.Fatalf("%s: %d %s", path, status, body)
	}
}

// refuses fails the test unless a candidate is refused by that status, with a reason that has the text and no password.
func (s *scene) refuses(change map[string]string, status int, text string) {
	s.Helper()
	got, reason := s.call("/internal/prepare", s.generation(change))
	if got != status || !strings.Contains(reason, text) {
		s.Fatalf("%d %s", got, reason)
	}
	if strings.Contains(reason, "canary") {
		s.Fatalf("a password is in the reason: %s", reason)
	}
}

func TestRoutesAnswerByDatabase(t *testing.T) {
	s := newScene(t)
	s.answers("/healthz", `{"status":"ok"}`)
	s.answers("/readyz", `{"status":"ready"}`)
	s.answers("/rows", `{"role":"app","rows":[1,2,3]}`)
	until(t, "all sessions", func() error {
		if _, body := s.get("/"); body != `{"LOG_LEVEL":"info","MAX_CONNECTIONS":2,"sessions":2}` {
			return fmt.Errorf("%s", body)
		}
		return nil
	})
}

func TestRefusalTellsWhatMayPass(t *testing.T) {
	s := newScene(t)
	s.refuses(map[string]string{"DB_PASSWORD": "canary-wrong"}, 503, "password authentication failed")
	s.refuses(map[string]string{"DATABASE_URL": "postgres://app@" + freeAddress(t) + "/postgres"}, 503, "refused")
	absent := strings.Replace(s.server.url("app"), "/postgres?", "/absent?", 1)
	s.refuses(map[string]string{"DATABASE_URL": absent}, 422, "does not exist")
	s.refuses(map[string]string{"DATABASE_URL": s.server.url("app") + "&connect_timeout=x"}, 422, "connect_timeout")
	s.refuses(map[string]string{"MAX_CONNECTIONS": "0"}, 422, "MAX_CONNECTIONS: must be a whole number")
	s.answers("/rows", `{"role":"app","rows":[1,2,3]}`)
	if status, reason := s.call("/internal/prepare", s.generation(nil)); status != 200 || reason != "" {
		t.Fatalf("%d %s", status, reason)
	}
}

func TestReloadReplacesSessionsAndAcknowledges(t *testing.T) {
	s := newScene(t)
	s.server.sql(t, "CREATE ROLE other LOGIN PASSWORD 'canary-other'")
	next := s.generation(map[string]string{
		"DATABASE_URL": s.server.url("other"), "DB_PASSWORD": "canary-other", "MAX_CONNECTIONS": "3", "LOG_LEVEL": "debug",
	})
	if status, body := s.call("/internal/reload", next); status != 200 || body != "d1" {
		t.Fatalf("%d %s", status, body)
	}
	s.answers("/rows", `{"role":"other","rows":[1,2,3]}`)
	s.answers("/", `{"LOG_LEVEL":"debug","MAX_CONNECTIONS":3,"sessions":3}`)
	until(t, "the end of the old sessions", func() error {
		// Fails as long as one is there.
		return s.server.try("DO $$ BEGIN ASSERT NOT EXISTS (SELECT FROM pg_stat_activity WHERE usename = 'app'); END $$")
	})
}

func TestFailedReloadChangesNothing(t *testing.T) {
	s := newScene(t)
	wrong := s.generation(map[string]string{"DB_PASSWORD": "canary-wrong", "LOG_LEVEL": "debug"})
	if status, _ := s.call("/internal/reload", wrong); status != 503 {
		t.Fatal(status)
	}
	s.answers("/rows", `{"role":"app","rows":[1,2,3]}`)
	if s.service.level.Level() != slog.LevelInfo {
		t.Fatal(s.service.level.Level())
	}
}

func TestQueryInFlightKeepsItsSessions(t *testing.T) {
	s := newScene(t)
	present := s.service.database.present
	started, finish, done := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		done <- s.service.database.use(func(pool *pgxpool.Pool) error {
			close(started)
			<-finish
			return pool.Ping(t.Context())
		})
	}()
	<-started
	s.server.sql(t, "CREATE ROLE other LOGIN PASSWORD 'canary-other'")
	next := s.generation(map[string]string{"DATABASE_URL": s.server.url("other"), "DB_PASSWORD": "canary-other"})
	if status, body := s.call("/internal/reload", next); status != 200 {
		t.Fatalf("%d %s", status, body)
	}
	if present == s.service.database.present {
		t.Fatal("the sessions were not replaced")
	}
	close(finish)
	check(t, <-done)
}
