package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// password of the superuser of the tests' own server.
const superuser = "canary-superuser"

// server is a PostgreSQL of a test, which takes passwords only. It ends with the test.
type server struct {
	address string
}

// startServer starts Debian's newest PostgreSQL, as the user of its package where the test runs as root.
func startServer(t *testing.T) *server {
	t.Helper()
	programs, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if len(programs) == 0 {
		t.Fatal("no PostgreSQL: install the package postgresql")
	}
	programFolder := filepath.Dir(programs[len(programs)-1])
	folder, err := os.MkdirTemp("", "goapp-postgres-")
	check(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	file := filepath.Join(folder, "password")
	check(t, os.WriteFile(file, []byte(superuser), 0o600))
	account := giveToServer(t, folder, file)

	data := filepath.Join(folder, "data")
	initialise := exec.Command(filepath.Join(programFolder, "initdb"), "--auth=scram-sha-256", "--username=postgres",
		"--no-sync", "--pwfile", file, "--pgdata", data)
	initialise.SysProcAttr, initialise.Dir = &syscall.SysProcAttr{Credential: account}, folder
	if said, err := initialise.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v: %s", err, said)
	}
	started := &server{address: freeAddress(t)}
	host, port, err := net.SplitHostPort(started.address)
	check(t, err)
	process := exec.Command(filepath.Join(programFolder, "postgres"), "-D", data, "-k", folder, "-h", host, "-p", port,
		"-c", "fsync=off")
	process.Dir, process.Stderr = folder, os.Stderr
	process.SysProcAttr = &syscall.SysProcAttr{Credential: account, Pdeathsig: syscall.SIGQUIT}
	check(t, process.Start())
	t.Cleanup(func() {
		_ = process.Process.Signal(syscall.SIGQUIT)
		_ = process.Wait()
	})
	until(t, "PostgreSQL", func() error { return started.try("SELECT 1") })
	return started
}

// giveToServer gives paths to the user of the server, whom it returns; nil where that is the user of the test.
func giveToServer(t *testing.T, paths ...string) *syscall.Credential {
	t.Helper()
	if os.Getuid() != 0 {
		return nil
	}
	account, err := user.Lookup("postgres")
	check(t, err)
	uid, err := strconv.Atoi(account.Uid)
	check(t, err)
	gid, err := strconv.Atoi(account.Gid)
	check(t, err)
	for _, path := range paths {
		check(t, os.Chown(path, uid, gid))
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

// url returns DATABASE_URL of a role.
func (s *server) url(role string) string {
	return fmt.Sprintf("postgres://%s@%s/postgres?sslmode=disable", role, s.address)
}

// sql runs a statement as the superuser.
func (s *server) sql(t *testing.T, statement string) {
	t.Helper()
	check(t, s.try(statement))
}

func (s *server) try(statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	config, err := pgx.ParseConfig(s.url("postgres"))
	if err != nil {
		return err
	}
	config.Password = superuser
	session, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	defer session.Close(ctx)
	_, err = session.Exec(ctx, statement)
	return err
}

// freeAddress returns an address of loopback that nobody listens on at the moment.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer listener.Close()
	return listener.Addr().String()
}

// until waits until look has no error.
func until(t *testing.T, what string, look func() error) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		err := look()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("waited for %s: %v", what, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
