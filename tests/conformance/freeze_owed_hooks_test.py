#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The thaw hooks of a freeze whose agent ended: the next start runs them.

Runs in the world of harness/freeze_world.py. Exits with status 77 if the machine does not allow it.
"""

import os
import unittest

from harness import freeze_world, odd_files
from harness.freeze_faults import NOTICE, OWED, FaultTest, Filesystems
from harness.freeze_world import is_frozen, wait_until

SKIPPED = freeze_world.SKIPPED


class Hooks(FaultTest):
    WAIT = "while [ ! -e go ]; do sleep 0.01; done"

    def go(self):
        odd_files.content(b"")(self.directory + "/go")

    @staticmethod
    def serves_all(agent):
        """Whether the agent serves also the commands that wait for the owed hooks."""
        return isinstance(agent.call("guest-get-time"), int)

    def started(self, *calls):
        return wait_until(lambda: self.hook_calls() == list(calls))

    def test_agent_killed_in_the_freeze_hook(self):
        """The thaw hook is owed and runs at the next start; nothing was frozen."""
        hook = self.hook(f"[ $1 = thaw ] || {{ {self.WAIT}; }}")
        agent = self.start(hook)
        agent.send("guest-fsfreeze-freeze")
        self.assertTrue(self.started("freeze"))
        self.kill_agent(agent)
        for path in self.mountpoints:
            self.assertFalse(is_frozen(path))
        agent = self.start(hook)
        self.assertTrue(self.started("freeze", "thaw"))
        self.assertTrue(wait_until(lambda: self.serves_all(agent)))
        self.assertTrue(wait_until(lambda: not os.path.exists(self.state_path(OWED))))
        agent = self.restart(agent, hook)
        self.assertEqual(agent.status(), "thawed")
        self.assertTrue(wait_until(lambda: self.serves_all(agent)))
        self.assertEqual(self.hook_calls(), ["freeze", "thaw"], "they run once")

    def test_agent_killed_while_frozen(self):
        """The limit comes before the restart."""
        hook = self.hook()
        self.meet(self.kill_agent, hook)
        self.assert_ends()
        self.assertEqual(self.hook_calls(), ["freeze"])
        agent = self.start(hook, configuration=self.configuration())
        self.assertTrue(self.started("freeze", "thaw"))
        self.assertTrue(wait_until(lambda: self.serves_all(agent)))
        self.assertTrue(wait_until(lambda: not os.path.exists(self.state_path(OWED))))
        self.assertRegex(str(agent.thaw()), NOTICE.format(self.limit))

    def test_agent_restarted_while_frozen(self):
        """The running agent calls them after the limit."""
        hook = self.hook()
        calls = []

        def fault(agent):
            self.restart(agent, hook)
            calls[:] = self.hook_calls()
        self.meet(fault, hook)
        self.assertEqual(calls, ["freeze"])
        self.assert_ends()
        self.assertTrue(self.started("freeze", "thaw"))
        self.assertTrue(wait_until(lambda: not os.path.exists(self.state_path(OWED))))

    def test_agent_killed_in_the_thaw_hook(self):
        hook = self.hook(f"[ $1 = freeze ] || {{ {self.WAIT}; }}")
        agent = self.freeze(hook, limit=600)
        agent.send("guest-fsfreeze-thaw")
        self.assertTrue(self.started("freeze", "thaw"))
        self.assert_ends(early=True)
        self.assertTrue(os.path.exists(self.state_path(OWED)))
        self.kill_agent(agent)
        agent = self.start(hook)
        self.assertTrue(self.started("freeze", "thaw", "thaw"))
        self.go()
        self.assertTrue(wait_until(lambda: self.serves_all(agent)))
        self.assertTrue(wait_until(lambda: not os.path.exists(self.state_path(OWED))))
        self.assertEqual(self.hook_calls(), ["freeze", "thaw", "thaw"])

    def test_next_start_serves_what_must_be_served_meanwhile(self):
        hook = self.hook(f"[ $1 = freeze ] || {{ {self.WAIT}; }}")
        self.meet(self.kill_agent, hook)
        self.assert_ends()
        agent = self.start(hook, configuration=self.configuration())
        self.assertTrue(self.started("freeze", "thaw"))
        self.assertEqual(agent.call("guest-ping"), {})
        self.assertEqual(agent.call("guest-sync", id=7), 7)
        self.assertIn("supported_commands", agent.call("guest-info"))
        self.assertIn(agent.status(), ("thawed", "frozen"))
        self.assertNotIsInstance(agent.thaw(), int)
        self.assertNotIsInstance(agent.freeze_all(), int)
        for path in self.mountpoints:
            self.assertFalse(is_frozen(path))
        self.go()
        self.assertTrue(wait_until(lambda: self.serves_all(agent)))
        self.assertEqual(agent.thaw(), 0)
        self.freeze_with(agent)
        self.assertEqual(agent.thaw(), 2)

    def test_owed_hook_fails_or_is_gone(self):
        """The agent serves all the same."""
        for change in (lambda: self.hook("exit 1"),
                       lambda: os.unlink(self.directory + "/hook")):
            with self.case():
                hook = self.hook()
                self.meet(self.kill_agent, hook)
                self.assert_ends()
                change()
                agent = self.start(hook, configuration=self.configuration())
                self.assertTrue(wait_until(lambda agent=agent: self.serves_all(agent)))


if __name__ == "__main__":
    freeze_world.main(Filesystems.make)
