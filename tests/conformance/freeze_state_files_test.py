#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Freezes whose state directory or state files are damaged, and ones that they refuse.

BELLHOP_ALL=1: each object in place of each state file.
Runs in the world of harness/freeze_world.py. Exits with status 77 if the machine does not allow it.
"""

import itertools
import os
import shutil
import unittest

from harness import freeze_world, odd_files
from harness.freeze_faults import LIMITS, MARK, STATE_FILES, FaultTest, Filesystems, add_tests
from harness.freeze_world import is_frozen, mount, umount, wait_until

SKIPPED = freeze_world.SKIPPED
RESTARTS = 20
ALL = bool(os.environ.get("BELLHOP_ALL"))


class Files(FaultTest):
    """Objects in place of the state files when the agent is restarted."""

    def assert_ends_with(self, name, files, guard):
        """guard: the guard is killed too."""
        def fault(agent):
            self.kill_agent(agent, guard=guard)
            for file in files:
                self.remove(self.state_path(file))
                odd_files.OBJECTS[name](self.state_path(file))
            self.launch(configuration=self.configuration())
        self.meet(fault)
        # Without guard and mark, the limit counts from the restart.
        self.assert_ends(early=MARK in files)
        self.assertTrue(self.settles(self.agents[-1]), "the restarted agent hangs")
        self.agents[-1].stop()
        self.assert_guards_end()
        for file in files:
            path = self.state_path(file)
            if os.path.exists(path + ".target"):
                with open(path + ".target", encoding="utf-8") as target:
                    self.assertEqual(target.read(), "target", "the agent followed a link")
            self.assertFalse(os.path.lexists(self.state_path("nothing")))
            self.remove(path)
        self.assert_works_again(notice=None)

    def test_many_restarts_without_a_mark_that_can_be_read(self):
        """The number of guards stays bounded."""
        def fault(agent):
            self.kill_agent(agent, guard=True)
            self.remove(self.state_path(MARK))
            os.mkfifo(self.state_path(MARK))
        self.meet(fault)
        most = 0
        for _ in range(RESTARTS):
            agent = self.start(configuration=self.configuration())
            self.assertEqual(agent.call("guest-ping"), {})
            self.kill_agent(agent)
            most = max(most, len(freeze_world.guards()))
        self.assertLessEqual(most, 2)
        self.assert_ends(early=True)
        self.assert_guards_end()

    def assert_ends_with_each(self, name):
        cases = [(STATE_FILES, False), ([file for file in STATE_FILES if file != MARK], True)]
        if ALL:
            cases += itertools.product([[file] for file in STATE_FILES], (False, True))
        for files, guard in cases:
            with self.case(files=files, guard_killed=guard):
                self.assert_ends_with(name, files, guard)


add_tests(Files, odd_files.OBJECTS, "test_{}_in_place_of_state_files", "assert_ends_with_each")


class Directory(FaultTest):
    """The state directory goes away, or is somewhere special."""

    def rename(self):
        os.rename(self.state, self.state + ".old")

    def replace(self):
        self.rename()
        os.mkdir(self.state)

    def replace_by_file(self):
        self.rename()
        odd_files.content(b"")(self.state)

    def replace_by_dangling_link(self):
        self.rename()
        os.symlink("nothing", self.state)

    def cover(self):
        mount("-t", "tmpfs", "none", self.state)
        self.addCleanup(umount, self.state)

    CHANGES = {
        "emptied": lambda self: [self.remove(self.state_path(name))
                                 for name in os.listdir(self.state)],
        "removed": lambda self: shutil.rmtree(self.state),
        "renamed": rename,
        "replaced": replace,
        "replaced_by_a_file": replace_by_file,
        "replaced_by_a_dangling_link": replace_by_dangling_link,
        "covered": cover,
    }

    def assert_ends_when(self, name):
        for restart in (None, False, True):
            with self.case(restart=restart):
                self.assert_ends_when_changed(self.CHANGES[name], restart)

    def assert_ends_when_changed(self, change, restart):
        """restart: None, the agent lives; False, it is killed; True, it is killed and restarted."""
        def fault(agent):
            if restart is not None:
                self.kill_agent(agent)
            change(self)
            if restart:
                self.launch(configuration=self.configuration())
        agent = self.meet(fault)
        self.assert_ends()
        if restart:
            self.assertTrue(self.settles(self.agents[-1]), "the restarted agent hangs")
        if restart is None:
            self.assertTrue(wait_until(lambda: agent.status() == "thawed"))
        self.assert_guards_end()


add_tests(Directory, Directory.CHANGES, "test_that_is_{}", "assert_ends_when")


class SpecialDirectory(FaultTest):
    """The state directory is on a filesystem that cannot be written."""

    def state_on_frozen_filesystem(self):
        self.state = Filesystems.a + "/state"
        shutil.rmtree(self.state, ignore_errors=True)
        os.mkdir(self.state)

    def test_on_a_frozen_filesystem(self):
        for guard, restart in ((False, False), (False, True), (True, True)):
            with self.case(guard_killed=guard, restart=restart):
                self.state_on_frozen_filesystem()
                agent = self.freeze()
                if restart:
                    self.restart(agent, guard=guard)
                else:
                    self.kill_agent(agent)
                self.assert_ends()
                self.assert_works_again()

    def test_on_a_frozen_filesystem_thaws_on_request(self):
        self.state_on_frozen_filesystem()
        agent = self.freeze(limit=600)
        agent = self.restart(agent)
        self.assertEqual(agent.status(), "frozen")
        self.assertEqual(agent.thaw(), 2)
        self.assert_ends(early=True)
        self.assert_works_again(notice=False)

    def assert_ends_after(self, change, undo):
        for restart in (None, False, True):
            with self.case(restart=restart):
                def fault(agent, restart=restart):
                    if restart is not None:
                        self.kill_agent(agent)
                    change(self)
                    if restart:
                        self.launch(configuration=self.configuration())
                self.mount_state("-o", "size=256k")
                agent = self.meet(fault, limits=LIMITS[1:])
                self.assert_ends()
                if restart:
                    self.assertTrue(self.settles(self.agents[-1]), "the restarted agent hangs")
                elif restart is None:
                    self.assertTrue(wait_until(lambda agent=agent: agent.status() == "thawed"))
                self.assert_guards_end()
                # Also a start that cannot remove the mark finds nothing frozen.
                for earlier in self.agents:
                    earlier.stop()
                agent = self.launch(configuration=self.configuration())
                self.assertTrue(self.settles(agent), "the restarted agent hangs")
                if agent.process.poll() is None:
                    self.assertTrue(wait_until(lambda agent=agent: agent.status() == "thawed"))
                undo(self)
                self.assert_works_again(notice=None)

    def make_read_only(self):
        """By another mount: a filesystem with open files cannot be made read-only."""
        mount("--bind", self.state, self.state)
        mount("-o", "remount,bind,ro", self.state)

    def test_that_becomes_read_only(self):
        self.assert_ends_after(SpecialDirectory.make_read_only, lambda self: umount(self.state))

    def test_that_becomes_full(self):
        self.assert_ends_after(lambda self: odd_files.fill(self.state_path("filler")),
                               lambda self: self.remove(self.state_path("filler")))


class Refusals(FaultTest):
    """A mark that cannot be written refuses the freeze: an agent that restarts would not know."""

    def assert_refused(self, change, reason, name=""):
        agent = self.start(self.hook())
        change()
        self.assertRegex(str(agent.freeze_all()), f"(?s)^(?!\\d+$).*{self.state}/?{name}.*{reason}")
        self.assertEqual(agent.status(), "thawed")
        for path in self.mountpoints:
            self.assertFalse(is_frozen(path))
        calls = self.hook_calls()
        self.assertEqual(calls, ["freeze", "thaw"] if calls else [])
        self.assert_guards_end()
        self.assertEqual(agent.thaw(), 0)
        return agent

    def test_state_directory_is_read_only(self):
        self.mount_state()
        agent = self.assert_refused(lambda: mount("-o", "remount,ro", self.state),
                                    "Read-only file system")
        mount("-o", "remount,rw", self.state)
        self.freeze_with(agent)
        self.assertEqual(agent.thaw(), 2)
        agent.stop()

    def test_state_directory_is_full(self):
        self.mount_state("-o", "size=256k")

        agent = self.assert_refused(lambda: odd_files.fill(self.state_path("filler")),
                                    "No space left on device")
        os.unlink(self.state_path("filler"))
        self.freeze_with(agent)
        self.assertEqual(agent.thaw(), 2)
        agent.stop()

    def test_state_directory_has_no_inode_left(self):
        self.mount_state("-o", "nr_inodes=20")

        def fill():
            try:
                for number in range(100):
                    odd_files.content(b"")(self.state_path(f"filler{number}"))
            except OSError:
                pass
        self.assert_refused(fill, "No space left on device").stop()

    def test_state_directory_is_gone(self):
        self.assert_refused(lambda: shutil.rmtree(self.state), "No such file or directory")

    def assert_refused_with(self, name):
        agent = self.assert_refused(lambda: odd_files.OBJECTS[name](self.state_path(MARK)), "", MARK)
        self.remove(self.state_path(MARK))
        self.freeze_with(agent)
        self.assertEqual(agent.thaw(), 2)


add_tests(Refusals, ("a_directory", "a_full_directory", "a_fifo", "a_link", "a_dangling_link",
                     "a_link_to_itself", "a_socket", "an_endless_device", "a_full_device"),
          "test_mark_is_{}", "assert_refused_with")


if __name__ == "__main__":
    freeze_world.main(Filesystems.make)
