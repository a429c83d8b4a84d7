"""The sample's reader and acknowledgement without its web server: each SIGHUP has all settings read again, and told in a line."""

import json
import os
import signal
import tempfile
from pathlib import Path

from pyapp import generation
from pyapp.settings import Secret, load


def take() -> None:
    """Read the generation that lies ready, as a worker does, tell it, and acknowledge it."""
    digest = generation.current()
    settings = load(Path(os.environ["CONFIG_DIR"]))
    texts = {
        key.upper(): value.expose() if isinstance(value, Secret) else str(value)
        for key, value in vars(settings).items()
        if value is not None
    }
    print(json.dumps({"digest": digest, **texts}), flush=True)
    generation.loaded(generation.Record(1, digest), os.getpid(), 1)


signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
# The agent sends a signal only to a process with a handler.
signal.signal(signal.SIGHUP, lambda *_: None)
with tempfile.TemporaryDirectory() as workers:
    generation.WORKERS = Path(workers)
    take()
    while signal.sigwait({signal.SIGHUP}):
        take()
