"""The service's part beside the agent: acknowledgement, hand-over and veto."""

import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from pyapp import generation, prepare
from pyapp.generation import Record


class Records(unittest.TestCase):
    """What follows from who has which generation."""

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
        generation.loaded(Record(1, "new"), 11, 2)
        self.assertFalse(self.ack.exists())
        generation.loaded(Record(2, "new"), 12, 2)
        self.assertEqual(self.ack.read_text(), "new")

    def test_old_worker_holds_acknowledgement_back(self) -> None:
        """As long as it serves, the old settings are in force, too."""
        generation.loaded(Record(1, "old"), 11, 1)
        self.assertEqual(self.ack.read_text(), "old")
        generation.loaded(Record(2, "new"), 12, 1)
        self.assertEqual(self.ack.read_text(), "old")
        generation.ended(1, 11, 1)
        self.assertEqual(self.ack.read_text(), "new")

    def test_worker_without_sessions_does_not_acknowledge(self) -> None:
        """It serves, and the change is taken back."""
        generation.loaded(Record(1, None), 11, 1)
        self.assertFalse(self.ack.exists())

    def test_earlier_process_does_not_count(self) -> None:
        """Its workers are gone, and their records are not."""
        generation.loaded(Record(1, "old"), 11, 2)
        generation.reloading(1)
        generation.begin()
        generation.loaded(Record(2, "new"), 12, 1)
        self.assertEqual(self.ack.read_text(), "new")
        self.assertFalse(generation.has_predecessors(2))

    def test_all_successors_relieve_a_worker(self) -> None:
        """Until then it serves; the successors know of it meanwhile."""
        generation.loaded(Record(1, "old"), 11, 2)
        generation.loaded(Record(2, "old"), 12, 2)
        generation.reloading(2)
        for age in (3, 4):
            self.assertFalse(generation.is_relieved(1, 2))
            self.assertTrue(generation.has_predecessors(age))
            generation.loaded(Record(age, "new"), 10 + age, 2)
        self.assertTrue(generation.is_relieved(1, 2))
        generation.ended(1, 11, 2)
        generation.ended(2, 12, 2)
        self.assertFalse(generation.has_predecessors(3))

    def test_worker_without_successors_leaves_at_once(self) -> None:
        """None is to come, or the one that had come is stopped as well."""
        generation.loaded(Record(1, "old"), 11, 1)
        self.assertTrue(generation.is_relieved(1, 1))
        generation.reloading(1)
        self.assertFalse(generation.is_relieved(1, 1))
        generation.ended(2, 12, 1)
        self.assertTrue(generation.is_relieved(1, 1))

    def test_generation_is_the_agents_digest(self) -> None:
        """Without an agent there is none."""
        self.assertEqual(generation.current(), "new")
        with mock.patch.dict(os.environ, clear=True):
            self.assertIsNone(generation.current())


class Veto(unittest.TestCase):
    """The answer to a candidate."""

    def candidate(self, settings: dict[str, str]) -> int:
        """Return the exit code for a candidate with these settings."""
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        for name, text in settings.items():
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        with mock.patch.dict(os.environ, CONFPATH_CANDIDATE=str(folder)):
            return prepare.main()

    def test_same_secret_twice_is_refused(self) -> None:
        """No contract can say this."""
        for password, code in (("other", 0), ("same", 1)):
            secrets = {"secrets/SECRET_KEY": "same", "secrets/DB_PASSWORD": password}
            self.assertEqual(self.candidate(secrets), code)

    def test_refused_candidate_is_refused(self) -> None:
        """Missing secrets."""
        self.assertEqual(self.candidate({}), 1)

    def test_only_a_database_that_is_away_is_asked_again(self) -> None:
        """Nobody listens on port 1 of loopback; the other URL is none of libpq's."""
        secrets = {"secrets/SECRET_KEY": "key", "secrets/DB_PASSWORD": "password"}
        for url, code in (("postgres://role@127.0.0.1:1/shop", 75), ("postgres://role@127.0.0.1/shop?no=1", 1)):
            self.assertEqual(self.candidate({**secrets, "config/DATABASE_URL": url}), code)
