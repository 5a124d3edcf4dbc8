"""The agent on the stage, and how what is said there is shown."""

import hashlib
import json
import os
import pathlib
import subprocess
import sys
import textwrap
import time

import filesystem

WIDTH = 98
STYLES = {"title": "1", "request": "36", "reply": "32", "note": "2"}


class Failure(Exception):
    """The session did not go as it should; the message says how."""


def show(text, style="", indent="", first=None):
    """Prints a paragraph; in colour only on a terminal."""
    lines = textwrap.wrap(text, WIDTH, initial_indent=indent if first is None else first,
                          subsequent_indent=indent, break_on_hyphens=False)
    colour = style in STYLES and sys.stdout.isatty() and "NO_COLOR" not in os.environ
    for line in lines:
        print(f"\033[{STYLES[style]}m{line}\033[0m" if colour else line, flush=True)


def title(text):
    print()
    show(text, "title")


def note(text):
    show(text, "note", indent="     ")


def shortened(value):
    """A JSON value with only the beginnings of what is long."""
    if isinstance(value, str) and len(value) > 72:
        return f"{value[:36]}… ({len(value):,} characters)"
    if isinstance(value, list):
        rest = [f"… ({len(value)} in all)"] if len(value) > 8 else []
        return [shortened(element) for element in value[:2 if rest else 8]] + rest
    if isinstance(value, dict):
        return {name: shortened(member) for name, member in value.items()}
    return value


class Stage:
    """An agent that listens in a directory of its own, and the program bellhop to ask it with.

    without_mounts: why no filesystem can be mounted, if so.
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
        """Of no effect when it has ended."""
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def introduction(self):
        return "This machine plays both sides."

    def checksum(self, path):
        """Of a file where the agent runs."""
        return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()

    def disk(self, stack):
        """A filesystem to freeze; filesystem.Unavailable when there is none."""
        if self.without_mounts:
            raise filesystem.Unavailable(self.without_mounts)
        return filesystem.make(self.directory, stack)

    def writer(self, disk, stack):
        """A program that begins to write a line to a file on the disk."""
        return filesystem.Writer(disk, stack)

    def call(self, command, arguments=None, until=lambda value: True):
        """Calls, shows request, reply and time, and returns the value.

        Calls again while the value is not as `until` wants it, and shows the last reply.
        """
        text = "" if arguments is None else json.dumps(shortened(arguments), ensure_ascii=False)
        show(f"{command} {text}".strip(), "request", indent="     ", first="   > ")
        asked = 1
        value, duration = self._call(command, arguments)
        while not until(value):
            time.sleep(0.01)
            asked += 1
            value, duration = self._call(command, arguments)
        times = f", asked {asked} times" if asked > 1 else ""
        reply = json.dumps(shortened(value), ensure_ascii=False)
        show(f"{reply}  ({duration}{times})", "reply", indent="     ", first="   < ")
        return value

    def _call(self, command, arguments):
        """Calls; the value and, as text, how long it took."""
        given = [] if arguments is None else ["-"]
        done = self._run("call", "--time", command, *given, stdin=json.dumps(arguments))
        if done.returncode != 0:
            raise Failure(done.stderr.strip())
        return json.loads(done.stdout), done.stderr.strip()

    def _run(self, *arguments, stdin=""):
        return subprocess.run([self.bellhop, "--connect", self.endpoint, *arguments], input=stdin,
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              check=False)
