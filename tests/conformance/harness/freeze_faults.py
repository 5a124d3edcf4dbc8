# SPDX-License-Identifier: Apache-2.0
"""Freezes that meet faults, and what must hold after each: the freeze ends at its limit.

For programs that run in the world of harness/freeze_world.py.
"""

import contextlib
import os
import shutil
import signal
import tempfile
import time
import unittest

from harness import freeze_world
from harness.freeze_world import (BELLHOPD, Writer, can_make, is_frozen, make_filesystem,
                                  mount, umount, wait_until)

# The limits of the freezes, in seconds. A test repeats its fault with the next one if the machine
# was too slow to make it within the limit.
LIMITS = (1, 4, 16, 64)
# How long a freeze may last before the test fails. The watchdog waits longer.
END_TIMEOUT = 60
freeze_world.WATCHDOG_SECONDS = 3 * END_TIMEOUT

NOTICE = r"the freeze that began at \S+Z ended by itself at \S+Z, at the limit of {} s: .*"
MARK = "qga.state.isfrozen"
NOTE = "bellhop.freeze-ended"
OWED = "bellhop.thaw-hooks-owed"
GUARD_SOCKET = "bellhop.guard"
STATE_FILES = ("qga.state", MARK, NOTE, OWED, GUARD_SOCKET)


def kill(pid, number=signal.SIGKILL):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def has_ended(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


class Filesystems:
    """All that an agent can freeze."""

    @classmethod
    def make(cls):
        cls.a = make_filesystem("a")
        cls.b = make_filesystem("b", kind="xfs" if can_make("xfs") else "ext4")


def add_tests(case, names, name_of, assert_method):
    """Adds a test to the class for each name."""
    for name in names:
        def test(self, name=name):
            getattr(self, assert_method)(name)
        test.__name__ = name_of.format(name)
        setattr(case, test.__name__, test)


class FaultTest(freeze_world.WorldTest, unittest.TestCase):
    """A test with a freeze that a fault meets. Its state directory contains only the agent's state.
    """

    PROGRAM = BELLHOPD

    def setUp(self):
        super().setUp()
        self.mountpoints = [Filesystems.a, Filesystems.b]
        freeze_world.watchdog.has_fired()
        self.make_directory()
        self.writers = []
        self.limit = self.began = None

    def make_directory(self):
        self.directory = tempfile.mkdtemp(prefix="state-", dir="/tmp")
        self.state = self.directory + "/state"
        os.mkdir(self.state)

    def empty_directory(self):
        """Removes what a freeze and its fault have left in the directories."""
        self.remove(self.directory + "/hook-log")
        self.remove(self.state + ".old")
        if os.path.islink(self.state) or not os.path.isdir(self.state):
            self.remove(self.state)
            os.mkdir(self.state)
        for name in os.listdir(self.state):
            self.remove(self.state_path(name))

    def tearDown(self):
        self.end_everything()

    @contextlib.contextmanager
    def case(self, **parameters):
        """A subtest that starts with an empty state directory and leaves nothing behind."""
        with self.subTest(**parameters):
            try:
                yield
            finally:
                self.end_everything()
                self.make_directory()

    def end_everything(self):
        """Kills what the test has started, and thaws."""
        for agent in self.agents:
            agent.stop()
        self.agents = []
        written = [writer.pid for writer in self.writers]
        for pid in set(freeze_world.processes()) - set(written):
            kill(pid)
        freeze_world.thaw_all()
        for writer in self.writers:
            writer.finish()
        self.writers = []

    # Agents

    def start(self, *options, **more):
        return super().start(*options, **{"state": self.state, **more})

    def launch(self, *options, **more):
        """Starts an agent that need not serve."""
        return self.start(*options, serves=False, **more)

    def configuration(self, more=""):
        return f"[freeze]\nlimit={self.limit or 600}\n{more}"

    def restart(self, agent, *options, guard=False, launch=False, **more):
        """Kills the agent, with `guard` also the guard, and starts it again."""
        self.kill_agent(agent, guard=guard)
        return (self.launch if launch else self.start)(
            *options, **{"configuration": self.configuration(), **more})

    def kill_agent(self, agent, guard=False):
        """Kills the agent, with `guard` also the guard, at the same time."""
        pids = freeze_world.guards() if guard else []
        for pid in (agent.process.pid, *pids):
            kill(pid)
        agent.process.wait()
        assert wait_until(lambda: all(has_ended(pid) for pid in pids))

    def settles(self, agent):
        """Whether the agent ends or answers, in a limited time."""
        return wait_until(lambda: agent.process.poll() is not None or agent.connection or
                          agent.connect()) and (agent.process.poll() is not None or
                                                agent.call("guest-ping") == {})

    # Files

    def state_path(self, name):
        return f"{self.state}/{name}"

    def mount_state(self, *options):
        """Mounts a filesystem in memory as the state directory."""
        mount("-t", "tmpfs", *options, "none", self.state)
        self.addCleanup(umount, self.state)

    def remove(self, path):
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        elif os.path.lexists(path):
            os.unlink(path)

    def hook(self, script=""):
        """An option for a hook that notes its calls, then runs the script."""
        path = self.directory + "/hook"
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\ncd {self.directory}\necho \"$1\" >>hook-log\n{script}\n")
        os.chmod(path, 0o755)
        return f"--fsfreeze-hook={path}"

    def hook_calls(self):
        try:
            with open(self.directory + "/hook-log", encoding="utf-8") as file:
                return file.read().split()
        except FileNotFoundError:
            return []

    # Freezes

    def freeze(self, *options, limit=LIMITS[0], more="", **others):
        """Starts an agent and freezes all filesystems with a limit. Returns the agent."""
        self.limit = limit
        agent = self.start(*options, configuration=self.configuration(more), **others)
        self.freeze_with(agent)
        return agent

    def freeze_with(self, agent):
        self.began = time.monotonic()
        self.assertEqual(agent.freeze_all(), len(self.mountpoints))
        self.start_writers()

    def start_writers(self):
        self.writers = [Writer(path + "/probe") for path in self.mountpoints]

    def meet(self, fault, *options, limits=LIMITS, **more):
        """Freezes and calls fault(agent), before the limit. Returns the agent."""
        for limit in limits:
            agent = self.freeze(*options, limit=limit, **more)
            frozen = [wait_until(lambda writer=writer: writer.waits_for_thaw() or writer.is_done())
                      and not writer.is_done() for writer in self.writers]
            fault(agent)
            if time.monotonic() < self.began + limit:
                self.assertTrue(all(frozen), "a filesystem is not frozen before the fault")
                return agent
            self.end_everything()
            self.empty_directory()
        return self.skipTest(f"the machine cannot make the fault in {limits[-1]} s")

    def assert_ends(self, early=False):
        """Asserts that the freeze ends: not before its limit unless `early`, but then."""
        freeze_world.watchdog.reset()
        deadline = time.monotonic() + END_TIMEOUT
        frozen = [writer.path for writer in self.writers
                  if not writer.is_done(max(0, deadline - time.monotonic()))]
        self.assertFalse(freeze_world.watchdog.has_fired(), "the watchdog has thawed")
        self.assertEqual(frozen, [], f"still frozen {time.monotonic() - self.began:.0f} s after "
                                     f"the freeze with a limit of {self.limit} s")
        writers, self.writers = self.writers, []
        ended = [writer.finish() for writer in writers]
        if not early:
            # Less the resolution of the clocks.
            self.assertGreaterEqual(min(ended) - self.began, self.limit - 0.05,
                                    "thawed before its limit")
        for path in self.mountpoints:
            self.assertFalse(is_frozen(path), path)

    def situation(self):
        """What is left of a freeze, for messages."""
        return (f"in the state directory: {os.listdir(self.state)}, "
                f"guards: {freeze_world.guards()}, log: {self.agents[-1].log()[-1000:]}")

    def assert_guards_end(self):
        self.assertTrue(wait_until(lambda: not freeze_world.guards(), END_TIMEOUT),
                        "a guard runs after the thaw")

    def assert_works_again(self, notice=True):
        """Asserts that nothing is left of the freeze: the next agent thaws with the notice, once,
        and a new freeze works. notice: None if it does not matter whether there is one."""
        for agent in self.agents:
            agent.stop()
        self.assert_guards_end()
        agent = self.start(configuration=self.configuration())
        self.assertTrue(wait_until(lambda: agent.status() == "thawed"))
        self.assertFalse(os.path.lexists(f"{self.state}/{MARK}"))
        thawed = agent.thaw()
        if notice:
            self.assertRegex(str(thawed), NOTICE.format(self.limit))
            thawed = agent.thaw()
        if notice is not None:
            self.assertEqual(thawed, 0)
        self.assertEqual(agent.freeze_all(), len(self.mountpoints))
        self.assertEqual(agent.status(), "frozen")
        self.assertEqual(agent.thaw(), len(self.mountpoints))
        self.assert_guards_end()
        self.assertEqual(agent.stop(signal.SIGTERM), 0)
