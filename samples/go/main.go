// Command goapp is a service with a PostgreSQL, whose settings change while it runs.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"goapp/settings"
)

const (
	// exitRefused is the exit code of a wrong configuration, as confpath has it.
	exitRefused = 64
	// drainTime is the time that requests have to end. The agent waits longer.
	drainTime = 10 * time.Second
)

func main() {
	values, err := settings.Load(os.Getenv("CONFIG_DIR"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(exitRefused)
	}
	if err := run(values); err != nil {
		fmt.Fprintln(os.Stderr, "goapp:", err)
		os.Exit(1)
	}
}

// run serves until SIGTERM or SIGINT.
func run(values *settings.Settings) error {
	var level slog.LevelVar
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: &level})))
	service, err := newService(values, &level)
	if err != nil {
		return err
	}
	defer service.close()

	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	// Not on LISTEN: nobody but the agent, which is in the same pod, may tell the service what to read.
	return serve(stop, map[string]http.Handler{
		values.Listen:      service.routes(),
		values.AgentListen: service.agentRoutes(),
	})
}

// serve serves each handler at its address until stop is done, and then lets requests end.
func serve(stop context.Context, handlers map[string]http.Handler) error {
	ended := make(chan error, len(handlers))
	var servers []*http.Server
	for address, handler := range handlers {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			return err
		}
		server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
		servers = append(servers, server)
		go func() { ended <- server.Serve(listener) }()
	}
	select {
	case <-stop.Done():
	case err := <-ended:
		return err
	}
	patience, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	var failed []error
	for _, server := range servers {
		failed = append(failed, server.Shutdown(patience))
	}
	return errors.Join(failed...)
}
