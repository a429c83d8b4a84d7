"""The service's part beside the agent: acknowledgement and veto."""

import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from pyapp import generation, prepare


class Acknowledgement(unittest.TestCase):
    """The digest is written once all workers have it."""

    def setUp(self) -> None:
        """Make a folder for the agent and one for the workers."""
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        (folder / "current").mkdir()
        (folder / "current/digest").write_text("new")
        (folder / "workers").mkdir()
        self.ack = folder / "ack"
        self.enterContext(mock.patch.dict(os.environ, CONFPATH_DIR=str(folder)))
        self.enterContext(mock.patch.object(generation, "WORKERS", folder / "workers"))

    def test_last_new_worker_acknowledges(self) -> None:
        """One of two is not enough."""
        generation.loaded("new", 1, 2)
        self.assertFalse(self.ack.exists())
        generation.loaded("new", 2, 2)
        self.assertEqual(self.ack.read_text(), "new")

    def test_old_worker_holds_acknowledgement_back(self) -> None:
        """As long as it serves, the old settings are in force, too."""
        generation.loaded("old", 1, 1)
        self.assertEqual(self.ack.read_text(), "old")
        generation.loaded("new", 2, 1)
        self.assertEqual(self.ack.read_text(), "old")
        generation.ended(1, 1)
        self.assertEqual(self.ack.read_text(), "new")

    def test_earlier_process_does_not_count(self) -> None:
        """Its workers are gone, and their records are not."""
        generation.loaded("old", 1, 2)
        generation.begin()
        generation.loaded("new", 2, 1)
        self.assertEqual(self.ack.read_text(), "new")

    def test_generation_is_the_agents_digest(self) -> None:
        """Without an agent there is none."""
        self.assertEqual(generation.current(), "new")
        with mock.patch.dict(os.environ, clear=True):
            self.assertIsNone(generation.current())


class Veto(unittest.TestCase):
    """The answer to a candidate."""

    def candidate(self, secrets: dict[str, str]) -> int:
        """Return the exit code for a candidate with these secrets."""
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        (folder / "secrets").mkdir()
        for key, text in secrets.items():
            (folder / "secrets" / key).write_text(text)
        with mock.patch.dict(os.environ, CONFPATH_CANDIDATE=str(folder)):
            return prepare.main()

    def test_same_secret_twice_is_refused(self) -> None:
        """No contract can say this."""
        for password, code in (("other", 0), ("same", 1)):
            secrets = {"SECRET_KEY": "same", "DB_PASSWORD": password}
            self.assertEqual(self.candidate(secrets), code)

    def test_refused_candidate_is_refused(self) -> None:
        """Missing secrets."""
        self.assertEqual(self.candidate({}), 1)
