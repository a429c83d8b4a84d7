"""Records of the workers: who has which generation. From them follow the acknowledgement and the hand-over of a reload.

`confpath run` names the folder of the generations by CONFPATH_DIR. A digest is written into a file there once every
worker has that generation. Without the agent there is nobody to acknowledge to.
"""

import os
from pathlib import Path
from typing import NamedTuple

# One file for each worker, named by its process. A pod has this folder, also where its root cannot be written to.
WORKERS = Path("/dev/shm")
# Only the workers of one gunicorn have to do with each other; it loads this file before it starts them.
RECORD = f"pyapp-{os.getpid()}-worker-"
# The age of the youngest worker that a reload replaces. Without this file no worker waits for another one.
RELOAD = f"pyapp-{os.getpid()}-reload"


class Record(NamedTuple):
    """A worker with its settings in force: its number since the start of gunicorn, and what it acknowledges."""

    age: int
    digest: str | None


def current() -> str | None:
    """Return the digest of the generation that lies ready; None without an agent."""
    folder = os.environ.get("CONFPATH_DIR")
    return (Path(folder) / "current/digest").read_text() if folder else None


def begin() -> None:
    """Forget the workers of an earlier process: the folder outlives a container that is started again."""
    for record in (*WORKERS.glob(f"{RECORD}*"), WORKERS / RELOAD):
        record.unlink(missing_ok=True)


def reloading(youngest: int) -> None:
    """Record that workers of this age and older are replaced."""
    _write(WORKERS / RELOAD, str(youngest))


def loaded(record: Record, worker: int, workers: int) -> None:
    """Record that a new worker has its settings in force."""
    _write(_path(worker), f"{record.age} {record.digest or ''}")
    _acknowledge(workers)


def ended(age: int, worker: int, workers: int) -> None:
    """Forget a worker that has ended. If it was a successor, as when all are stopped, nobody waits for one any more."""
    _path(worker).unlink(missing_ok=True)
    if age > _replaced():
        (WORKERS / RELOAD).unlink(missing_ok=True)
    _acknowledge(workers)


def has_predecessors(age: int) -> bool:
    """Return true while workers serve that the worker of this age replaces."""
    replaced = _replaced()
    return age > replaced and any(record.age <= replaced for record in _records())


def is_relieved(age: int, workers: int) -> bool:
    """Return true if the worker of this age may leave: all successors are there, or none will come."""
    replaced = _replaced()
    return age > replaced or sum(record.age > replaced for record in _records()) >= workers


def _path(worker: int) -> Path:
    return WORKERS / f"{RECORD}{worker}"


def _replaced() -> int:
    try:
        return int((WORKERS / RELOAD).read_text())
    except FileNotFoundError:
        return 0


def _records() -> list[Record]:
    found = []
    for path in WORKERS.glob(f"{RECORD}*"):
        try:
            age, _, digest = path.read_text().partition(" ")
        except FileNotFoundError:
            # It has ended meanwhile.
            continue
        found.append(Record(int(age), digest or None))
    return found


def _acknowledge(workers: int) -> None:
    """Write the digest that all workers have; while old and new ones run, there is none."""
    folder = os.environ.get("CONFPATH_DIR")
    digests = [record.digest for record in _records()]
    if folder and len(digests) == workers and len(set(digests)) == 1 and digests[0]:
        _write(Path(folder) / "ack", digests[0])


def _write(path: Path, text: str) -> None:
    """Write a file whole, so that no other process reads a part of it."""
    unfinished = path.with_name(f"{os.getpid()}.{path.name}")
    unfinished.write_text(text)
    unfinished.replace(path)
