#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bellhop-fsfreeze and its token: what its owner learns, whatever happens to the freeze.

Runs in the world of harness/freeze_world.py. Exits with status 77 if the machine does not allow it.
"""

import contextlib
import os
import signal
import unittest

from harness import freeze_world
from harness.freeze_world import (BELLHOPD, FIFREEZE, FITHAW, TIMEOUT, WorldTest, freeze_ioctl,
                                  is_frozen, make_filesystem, umount, wait_until)

SKIPPED = freeze_world.SKIPPED

HOUR = 3_600_000  # milliseconds
FEW_SECONDS = 4_000
UNKNOWN = "no freeze with this token is known: what was copied with it may be inconsistent"
EXPIRED = (r"the freeze that began at \S+Z ended by itself at \S+Z, at the limit of {} s: what was "
           r"copied after that may be inconsistent")
BY_A_CLIENT = (r"the freeze that began at \S+Z was thawed at \S+Z by another client, on "
               r"unix-listen \S+ \(pid \d+, uid 0\): what was copied after that may be inconsistent")


class Filesystems:
    @classmethod
    def make(cls):
        cls.a = make_filesystem("a")
        cls.b = make_filesystem("b")
        cls.read_only = make_filesystem("read-only", options="loop,ro")


class OwnerTests(WorldTest, unittest.TestCase):
    PROGRAM = BELLHOPD

    def tearDown(self):
        super().tearDown()
        for pid in freeze_world.guards():  # of freezes that the test has not ended
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.assertTrue(wait_until(lambda: not freeze_world.guards()))

    def call(self, name, **arguments):
        """Calls bellhop-fsfreeze or, with a name, one of its companions."""
        command = "-".join(["bellhop-fsfreeze", *name.split()])
        return self.agents[-1].call(command, **{key.replace("_", "-"): value
                                                for key, value in arguments.items()})

    def frozen(self, **arguments):
        """Freezes everything, and returns the token."""
        freeze_world.check_isolation()
        reply = self.call("", **arguments)
        self.assertEqual(reply["frozen"], 2, reply)
        self.assertRegex(reply["token"], "^[0-9a-f]{32}$")
        return reply["token"]

    def expired(self):
        """The token of a freeze that has ended at its limit, of 1 s."""
        token = self.expiring()
        self.assertTrue(wait_until(lambda: self.agents[-1].status() == "thawed"))
        return token

    def expiring(self):
        """The token of a freeze that ends in a second, after a freeze of any duration."""
        token = self.frozen()
        self.assertEqual(self.call("renew", token=token, limit_ms=1000), {"limit-ms": 1000})
        return token

    def upgrade(self):
        """A live upgrade to the same program."""
        agent = self.agents[-1]
        replaced = agent.call("bellhop-info")["replaced"]
        os.kill(agent.process.pid, signal.SIGUSR2)
        self.assertTrue(
            wait_until(lambda: agent.call("bellhop-info")["replaced"] == replaced + 1), agent.log())

    def kill_and_restart(self):
        self.agents[-1].stop(signal.SIGKILL)
        self.start()

    def assert_all_frozen(self):
        self.assertTrue(is_frozen(Filesystems.a) and is_frozen(Filesystems.b))

    def assert_nothing_frozen(self):
        self.assertEqual(self.agents[-1].status(), "thawed")
        self.assertFalse(is_frozen(Filesystems.a) or is_frozen(Filesystems.b))

    # The freeze

    def test_reports_on_each_filesystem(self):
        self.start()
        reply = self.call("")
        self.assert_all_frozen()
        report = {one["mountpoint"]: one for one in reply["filesystems"]}
        self.assertEqual(set(report), {Filesystems.a, Filesystems.b, Filesystems.read_only})
        for path in (Filesystems.a, Filesystems.b):
            self.assertEqual(set(report[path]), {"mountpoint", "frozen", "milliseconds"})
            self.assertIs(report[path]["frozen"], True)
            self.assertGreaterEqual(report[path]["milliseconds"], 0)
        self.assertEqual(report[Filesystems.read_only],
                         {"mountpoint": Filesystems.read_only, "frozen": False,
                          "reason": "it is read-only", "milliseconds": 0})
        self.assertEqual(reply["limit-ms"], 600_000)
        self.assertEqual(self.call("thaw", token=reply["token"]), {"thawed": 2})
        self.assert_nothing_frozen()

    def test_skips_or_refuses_what_cannot_be_frozen(self):
        self.start()
        self.assertTrue(freeze_ioctl(Filesystems.b, FIFREEZE))
        try:
            report = {one["mountpoint"]: one for one in self.call("")["filesystems"]}
            self.assertIs(report[Filesystems.a]["frozen"], True)
            self.assertEqual(report[Filesystems.b]["reason"], "another program has frozen it")
            self.call("thaw", force=True)
            self.assertTrue(freeze_ioctl(Filesystems.b, FIFREEZE))
            self.assertEqual(self.call("", policy="strict"),
                             f"cannot freeze '{Filesystems.b}': another program has frozen it")
            self.assertEqual(self.agents[-1].status(), "thawed")
            self.assertFalse(is_frozen(Filesystems.a))
        finally:
            freeze_ioctl(Filesystems.b, FITHAW)
        self.frozen(policy="strict")  # also with the read-only filesystem

    def test_skips_or_refuses_a_type_that_cannot_be_frozen(self):
        self.require("vfat")
        self.start()
        path = make_filesystem("vfat", kind="vfat")
        try:
            reply = self.call("", mountpoints=[path, Filesystems.a])
            report = {one["mountpoint"]: one for one in reply["filesystems"]}
            self.assertEqual(report[path]["reason"], "its type cannot be frozen")
            self.assertEqual(reply["frozen"], 1)
            self.assertEqual(self.call("thaw", token=reply["token"]), {"thawed": 1})
            self.assertEqual(self.call("", mountpoints=[path, Filesystems.a], policy="strict"),
                             f"cannot freeze '{path}': its type cannot be frozen")
            self.assert_nothing_frozen()
        finally:
            umount(path)

    def test_has_no_token_if_nothing_froze(self):
        self.start()
        reply = self.call("", mountpoints=[Filesystems.read_only])
        self.assertEqual(reply["frozen"], 0)
        self.assertNotIn("token", reply)
        self.assertEqual(self.agents[-1].status(), "thawed")

    def test_is_blocked_with_what_it_stands_in_for(self):
        for name in ("guest-fsfreeze-freeze", "guest-fsfreeze-freeze-list", "bellhop-fsfreeze"):
            agent = self.start("--block-rpcs=" + ",".join([*freeze_world.Agent.BLOCKED, name]))
            self.assertEqual(self.call(""), "Command bellhop-fsfreeze has been disabled: the "
                                            "command is not allowed")
            enabled = {command["name"]: command["enabled"]
                       for command in agent.call("guest-info")["supported_commands"]}
            self.assertIs(enabled["bellhop-fsfreeze"], False)
            self.assertIs(enabled["bellhop-fsfreeze-thaw"], True)
            self.assert_nothing_frozen()
            agent.stop()

    # The limit

    def test_renewing_keeps_it_alive(self):
        self.start()
        token = self.frozen(limit_ms=FEW_SECONDS)
        self.assertEqual(self.call("renew", token=token, limit_ms=HOUR), {"limit-ms": HOUR})
        remaining = self.call("status")["remaining-ms"]
        self.assertGreater(remaining, HOUR // 2)
        # The first limit passes, by the clock of the guest.
        self.assertTrue(wait_until(lambda: self.call("status")["remaining-ms"] < HOUR - FEW_SECONDS))
        self.assert_all_frozen()
        self.assertEqual(self.call("thaw", token=token), {"thawed": 2})

    def test_a_replaced_guard_keeps_the_renewed_limit(self):
        self.start()
        token = self.frozen(limit_ms=FEW_SECONDS)
        self.call("renew", token=token, limit_ms=HOUR)
        first = freeze_world.guards()
        self.assertEqual(len(first), 1)
        os.kill(first[0], signal.SIGKILL)
        self.assertTrue(wait_until(lambda: freeze_world.guards() not in ([], first)))
        self.assertTrue(wait_until(lambda: self.call("status")["remaining-ms"] < HOUR - FEW_SECONDS))
        self.assert_all_frozen()
        self.assertEqual(self.call("thaw", token=token), {"thawed": 2})

    def test_its_end_is_told_also_after_another_freeze(self):
        self.start()
        first = self.expired()
        second = self.frozen()
        for _ in range(2):
            self.assertRegex(self.call("thaw", token=first), EXPIRED.format(1))
        self.assertRegex(self.call("renew", token=first), EXPIRED.format(1))
        self.assert_all_frozen()
        self.assertEqual(self.call("thaw", token=second), {"thawed": 2})
        self.assertRegex(self.call("thaw", token=first), EXPIRED.format(1))
        self.assert_nothing_frozen()

    def test_its_end_while_no_agent_runs_is_told(self):
        agent = self.start()
        token = self.expiring()
        agent.stop(signal.SIGKILL)
        self.assertTrue(wait_until(
            lambda: os.path.exists(self.directory + "/bellhop.freeze-ended")))
        self.assertTrue(wait_until(
            lambda: not os.path.exists(self.directory + "/qga.state.isfrozen")))
        self.start()
        self.assert_nothing_frozen()
        status = self.call("status", token=token)
        self.assertEqual(status["ended"]["how"], "itself")
        self.assertRegex(status["error"], EXPIRED.format(1))
        self.frozen()
        self.assertRegex(self.call("thaw", token=token), EXPIRED.format(1))
        self.assert_all_frozen()

    # Other clients

    def test_guest_fsfreeze_thaw_ends_it_and_the_owner_learns_by_whom(self):
        agent = self.start()
        token = self.frozen()
        self.assertEqual(agent.thaw(), 2)
        self.assert_nothing_frozen()
        self.assertRegex(self.call("renew", token=token), BY_A_CLIENT)
        self.assertRegex(self.call("thaw", token=token), BY_A_CLIENT)
        status = self.call("status", token=token)
        self.assertEqual(status["status"], "thawed")
        self.assertEqual(status["ended"]["how"], "client")
        self.assertRegex(status["ended"]["by"], r"^unix-listen \S+ \(pid \d+, uid 0\)$")

    def test_only_its_token_or_force_ends_it(self):
        self.start()
        token = self.frozen()
        self.assertRegex(self.call("thaw"), r"^filesystems have been frozen since \S+Z by a client "
                                            r"with a token: pass the token, or force$")
        self.assertEqual(self.call("thaw", token="0" * 32), UNKNOWN)
        self.assert_all_frozen()
        self.assertEqual(self.call("thaw", force=True), {"thawed": 2})
        self.assertRegex(self.call("thaw", token=token), BY_A_CLIENT)
        self.assert_nothing_frozen()

    def test_ends_a_freeze_that_has_no_owner(self):
        agent = self.start()
        self.assertEqual(agent.freeze_all(), 2)
        self.assertIs(self.call("status")["owned"], False)
        self.assertEqual(self.call("thaw"), {"thawed": 2})
        self.assert_nothing_frozen()

    # Other agents

    def test_the_token_survives_a_crash(self):
        self.start()
        token = self.frozen(limit_ms=HOUR)
        self.kill_and_restart()
        status = self.call("status", token=token)
        self.assertIs(status["mine"], True)
        self.assertGreater(status["remaining-ms"], HOUR - TIMEOUT * 10_000)
        self.assertLessEqual(status["remaining-ms"], HOUR)
        self.assertEqual(self.call("renew", token=token), {"limit-ms": HOUR})
        self.assertIn("pass the token", self.call("thaw"))
        self.assertEqual(self.call("thaw", token=token), {"thawed": 2})
        self.assert_nothing_frozen()

    def test_a_renewed_limit_survives_a_crash(self):
        self.start()
        token = self.frozen(limit_ms=30_000)
        self.call("renew", token=token, limit_ms=HOUR)
        self.kill_and_restart()
        self.assertGreater(self.call("status")["remaining-ms"], HOUR // 2)
        self.assertEqual(self.call("renew", token=token), {"limit-ms": HOUR})
        self.assertEqual(self.call("thaw", token=token), {"thawed": 2})

    def test_is_forgotten_if_it_ended_before_a_crash(self):
        self.start()
        token = self.frozen()
        self.call("thaw", force=True)
        self.kill_and_restart()
        self.assertEqual(self.call("thaw", token=token), UNKNOWN)
        self.assertEqual(self.call("status", token=token),
                         {"status": "thawed", "owned": False, "mine": False, "error": UNKNOWN})

    def test_the_token_survives_a_live_upgrade(self):
        self.start()
        ended = self.expired()
        token = self.frozen(limit_ms=HOUR)
        self.upgrade()
        self.assertIs(self.call("status", token=token)["mine"], True)
        self.assertGreater(self.call("status")["remaining-ms"], HOUR // 2)
        self.assertEqual(self.call("renew", token=token), {"limit-ms": HOUR})
        self.assertRegex(self.call("thaw", token=ended), EXPIRED.format(1))
        self.assertEqual(self.call("thaw", token=token), {"thawed": 2})
        self.upgrade()
        self.assertRegex(self.call("thaw", token=ended), EXPIRED.format(1))
        self.assertEqual(self.call("status", token=token)["ended"]["how"], "owner")
        self.assert_nothing_frozen()


if __name__ == "__main__":
    freeze_world.main(Filesystems.make)
