"""Configuration of gunicorn, and the places where it calls this service."""

import sys

from gunicorn.arbiter import Arbiter

from pyapp import generation
from pyapp.app import THREADS, WORKERS, directory
from pyapp.settings import ConfigError, load
from pyapp.worker import Worker

wsgi_app = "pyapp.app:create_app()"
bind = "[::]:5000"
worker_class = "pyapp.worker.Worker"
workers = WORKERS
threads = THREADS
# A worker that ends would close a connection while the client's next request is on its way.
keepalive = 0
# The root of the image cannot be written to.
worker_tmp_dir = "/dev/shm"
# Shorter than the agent waits for an acknowledgement: it comes once the last old worker has ended.
graceful_timeout = 5


def on_starting(_: Arbiter) -> None:
    """Refuse a wrong configuration before anything listens, with every problem."""
    try:
        load(directory())
    except ConfigError as error:
        print(error, file=sys.stderr)
        sys.exit(64)
    generation.begin()


def on_reload(server: Arbiter) -> None:
    """Have the present workers serve until the next ones do."""
    generation.reloading(server.worker_age)


def post_fork(_: Arbiter, worker: Worker) -> None:
    """Remember the generation before the application loads it: it may then load a newer one, and never an older one."""
    worker.generation = generation.current()


def post_worker_init(worker: Worker) -> None:
    """Have the worker open its sessions, and record that it has loaded its application, and with it the settings."""
    worker.prepare()


def worker_exit(_: Arbiter, worker: Worker) -> None:
    """Close the sessions, after the last request."""
    sessions = worker.wsgi.extensions.get("sessions") if worker.booted else None
    if sessions:
        sessions.close()


def child_exit(server: Arbiter, worker: Worker) -> None:
    """Forget the worker; the last old one's end acknowledges."""
    generation.ended(worker.age, worker.pid, server.cfg.workers)
