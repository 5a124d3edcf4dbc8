#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The agent is restarted while filesystems are frozen, and cannot serve, or not all.

Runs in the world of harness/freeze_world.py. Exits with status 77 if the machine does not allow it.
"""

import itertools
import os
import socket
import time
import unittest

from harness import freeze_world, lifecycle, odd_files
from harness.freeze_faults import LIMITS, FaultTest, Filesystems, add_tests, has_ended, kill
from harness.freeze_world import wait_until

SKIPPED = freeze_world.SKIPPED
RESTARTS = 20
SANITIZED = freeze_world.BELLHOPD and lifecycle.sanitized_program(freeze_world.BELLHOPD)


class Daemon:
    """The process of an agent that has become a daemon, as subprocess.Popen shows it."""

    def __init__(self, pid):
        self.pid = pid
        self.returncode = None

    def poll(self):
        if has_ended(self.pid):
            self.returncode = 0
        return self.returncode

    def wait(self, timeout=freeze_world.TIMEOUT):
        assert wait_until(lambda: has_ended(self.pid), timeout)
        return self.poll()


class FrozenPaths(FaultTest):
    """The agent's socket, log or pid file is on a frozen filesystem when it is restarted."""

    def assert_serves(self, *options, channel=None):
        """The restarted agent serves, thaws at the limit, and thaws on request. channel: one beside
        the test's."""
        for guard in (False, True):
            for limit in (LIMITS[0], 600):
                with self.case(guard_killed=guard, limit=limit):
                    more = (f"[channels]\nchannels={channel};"
                            f"unix-listen:{self.directory}/socket\n" if channel else "")
                    agent = self.freeze(*options, more=more, limit=limit, channel=not more)
                    self.forget_daemon(agent)
                    agent = self.restart(agent, *options, guard=guard, channel=not more,
                                         configuration=self.configuration(more))
                    self.forget_daemon(agent)
                    if limit == 600:
                        self.assertEqual(agent.status(), "frozen")
                        self.assertEqual(agent.thaw(), 2)
                    self.assert_ends(early=limit == 600)
                    self.assertTrue(wait_until(lambda agent=agent: agent.status() == "thawed"))

    @staticmethod
    def forget_daemon(agent):
        """Makes the daemon the process of the agent."""
        daemon = agent.connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 4)
        pid = int.from_bytes(daemon, "little")
        if pid != agent.process.pid:
            agent.process.wait(freeze_world.TIMEOUT)  # it ends when the daemon is ready
            agent.process = Daemon(pid)

    def test_socket(self):
        path = f"{Filesystems.a}/agent.socket"
        self.assert_serves(channel="unix-listen:" + path)

    def test_only_socket(self):
        """The agent cannot serve before the thaw, but does after it."""
        path = f"{Filesystems.a}/agent.socket"
        for guard in (False, True):
            with self.case(guard_killed=guard):
                self.meet(lambda agent, guard=guard: self.restart(agent, guard=guard, launch=True,
                                                                  socket_path=path),
                          socket_path=path)
                self.assert_ends()
                self.assertTrue(self.settles(self.agents[-1]), "the restarted agent hangs")
                self.assert_works_again()

    def test_log(self):
        self.assert_serves(f"--logfile={Filesystems.a}/agent.log", "-v")

    def test_pid_file(self):
        self.assert_serves("--daemonize", f"--pidfile={Filesystems.a}/agent.pid",
                           f"--logfile={self.directory}/agent.log")


class FailedStarts(FaultTest):
    """The restarted agent cannot serve."""

    def path(self, name, make):
        path = f"{self.directory}/{name}"
        self.remove(path)
        make(path)
        return path

    # A start's options and configuration, or only its options.
    STARTS = {
        "without_its_port": lambda self: ("-m", "virtio-serial", "-p", "/dev/virtio-ports/none"),
        "while_it_waits_for_its_port":
            lambda self: ("-m", "virtio-serial", "-p", "/dev/virtio-ports/none", "-r"),
        "without_one_of_its_ports":
            lambda self: "[channels]\nchannels=virtio-serial:/dev/virtio-ports/none;"
                         f"unix-listen:{self.directory}/other\n",
        "with_a_socket_that_it_cannot_make": lambda self: ("-p", "/nonexistent/socket"),
        "with_a_directory_as_its_socket":
            lambda self: ("-p", self.path("taken", odd_files.full_directory)),
        "with_a_syntax_error": lambda self: "this is no configuration\n",
        "with_an_unknown_key": lambda self: "unknown=1\n",
        "with_an_unknown_group": lambda self: "[unknown]\nlimit=1\n",
        "with_a_wrong_limit": lambda self: "limit=soon\n",
        "with_bytes_as_configuration": lambda self: "\1\2\3" * 9999,
        "with_a_damaged_qemu_ga_conf":
            lambda self: ("-c", self.path("qemu-ga.conf", odd_files.content(b"[general\n\0\xff"))),
        "without_the_named_qemu_ga_conf": lambda self: ("-c", "/nonexistent.conf"),
        "with_a_directory_as_qemu_ga_conf": lambda self: ("-c", self.path("conf", os.mkdir)),
        "without_the_named_configuration": lambda self: ("--bellhop-config=/nonexistent.conf",),
        "with_a_fifo_as_configuration":
            lambda self: ("--bellhop-config", self.path("conf", os.mkfifo)),
        "with_a_directory_as_configuration":
            lambda self: ("--bellhop-config", self.path("conf", os.mkdir)),
        "with_an_endless_configuration": lambda self: ("--bellhop-config=/dev/zero",),
        "with_an_unknown_option": lambda self: ("--no-such-option",),
        "with_an_unknown_option_before_others": lambda self: ("--no-such-option",),
        "with_an_unknown_method": lambda self: ("-m", "pigeon"),
        "with_an_argument": lambda self: ("argument",),
        "without_its_log": lambda self: ("--logfile=/nonexistent/log",),
        "with_a_fifo_as_its_log": lambda self: ("-l", self.path("fifo", os.mkfifo)),
        "without_its_pid_file": lambda self: ("-d", "--pidfile=/nonexistent/pid"),
        "with_a_fifo_as_its_pid_file": lambda self: ("-d", "-f", self.path("fifo", os.mkfifo)),
    }

    def launch_wrongly(self, name):
        if SANITIZED and "endless" in name:
            self.skipTest("a sanitizer needs more address space than this test allows")
        start = self.STARTS[name](self)
        options, more = ((), start) if isinstance(start, str) else (start, "")
        # An agent that reads without a limit must not use up the machine's memory.
        wrap = () if SANITIZED else ("sh", "-c", 'ulimit -v 4000000; exec "$@"', "sh")
        if "before" in name:
            (option,), options = options, ()
            wrap += ("sh", "-c", f'program=$1; shift; exec "$program" {option} "$@"', "sh")
        return self.launch(*options, configuration=self.configuration(more), wrap=wrap,
                           channel=not more.startswith("[channels]"))

    def assert_ends_when_started(self, name):
        for guard in (False, True):
            with self.case(guard_killed=guard):
                def fault(agent, guard=guard):
                    self.kill_agent(agent, guard=guard)
                    self.launch_wrongly(name)
                self.meet(fault)
                self.assert_ends()
                self.end_all_but_state()
                self.assert_works_again()

    def test_start_with_a_mistake_beside_the_state_directory(self):
        """The configuration that has a mistake also names the state directory."""
        for name, mistake in (("bellhop.conf", "[general]\nunknown=1\n"),
                              ("bellhop.conf", "mistake\n"), ("qemu-ga.conf", "mistake\n")):
            for guard in (False, True):
                with self.case(file=name, mistake=mistake, guard_killed=guard):
                    self.assert_ends_with_mistake(name, mistake, guard)

    def assert_ends_with_mistake(self, name, mistake, guard):
        def fault(agent):
            self.kill_agent(agent, guard=guard)
            self.start_with_state_in(name, mistake, launch=True)
        for limit in LIMITS:
            self.limit = limit
            agent = self.start_with_state_in(name)
            self.freeze_with(agent)
            fault(agent)
            if time.monotonic() < self.began + limit:
                break
            self.end_everything()
        self.assert_ends()
        self.assert_works_again()

    def start_with_state_in(self, name, mistake="", launch=False):
        text = f"[general]\nstatedir={self.state}\n"
        path = self.directory + "/named.conf"
        odd_files.content((text + mistake).encode())(path)
        option = ("-c", path) if name == "qemu-ga.conf" else ()
        more = "" if option else text + mistake
        return (self.launch if launch else self.start)(
            *option, configuration=self.configuration(more), state="")

    def end_all_but_state(self):
        """Ends the agents, also daemons."""
        self.assert_guards_end()
        for agent in self.agents:
            agent.stop()
        self.agents = []
        for pid in freeze_world.processes():
            kill(pid)

    def test_often(self):
        """As a service manager restarts it, with or without its guard."""
        for guard in (False, True):
            with self.case(guard_killed=guard):
                agent = self.freeze(limit=LIMITS[1])
                self.kill_agent(agent, guard=guard)
                most = 0
                for name in itertools.islice(itertools.cycle(
                        ("with_a_syntax_error", "with_an_unknown_option", "without_its_port")),
                        RESTARTS):
                    agent = self.launch_wrongly(name)
                    self.assertNotEqual(agent.process.wait(freeze_world.TIMEOUT), 0)
                    most = max(most, len(freeze_world.guards()))
                self.assertLessEqual(most, 1)
                self.assert_ends()
                self.assert_works_again()


add_tests(FailedStarts, FailedStarts.STARTS, "test_start_{}", "assert_ends_when_started")


if __name__ == "__main__":
    freeze_world.main(Filesystems.make)
