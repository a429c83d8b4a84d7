package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"goapp/settings"
)

// queryTime is the time that a query may take, its wait for a session included.
const queryTime = 10 * time.Second

// service is the state of the process.
type service struct {
	database database
	level    *slog.LevelVar

	// mutex is held while a generation comes into force, and to read the present one.
	mutex  sync.Mutex
	values *settings.Settings
}

func newService(values *settings.Settings, level *slog.LevelVar) (*service, error) {
	present, err := openSessions(values)
	if err != nil {
		return nil, err
	}
	s := &service{database: database{present: present}, values: values, level: level}
	s.setLevel(values)
	return s, nil
}

func (s *service) close() {
	s.database.close()
}

func (s *service) setLevel(values *settings.Settings) {
	var level slog.Level
	// The contract takes the names that slog knows.
	if err := level.UnmarshalText([]byte(values.LogLevel)); err == nil {
		s.level.Set(level)
	}
}

func (s *service) routes() http.Handler {
	routes := http.NewServeMux()
	routes.HandleFunc("GET /{$}", s.index)
	routes.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]any{"status": "ok"})
	})
	routes.HandleFunc("GET /readyz", s.ready)
	routes.HandleFunc("GET /rows", s.rows)
	return routes
}

// index answers the settings in force, none of which is a secret, and the number of sessions.
func (s *service) index(w http.ResponseWriter, _ *http.Request) {
	var open int32
	_ = s.database.use(func(pool *pgxpool.Pool) error {
		open = pool.Stat().TotalConns()
		return nil
	})
	s.mutex.Lock()
	defer s.mutex.Unlock()
	answer(w, http.StatusOK, map[string]any{
		"LOG_LEVEL":       s.values.LogLevel,
		"MAX_CONNECTIONS": s.values.MaxConnections,
		"sessions":        open,
	})
}

// ready answers 200 while the database answers.
func (s *service) ready(w http.ResponseWriter, r *http.Request) {
	err := s.query(r.Context(), func(ctx context.Context, pool *pgxpool.Pool) error { return pool.Ping(ctx) })
	if err != nil {
		unavailable(w, err)
		return
	}
	answer(w, http.StatusOK, map[string]any{"status": "ready"})
}

// rows answers what a query returns: the role that asked, and three rows.
func (s *service) rows(w http.ResponseWriter, r *http.Request) {
	var role string
	var found []int
	err := s.query(r.Context(), func(ctx context.Context, pool *pgxpool.Pool) error {
		result, err := pool.Query(ctx, "SELECT current_user::text, n FROM generate_series(1, 3) AS n")
		if err != nil {
			return err
		}
		var n int
		_, err = pgx.ForEachRow(result, []any{&role, &n}, func() error {
			found = append(found, n)
			return nil
		})
		return err
	})
	if err != nil {
		unavailable(w, err)
		return
	}
	answer(w, http.StatusOK, map[string]any{"role": role, "rows": found})
}

func (s *service) query(ctx context.Context, work func(context.Context, *pgxpool.Pool) error) error {
	ctx, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	return s.database.use(func(pool *pgxpool.Pool) error { return work(ctx, pool) })
}

func unavailable(w http.ResponseWriter, err error) {
	slog.Warn("the database did not answer", "reason", reason(err))
	answer(w, http.StatusServiceUnavailable, map[string]any{"status": "the database did not answer"})
}

func answer(w http.ResponseWriter, status int, body map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		slog.Debug("the client left", "error", err)
	}
}
