"""The routes, over the settings that a worker has loaded. On SIGHUP gunicorn starts workers that load them anew."""

import os
from pathlib import Path

from flask import Flask, Response, jsonify

from pyapp.settings import Secret, Settings, load

MASK = "********"

# Processes of gunicorn, and threads of each. The connections to the database are shared out among them.
WORKERS = 2
THREADS = 4


def directory() -> Path | None:
    """Return the folder of the settings; None where variables alone give them."""
    name = os.environ.get("CONFIG_DIR")
    return Path(name) if name else None


def create_app(settings: Settings | None = None, *, exposes_secrets: bool | None = None) -> Flask:
    """Return the application. It keeps the settings with which it was made."""
    settings = settings or load(directory())
    if exposes_secrets is None:
        # No setting: who may edit a ConfigMap must not thereby read a Secret.
        exposes_secrets = os.environ.get("EXPOSE_SECRETS") == "true"
    app = Flask(__name__)
    app.json.compact = True
    app.logger.setLevel(settings.log_level.upper())

    def shown(secret: Secret) -> str:
        return secret.expose() if exposes_secrets else MASK

    @app.get("/config")
    def config() -> Response:
        response = jsonify(
            API_BASE_URL=settings.api_base_url,
            DB_PASSWORD=shown(settings.db_password),
            LOG_LEVEL=settings.log_level,
            MAX_CONNECTIONS=str(settings.max_connections),
            SECRET_KEY=shown(settings.secret_key),
            message="Config and secrets accessed",
        )
        response.cache_control.no_store = True
        return response

    @app.get("/healthz")
    def healthz() -> Response:
        return jsonify(status="ok")

    if settings.database_url:
        add_database(app, settings)
    return app


def add_database(app: Flask, settings: Settings) -> None:
    """Add the route that asks the database; its sessions are an extension, which the worker opens and closes."""
    # Without a database its driver is not needed.
    import psycopg2

    from pyapp import database

    size = max(1, min(THREADS, settings.max_connections // WORKERS))
    sessions = app.extensions["sessions"] = database.Sessions(settings, size)

    @app.get("/rows")
    def rows() -> tuple[Response, int]:
        try:
            role, found = sessions.rows()
        except psycopg2.Error as error:
            app.logger.error("%s", database.reason(error))
            return jsonify(status="the database did not answer"), 503
        return jsonify(role=role, rows=found), 200
