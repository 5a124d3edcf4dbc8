# SPDX-License-Identifier: Apache-2.0
"""The options of a running agent: pid file, log, daemon. Compares bellhopd with a real qemu-ga."""

import contextlib
import fcntl
import itertools
import os
import pathlib
import signal
import stat
import struct
import subprocess
import time
import unittest

from harness import agents
from harness.command_lines import BLOCKED, LISTEN, CommandLineTest, fill


def wait_until(condition):
    deadline = time.monotonic() + agents.TIMEOUT
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"did not happen in {agents.TIMEOUT} s")
        time.sleep(0.02)


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        state = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except FileNotFoundError:
        return False
    return state.rpartition(")")[2].split()[0] != "Z"


class Lifecycle(CommandLineTest):
    """Pid file, log and daemon of a running agent."""

    def start_daemon(self, kind, directory, *options):
        arguments = [*LISTEN, *BLOCKED, "-d", "-f", "{dir}/pid", *options]
        return self.run_program(kind, arguments, directory)

    @contextlib.contextmanager
    def subtest(self, kind):
        with self.subTest(kind=kind), self.directory() as directory:
            yield directory

    @contextlib.contextmanager
    def client(self, directory):
        connection = agents.Connection(os.path.join(directory, "socket"))
        with contextlib.closing(connection.socket):
            yield connection

    @contextlib.contextmanager
    def daemon(self, kind, directory, *options):
        run = self.start_daemon(kind, directory, *options)
        self.assertEqual((run.returncode, run.stdout, run.stderr), (0, b"", b""))
        path = pathlib.Path(directory, "pid")
        wait_until(lambda: path.exists() and path.read_text(encoding="ascii").endswith("\n"))
        pid = int(path.read_text(encoding="ascii"))
        self.assertIn(directory, pathlib.Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8"))
        # qemu-ga's parent exits before the daemon is ready.
        wait_until(lambda: os.readlink(f"/proc/{pid}/fd/2") == "/dev/null")
        try:
            yield pid
        finally:
            agents.send_signal(pid, kind, signal.SIGTERM)
            wait_until(lambda: not is_alive(pid))

    def test_a_daemon_is_detached(self):
        for kind in self.programs:
            with self.subtest(kind) as directory:
                with self.daemon(kind, directory) as pid:
                    proc = pathlib.Path(f"/proc/{pid}")
                    self.assertEqual(os.readlink(proc / "cwd"), "/")
                    self.assertEqual([os.readlink(proc / "fd" / fd) for fd in "012"],
                                     ["/dev/null"] * 3)
                    status = (proc / "status").read_text(encoding="utf-8")
                    self.assertRegex(status, r"Umask:\s*0077")
                    self.assertEqual(os.getsid(pid), pid)

    def test_the_pid_file_is_locked_private_and_removed(self):
        for kind in self.programs:
            with self.subtest(kind) as directory:
                path = pathlib.Path(directory, "pid")
                with self.daemon(kind, directory) as pid:
                    self.assertEqual(path.read_text(encoding="ascii"), f"{pid}\n")
                    self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
                    with open(path, "r+b") as file:
                        query = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
                        answer = fcntl.fcntl(file, fcntl.F_GETLK, query)
                    kind_of_lock, _, start, length, owner = struct.unpack("hhqqi4x", answer)
                    self.assertEqual((kind_of_lock, start, length, owner),
                                     (fcntl.F_WRLCK, 0, 0, pid))
                wait_until(lambda: not path.exists())

    def test_two_daemons_exclude_each_other(self):
        for first, second in itertools.permutations(self.programs):
            with self.subTest(first=first), self.directory() as directory:
                with self.daemon(first, directory) as pid:
                    run = self.start_daemon(second, directory, "-p", "{dir}/other")
                    # qemu-ga's daemon fails after its parent has exited with status 0.
                    self.assertEqual(run.returncode, 0 if second == "qemu-ga" else 1)
                    path = pathlib.Path(directory, "pid")
                    self.assertEqual(path.read_text(encoding="ascii"), f"{pid}\n")

    def test_a_pid_file_that_cannot_be_written_is_reported(self):
        for kind in self.programs:
            with self.subtest(kind) as directory:
                run = self.start_daemon(kind, directory, "-f", "/nope/pid")
                self.assertEqual(run.returncode, 0 if kind == "qemu-ga" else 1)
                if kind == "bellhopd":
                    self.assertIn(b"Could not create '/nope/pid': No such file", run.stderr)

    @contextlib.contextmanager
    def foreground(self, kind, directory, *options):
        arguments = fill([*LISTEN, *BLOCKED, *options], directory)
        process = agents.spawn([self.programs[kind], *arguments], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=directory)
        try:
            wait_until(lambda: os.path.exists(os.path.join(directory, "socket"))
                       or process.poll() is not None)
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate()

    def test_log_lines(self):
        for kind in self.programs:
            with self.subtest(kind) as directory:
                with self.foreground(kind, directory, "-v", "-l", "{dir}/log") as process:
                    with self.client(directory) as connection:
                        # No line feed: qemu-ga would log it unescaped.
                        connection.send(b'{"execute":"guest-ping"}')
                        connection.read_line()
                        agents.stop_process(process, kind, signal.SIGTERM)
                text = pathlib.Path(directory, "log").read_text(encoding="utf-8")
                self.assertTrue(text)
                for line in text.splitlines():
                    self.assertRegex(
                        line, r"^\d{10,}\.\d{6}: (error|critical|warning|message|info|debug): .")
                mode = stat.S_IMODE(pathlib.Path(directory, "log").stat().st_mode)
                self.assertEqual(mode, 0o666 & ~0o022)

    def test_a_silent_default(self):
        for kind in self.programs:
            with self.subtest(kind) as directory:
                with self.foreground(kind, directory) as process:
                    with self.client(directory) as connection:
                        connection.request({"execute": "guest-ping"})
                        connection.request({"execute": "guest-no-such-command"})
                        agents.send_signal(process.pid, kind, signal.SIGTERM)
                    output, error = process.communicate(timeout=agents.TIMEOUT)
                    self.assertEqual((process.returncode, output, error), (0, b"", b""))

    def test_no_pid_file_in_the_foreground(self):
        for kind in self.programs:
            with self.subtest(kind) as directory:
                with self.foreground(kind, directory, "-f", "{dir}/pid"):
                    self.assertFalse(os.path.exists(os.path.join(directory, "pid")))

    def test_no_log_while_frozen(self):
        for kind in self.programs:
            with self.subtest(kind) as directory:
                pathlib.Path(directory, "qga.state.isfrozen").touch()
                with self.foreground(kind, directory, "-v", "-l", "{dir}/log"):
                    with self.client(directory) as connection:
                        connection.request({"execute": "guest-ping"})
                    self.assertFalse(os.path.exists(os.path.join(directory, "log")))


if __name__ == "__main__":
    unittest.main()
