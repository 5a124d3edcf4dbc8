#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A freeze ends at its limit, whatever happens to the agent and its guard.

BELLHOP_ALL=1: more kills at random moments. Runs in the world of harness/freeze_world.py. Exits with status 77 if the machine does not allow it.
"""

import os
import random
import shutil
import signal
import subprocess
import time
import unittest

from harness import freeze_world
from harness.freeze_faults import (LIMITS, MARK, NOTE, NOTICE, OWED, FaultTest,
                                   Filesystems, has_ended, kill)
from harness.freeze_world import MOUNT_ROOT, is_frozen, make_filesystem, mount, umount, wait_until

SKIPPED = freeze_world.SKIPPED
RANDOM_KILLS = 300 if os.environ.get("BELLHOP_ALL") else 10
SEED = 11
RESTARTS = 20


def is_stopped(pid):
    """Whether all threads of a process are stopped."""
    states = []
    for tid in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{tid}/stat", encoding="utf-8") as file:
            states.append(file.read().rpartition(")")[2].split()[0])
    return set(states) == {"T"}


class Agent(FaultTest):
    """What happens to the agent while the guard runs."""

    def test_that_nothing_happens_to(self):
        agent = self.meet(lambda agent: None)
        self.assert_ends()
        self.assertTrue(wait_until(lambda: agent.status() == "thawed"))
        self.assert_works_again()

    def test_that_is_killed(self):
        self.meet(self.kill_agent)
        self.assert_ends()
        self.assert_works_again()

    def test_that_dies_of_another_signal(self):
        for number in (signal.SIGSEGV, signal.SIGABRT):
            with self.case(number=number):
                self.meet(lambda agent, number=number: agent.stop(number))
                self.assert_ends()
                self.assert_works_again()

    def test_that_is_asked_to_stop_and_then_killed(self):
        def fault(agent):
            os.kill(agent.process.pid, signal.SIGTERM)
            self.kill_agent(agent)
        self.meet(fault)
        self.assert_ends()
        self.assert_works_again()

    def test_that_is_stopped(self):
        agent = self.meet(lambda agent: os.kill(agent.process.pid, signal.SIGSTOP))
        self.assert_ends()
        os.kill(agent.process.pid, signal.SIGCONT)
        self.assertTrue(wait_until(lambda: agent.status() == "thawed"))
        self.assertRegex(str(agent.thaw()), NOTICE.format(self.limit))
        self.assertEqual(agent.thaw(), 0)
        self.freeze_with(agent)
        self.assertEqual(agent.thaw(), 2)

    def test_that_is_stopped_and_then_killed(self):
        def fault(agent):
            os.kill(agent.process.pid, signal.SIGSTOP)
            self.kill_agent(agent)
        self.meet(fault)
        self.assert_ends()
        self.assert_works_again()

    def test_that_is_stopped_in_the_freezing_phase(self):
        """The limit holds from the first filesystem that freezes."""
        self.limit = LIMITS[0]
        agent = self.start(configuration=self.configuration())
        agent.send("guest-fsfreeze-freeze")
        self.assertTrue(wait_until(lambda: os.path.exists(self.state_path(MARK))))
        os.kill(agent.process.pid, signal.SIGSTOP)
        self.assertTrue(wait_until(lambda: is_stopped(agent.process.pid)))
        self.began = time.monotonic()
        self.start_writers()
        self.assert_ends(early=True)  # it began before
        # What it freezes when it continues does not stay frozen.
        os.kill(agent.process.pid, signal.SIGCONT)
        frozen = "return" in agent.receive()
        self.start_writers()
        self.assert_ends(early=True)
        if frozen:  # it had frozen all, so the reply was right; the limit came before it
            self.assertTrue(wait_until(lambda: agent.status() == "thawed"))
            self.assertRegex(str(agent.thaw()), "ended by itself")
        self.assert_works_again(notice=None)

    def test_whose_process_group_and_session_are_killed(self):
        """As a shell or a service manager ends all that it has started."""
        def fault(agent):
            os.killpg(agent.process.pid, signal.SIGKILL)
            agent.process.wait()
        self.meet(fault, wrap=("setsid",))
        self.assert_ends()
        self.assert_works_again()

    def test_whose_program_is_removed_or_replaced(self):
        """As during the installation of another version."""
        for replace in (False, True):
            with self.case(replace=replace):
                self.PROGRAM = self.directory + "/bellhopd"
                shutil.copy(freeze_world.BELLHOPD, self.PROGRAM)
                agent = self.start(configuration="[freeze]\nlimit=1\n")
                os.unlink(self.PROGRAM)
                if replace:
                    shutil.copy("/usr/bin/sleep", self.PROGRAM)
                self.limit = 1
                self.freeze_with(agent)
                self.kill_agent(agent)
                self.PROGRAM = freeze_world.BELLHOPD
                self.assert_ends()
                self.assert_works_again()

    # Commands that change what a process inherits.
    SURROUNDINGS = {
        "no standard descriptors": 'exec "$@" <&- >&- 2>&-',
        "ignored signals": """trap '' HUP INT QUIT PIPE ALRM TERM USR1 USR2 CHLD; exec "$@\"""",
        "no locked memory": 'ulimit -l 0; exec "$@"',
        "no core": 'ulimit -c 0; exec "$@"',
        "an empty environment": 'exec env -i "$@"',
    }

    def test_in_odd_surroundings(self):
        for name, script in self.SURROUNDINGS.items():
            with self.case(surroundings=name):
                self.limit = 1
                agent = self.start(configuration=self.configuration(),
                                   wrap=("sh", "-c", script, "sh"))
                self.began = time.monotonic()
                count = agent.freeze_all()
                if not isinstance(count, int):  # refused, with the reason
                    self.assertFalse(is_frozen(Filesystems.a) or is_frozen(Filesystems.b))
                    continue
                self.start_writers()
                self.kill_agent(agent)
                self.assert_ends()
                self.assert_works_again()

    def test_with_few_descriptors_or_processes(self):
        """A freeze that lacks something is refused, or guarded."""
        for limit in ("-n 11", "-n 12", "-n 13", "-n 14", "-n 16", "-n 18", "-n 20", "-n 24"):
            with self.case(limit=limit):
                self.limit = 1
                agent = self.launch(configuration=self.configuration(),
                                    wrap=("sh", "-c", f'ulimit {limit}; exec "$@"', "sh"))
                self.assertTrue(self.settles(agent))
                if agent.process.poll() is not None:
                    continue
                self.began = time.monotonic()
                count = agent.freeze_all()
                self.start_writers()
                self.kill_agent(agent)
                self.assert_ends(early=not isinstance(count, int))
                self.assert_works_again(notice=None)

    def test_whose_filesystems_another_program_thaws(self):
        agent = self.meet(lambda agent: None)
        freeze_world.thaw_all()
        self.assert_ends(early=True)
        self.assertTrue(wait_until(lambda: agent.status() == "thawed"))
        self.assert_works_again()

    def test_that_is_killed_and_restarted(self):
        found = []

        def fault(agent):
            found.append(self.restart(agent).status())
        self.meet(fault)
        self.assertEqual(found[-1], "frozen")
        agent = self.agents[-1]
        self.assert_ends()
        self.assertTrue(wait_until(lambda: agent.status() == "thawed"))
        self.assertRegex(str(agent.thaw()), NOTICE.format(self.limit))
        self.assertEqual(agent.thaw(), 0)
        self.assert_works_again(notice=False)

    def test_that_is_restarted_thaws_on_request(self):
        agent = self.restart(self.meet(self.kill_agent, limits=(600,)))
        self.assertEqual(agent.status(), "frozen")
        self.assertEqual(agent.thaw(), 2)
        self.assert_ends(early=True)
        self.assertEqual(agent.status(), "thawed")
        self.assert_works_again(notice=False)

    def test_that_is_restarted_often(self):
        agent = self.meet(lambda agent: None)
        for _ in range(RESTARTS):
            agent = self.restart(agent)
            self.assertLessEqual(len(freeze_world.guards()), 1)
        self.assert_ends()
        self.assert_works_again()

    def test_that_is_restarted_after_the_end(self):
        self.meet(self.kill_agent)
        self.assert_ends()
        self.assert_guards_end()
        self.assertTrue(os.path.exists(self.state_path(NOTE)))
        agent = self.start(configuration=self.configuration())
        self.assertEqual(agent.status(), "thawed")
        self.assertRegex(str(agent.thaw()), NOTICE.format(self.limit))
        self.freeze_with(agent)
        self.assertEqual(agent.thaw(), 2)
        self.assertEqual(agent.thaw(), 0)

    def test_with_a_large_limit_or_none(self):
        for limit in (86400, 0):
            for guard in (False, True):
                with self.case(limit=limit, guard_killed=guard):
                    agent = self.freeze(limit=limit)
                    self.limit = limit
                    agent = self.restart(agent, guard=guard,
                                         configuration=f"[freeze]\nlimit={limit}\n")
                    for writer in self.writers:
                        self.assertTrue(wait_until(writer.waits_for_thaw))
                    self.assertEqual(agent.status(), "frozen")
                    self.assertEqual(agent.thaw(), 2)
                    self.assert_ends(early=True)
                    self.assertEqual(agent.thaw(), 0)
                    self.assert_guards_end()

    def test_that_is_idle_has_no_guard(self):
        agent = self.start()
        self.assertEqual(freeze_world.guards(), [])
        for _ in range(3):
            self.freeze_with(agent)
            self.assertEqual(agent.thaw(), 2)
            self.assert_ends(early=True)
            self.assert_guards_end()


class Hidden(FaultTest):
    """A filesystem whose mountpoint cannot be reached any more: the guard needs no path."""

    def assert_ends_when(self, hide, show):
        """hide, show: what makes Filesystems.b unreachable for the guard, and reachable again."""
        try:
            agent = self.meet(lambda agent: self.kill_agent(hide() or agent), limits=LIMITS[1:])
            self.assertEqual(agent.process.poll(), -signal.SIGKILL)
            self.assert_ends()
        finally:
            self.end_everything()  # with the mount that the test keeps
            show()
        self.assert_works_again(notice=None)

    def test_below_another_mount(self):
        self.keep_mount()
        self.assert_ends_when(lambda: mount("-t", "tmpfs", "none", Filesystems.b),
                              lambda: umount(Filesystems.b))

    def test_that_is_unmounted(self):
        self.keep_mount()
        self.assert_ends_when(
            lambda: subprocess.run(["umount", "-l", Filesystems.b], check=True) and None,
            lambda: mount("--bind", self.mountpoints[1], Filesystems.b))

    def keep_mount(self):
        """Binds Filesystems.b to another mountpoint too, for the writer and the test."""
        self.mountpoints[1] = MOUNT_ROOT + "/kept"
        os.makedirs(self.mountpoints[1], exist_ok=True)
        mount("--bind", Filesystems.b, self.mountpoints[1])
        self.addCleanup(os.rmdir, self.mountpoints[1])
        self.addCleanup(umount, self.mountpoints[1])


class Guard(FaultTest):
    """What happens to the guard."""

    def the_guard(self):
        pids = freeze_world.guards()
        self.assertEqual(len(pids), 1)
        return pids[0]

    def test_that_is_killed(self):
        def fault(_):
            guard = self.the_guard()
            kill(guard)
            self.assertTrue(wait_until(lambda: has_ended(guard)))
        agent = self.meet(fault)
        self.assert_ends(early=True)
        self.assertTrue(wait_until(lambda: agent.status() == "thawed"))
        self.assert_works_again(notice=None)

    def test_that_is_killed_still_thaws_on_request(self):
        agent = self.freeze(limit=600)
        kill(self.the_guard())
        wait_until(lambda: agent.thaw() != "" and agent.status() == "thawed")
        self.assert_ends(early=True)
        self.assert_works_again(notice=None)

    def test_that_is_killed_repeatedly(self):
        agent = self.freeze(limit=LIMITS[1])
        for _ in range(RESTARTS):
            for pid in freeze_world.guards():
                kill(pid)
            time.sleep(0.01)
        self.assert_ends(early=True)
        self.assertTrue(wait_until(lambda: agent.status() == "thawed"))
        self.assert_works_again(notice=None)

    def test_that_is_killed_after_its_files(self):
        """The agent still knows what is frozen."""
        def fault(_):
            for name in os.listdir(self.state):
                os.unlink(self.state_path(name))
            kill(self.the_guard())
        agent = self.meet(fault)
        self.assert_ends(early=True)
        self.assertTrue(wait_until(lambda: agent.status() == "thawed"))
        self.assert_works_again(notice=None)

    def test_that_gets_sigterm_thaws(self):
        agent = self.freeze(limit=600)
        os.kill(self.the_guard(), signal.SIGTERM)
        self.assert_ends(early=True)
        self.assertTrue(wait_until(lambda: agent.status() == "thawed"))
        self.assertNotIsInstance(agent.thaw(), int)  # the copy is inconsistent
        self.assert_guards_end()
        self.assert_works_again(notice=False)

    def test_that_gets_sigterm_without_an_agent(self):
        agent = self.freeze(limit=600)
        self.kill_agent(agent)
        os.kill(self.the_guard(), signal.SIGTERM)
        self.assert_ends(early=True)
        self.assert_guards_end()
        self.limit = None
        agent = self.start()
        self.assertEqual(agent.status(), "thawed")
        self.assertNotIsInstance(agent.thaw(), int)

    def test_that_gets_other_signals(self):
        def fault(_):
            for number in (signal.SIGHUP, signal.SIGINT, signal.SIGPIPE, signal.SIGUSR1,
                           signal.SIGUSR2, signal.SIGALRM, signal.SIGCHLD, signal.SIGCONT,
                           signal.SIGTTOU, signal.SIGTSTP, signal.SIGQUIT):
                for pid in freeze_world.guards():
                    kill(pid, number)
        self.meet(fault)
        self.assert_ends(early=True)

    def test_that_is_killed_with_the_agent(self):
        for restarts in (1, RESTARTS):
            with self.case(restarts=restarts):
                agent = self.meet(lambda agent: self.kill_agent(agent, guard=True))
                for _ in range(restarts):
                    agent = self.restart(agent, guard=True)
                self.assertLessEqual(len(freeze_world.guards()), 1)
                self.assert_ends()
                self.assertTrue(wait_until(lambda agent=agent: agent.status() == "thawed"))
                self.assert_works_again()

    def test_that_is_killed_after_the_agent(self):
        agent = self.meet(self.kill_agent)
        kill(self.the_guard())
        self.start(configuration=self.configuration())
        self.assert_ends()
        self.assert_works_again()

    def test_that_is_killed_with_the_agent_until_the_limit_has_passed(self):
        """The restart thaws at once."""
        agent = self.freeze(limit=LIMITS[0])
        self.kill_agent(agent, guard=True)
        time.sleep(max(0, self.began + self.limit - time.monotonic()))
        self.start(configuration=self.configuration())
        self.assert_ends()
        self.assert_works_again()

    def test_keeps_no_descriptors_of_the_agent(self):
        """It holds the filesystems open, and no channel, log or client."""
        agent = self.freeze(f"--logfile={self.directory}/agent.log", limit=600)
        guard = self.the_guard()
        opened = [os.readlink(f"/proc/{guard}/fd/{name}")
                  for name in os.listdir(f"/proc/{guard}/fd")]
        for path in self.mountpoints:
            self.assertIn(path, opened)
        self.assertFalse([path for path in opened if path.endswith((".log", "/socket", "/log"))])
        self.assertNotEqual(os.getsid(guard), os.getsid(agent.process.pid))
        self.assertEqual(agent.thaw(), 2)


class AnyMoment(FaultTest):
    @classmethod
    def make_more(cls):
        """Several small filesystems: a freeze of all takes long enough to be met in its middle."""
        return tuple(make_filesystem(f"small{number}", size=4) for number in range(12))

    def test_kills_at_random_moments(self):
        more = self.make_more()
        self.addCleanup(lambda: [umount(path) for path in more])
        self.mountpoints = [Filesystems.a, Filesystems.b, *more]
        hook = self.hook()
        chance = random.Random(SEED)
        self.limit = 1
        # How long a freeze and a thaw take here.
        agent = self.start(hook, configuration=self.configuration())
        began = time.monotonic()
        self.assertEqual(agent.freeze_all(), len(self.mountpoints))
        agent.thaw()
        span = time.monotonic() - began
        for number in range(RANDOM_KILLS):
            freeze_world.watchdog.reset()
            self.began = time.monotonic()
            agent.send("guest-fsfreeze-freeze")
            agent.send("guest-fsfreeze-thaw")
            time.sleep(chance.uniform(0, span))
            both = chance.random() < 0.3
            self.kill_agent(agent, guard=both)
            if chance.random() < 0.5 and not both:
                self.end_and_settle(number)
                agent = self.start(hook, configuration=self.configuration())
            else:
                agent = self.start(hook, configuration=self.configuration())
                self.end_and_settle(number)
            self.assertTrue(wait_until(lambda agent=agent: agent.status() == "thawed"),
                            f"kill {number}: {self.situation()}")
            self.assertTrue(wait_until(lambda agent=agent:
                                       isinstance(agent.call("guest-get-time"), int)), number)
            # A guard that was killed leaves its socket.
            self.assertTrue(wait_until(lambda: not set(os.listdir(self.state)) & {MARK, OWED}),
                            f"kill {number}: {self.situation()}")
            calls = self.hook_calls()
            self.assertFalse(calls and calls[-1] == "freeze", f"{number}: {calls[-4:]}")
            agent.thaw()

    def end_and_settle(self, number):
        self.start_writers()
        try:
            self.assert_ends(early=True)
            self.assert_guards_end()
        except AssertionError as error:
            raise AssertionError(f"kill {number}") from error


if __name__ == "__main__":
    freeze_world.main(Filesystems.make)
