# SPDX-License-Identifier: Apache-2.0
"""bellhopd never gets stuck: while one command is blocked, the others are answered."""

import contextlib
import json
import os
import signal
import unittest

from harness import agents
from harness.lifecycle import MEGABYTE, TEN_SECONDS, LifecycleTest, LoopFilesystem, call


class NeverStuck(LifecycleTest):
    def assert_served(self, connection):
        self.assertEqual(call(connection, "guest-fsfreeze-status"), "thawed")
        self.assertEqual(call(connection, "guest-ping"), {})
        self.assertIn("version", call(connection, "guest-info"))

    def test_a_fifo_without_a_writer(self):
        agent = self.agent()
        fifo = agent.directory / "fifo"
        os.mkfifo(fifo)
        connection = self.client(agent)
        handle = call(connection, "guest-file-open", path=str(fifo), mode="r+")
        connection.send(agents.compact({"execute": "guest-file-read", "id": "stuck",
                                        "arguments": {"handle": handle, "count": 10}}) + b"\n")
        connection.send(b'{"execute": "guest-sync-delimited", "arguments": {"id": 71}}\n')
        connection.read_until(b'\xff{"return": 71}\n', TEN_SECONDS)
        self.assert_served(connection)

    @contextlib.contextmanager
    def stuck_in_the_kernel(self):
        """Yields an agent, its client, and a function that unblocks the client's first request.
        That is blocked in the kernel, because the test has frozen a filesystem."""
        with LoopFilesystem() as loop:
            agent = self.agent(wrap=loop.wrap)
            connection = self.client(agent)
            call(connection, "guest-ping")
            loop.open_namespace(agent)
            loop.fsfreeze("-f")
            try:
                request = {"execute": "guest-file-open", "id": "stuck",
                           "arguments": {"path": str(loop.mountpoint / "new"), "mode": "w"}}
                connection.send(agents.compact(request) + b"\n")
                yield agent, connection, lambda: loop.fsfreeze("-u")
            finally:
                loop.fsfreeze("-u", check=False)
                agent.stop()

    def test_a_frozen_filesystem_and_sync(self):
        with self.stuck_in_the_kernel() as (_, connection, thaw):
            connection.send(b'{"execute": "guest-sync-delimited", "arguments": {"id": 72}}\n')
            before = connection.read_until(b'\xff{"return": 72}\n', TEN_SECONDS)
            self.assertEqual(before, b'\xff{"return": 72}\n')
            self.assert_served(connection)
            thaw()
            # The late reply is dropped: no older reply may follow a resynchronisation.
            self.assertEqual(call(connection, "guest-sync", id=73), 73)
            self.assertIn("host-name", call(connection, "guest-get-host-name"))

    def test_a_frozen_filesystem_and_ping(self):
        with self.stuck_in_the_kernel() as (_, connection, thaw):
            self.assert_served(connection)
            thaw()
            reply = json.loads(connection.read_line())
            self.assertEqual(reply.get("id"), "stuck", reply)

    def test_a_frozen_filesystem_and_another_client(self):
        with self.stuck_in_the_kernel() as (agent, connection, _):
            connection.close()
            other = self.client(agent)
            self.assert_served(other)
            # Other blocking commands run in other threads.
            self.assertIn("host-name", call(other, "guest-get-host-name"))

    def test_a_frozen_filesystem_and_sigterm(self):
        """A process can exit only after its blocked system call has returned; then it must."""
        with self.stuck_in_the_kernel() as (agent, connection, thaw):
            self.assertEqual(call(connection, "guest-ping"), {})
            agent.process.send_signal(signal.SIGTERM)
            with self.assertRaises(agents.NoReply):  # it disconnects at once
                while True:
                    connection.read_line(TEN_SECONDS)
            thaw()
            self.assertEqual(agent.process.wait(TEN_SECONDS), 0)

    def test_a_program_that_never_exits(self):
        agent = self.agent()
        connection = self.client(agent)
        pid = call(connection, "guest-exec", path="/bin/sleep", arg=["1000"])["pid"]
        self.addCleanup(lambda: os.kill(pid, signal.SIGKILL))
        self.assert_served(connection)
        self.assertEqual(call(connection, "guest-exec-status", pid=pid), {"exited": False})

    def test_a_client_that_does_not_read(self):
        agent = self.agent()
        client = self.client(agent)
        handle = call(client, "guest-file-open", path="/dev/zero")
        client.send(agents.compact({"execute": "guest-file-read",
                                    "arguments": {"handle": handle, "count": 48 * MEGABYTE}}))
        client.read_until(b'"buf-b64": "AAAA', TEN_SECONDS)  # the reply has started
        client.close()
        self.assert_served(self.client(agent))


class Freezes(LifecycleTest):
    def test_one_filesystem_by_name(self):
        with LoopFilesystem() as loop:
            agent = self.agent(wrap=loop.wrap, unblocked=("guest-fsfreeze-freeze-list",))
            client = self.client(agent)
            loop.open_namespace(agent)
            frozen = call(client, "guest-fsfreeze-freeze-list",
                          mountpoints=[str(loop.mountpoint)])
            try:
                self.assertEqual(frozen, 1)
                self.assertEqual(call(client, "guest-fsfreeze-status"), "frozen")
                self.assertTrue((agent.directory / "qga.state.isfrozen").exists())
                refused = client.request({"execute": "guest-get-host-name"}, TEN_SECONDS)
                self.assertEqual(refused["error"]["class"], "CommandNotFound", refused)
                self.assertEqual(call(client, "guest-fsfreeze-thaw"), 1)
                self.assertEqual(call(client, "guest-fsfreeze-status"), "thawed")
                self.assertFalse((agent.directory / "qga.state.isfrozen").exists())
            finally:
                loop.fsfreeze("-u", check=False)
            handle = call(client, "guest-file-open", path=str(loop.mountpoint / "new"),
                          mode="w")
            call(client, "guest-file-close", handle=handle)
            agent.stop()


if __name__ == "__main__":
    unittest.main()
