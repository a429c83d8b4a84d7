"""A service of the standard library: GET /config answers the settings in force."""

import json
import logging
import os
import signal
import sys
from dataclasses import fields
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from shop.settings import ConfigError, Secret, Settings, load

PORT = 8000


def shown(value: object) -> object:
    """Return a setting as JSON has it; a secret masks itself."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    return str(value) if isinstance(value, Secret) else value


class Answer(BaseHTTPRequestHandler):
    """The answers to requests, from the settings of this process."""

    settings: Settings

    def do_GET(self) -> None:
        """Answer a request."""
        if self.path != "/config":
            self.send_error(404)
            return
        settings = {field.name: shown(getattr(self.settings, field.name)) for field in fields(self.settings)}
        body = json.dumps(settings, sort_keys=True).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> int:
    """Serve until SIGTERM; return 64 for a configuration that is refused."""
    directory = os.environ.get("CONFIG_DIR")
    try:
        Answer.settings = load(Path(directory) if directory else None)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 64
    logging.basicConfig(level=Answer.settings.log_level.upper())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with ThreadingHTTPServer(("", PORT), Answer) as server:
        logging.info("serving on port %d", PORT)
        server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
