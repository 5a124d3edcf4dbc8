# SPDX-License-Identifier: Apache-2.0
"""A live upgrade: bellhopd executes the installed program in place, and clients do not notice."""

import json
import os
import signal
import socket
import threading
import time
import unittest

from harness import agents
from harness.lifecycle import MEGABYTE, TEN_SECONDS, LoopFilesystem, call, long, wait_for
from harness.live_upgrade import UPGRADED, LiveUpgradeTest, decoded


class KeepsState(LiveUpgradeTest):
    def test_files_and_jobs_of_a_connected_client(self):
        agent = self.agent()
        client = self.client(agent)
        (agent.directory / "file").write_bytes(b"first half, second half")
        reading = call(client, "guest-file-open", path=str(agent.directory / "file"))
        appending = call(client, "guest-file-open", path=str(agent.directory / "log.txt"),
                         mode="a")
        call(client, "guest-file-write", handle=appending, buf_b64=agents.b64(b"one "))
        self.assertEqual(self.read(client, reading, 12), (b"first half, ", False))
        go = [agent.directory / "go", agent.directory / "eat"]
        for path in go:
            os.mkfifo(path)
        running = self.run_job(client, f"echo before; echo e >&2; read x <{go[0]}; echo after; "
                               "exit 3")
        hungry = self.run_job(client, f"read x <{go[1]}; wc -c",
                              input_data=agents.b64(b"i" * MEGABYTE))
        ended = self.run_job(client, "echo done; exit 4")
        large = self.run_job(client, f"head -c {8 * MEGABYTE} /dev/zero | tr '\\0' z")
        never_collected = self.run_job(client, "kill -9 $$")
        self.assertEqual(self.wait_for_job(client, self.run_job(client, "true"))["exitcode"], 0)
        pid = agent.process.pid
        for _ in range(3):
            self.upgrade(agent)
        self.assertEqual(agent.process.pid, pid)
        self.assertIsNone(agent.process.poll())
        self.assertEqual(self.read(client, reading, 100), (b"second half", True))
        call(client, "guest-file-write", handle=appending, buf_b64=agents.b64(b"two"))
        call(client, "guest-file-close", handle=appending)
        self.assertEqual((agent.directory / "log.txt").read_bytes(), b"one two")
        for path in go:
            path.write_text("\n", encoding="ascii")
        status = self.wait_for_job(client, running)
        fed = self.wait_for_job(client, hungry)
        self.assertEqual((status["exitcode"], decoded(status["out-data"]),
                          decoded(status["err-data"])), (3, b"before\nafter\n", b"e\n"))
        self.assertEqual(int(decoded(fed["out-data"])), MEGABYTE)
        self.assertEqual(self.wait_for_job(client, ended)["exitcode"], 4)
        self.assertEqual(decoded(self.wait_for_job(client, large)["out-data"]), b"z" * 8 * MEGABYTE)
        self.assertEqual(self.wait_for_job(client, never_collected)["signal"], 9)
        self.assertEqual(call(client, "bellhop-info")["replaced"], 3)

    def test_the_installed_program_runs(self):
        agent = self.agent()
        client = self.client(agent)
        before = call(client, "bellhop-info")
        exe = f"/proc/{agent.process.pid}/exe"
        self.install(self.program.read_bytes())
        self.assertFalse(os.path.samefile(exe, self.program))
        self.upgrade(agent)
        self.assertTrue(os.path.samefile(exe, self.program))
        after = call(client, "bellhop-info")
        self.assertEqual(after["replaced"], before["replaced"] + 1)
        self.assertLess(abs(after["started"] - before["started"]), 10 ** 9)
        self.assertIn(f"version {before['version']} {UPGRADED} {after['version']}, "
                      "with 0 open files and 0 jobs", agent.log())

    def test_clients_in_the_listen_queue_are_served(self):
        agent = self.agent()
        waiting = []
        client = self.client(agent)
        call(client, "guest-ping")
        for number in range(3):  # in the socket's listen queue
            waiting.append(self.client(agent))
            waiting[-1].send(b'{"execute": "guest-sync", "arguments": {"id": %d}}\n' % number)
        self.upgrade(agent)
        call(client, "guest-ping")
        client.close()
        for number, other in enumerate(waiting):
            self.assertEqual(json.loads(other.read_line(TEN_SECONDS)), {"return": number})
            other.close()

    def test_a_reply_that_its_client_has_not_read_yet(self):
        agent = self.agent()
        client = self.client(agent)
        content = os.urandom(3 * MEGABYTE // 5)
        (agent.directory / "file").write_bytes(content)
        handle = call(client, "guest-file-open", path=str(agent.directory / "file"))
        # More than a socket buffers, and less than the agent buffers for a client.
        client.send(agents.compact({"execute": "guest-file-read",
                                    "arguments": {"handle": handle, "count": len(content)}}))
        client.read_until(b'"buf-b64": "', TEN_SECONDS)
        self.upgrade(agent)
        rest = client.read_line(TEN_SECONDS)
        self.assertEqual(decoded(rest.split(b'"')[0]), content)
        call(client, "guest-ping")

    def test_a_client_that_has_shut_down_its_side(self):
        agent = self.agent()
        client = self.client(agent)
        content = b"x" * (3 * MEGABYTE // 5)
        (agent.directory / "file").write_bytes(content)
        handle = call(client, "guest-file-open", path=str(agent.directory / "file"))
        client.send(agents.compact({"execute": "guest-file-read",
                                    "arguments": {"handle": handle, "count": len(content)}}))
        client.socket.shutdown(socket.SHUT_WR)
        client.read_until(b'"buf-b64": "', TEN_SECONDS)
        self.upgrade(agent)
        self.assertEqual(decoded(client.read_line(TEN_SECONDS).split(b'"')[0]), content)
        with self.assertRaises(agents.NoReply):  # it disconnects after the last byte
            client.read_line(TEN_SECONDS)
        call(self.client(agent), "guest-ping")

    def test_jobs_do_not_inherit_the_snapshot(self):
        agent = self.agent()
        client = self.client(agent)
        call(client, "guest-file-open", path="/etc/hostname")
        self.upgrade(agent)
        job = self.run_job(client, "env; ls /proc/self/fd | wc -w")
        out = decoded(self.wait_for_job(client, job)["out-data"]).decode().splitlines()
        self.assertEqual([line for line in out if "HANDOVER" in line], [])
        self.assertEqual(out[-1], "4")  # 0, 1, 2 and the directory that ls reads
        for descriptor in os.listdir(f"/proc/{agent.process.pid}/fd"):
            try:
                target = os.readlink(f"/proc/{agent.process.pid}/fd/{descriptor}")
            except OSError:
                continue
            self.assertNotIn("memfd", target)

    @long
    def test_a_hundred_times(self):
        agent = self.agent()
        client = self.client(agent)
        data = os.urandom(1000)
        (agent.directory / "file").write_bytes(data)
        handle = call(client, "guest-file-open", path=str(agent.directory / "file"))
        job = self.run_job(client, "i=0; while [ $i -lt 100 ]; do read x; echo $x; i=$((i+1)); "
                           "done", input_data=agents.b64(b"".join(b"%d\n" % i for i in range(100))))
        descriptors = None
        for i in range(100):
            self.upgrade(agent)
            self.assertEqual(self.read(client, handle, 10), (data[10 * i:10 * i + 10], False))
            if i == 9:
                descriptors = len(os.listdir(f"/proc/{agent.process.pid}/fd"))
        self.assertEqual(len(os.listdir(f"/proc/{agent.process.pid}/fd")), descriptors)
        self.assertEqual(decoded(self.wait_for_job(client, job)["out-data"]),
                         b"".join(b"%d\n" % i for i in range(100)))
        self.assertEqual(call(client, "bellhop-info")["replaced"], 100)

    def test_busy_clients_lose_no_reply(self):
        agent = self.agent()  # serves one client at a time; the others wait in the listen queue
        problems = []
        stop = threading.Event()
        done = [0] * 8

        def work(number):
            try:
                while not stop.is_set():
                    with agent.connect() as client:
                        for i in range(20):
                            client.send(b'{"execute": "guest-get-host-name", "id": %d}' % i)
                        for i in range(20):
                            reply = json.loads(client.read_line())
                            if reply["id"] != i or "return" not in reply:
                                raise AssertionError(reply)
                        done[number] += 20
            except BaseException as problem:  # pylint: disable=broad-except
                problems.append(repr(problem))
        threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(15):
                self.upgrade(agent)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        self.assertEqual(problems, [])
        self.assertGreater(min(done), 0)

    def test_several_channels(self):
        paths, agent = self.agent_on_sockets(4)
        clients = [self.client_on(path) for path in paths]
        self.upgrade(agent)
        for client in clients:
            self.assertEqual(call(client, "guest-ping"), {})

    def test_the_rest_of_requests_that_have_begun_to_arrive(self):
        """The upgrade waits for them, as long as they all come within its time."""
        paths, agent = self.agent_on_sockets(4)
        clients = [self.client_on(path) for path in paths]
        for client in clients:
            client.send(b'{"execute": "gues')
        os.kill(agent.process.pid, signal.SIGUSR2)
        for client in clients:
            client.send(b't-ping"}')
            self.assertEqual(client.read_line(TEN_SECONDS), b'{"return": {}}\n')
        wait_for("the upgrade", lambda: self.log_count(agent, UPGRADED))
        for client in clients:
            self.assertEqual(call(client, "guest-ping"), {})


class WhileFrozen(LiveUpgradeTest):
    def wait_until_upgraded(self, client):
        wait_for("the upgrade", lambda: call(client, "bellhop-info")["replaced"] == 1)

    def test_the_new_program_thaws(self):
        with LoopFilesystem() as loop:
            agent, client = self.frozen(loop)
            try:
                os.kill(agent.process.pid, signal.SIGUSR2)
                self.wait_until_upgraded(client)
                self.assertEqual(call(client, "guest-fsfreeze-status"), "frozen")
                self.assertTrue((agent.directory / "qga.state.isfrozen").exists())
                refused = client.request({"execute": "guest-get-host-name"}, TEN_SECONDS)
                self.assertEqual(refused["error"]["class"], "CommandNotFound", refused)
                # Nothing is logged while frozen.
                self.assertEqual(self.log_count(agent, UPGRADED), 0)
                self.assertEqual(call(client, "guest-fsfreeze-thaw"), 1)
                self.assertFalse((agent.directory / "qga.state.isfrozen").exists())
                wait_for("the log's record", lambda: self.log_count(agent, UPGRADED))
            finally:
                loop.fsfreeze("-u", check=False)
            handle = call(client, "guest-file-open", path=str(loop.mountpoint / "new"),
                          mode="w")
            call(client, "guest-file-close", handle=handle)
            self.assertEqual(call(client, "guest-fsfreeze-status"), "thawed")
            agent.stop()

    def test_the_timeout_continues(self):
        with LoopFilesystem() as loop:
            begin = time.monotonic()
            agent, client = self.frozen(loop, bellhop_configuration="[freeze]\nlimit=3\n")
            try:
                # If the timeout restarted, it would be this longer one.
                (agent.directory / "bellhop.conf").write_text("[freeze]\nlimit=600\n",
                                                              encoding="ascii")
                os.kill(agent.process.pid, signal.SIGUSR2)
                self.wait_until_upgraded(client)
                wait_for("the thaw",
                         lambda: call(client, "guest-fsfreeze-status") == "thawed")
                self.assertGreaterEqual(time.monotonic() - begin, 3)
                reply = client.request({"execute": "guest-fsfreeze-thaw"}, TEN_SECONDS)
                self.assertIn("ended by itself", reply["error"]["desc"])
            finally:
                loop.fsfreeze("-u", check=False)
            agent.stop()

    def test_sigterm_waits_for_the_thaw(self):
        with LoopFilesystem() as loop:
            agent, client = self.frozen(loop)
            try:
                os.kill(agent.process.pid, signal.SIGTERM)
                os.kill(agent.process.pid, signal.SIGUSR2)
                self.wait_until_upgraded(client)
                self.assertEqual(call(client, "guest-fsfreeze-thaw"), 1)
                self.assertEqual(agent.process.wait(TEN_SECONDS), 0)
            finally:
                loop.fsfreeze("-u", check=False)


if __name__ == "__main__":
    unittest.main()
