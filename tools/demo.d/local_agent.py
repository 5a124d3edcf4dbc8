# SPDX-License-Identifier: Apache-2.0
"""An agent on this machine, for the demonstration."""

import hashlib
import json
import os
import pathlib
import subprocess
import time

import filesystem
from output import shortened, show


class Failure(Exception):
    """A step of the demonstration failed; the message says why."""


class LocalAgent:
    """An agent that listens on a socket in `directory`, and the client bellhop.

    without_mounts: the reason why no filesystem can be mounted, or None.
    """

    def __init__(self, directory, agent, bellhop, without_mounts=None):
        self.directory = pathlib.Path(directory)
        self.without_mounts = without_mounts
        self.endpoint = f"unix:{directory}/agent.sock"
        self.bellhop = bellhop
        (self.directory / "state").mkdir()
        configuration = self.directory / "agent.conf"  # not the machine's own
        configuration.touch()
        self.log = self.directory / "agent.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [agent, "-m", "unix-listen", "-p", self.directory / "agent.sock",
                 "-t", self.directory / "state"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env=dict(os.environ, QGA_CONF=str(configuration)))

    def wait_until_up(self, timeout=10.0):
        deadline = time.monotonic() + timeout
        while self._run("ping").returncode != 0:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise Failure(f"the agent did not come up: {self.log.read_text().strip()}")
            time.sleep(0.01)

    def stop(self):
        """No effect if the agent has exited."""
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def introduction(self):
        return "This machine is host and guest."

    def checksum(self, path):
        """The SHA-256 of a file on the agent's machine."""
        return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()

    def disk(self, stack):
        """A filesystem to freeze. Raises filesystem.Unavailable."""
        if self.without_mounts:
            raise filesystem.Unavailable(self.without_mounts)
        return filesystem.make(self.directory, stack)

    def writer(self, disk, stack):
        """A process that writes a line to a file on the disk."""
        return filesystem.Writer(disk, stack)

    def call(self, command, arguments=None, until=lambda value: True):
        """Calls a command, shows request, reply and time, and returns the value.

        Repeats the call until `until` accepts the value, and shows the last reply.
        """
        text = "" if arguments is None else json.dumps(shortened(arguments), ensure_ascii=False)
        show(f"{command} {text}".strip(), "request", indent="     ", first="   > ")
        calls = 1
        value, duration = self._call(command, arguments)
        while not until(value):
            time.sleep(0.01)
            calls += 1
            value, duration = self._call(command, arguments)
        times = f", called {calls} times" if calls > 1 else ""
        reply = json.dumps(shortened(value), ensure_ascii=False)
        show(f"{reply}  ({duration}{times})", "reply", indent="     ", first="   < ")
        return value

    def _call(self, command, arguments):
        """(the return value, the duration as text) of a call."""
        given = [] if arguments is None else ["-"]
        done = self._run("call", "--time", command, *given, stdin=json.dumps(arguments))
        if done.returncode != 0:
            raise Failure(done.stderr.strip())
        return json.loads(done.stdout), done.stderr.strip()

    def _run(self, *arguments, stdin=""):
        return subprocess.run([self.bellhop, "--connect", self.endpoint, *arguments], input=stdin,
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              check=False)
