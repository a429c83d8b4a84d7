"""Sessions of the database. Each worker has its own: opened before it takes requests, and closed after its last one."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
from psycopg2.extensions import connection, make_dsn
from psycopg2.pool import ThreadedConnectionPool

from pyapp.settings import Settings

LOGIN_SECONDS = 5


class Sessions:
    """A pool that is always full: while only the server has the new password, no session has to be opened."""

    def __init__(self, settings: Settings, size: int) -> None:
        """Open nothing yet: a database that is away does not keep the service from its start."""
        self._dsn = _dsn(settings)
        self._size = size
        self._free = threading.BoundedSemaphore(size)
        self._opening = threading.Lock()
        self._pool: ThreadedConnectionPool | None = None

    def open(self) -> ThreadedConnectionPool:
        """Return the pool, after all of its sessions have been opened; raise psycopg2.Error if one cannot be."""
        with self._opening:
            if self._pool is None:
                self._pool = ThreadedConnectionPool(self._size, self._size, self._dsn)
            return self._pool

    def try_open(self) -> str | None:
        """Return why the sessions cannot be opened; None if they are open."""
        try:
            self.open()
        except psycopg2.Error as error:
            return reason(error)
        return None

    @contextmanager
    def session(self) -> Iterator[connection]:
        """Lend a session; wait while all are in use."""
        with self._free:
            pool = self.open()
            session = pool.getconn()
            try:
                yield session
            finally:
                # A session that the server has ended is replaced, and a transaction rolled back.
                pool.putconn(session)

    def rows(self) -> tuple[str, list[int]]:
        """Return the role that asked, and three rows."""
        with self.session() as session, session.cursor() as cursor:
            cursor.execute("SELECT current_user::text, n FROM generate_series(1, 3) AS n")
            found = cursor.fetchall()
        return found[0][0], [n for _, n in found]

    def close(self) -> None:
        """Close all sessions, none of which is in use any more."""
        if self._pool:
            self._pool.closeall()


def login(settings: Settings) -> None:
    """Log in once; raise psycopg2.Error if the database does not let this credential in."""
    psycopg2.connect(_dsn(settings)).close()


def reason(error: psycopg2.Error) -> str:
    """Return what libpq says, on one line. It has no password: neither libpq nor PostgreSQL repeats one."""
    return " ".join(f"the database does not answer: {error}".split())


def _dsn(settings: Settings) -> str:
    return make_dsn(settings.database_url, password=settings.db_password.expose(), connect_timeout=LOGIN_SECONDS)
