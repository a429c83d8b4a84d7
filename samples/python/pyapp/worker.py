"""The worker of gunicorn, with a hand-over: on a reload the old workers serve until all new ones can."""

import time
from types import FrameType

from gunicorn.workers.gthread import ThreadWorker

from pyapp import generation

# Longer than the agent waits for an acknowledgement, so that it has taken the change back. Shorter than gunicorn
# waits for a sign of life.
SESSIONS_SECONDS = 20
BETWEEN_TRIES_SECONDS = 0.5


class Worker(ThreadWorker):
    """A worker that its successors relieve."""

    is_leaving = False

    def prepare(self) -> None:
        """Open the sessions of the database, and record that the settings are in force here."""
        digest = self.generation if self._has_sessions() else None
        generation.loaded(generation.Record(self.age, digest), self.pid, self.cfg.workers)

    def _has_sessions(self) -> bool:
        """Open the sessions; on a reload only those end the wait, since the predecessors serve."""
        sessions = self.wsgi.extensions.get("sessions")
        end = time.monotonic() + SESSIONS_SECONDS
        while sessions and (reason := sessions.try_open()):
            self.log.warning("%s", reason)
            if not generation.has_predecessors(self.age):
                # At the start the agent has nothing to go back to, and the first query tries again.
                return True
            if not self.alive or time.monotonic() > end:
                return False
            time.sleep(BETWEEN_TRIES_SECONDS)
        return True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take SIGTERM: a worker that has not begun to serve ends at once."""
        self.is_leaving = True
        if not self.booted:
            super().handle_exit(sig, frame)

    def notify(self) -> None:
        """Leave once nobody needs this worker; gunicorn calls this after each request, and at least every second."""
        super().notify()
        if self.is_leaving and generation.is_relieved(self.age, self.cfg.workers):
            self.alive = False
