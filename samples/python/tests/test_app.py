"""The routes, and what is refused before they are there."""

import json
import unittest

from flask.testing import FlaskClient

from pyapp.app import create_app
from pyapp.settings import ConfigError, load

KNOWN = {
    "LOG_LEVEL": "debug",
    "MAX_CONNECTIONS": "50",
    "SECRET_KEY": "Secr3tXyz",
    "DB_PASSWORD": "passw0rdXyZ",
}
KNOWN_ANSWER = (
    b'{"API_BASE_URL":"/","DB_PASSWORD":"passw0rdXyZ","LOG_LEVEL":"debug","MAX_CONNECTIONS":"50",'
    b'"SECRET_KEY":"Secr3tXyz","message":"Config and secrets accessed"}\n'
)


def client(*, exposes_secrets: bool, **more: str) -> FlaskClient:
    """Return a client of the service with the known settings, and more of them."""
    settings = load(environment={**KNOWN, **more})
    return create_app(settings, exposes_secrets=exposes_secrets).test_client()


class Routes(unittest.TestCase):
    """Answers."""

    def test_known_values_answer_known_157_bytes(self) -> None:
        """The bytes that the service in Rust answers."""
        answer = client(exposes_secrets=True).get("/config")
        self.assertEqual(answer.data, KNOWN_ANSWER)
        self.assertEqual(len(answer.data), 157)
        self.assertEqual(answer.content_type, "application/json")
        self.assertEqual(answer.headers["Cache-Control"], "no-store")

    def test_secrets_are_masked_unless_exposed(self) -> None:
        """Nothing of a secret is in the answer."""
        answer = client(exposes_secrets=False).get("/config")
        self.assertEqual(json.loads(answer.data)["SECRET_KEY"], "********")
        for secret in (b"Secr3tXyz", b"passw0rdXyZ"):
            self.assertNotIn(secret, answer.data)

    def test_health_is_known_bytes(self) -> None:
        """The bytes that the service in Rust answers."""
        answer = client(exposes_secrets=False).get("/healthz")
        self.assertEqual(answer.data, b'{"status":"ok"}\n')

    def test_database_adds_a_route_and_changes_none(self) -> None:
        """Nobody listens on port 1 of loopback: a database that is away keeps nothing else from its answer."""
        alone = client(exposes_secrets=True)
        self.assertEqual(alone.get("/rows").status_code, 404)
        beside = client(exposes_secrets=True, DATABASE_URL="postgres://role@127.0.0.1:1/shop")
        self.assertEqual(beside.get("/config").data, KNOWN_ANSWER)
        answer = beside.get("/rows")
        self.assertEqual(answer.status_code, 503)
        self.assertEqual(json.loads(answer.data), {"status": "the database did not answer"})

    def test_missing_secrets_are_named_at_once(self) -> None:
        """The contract's sentences, all of them."""
        with self.assertRaises(ConfigError) as refused:
            load(environment={"MAX_CONNECTIONS": "0"})
        expected = (
            "DB_PASSWORD: is required and not given",
            "MAX_CONNECTIONS: must be a whole number from 1 to 1000",
            "SECRET_KEY: is required and not given",
        )
        self.assertEqual(refused.exception.problems, expected)
