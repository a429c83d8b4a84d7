// The sample without its database, in the place of its main.go: each generation that the agent's call has it read is told in a line.
package main

import (
	"encoding/json"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"

	"goapp/settings"
)

func main() {
	present, err := settings.Load(os.Getenv("CONFIG_DIR"))
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("POST /internal/reload", func(w http.ResponseWriter, r *http.Request) {
		told, values, ok := read(w, r)
		if !ok {
			return
		}
		if err := tell(told.Digest, values); err != nil {
			log.Fatal(err)
		}
		_, _ = io.WriteString(w, told.Digest)
	})
	log.Fatal(http.ListenAndServe(present.AgentListen, nil))
}

func tell(digest string, values *settings.Settings) error {
	return json.NewEncoder(os.Stdout).Encode(map[string]string{
		"digest":          digest,
		"DATABASE_URL":    values.DatabaseURL,
		"DB_PASSWORD":     values.DBPassword.Expose(),
		"MAX_CONNECTIONS": strconv.Itoa(values.MaxConnections),
		"LOG_LEVEL":       values.LogLevel,
	})
}
