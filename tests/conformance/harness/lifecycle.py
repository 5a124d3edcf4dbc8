# SPDX-License-Identifier: Apache-2.0
"""Helpers for the tests of bellhopd's start, service and shutdown.

No test measures speed: each waits for an event, with a timeout that only a stuck agent reaches.
"""

import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time
import unittest

from harness import agents

TEN_SECONDS = 10.0
MEGABYTE = 1 << 20


def long(test):
    """Marks a test that takes a minute: the runner starts it first."""
    test.long = True
    return test


def status_value(pid, name):
    text = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    for line in text.splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1])
    raise KeyError(name)


def sanitized(pid):
    """Whether a process's executable uses a sanitizer, linked statically or as a library."""
    return sanitized_program(f"/proc/{pid}/exe")


def sanitized_program(path):
    program = pathlib.Path(path).read_bytes()
    return b"__asan_init" in program or b"__tsan_init" in program


def wait_for(what, condition, timeout=agents.TIMEOUT):
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not happen in {timeout} s")
        time.sleep(0.01)


def call(connection, command, **arguments):
    """Calls a command that must be answered within ten seconds."""
    return connection.call(command, timeout=TEN_SECONDS, **arguments)


def prepare_socket_activation(agent):
    """Creates the agent's socket before its start, as a service manager does, and returns it. The
    agent gets it as descriptor 3, with LISTEN_PID set to its pid."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(agent.socket_path))
    listener.listen(1)
    agent.wrap = ["sh", "-c", f'exec 3<&{listener.fileno()}; '
                  'LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" "$@"']
    agent.pass_fds = (listener.fileno(),)
    return listener


class LifecycleTest(unittest.TestCase):
    def agent(self, **options):
        agent = agents.Agent(agents.bellhopd(), **options)
        self.addCleanup(agent.__exit__)
        return agent.__enter__()

    def client(self, agent):
        connection = agent.connect()
        self.addCleanup(connection.close)
        return connection


class LoopFilesystem:
    """A filesystem on a loop device, mounted only in one agent's mount namespace."""

    SCRIPT = """mount -o loop "$0" "$1" || exit 90
(
  # Thaws the filesystem even if the test dies.
  exec >/dev/null 2>&1
  i=0
  while [ $i -lt 120 ] && kill -0 $$; do sleep 1; i=$((i + 1)); done
  fsfreeze -u "$1"
) &
shift
exec "$@"
"""

    def __init__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="bellhop-loop-"))
        self.mountpoint = self.directory / "mnt"
        self.namespace = None

    def __enter__(self):
        reason = self._make()
        if reason:
            self.__exit__()
            raise unittest.SkipTest(reason)
        return self

    def _make(self):
        if os.geteuid() != 0:
            return "mounting needs root"
        reason = agents.missing_program("unshare", "nsenter", "mount", "mkfs.ext4", "fsfreeze")
        if reason:
            return reason
        self.mountpoint.mkdir()
        image = self.directory / "image"
        with open(image, "wb") as file:
            file.truncate(32 * MEGABYTE)
        self._run("mkfs.ext4", "-q", "-F", str(image))
        trial = self._run("unshare", "-m", "sh", "-c", 'mount -o loop "$0" "$1" && umount "$1"',
                          str(image), str(self.mountpoint), check=False)
        return f"cannot mount a loop device: {trial.stderr.strip()}" if trial.returncode else None

    @staticmethod
    def _run(*command, check=True):
        process = agents.spawn(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
        output, errors = process.communicate(timeout=agents.TIMEOUT)
        if check and process.returncode:
            raise AssertionError(f"{command}: {errors}")
        return subprocess.CompletedProcess(command, process.returncode, output, errors)

    @property
    def wrap(self):
        return ["unshare", "-m", "sh", "-c", self.SCRIPT, str(self.directory / "image"),
                str(self.mountpoint)]

    def open_namespace(self, agent):
        """Opens the agent's mount namespace: that of an exiting process cannot be entered."""
        self.namespace = os.open(f"/proc/{agent.process.pid}/ns/mnt", os.O_RDONLY)

    def fsfreeze(self, option, check=True):
        self._run("nsenter", f"--mount=/proc/{os.getpid()}/fd/{self.namespace}", "fsfreeze",
                  option, str(self.mountpoint), check=check)

    def __exit__(self, *_):
        if self.namespace is not None:
            os.close(self.namespace)
        shutil.rmtree(self.directory, ignore_errors=True)
