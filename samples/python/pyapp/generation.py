"""Acknowledgement of a generation to the agent: its digest is written into a file once every worker of gunicorn has it.

`confpath run` names the folder of the generations by CONFPATH_DIR. Without it there is nobody to acknowledge to.
"""

import os
from pathlib import Path

# Each worker's digest, in a file named by its process. A pod has this folder, also where its root cannot be written to.
WORKERS = Path("/dev/shm")
RECORD = "pyapp-worker-"


def current() -> str | None:
    """Return the digest of the generation that lies ready; None without an agent."""
    folder = os.environ.get("CONFPATH_DIR")
    return (Path(folder) / "current/digest").read_text() if folder else None


def begin() -> None:
    """Forget the workers of an earlier process: the folder outlives a container that is started again."""
    for record in WORKERS.glob(f"{RECORD}*"):
        record.unlink(missing_ok=True)


def loaded(digest: str, worker: int, workers: int) -> None:
    """Record the generation that a new worker has loaded."""
    _record(worker).write_text(digest)
    _acknowledge(workers)


def ended(worker: int, workers: int) -> None:
    """Forget a worker that has ended."""
    _record(worker).unlink(missing_ok=True)
    _acknowledge(workers)


def _record(worker: int) -> Path:
    return WORKERS / f"{RECORD}{worker}"


def _acknowledge(workers: int) -> None:
    """Write the digest that all workers have; while old and new ones run, there is none."""
    folder = os.environ.get("CONFPATH_DIR")
    digests = [record.read_text() for record in WORKERS.glob(f"{RECORD}*")]
    if folder and len(digests) == workers and len(set(digests)) == 1:
        unfinished = Path(folder) / f"ack.{os.getpid()}"
        unfinished.write_text(digests[0])
        unfinished.replace(Path(folder) / "ack")
