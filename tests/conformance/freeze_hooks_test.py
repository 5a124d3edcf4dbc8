#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The administrator's hooks before a freeze and after a thaw.

Runs in the world of harness/freeze_world.py. Exits with status 77 if the machine does not allow it.
"""

import os
import subprocess
import time
import unittest

from harness import freeze_world
from harness.freeze_world import (BELLHOPD, QEMU_GA, WorldTest, is_frozen, make_filesystem,
                                  wait_until)

SKIPPED = freeze_world.SKIPPED
FAILED = "child process has failed to execute fsfreeze hook: "


class Filesystems:
    @classmethod
    def make(cls):
        cls.a = make_filesystem("a")


class HookTests(WorldTest):
    """What every agent must do. The classes below set PROGRAM."""

    def write(self, path, script, mode=0o755):
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\necho \"$@\" >>{self.directory}/hook-log\n{script}\n")
        os.chmod(path, mode)

    def hook(self, script, mode=0o755):
        self.write(f"{self.directory}/hook", script, mode)
        return f"--fsfreeze-hook={self.directory}/hook"

    def hook_log(self):
        with open(f"{self.directory}/hook-log", encoding="utf-8") as file:
            return file.read().split()

    def assert_thawed(self, agent):
        self.assertEqual(agent.status(), "thawed")
        self.assertFalse(is_frozen(Filesystems.a))

    def test_is_called_before_and_after(self):
        agent = self.start(self.hook("exit 0"))
        self.assertEqual(agent.freeze_all(), 1)
        self.assertEqual(self.hook_log(), ["freeze"])
        self.assertEqual(agent.thaw(), 1)
        self.assertEqual(self.hook_log(), ["freeze", "thaw"])

    def test_is_called_for_a_list_too(self):
        agent = self.start(self.hook("exit 0"))
        self.assertEqual(agent.freeze(Filesystems.a), 1)
        self.assertEqual(agent.thaw(), 1)
        self.assertEqual(self.hook_log(), ["freeze", "thaw"])

    def test_that_fails_prevents_the_freeze(self):
        agent = self.start(self.hook("echo out; echo err >&2; exit 3"))
        self.assertEqual(agent.freeze_all(), FAILED + "out\nerr\n")
        self.assert_thawed(agent)

    def test_that_a_signal_kills(self):
        agent = self.start(self.hook("[ $1 = thaw ] || kill -9 $$"))
        self.assertEqual(agent.freeze_all(), "child process has terminated abnormally")
        self.assert_thawed(agent)

    def test_that_cannot_be_run(self):
        agent = self.start(self.hook("", mode=0o644))
        self.assertEqual(agent.freeze_all(),
                         f"{FAILED}failed to exec '{self.directory}/hook': Permission denied\n")
        os.unlink(f"{self.directory}/hook")
        self.assertEqual(
            agent.freeze_all(),
            f"{FAILED}failed to exec '{self.directory}/hook': No such file or directory\n")
        self.assert_thawed(agent)

    def test_that_fails_at_the_thaw(self):
        agent = self.start(self.hook("[ $1 = freeze ] || { echo no; exit 1; }"))
        self.assertEqual(agent.freeze_all(), 1)
        self.assertEqual(agent.thaw(), FAILED + "no\n")
        self.assert_thawed(agent)

    def test_program_of_debian_runs_its_directory(self):
        """/etc/qemu/fsfreeze-hook of Debian's package, shortened."""
        os.makedirs(f"{self.directory}/fsfreeze-hook.d")
        for name in ("20-b", "10-a"):
            self.write(f"{self.directory}/fsfreeze-hook.d/{name}", f"echo {name} >>$LOG")
        option = self.hook(f"""LOG={self.directory}/scripts; export LOG
        for file in "${{0%/*}}"/fsfreeze-hook.d/*; do [ -x "$file" ] && "$file" "$@"; done""")
        agent = self.start(option)
        self.assertEqual(agent.freeze_all(), 1)
        self.assertEqual(agent.thaw(), 1)
        with open(f"{self.directory}/scripts", encoding="utf-8") as file:
            self.assertEqual(file.read().split(), ["10-a", "20-b"] * 2)


class Bellhop(HookTests, unittest.TestCase):
    """Bellhop, with its intended differences from qemu-ga."""

    PROGRAM = BELLHOPD

    def test_is_called_when_nothing_was_frozen(self):
        agent = self.start(self.hook("exit 0"))
        self.assertEqual(agent.freeze("/proc"), 0)
        self.assertEqual(self.hook_log(), ["freeze", "thaw"])

    def test_is_not_called_for_a_name_that_is_no_mountpoint(self):
        agent = self.start(self.hook("exit 0"))
        self.assertIn("cannot freeze '/nonexistent'", agent.freeze(Filesystems.a, "/nonexistent"))
        self.assert_thawed(agent)
        self.assertFalse(os.path.exists(f"{self.directory}/hook-log"))

    def test_is_called_when_a_freeze_fails(self):
        hidden = make_filesystem("hidden", f"{freeze_world.MOUNT_ROOT}/over/hidden")
        freeze_world.mount("-t", "tmpfs", "none", f"{freeze_world.MOUNT_ROOT}/over")
        try:
            agent = self.start(self.hook("exit 0"),
                               configuration="[freeze]\non-unreachable=fail\n")
            self.assertIn("another one is mounted over it", agent.freeze_all())
            self.assertEqual(self.hook_log(), ["freeze", "thaw"])
            self.assert_thawed(agent)
        finally:
            freeze_world.umount(f"{freeze_world.MOUNT_ROOT}/over")
            freeze_world.umount(hidden)

    def test_thaw_stops_a_sleeping_hook(self):
        started = f"{self.directory}/started"
        agent = self.start(self.hook(
            f"[ $1 = freeze ] || exit 0; echo >{started}; exec sleep 1000"))
        agent.send("guest-fsfreeze-freeze", "freeze")
        self.assertTrue(wait_until(lambda: os.path.exists(started)))
        agent.send("guest-fsfreeze-thaw", "thaw")
        replies = {reply["id"]: reply for reply in (agent.receive(), agent.receive())}
        self.assertIn("error", replies["freeze"])
        # An error asks to call again: the hook is called with "thaw" first.
        if "error" in replies["thaw"]:
            self.assertTrue(wait_until(lambda: agent.thaw() == 0))
        self.assert_thawed(agent)

    def test_is_killed_at_its_timeout(self):
        agent = self.start(self.hook("[ $1 = thaw ] || exec sleep 1000"),
                           configuration="[freeze]\nhook-timeout=1\n")
        self.assertEqual(agent.freeze_all(), FAILED + "'freeze' did not end within 1 s and was "
                                                      "killed")
        self.assertEqual(self.hook_log(), ["freeze", "thaw"])
        self.assert_thawed(agent)

    def dispatcher(self):
        """A hook whose child prepares slowly for the freeze; it logs "late" when it has."""
        return self.hook(f"""[ $1 = freeze ] || exit 0
        (echo >{self.directory}/started; while ! [ -e {self.directory}/go ]; do sleep 0.05; done
         echo late >>{self.directory}/hook-log) & wait""")

    def assert_thaw_is_last(self):
        """The child of dispatcher() would continue now."""
        with open(f"{self.directory}/go", "w", encoding="utf-8"):
            pass
        time.sleep(0.5)
        self.assertEqual(self.hook_log(), ["freeze", "thaw"])

    def test_is_killed_with_its_child_at_its_timeout(self):
        agent = self.start(self.dispatcher(), configuration="[freeze]\nhook-timeout=1\n")
        self.assertIn("was killed", agent.freeze_all())
        self.assert_thaw_is_last()
        self.assert_thawed(agent)

    def test_is_killed_with_its_child_by_a_thaw(self):
        agent = self.start(self.dispatcher())
        agent.send("guest-fsfreeze-freeze", "freeze")
        self.assertTrue(wait_until(lambda: os.path.exists(f"{self.directory}/started")))
        agent.send("guest-fsfreeze-thaw", "thaw")
        replies = {reply["id"]: reply for reply in (agent.receive(), agent.receive())}
        self.assertIn("error", replies["freeze"])
        self.assertTrue(wait_until(lambda: agent.thaw() == 0))
        with open(f"{self.directory}/go", "w", encoding="utf-8"):
            pass
        time.sleep(0.5)
        log = self.hook_log()  # a thaw that had to be repeated calls the hook again
        self.assertEqual(log[:2], ["freeze", "thaw"])
        self.assertNotIn("late", log)
        self.assert_thawed(agent)

    def test_that_signals_its_group_does_not_reach_the_agent(self):
        for signal in ("TERM", "KILL", "STOP"):
            agent = self.start(self.hook(f"[ $1 = thaw ] || kill -{signal} 0"),
                               configuration="[freeze]\nhook-timeout=1\n")
            self.assertIsInstance(agent.freeze_all(), str)
            self.assertEqual(agent.call("guest-ping"), {})
            self.assertEqual(self.hook_log(), ["freeze", "thaw"])
            self.assert_thawed(agent)
            os.unlink(f"{self.directory}/hook-log")
            agent.stop()
            self.agents.remove(agent)

    def assert_refused(self, option, step):
        agent = self.start(option)
        refused = agent.freeze_all()
        self.assertTrue(refused.startswith(f"{FAILED}'{step}' has the owner "), refused)
        self.assertFalse(os.path.exists(f"{self.directory}/hook-log"))
        self.assert_thawed(agent)
        agent.stop()
        self.agents.remove(agent)

    def test_is_refused_if_others_can_change_it(self):
        option, path = self.hook(""), f"{self.directory}/hook"
        os.chmod(path, 0o775)
        self.assert_refused(option, path)
        os.chmod(path, 0o755)
        os.chown(path, 61001, 0)
        self.assert_refused(option, path)
        link = f"{self.directory}/link"
        os.symlink("hook", link)
        self.assert_refused(f"--fsfreeze-hook={link}", path)
        os.chown(path, 0, 0)
        os.lchown(link, 61001, 0)
        self.assert_refused(f"--fsfreeze-hook={link}", link)
        open_directory = f"{self.directory}/open"
        os.mkdir(open_directory)
        os.rename(path, f"{open_directory}/hook")
        os.chmod(open_directory, 0o777)
        self.assert_refused(f"--fsfreeze-hook={open_directory}/hook", open_directory)
        os.chmod(open_directory, 0o1777)
        agent = self.start(f"--fsfreeze-hook={open_directory}/hook")
        self.assertEqual(agent.freeze_all(), 1)
        os.chmod(f"{open_directory}/hook", 0o777)
        self.assertIn("has the owner 0 and the mode 0777", agent.thaw())
        self.assertEqual(self.hook_log(), ["freeze"])
        self.assert_thawed(agent)

    def test_configuration_is_refused_if_others_can_change_it(self):
        path = f"{self.directory}/conf"
        with open(path, "w", encoding="utf-8"):
            pass
        os.chmod(path, 0o646)
        run = subprocess.run([BELLHOPD, "-m", "unix-listen", "-p", f"{self.directory}/socket",
                              "-t", self.directory, "--bellhop-config", path],
                             capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual(run.returncode, 1)
        self.assertEqual(run.stderr, f"cannot read configuration '{path}': '{path}' has the owner 0 "
                         "and the mode 0646, but only its owner may be able to write to it; "
                         f"correct it with `chmod go-w '{path}'`\n")

    def make_hook_directory(self):
        directory = f"{self.directory}/freeze.d"
        os.makedirs(directory)
        return directory, f"[freeze]\nhook-directory={directory}\n"

    def test_directory_runs_in_order_and_in_reverse_order(self):
        directory, configuration = self.make_hook_directory()
        for name in ("20-b", "10-a", "30-c~"):
            self.write(f"{directory}/{name}", f"echo {name} >>{self.directory}/hook-log")
        agent = self.start(self.hook(""), configuration=configuration)
        self.assertEqual(agent.freeze_all(), 1)
        self.assertEqual(self.hook_log(), ["freeze", "freeze", "10-a", "freeze", "20-b"])
        self.assertEqual(agent.thaw(), 1)
        self.assertEqual(self.hook_log()[5:], ["thaw", "20-b", "thaw", "10-a", "thaw"])

    def test_directory_with_a_failing_hook(self):
        directory, configuration = self.make_hook_directory()
        self.write(f"{directory}/10-a", f"echo 10-a >>{self.directory}/hook-log")
        self.write(f"{directory}/20-b", "echo no; exit 1")
        agent = self.start(configuration=configuration)
        self.assertEqual(agent.freeze_all(), f"{FAILED}'{directory}/20-b': no\n")
        self.assertEqual(self.hook_log(), ["freeze", "10-a", "freeze", "thaw", "10-a"])
        self.assert_thawed(agent)

    def test_directory_has_a_default(self):
        directory = "/etc/bellhop/freeze.d"
        os.makedirs(directory)
        try:
            self.write(f"{directory}/a", "")
            agent = self.start()
            self.assertEqual(agent.freeze_all(), 1)
            self.assertEqual(agent.thaw(), 1)
            self.assertEqual(self.hook_log(), ["freeze", "thaw"])
        finally:
            os.unlink(f"{directory}/a")
            os.removedirs(directory)


class QemuGa(HookTests, unittest.TestCase):
    """The oracle: the tests above must hold for it too."""

    PROGRAM = QEMU_GA


if __name__ == "__main__":
    freeze_world.main(Filesystems.make)
