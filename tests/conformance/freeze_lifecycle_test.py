#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A freeze from its start to its end: the thaw, or the automatic thaw at the timeout.

Runs in the world of harness/freeze_world.py. Exits with status 77 if the machine does not allow it.
"""

import os
import signal
import unittest

from harness import agents, freeze_world
from harness.freeze_world import (BELLHOPD, QEMU_GA, WorldTest, Writer, is_frozen, make_filesystem,
                                  wait_until)

SKIPPED = freeze_world.SKIPPED


class Filesystems:
    @classmethod
    def make(cls):
        cls.a = make_filesystem("a")
        cls.b = make_filesystem("b")


class LifecycleTests(WorldTest):
    """What every agent must do. The classes below set PROGRAM."""

    FROZEN = ""  # what it adds to the error of a command that does not run while frozen

    def state_file_exists(self):
        return os.path.exists(self.directory + "/qga.state.isfrozen")

    def test_a_write_waits_until_the_thaw(self):
        agent = self.start()
        self.assertEqual(agent.freeze(Filesystems.a), 1)
        self.assertEqual(agent.status(), "frozen")
        writer = Writer(Filesystems.a + "/file")
        try:
            self.assertTrue(wait_until(writer.waits_for_thaw), "the write does not block")
            self.assertFalse(writer.is_done())
            self.assertFalse(is_frozen(Filesystems.b))
        finally:
            thawed = agent.thaw()
            writer.finish()
        self.assertEqual(thawed, 1)
        self.assertEqual(agent.status(), "thawed")
        with open(Filesystems.a + "/file", encoding="utf-8") as file:
            self.assertEqual(file.read(), "written")

    def test_refuses_other_commands_while_frozen(self):
        agent = self.start()
        self.assertEqual(agent.freeze(Filesystems.a), 1)
        disabled = "Command {} has been disabled: the command is not allowed" + self.FROZEN
        self.assertEqual(agent.freeze(Filesystems.b),
                         disabled.format("guest-fsfreeze-freeze-list"))
        for name in ("guest-get-time", "guest-get-osinfo", "guest-fsfreeze-freeze",
                     "guest-fstrim"):
            self.assertEqual(agent.call(name), disabled.format(name))
        served = {"guest-ping", "guest-sync", "guest-sync-delimited", "guest-info",
                  "guest-fsfreeze-status", "guest-fsfreeze-thaw"}
        enabled = {command["name"] for command in agent.call("guest-info")["supported_commands"]
                   if command["enabled"] and command["name"].startswith("guest-")}
        self.assertEqual(enabled, served)
        self.assertEqual(agent.thaw(), 1)
        self.assertIsInstance(agent.call("guest-get-time"), int)

    def test_is_still_frozen_after_a_crash(self):
        agent = self.start()
        self.assertEqual(agent.freeze_all(), 2)
        self.assertTrue(self.state_file_exists())
        agent.stop(signal.SIGKILL)
        agent = self.start()
        self.assertEqual(agent.status(), "frozen")
        self.assertTrue(is_frozen(Filesystems.a))
        self.assertEqual(agent.thaw(), 2)
        self.assertFalse(is_frozen(Filesystems.a))
        self.assertFalse(self.state_file_exists())

    def test_does_not_exit_while_frozen(self):
        agent = self.start()
        self.assertEqual(agent.freeze(Filesystems.a), 1)
        agents.send_signal(agent.process.pid, agent.kind, signal.SIGTERM)
        self.assertEqual(agent.status(), "frozen")
        self.assertEqual(agent.thaw(), 1)
        self.assertEqual(agent.stop(signal.SIGTERM), 0)


class Bellhop(LifecycleTests, unittest.TestCase):
    """Bellhop, with its intended differences from qemu-ga."""

    PROGRAM = BELLHOPD
    FROZEN = " while filesystems are frozen"
    AUTO_THAWED = (r"the freeze that began at \S+Z ended by itself at \S+Z, at the limit of {} s: "
                   r"what was copied after that may be inconsistent")

    def test_thaws_automatically_and_the_next_thaw_reports_it_once(self):
        agent = self.start(configuration="[freeze]\nlimit=1\n")
        writer = None
        self.assertEqual(agent.freeze_all(), 2)
        try:
            writer = Writer(Filesystems.a + "/other")
            self.assertTrue(wait_until(lambda: agent.status() == "thawed"))
        finally:
            if writer:
                writer.finish()
        self.assertFalse(is_frozen(Filesystems.a) or is_frozen(Filesystems.b))
        self.assertFalse(self.state_file_exists())
        self.assertIsInstance(agent.call("guest-get-time"), int)
        self.assertRegex(str(agent.thaw()), self.AUTO_THAWED.format(1))
        self.assertEqual(agent.thaw(), 0)

    def test_a_restarted_agent_reports_the_automatic_thaw(self):
        agent = self.start(configuration="[freeze]\nlimit=1\n")
        self.assertEqual(agent.freeze_all(), 2)
        note = self.directory + "/bellhop.freeze-ended"
        self.assertTrue(wait_until(lambda: os.path.exists(note)))
        self.assertEqual(agent.stop(signal.SIGTERM), 0)
        agent = self.start()
        self.assertEqual(agent.status(), "thawed")
        self.assertRegex(str(agent.thaw()), self.AUTO_THAWED.format(1))
        self.assertFalse(os.path.exists(note))
        self.assertEqual(agent.thaw(), 0)

    def test_thaws_automatically_after_a_crash(self):
        agent = self.start(configuration="[freeze]\nlimit=3\n")
        self.assertEqual(agent.freeze_all(), 2)
        agent.stop(signal.SIGKILL)
        log = f"--logfile={Filesystems.a}/agent.log"  # on a frozen filesystem
        agent = self.start(log)  # its own limit is for its own freezes
        self.assertTrue(wait_until(lambda: agent.status() == "thawed"))
        self.assertFalse(is_frozen(Filesystems.a) or is_frozen(Filesystems.b))
        self.assertRegex(str(agent.thaw()), self.AUTO_THAWED.format(3))
        with open(Filesystems.a + "/agent.log", encoding="utf-8") as file:
            file.read()  # it was opened after the thaw

    def test_the_timeout_counts_from_the_start_for_a_state_file_of_qemu_ga(self):
        with open(self.directory + "/qga.state.isfrozen", "w", encoding="utf-8"):
            pass
        agent = self.start(configuration="[freeze]\nlimit=1\n")
        self.assertTrue(wait_until(lambda: agent.status() == "thawed"))
        self.assertFalse(self.state_file_exists())

    def test_stays_frozen_when_the_client_leaves(self):
        agent = self.start()
        self.assertEqual(agent.freeze_all(), 2)
        agent.connection.close()
        agent.buffer = b""
        self.assertTrue(wait_until(agent.connect))
        self.assertEqual(agent.status(), "frozen")
        self.assertEqual(agent.thaw(), 2)

    def test_writes_nothing_while_frozen(self):
        """State, log and pid file are on a filesystem that is frozen."""
        self.directory = Filesystems.b + "/state"
        os.makedirs(self.directory)
        agent = self.start("-v", f"--logfile={self.directory}/agent.log")
        self.assertEqual(agent.freeze_all(), 2)
        self.assertEqual(agent.status(), "frozen")
        self.assertEqual(agent.call("guest-ping"), {})
        self.assertEqual(agent.thaw(), 2)
        with open(f"{self.directory}/agent.log", encoding="utf-8") as file:
            log = file.read()
        self.assertRegex(log, r"guest-fsfreeze-freeze called on .*: succeeded .*, while frozen\)\n")
        self.assertRegex(log, r"guest-ping called on .*: succeeded .*, while frozen\)\n")
        self.assertEqual(agent.stop(signal.SIGTERM), 0)


class QemuGa(LifecycleTests, unittest.TestCase):
    """The oracle: the tests above must hold for it too."""

    PROGRAM = QEMU_GA


if __name__ == "__main__":
    freeze_world.main(Filesystems.make)
