"""A service under the agent: acknowledges each generation, and reports what the generated reader finds in the one in force.

Reads requests from standard input, one a line. Arguments: the program `confpath`, and the folder of the contracts.
"""

import http.client
import importlib
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "python"))
from driver import answer_by

PROGRAM, CONTRACTS = sys.argv[1:]
# Generous, for a machine under load.
STARTED_WITHIN = 30
PAUSE = 0.003


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Agent:
    """One agent, with a service that acknowledges what it is given."""

    def __init__(self, contract, environment, directory):
        self.contract = contract
        self.folder = Path(tempfile.mkdtemp(prefix="confpath-"))
        self.out = self.folder / "out"
        self.out.mkdir()
        if directory is None:
            # An agent always has a directory.
            directory = self.folder / "empty"
            directory.mkdir()
        self.port = free_port()
        command = [PROGRAM, "run", "--contract", f"{CONTRACTS}/{contract}.json", "--config-dir", directory]
        command += ["--out", self.out, "--ack", "file", "--admin-listen", f"127.0.0.1:{self.port}"]
        self.log = (self.folder / "log").open("w+b")
        self.process = subprocess.Popen(command, env=environment, stderr=self.log)
        self.is_stopped = threading.Event()
        self.service = threading.Thread(target=self.acknowledge)
        self.service.start()

    def acknowledge(self):
        """Writes the digest of each generation into the file, once it has been read."""
        last = None
        while not self.is_stopped.wait(PAUSE):
            try:
                digest = (self.out / "current/digest").read_text()
            except FileNotFoundError:
                continue
            if digest != last:
                (self.out / "ack.new").write_text(digest)
                (self.out / "ack.new").rename(self.out / "ack")
                last = digest

    def started(self):
        """Returns the answer of a reader: the first generation, or every problem."""
        deadline = time.monotonic() + STARTED_WITHIN
        while self.process.poll() is None:
            if self.is_ready():
                return self.values()
            if time.monotonic() > deadline:
                raise TimeoutError(self.lines())
            time.sleep(PAUSE)
        if self.process.returncode not in (2, 64):
            raise RuntimeError(self.lines())
        return {"ok": False, "problems": [without_origin(line.removeprefix("confpath: ")) for line in self.lines()]}

    def lines(self):
        return (self.folder / "log").read_text().splitlines()

    def is_ready(self):
        try:
            return self.get("/readyz")[0] == 200
        except ConnectionRefusedError:
            return False

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=STARTED_WITHIN)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def values(self):
        # Resolved once: the reader then reads one generation, whatever comes into force meanwhile.
        directory = str((self.out / "current").resolve())
        reader = importlib.import_module(f"c{self.contract}")
        return answer_by(reader, {"directory": directory, "environment": {}})

    def look(self):
        digests = json.loads(self.get("/digests")[1])
        problems = [without_origin(reason) for reason in digests["reasons"]]
        return {"state": digests["state"], "values": self.values()["values"], "problems": problems}

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.is_stopped.set()
        self.service.join()
        self.log.close()
        shutil.rmtree(self.folder)


def without_origin(problem):
    return problem.split(" (from ")[0]


def main():
    agent = None
    for line in sys.stdin:
        request = json.loads(line)
        what = request.get("do", "load")
        if what in ("load", "start"):
            agent = Agent(request["contract"], request["environment"], request["directory"])
            answer = agent.started()
        elif what == "look":
            answer = agent.look()
        if what in ("load", "stop"):
            agent.stop()
        print(json.dumps(answer if what != "stop" else {}), flush=True)


main()
