"""Configuration of gunicorn, and the places where it calls this service."""

import sys

from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker

from pyapp import generation
from pyapp.app import directory
from pyapp.settings import ConfigError, load

wsgi_app = "pyapp.app:create_app()"
bind = "[::]:5000"
workers = 2
threads = 4
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


def post_fork(_: Arbiter, worker: Worker) -> None:
    """Remember the generation before the application loads it: it may then load a newer one, and never an older one."""
    worker.generation = generation.current()


def post_worker_init(worker: Worker) -> None:
    """Record that the worker has loaded its application, and with it the settings."""
    if worker.generation:
        generation.loaded(worker.generation, worker.pid, worker.cfg.workers)


def child_exit(server: Arbiter, worker: Worker) -> None:
    """Forget the worker; the last old one's end acknowledges."""
    generation.ended(worker.pid, server.cfg.workers)
