#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each system call of a freeze, a thaw and a trim fails once, in the agent and in its guard.

After each failure: the reply is an error or right, nothing stays frozen beyond the limit, and the
agent serves. The agent and the guard are also killed at each call. BELLHOP_ALL=1: all calls instead
of a sample. BELLHOP_FAULT=TEXT: only those whose description contains the text. Runs in the world
of harness/freeze_world.py. Exits with status 77 if the machine does not allow it.
"""

import collections
import json
import os
import random
import time
import unittest

from harness import freeze_faults, freeze_world, system_calls
from harness.freeze_faults import (GUARD_SOCKET, MARK, OWED, FaultTest, Filesystems, has_ended)
from harness.freeze_world import is_frozen, wait_until
from harness.system_calls import Rule, Trace

SKIPPED = freeze_world.SKIPPED
ALL = bool(os.environ.get("BELLHOP_ALL"))
ONLY = os.environ.get("BELLHOP_FAULT", "")
SAMPLE = 30
SAMPLE_AT_LIMIT = 12  # these wait for the limit
SEED = 11
LIMIT = 1
# A call that a role makes more often than this, at one place, fails only the first times.
MOST_OFTEN = 25


@unittest.skipUnless(system_calls.SUPPORTED, "injects failures only on x86-64")
class SystemCalls(FaultTest):
    results = []  # of all tests

    @classmethod
    def tearDownClass(cls):
        print("\n".join(cls.results), flush=True)

    def tearDown(self):
        if getattr(self, "trace", None):
            self.trace.stop()
        super().tearDown()

    # The operations. Each returns when it has ended, whatever happened in it.

    def call(self, command):
        """The reply to a command, on a connection of its own, or None if there is none. An agent
        that has ended is restarted, as a service manager does."""
        agent = self.agents[-1]
        agent.connection.close()
        agent.buffer = b""
        try:
            if wait_until(lambda: has_ended(agent.process.pid) or agent.connect()):
                return agent.call(command)
        except (OSError, AssertionError):
            pass  # the agent disconnected, or does not answer
        self.revive()
        return None

    def revive(self):
        if has_ended(self.agents[-1].process.pid):
            self.agents[-1].stop()
            self.start(self.hook(), configuration=self.configuration())

    def freeze_and_check(self):
        self.began = time.monotonic()
        count = self.call("guest-fsfreeze-freeze")
        answered = time.monotonic()
        self.start_writers()
        if not isinstance(count, int) or count == 0:
            self.assert_ends(early=True)  # nothing stays frozen after an error
            return
        blocked = [writer for writer in self.writers
                   if wait_until(lambda writer=writer: writer.waits_for_thaw() or writer.is_done())
                   and not writer.is_done()]
        if len(blocked) < count and time.monotonic() < answered + self.limit:
            self.fail(f"{len(blocked)} filesystems are frozen after the reply {count}")

    def freeze_and_thaw(self):
        self.freeze_and_check()
        if isinstance(self.call("guest-fsfreeze-thaw"), int):
            for path in self.mountpoints:
                self.assertFalse(is_frozen(path), f"{path} is frozen after a successful thaw")
        self.assert_ends(early=True)

    def freeze_until_limit(self):
        self.freeze_and_check()
        while not all(writer.is_done() for writer in self.writers):
            if time.monotonic() > self.began + freeze_faults.END_TIMEOUT:
                break
            self.revive()
            time.sleep(0.01)
        self.assert_ends(early=True)

    def trim(self):
        self.began = time.monotonic()
        reply = self.call("guest-fstrim")
        if isinstance(reply, dict):
            paths = [one["path"] for one in reply["paths"] if "error" in one or "trimmed" in one]
            self.assertEqual(sorted(paths), sorted(self.mountpoints))
        self.start_writers()
        self.assert_ends(early=True)

    # The runs

    def run_traced(self, operation, *rules):
        """Runs the operation with the rules. Returns the calls."""
        freeze_world.watchdog.reset()
        agent = self.start(self.hook(), configuration=self.configuration())
        self.trace = Trace(agent.process.pid, rules)
        operation()
        wait_until(lambda: self.call("guest-fsfreeze-status") == "thawed")
        calls = self.trace.stop()
        self.revive()
        self.assert_serves(self.agents[-1])
        return calls

    def assert_serves(self, agent):
        """Asserts that nothing is left of the fault: the agent freezes and thaws."""
        self.assertEqual(self.call("guest-ping"), {})
        self.assertTrue(wait_until(lambda: agent.status() == "thawed"), "the status stays frozen")
        self.assertTrue(wait_until(lambda: isinstance(agent.call("guest-get-time"), int)))
        self.assert_guards_end()
        # A freeze whose client has gone may still run; a thaw may return a notice.
        self.assertTrue(wait_until(lambda: agent.thaw() == 0), "a thaw fails")
        self.assertEqual(agent.freeze_all(), len(self.mountpoints))
        self.assertEqual(agent.thaw(), len(self.mountpoints))
        self.assertEqual(set(os.listdir(self.state)) & {MARK, OWED, GUARD_SOCKET}, set())
        with open(self.directory + "/hook-log", encoding="utf-8") as file:
            self.assertEqual(file.read().split()[-2:], ["freeze", "thaw"])

    def run_rules(self, operation, rules, sample):
        """Runs the operation once with each rule, or with a sample of them."""
        rules = [rule for rule in rules if ONLY in str(rule)]
        if not ALL and not ONLY:
            rules = random.Random(SEED).sample(rules, min(sample, len(rules)))
        reached = 0
        for rule in rules:
            self.limit = LIMIT
            with self.case(fault=str(rule)):
                calls = self.run_traced(operation, rule)
                reached += any(applied for *_, applied in calls)
        self.results.append(f"{self.id().split('.')[-1]}: {len(rules)} faults, {reached} reached")
        # The calls differ a little from run to run.
        self.assertGreaterEqual(reached, len(rules) // 2, "the faults do not reach the agent")

    def calls_of(self, operation):
        """How often each role makes each call in the operation."""
        self.limit = LIMIT
        calls = self.run_traced(operation)
        if path := os.environ.get("BELLHOP_CALLS"):
            os.write(_CALLS, (json.dumps([path, calls]) + "\n").encode())
        return collections.Counter((role, name) for role, name, *_ in calls)

    def assert_survives_failures(self, operation, sample=SAMPLE):
        rules = [Rule(role, name, number, error)
                 for (role, name), count in sorted(self.calls_of(operation).items())
                 for error in system_calls.errors_of(name)
                 for number in range(1, min(count, MOST_OFTEN) + 1)]
        self.run_rules(operation, rules, sample)

    def assert_survives_kills(self, operation, sample=SAMPLE_AT_LIMIT):
        counts = collections.Counter()
        for (role, _), count in self.calls_of(operation).items():
            counts[role] += count
        rules = [Rule(role, "", number, kill=kill)
                 for role, count in sorted(counts.items())
                 for kill in (("agent",), ("guard",), ("agent", "guard", "child"), ("itself",))
                 for number in range(1, count + 1)
                 if role in kill or role == "agent" or kill == ("itself",)]
        self.run_rules(operation, rules, sample)

    def test_failure_in_freeze_and_thaw(self):
        self.assert_survives_failures(self.freeze_and_thaw)

    def test_failure_in_freeze_until_the_limit(self):
        self.assert_survives_failures(self.freeze_until_limit, SAMPLE_AT_LIMIT)

    def test_failure_in_trim(self):
        self.assert_survives_failures(self.trim, SAMPLE_AT_LIMIT)

    def test_kill_in_freeze_and_thaw(self):
        self.assert_survives_kills(self.freeze_and_thaw)

    def test_kill_in_freeze_until_the_limit(self):
        self.assert_survives_kills(self.freeze_until_limit)


# Opened before the machine's files are unmounted.
_CALLS = (os.open(os.environ["BELLHOP_CALLS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
          if os.environ.get("BELLHOP_CALLS") else -1)

if __name__ == "__main__":
    freeze_world.main(Filesystems.make)
