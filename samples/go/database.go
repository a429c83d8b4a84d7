package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"goapp/settings"
)

const (
	// loginTime is the time that one login may take.
	loginTime = 5 * time.Second
	forever   = 100 * 365 * 24 * time.Hour
)

// sessions are the sessions of one credential. They are closed once the last user has left.
type sessions struct {
	pool  *pgxpool.Pool
	users sync.WaitGroup
}

// database holds the sessions that are in force.
type database struct {
	mutex   sync.RWMutex
	present *sessions
}

// openSessions returns sessions with this credential. They are opened in the background: a database that is away does not
// keep the service from its start.
func openSessions(values *settings.Settings) (*sessions, error) {
	config, err := poolConfig(values)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		return nil, err
	}
	return &sessions{pool: pool}, nil
}

// poolConfig returns the configuration of a pool that is always full: between the change of a role's password and the
// arrival of the new one here no session has to be opened.
func poolConfig(values *settings.Settings) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(values.DatabaseURL)
	if err != nil {
		return nil, err
	}
	// The type was checked by the reader, which takes 1 to 100.
	config.MaxConns = int32(values.MaxConnections)
	config.MinConns = config.MaxConns
	config.MaxConnLifetime = forever
	config.HealthCheckPeriod = time.Second
	config.ConnConfig.Password = values.DBPassword.Expose()
	config.ConnConfig.ConnectTimeout = loginTime
	return config, nil
}

// fill returns once every session is there, or an error if one cannot be opened.
func (s *sessions) fill(ctx context.Context) error {
	var held []*pgxpool.Conn
	defer func() {
		for _, session := range held {
			session.Release()
		}
	}()
	for range s.pool.Config().MaxConns {
		session, err := s.pool.Acquire(ctx)
		if err != nil {
			return err
		}
		held = append(held, session)
	}
	return nil
}

// use calls work with the sessions in force, which stay open until it returns.
func (d *database) use(work func(*pgxpool.Pool) error) error {
	d.mutex.RLock()
	present := d.present
	present.users.Add(1)
	d.mutex.RUnlock()
	defer present.users.Done()
	return work(present.pool)
}

// swap puts next into force. Who uses the old sessions finishes with them.
func (d *database) swap(next *sessions) {
	d.mutex.Lock()
	old := d.present
	d.present = next
	d.mutex.Unlock()
	go old.close()
}

func (d *database) close() {
	d.mutex.RLock()
	defer d.mutex.RUnlock()
	d.present.close()
}

func (s *sessions) close() {
	s.users.Wait()
	s.pool.Close()
}

// login logs in once with the credential of a candidate.
func login(ctx context.Context, values *settings.Settings) error {
	config, err := poolConfig(values)
	if err != nil {
		return err
	}
	session, err := pgx.ConnectConfig(ctx, config.ConnConfig)
	if err != nil {
		return err
	}
	return session.Close(ctx)
}

// mayPass returns true for an error that the same configuration may not have in a while: the database is away, or does
// not know the password yet.
func mayPass(err error) bool {
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		const noSuchDatabase, noPrivilege = "3D000", "42501"
		return refused.Code != noSuchDatabase && refused.Code != noPrivilege
	}
	var wrong *pgconn.ParseConfigError
	return !errors.As(err, &wrong)
}

// reason returns what the database says, or why nothing can be asked. It has no password: neither PostgreSQL nor pgx
// repeats one.
func reason(err error) string {
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		return fmt.Sprintf("the database answers: %s (SQLSTATE %s)", refused.Message, refused.Code)
	}
	return err.Error()
}
