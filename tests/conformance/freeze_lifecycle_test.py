#!/usr/bin/env python3
"""What a freeze means, from its beginning to its end, which comes by itself when nobody thaws.

See harness/freeze_world.py for where this runs. Ends with status 77 when the machine does not allow it.
"""

import os
import re
import select
import signal
import unittest

from harness import agents, freeze_world
from harness.freeze_world import (BELLHOPD, QEMU_GA, TIMEOUT, WorldTest, is_frozen, make_filesystem,
                                  wait_until)

SKIPPED = freeze_world.SKIPPED


class Filesystems:
    @classmethod
    def make(cls):
        cls.a = make_filesystem("a")
        cls.b = make_filesystem("b")


class Writer:
    """A process that writes a file, and may have to wait for it."""

    def __init__(self, path):
        self.path = path
        self.output, child_output = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                with open(path, "w", encoding="utf-8") as file:
                    file.write("written")
                os.write(child_output, b"done")
            finally:
                os._exit(0)
        os.close(child_output)

    def state(self):
        with open(f"/proc/{self.pid}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0]

    def waits_for_the_freeze(self):
        """Whether the kernel holds it where writers wait for a thaw."""
        if self.state() != "D":
            return False
        for name in ("stack", "wchan"):
            try:
                with open(f"/proc/{self.pid}/{name}", encoding="utf-8") as file:
                    where = file.read()
            except OSError:
                continue
            if where.strip("0\n"):
                return re.search("percpu_rwsem|sb_start_write|mnt_want_write|freeze", where)
        return True  # the kernel does not tell where

    def is_done(self, seconds=0):
        return bool(select.select([self.output], [], [], seconds)[0])

    def finish(self):
        assert self.is_done(TIMEOUT), "the writer still waits"
        os.close(self.output)
        os.waitpid(self.pid, 0)


class LifeTests(WorldTest):
    """What every agent must do; PROGRAM is set by the classes below."""

    def mark_exists(self):
        return os.path.exists(self.directory + "/qga.state.isfrozen")

    def test_a_write_waits_until_the_thaw(self):
        agent = self.start()
        self.assertEqual(agent.freeze(Filesystems.a), 1)
        self.assertEqual(agent.status(), "frozen")
        writer = Writer(Filesystems.a + "/file")
        try:
            self.assertTrue(wait_until(writer.waits_for_the_freeze), "the write does not wait")
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
        disabled = "Command {} has been disabled: the command is not allowed"
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
        self.assertTrue(self.mark_exists())
        agent.stop(signal.SIGKILL)
        agent = self.start()
        self.assertEqual(agent.status(), "frozen")
        self.assertTrue(is_frozen(Filesystems.a))
        self.assertEqual(agent.thaw(), 2)
        self.assertFalse(is_frozen(Filesystems.a))
        self.assertFalse(self.mark_exists())

    def test_does_not_end_while_frozen(self):
        agent = self.start()
        self.assertEqual(agent.freeze(Filesystems.a), 1)
        agents.send_signal(agent.process.pid, agent.kind, signal.SIGTERM)
        self.assertEqual(agent.status(), "frozen")
        self.assertEqual(agent.thaw(), 1)
        self.assertEqual(agent.stop(signal.SIGTERM), 0)


class Bellhop(LifeTests, unittest.TestCase):
    """Bellhop, with what it does on purpose otherwise than qemu-ga."""

    PROGRAM = BELLHOPD
    ENDED = (r"the freeze that began at \S+Z ended by itself at \S+Z, at the limit of {} s: what "
             r"was copied after that may be inconsistent")

    def test_ends_by_itself_and_the_next_thaw_says_so_once(self):
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
        self.assertFalse(self.mark_exists())
        self.assertIsInstance(agent.call("guest-get-time"), int)
        self.assertRegex(str(agent.thaw()), self.ENDED.format(1))
        self.assertEqual(agent.thaw(), 0)

    def test_the_next_agent_says_so_too(self):
        agent = self.start(configuration="[freeze]\nlimit=1\n")
        self.assertEqual(agent.freeze_all(), 2)
        note = self.directory + "/bellhop.freeze-ended"
        self.assertTrue(wait_until(lambda: os.path.exists(note)))
        self.assertEqual(agent.stop(signal.SIGTERM), 0)
        agent = self.start()
        self.assertEqual(agent.status(), "thawed")
        self.assertRegex(str(agent.thaw()), self.ENDED.format(1))
        self.assertFalse(os.path.exists(note))
        self.assertEqual(agent.thaw(), 0)

    def test_ends_by_itself_after_a_crash(self):
        agent = self.start(configuration="[freeze]\nlimit=0\n")
        self.assertEqual(agent.freeze_all(), 2)
        agent.stop(signal.SIGKILL)
        log = f"--logfile={Filesystems.a}/agent.log"  # on a frozen filesystem
        agent = self.start(log, configuration="[freeze]\nlimit=1\n")
        self.assertTrue(wait_until(lambda: agent.status() == "thawed"))
        self.assertFalse(is_frozen(Filesystems.a) or is_frozen(Filesystems.b))
        self.assertRegex(str(agent.thaw()), self.ENDED.format(1))
        with open(Filesystems.a + "/agent.log", encoding="utf-8") as file:
            file.read()  # it was opened after the thaw

    def test_a_mark_older_than_the_limit_ends_at_once(self):
        mark = self.directory + "/qga.state.isfrozen"
        with open(mark, "w", encoding="utf-8"):
            os.utime(mark, (1, 1))
        agent = self.start()
        self.assertTrue(wait_until(lambda: agent.status() == "thawed"))
        self.assertFalse(self.mark_exists())

    def test_stays_frozen_when_the_client_leaves(self):
        agent = self.start()
        self.assertEqual(agent.freeze_all(), 2)
        agent.connection.close()
        agent.buffer = b""
        self.assertTrue(wait_until(agent.connect))
        self.assertEqual(agent.status(), "frozen")
        self.assertEqual(agent.thaw(), 2)

    def test_writes_nothing_while_frozen(self):
        """State, log and pid file lie on the filesystem that freezes."""
        self.directory = Filesystems.b + "/state"
        os.makedirs(self.directory)
        agent = self.start("-v", f"--logfile={self.directory}/agent.log")
        self.assertEqual(agent.freeze_all(), 2)
        self.assertEqual(agent.status(), "frozen")
        self.assertEqual(agent.call("guest-ping"), {})
        self.assertEqual(agent.thaw(), 2)
        self.assertEqual(agent.stop(signal.SIGTERM), 0)


class QemuGa(LifeTests, unittest.TestCase):
    """The real one: shows that the tests above are right."""

    PROGRAM = QEMU_GA


if __name__ == "__main__":
    freeze_world.main(Filesystems.make)
