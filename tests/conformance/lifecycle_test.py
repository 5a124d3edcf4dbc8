# SPDX-License-Identifier: Apache-2.0
"""bellhopd from start to shutdown: it survives its clients and channels and stops on request."""

import json
import os
import pathlib
import pty
import shutil
import signal
import tempfile
import termios
import time
import tty
import unittest

from harness import agents
from harness.lifecycle import (MEGABYTE, TEN_SECONDS, LifecycleTest, call,
                               prepare_socket_activation, sanitized, status_value, wait_for)


def _reports_exit(connection, request):
    """Whether the reply to guest-exec-status starts with "exited": true. The rest stays unread."""
    connection.send(agents.compact(request) + b"\n")
    connection.read_until(b'"exited": ')
    return connection.read_until(b"e") == b"true"


class Clients(LifecycleTest):
    def test_one_that_disconnects_in_a_request_does_not_affect_the_next(self):
        agent = self.agent()
        message = ('{"execute": "guest-sync", "arguments": {"id": 12345}, '
                   '"id": ["é\\u00e9", {}]}').encode()
        for length in range(1, len(message)):
            with agent.connect() as client:
                client.send(message[:length])
            with agent.connect() as client:
                client.send(message)
                self.assertEqual(json.loads(client.read_line(TEN_SECONDS))["return"], 12345,
                                 message[:length])

    def test_one_that_disconnects_in_a_large_request_frees_its_memory(self):
        agent = self.agent()
        if sanitized(agent.process.pid):
            self.skipTest("memory is not measured under a sanitizer")
        for _ in range(6):
            with agent.connect() as client:
                client.send(b'{"execute": "guest-ping", "id": "' + b"x" * (40 * MEGABYTE))
        with agent.connect() as client:
            call(client, "guest-ping")
            self.assertLess(status_value(agent.process.pid, "VmRSS"), 80 * 1024)

    def test_an_exit_status_that_was_not_read_is_kept_for_the_next_client(self):
        agent = self.agent()
        size = 16 * MEGABYTE
        request = {"execute": "guest-exec-status"}
        with self.client(agent) as first:
            pid = call(first, "guest-exec", path="/usr/bin/head",
                       arg=["-c", str(size), "/dev/zero"], **{"capture-output": True})["pid"]
            request["arguments"] = {"pid": pid}
            wait_for("the end of the program",
                     lambda: _reports_exit(first, request))
        with self.client(agent) as next_client:
            status = call(next_client, "guest-exec-status", pid=pid)
            self.assertEqual(len(status["out-data"]), (size + 2) // 3 * 4)
            gone = next_client.request(request, TEN_SECONDS)
            self.assertEqual(gone["error"]["desc"], f"PID {pid} does not exist")

    def test_many_in_sequence_leave_no_descriptors(self):
        agent = self.agent()
        descriptors = f"/proc/{agent.process.pid}/fd"
        with agent.connect() as client:
            call(client, "guest-ping")
            before = len(os.listdir(descriptors))
        for _ in range(300):
            with agent.connect() as client:
                call(client, "guest-ping")
        with agent.connect() as client:
            call(client, "guest-ping")
            self.assertEqual(len(os.listdir(descriptors)), before)

    def test_commands_leave_no_descriptors(self):
        agent = self.agent()
        client = self.client(agent)
        descriptors = f"/proc/{agent.process.pid}/fd"
        counts = []
        for _ in range(3):
            for _ in range(20):
                pid = call(client, "guest-exec", path="/bin/cat", input_data="QUJD",
                           capture_output=True)["pid"]
                wait_for("the end of cat",
                         lambda pid=pid: call(client, "guest-exec-status", pid=pid)["exited"])
                handle = call(client, "guest-file-open", path="/dev/null")
                call(client, "guest-file-close", handle=handle)
            counts.append(len(os.listdir(descriptors)))
        self.assertEqual(counts[1], counts[2], counts)


class Shutdown(LifecycleTest):
    def stop(self, number):
        agent = self.agent()
        call(self.client(agent), "guest-ping")
        agent.process.send_signal(number)
        return agent.process.wait(TEN_SECONDS)

    def test_sigterm_exits_with_status_0(self):
        self.assertEqual(self.stop(signal.SIGTERM), 0)

    def test_sigint_exits_with_status_0(self):
        self.assertEqual(self.stop(signal.SIGINT), 0)

    def test_sigpipe_does_not_stop_it(self):
        agent = self.agent()
        agent.process.send_signal(signal.SIGPIPE)
        self.assertEqual(call(self.client(agent), "guest-ping"), {})

    def test_sigterm_stops_it_in_the_middle_of_a_request(self):
        agent = self.agent()
        client = self.client(agent)
        client.send(b'{"execute": ')
        agent.process.send_signal(signal.SIGTERM)
        self.assertEqual(agent.process.wait(TEN_SECONDS), 0)

    def test_sigterm_stops_it_while_a_client_disconnects(self):
        """qemu-ga often deadlocks here; see agents.send_signal()."""
        for _ in range(10):
            agent = self.agent()
            with agent.connect() as client:
                call(client, "guest-ping")
            agent.process.send_signal(signal.SIGTERM)
            self.assertEqual(agent.process.wait(TEN_SECONDS), 0)

    def test_sigterm_while_frozen_stops_it_after_the_thaw(self):
        agents.skip_unless_thaw_allowed()
        agent = self.agent(prepare=lambda directory: (directory / "qga.state.isfrozen").touch())
        client = self.client(agent)
        agent.process.send_signal(signal.SIGTERM)
        self.assertEqual(call(client, "guest-fsfreeze-status"), "frozen")
        self.assertEqual(call(client, "guest-fsfreeze-thaw"), 0)
        self.assertEqual(agent.process.wait(TEN_SECONDS), 0)

    def test_a_stale_socket_is_replaced(self):
        agent = self.agent()
        agent.process.kill()
        agent.process.wait()
        self.assertTrue(agent.socket_path.exists())
        agent.start()
        self.assertEqual(call(self.client(agent), "guest-ping"), {})

    def test_handles_never_repeat(self):
        agent = self.agent()
        handles = []
        for way in ("stop", "kill", "stop", "kill", "stop"):
            with agent.connect() as client:
                handles += [call(client, "guest-file-open", path="/dev/null")
                            for _ in range(3)]
            if way == "kill":
                agent.process.kill()
            agent.stop()
            agent.start()
        self.assertEqual(len(set(handles)), len(handles), handles)
        self.assertEqual(handles, sorted(handles))


class ServiceManager(LifecycleTest):
    def test_socket_activation(self):
        agent = agents.Agent(agents.bellhopd(), channel=(None, None))
        self.addCleanup(agent.__exit__)
        agent.directory = pathlib.Path(tempfile.mkdtemp(prefix="bellhop-agent-"))
        self.addCleanup(prepare_socket_activation(agent).close)
        agent.start()
        with agent.connect() as client:
            self.assertEqual(call(client, "guest-ping"), {})
        with agent.connect() as client:
            self.assertEqual(call(client, "guest-ping"), {})
        agent.process.send_signal(signal.SIGTERM)
        self.assertEqual(agent.process.wait(TEN_SECONDS), 0)
        self.assertTrue(agent.socket_path.exists(), "the service manager owns the socket")

    def test_daemon(self):
        agent = agents.Agent(agents.bellhopd(), options=["-d", "-f", "${dir}/pid"])
        self.addCleanup(agent.__exit__)
        agent.directory = pathlib.Path(tempfile.mkdtemp(prefix="bellhop-agent-"))
        agent.start(wait=False)
        self.assertEqual(agent.process.wait(TEN_SECONDS), 0, agent.log())
        pid_file = agent.directory / "pid"
        wait_for("a pid file", lambda: pid_file.exists() and pid_file.read_text(encoding="ascii"))
        pid = int(pid_file.read_text(encoding="ascii"))
        try:
            self.assertEqual(pid_file.stat().st_mode & 0o7777, 0o600)
            self.assertEqual(os.readlink(f"/proc/{pid}/cwd"), "/")
            self.assertEqual(os.getsid(pid), pid)
            wait_for("the socket", agent.is_listening)
            with agent.connect() as client:
                self.assertEqual(call(client, "guest-ping"), {})
        finally:
            os.kill(pid, signal.SIGTERM)
        wait_for("the end", lambda: not pathlib.Path(f"/proc/{pid}").exists())


class SerialLine(LifecycleTest):
    """isa-serial on a pseudo-terminal in place of the serial line."""

    def plug(self, path):
        master, slave = pty.openpty()
        tty.setraw(master)
        tty.setraw(slave)
        self.assertTrue(termios.tcgetattr(slave))
        link = path.with_suffix(".new")
        link.symlink_to(os.ttyname(slave))
        os.replace(link, path)
        os.close(slave)
        return master

    def sync(self, master, number):
        """Sends a request until it is answered: a line that is being opened loses bytes."""
        os.set_blocking(master, False)
        received = b""
        request = b'\xff{"execute": "guest-sync-delimited", "arguments": {"id": %d}}\n' % number
        deadline = time.monotonic() + agents.TIMEOUT
        pause = 0.0
        while time.monotonic() < deadline:
            if time.monotonic() >= pause:
                os.write(master, request)
                pause = time.monotonic() + 1
            try:
                received += os.read(master, 65536)
            except (BlockingIOError, OSError):
                time.sleep(0.01)
            if b'\xff{"return": %d}\n' % number in received:
                return
        self.fail(f"no reply on the line, only {received[-500:]!r}")

    def serial_agent(self):
        directory = pathlib.Path(tempfile.mkdtemp(prefix="bellhop-line-"))
        self.addCleanup(shutil.rmtree, directory, True)
        line = directory / "line"
        master = self.plug(line)
        return self.agent(channel=("isa-serial", str(line))), line, master

    def test_answers(self):
        _, _, master = self.serial_agent()
        self.sync(master, 1)
        self.sync(master, 2)
        os.close(master)

    def test_is_served_again_after_an_unplug(self):
        agent, line, master = self.serial_agent()
        self.sync(master, 1)
        agents.close_everywhere(master)
        line.unlink()
        time.sleep(0.2)
        self.assertIsNone(agent.process.poll(), agent.log())
        master = self.plug(line)
        self.sync(master, 2)
        os.close(master)

    def test_sigterm_stops_it(self):
        agent, _, master = self.serial_agent()
        self.sync(master, 1)
        agent.process.send_signal(signal.SIGTERM)
        self.assertEqual(agent.process.wait(TEN_SECONDS), 0)
        os.close(master)


class Memory(LifecycleTest):
    def agent_without_sanitizer(self):
        agent = self.agent()
        if sanitized(agent.process.pid):
            self.skipTest("memory is not measured under a sanitizer")
        return agent

    def test_a_large_write_is_bounded(self):
        size = 48 * MEGABYTE - 768  # in base64 just below the maximum size of a request
        agent = self.agent_without_sanitizer()
        client = self.client(agent)
        path = agent.directory / "large"
        handle = call(client, "guest-file-open", path=str(path), mode="w")
        data = bytes(range(256)) * (size // 256)
        request = {"execute": "guest-file-write",
                   "arguments": {"handle": handle, "buf-b64": agents.b64(data)}}
        self.assertEqual(client.request(request), {"return": {"count": size, "eof": False}})
        call(client, "guest-file-close", handle=handle)
        self.assertEqual(path.read_bytes(), data)
        self.assertLess(status_value(agent.process.pid, "VmHWM"), 200 * 1024)

    def test_a_large_read_is_not_held_in_memory(self):
        agent = self.agent_without_sanitizer()
        client = self.client(agent)
        path = agent.directory / "large"
        path.write_bytes(bytes(range(256)) * (48 * MEGABYTE // 256))
        handle = call(client, "guest-file-open", path=str(path))
        call(client, "guest-file-read", handle=handle, count=1)
        call(client, "guest-file-seek", handle=handle, offset=0, whence="set")
        before = status_value(agent.process.pid, "VmHWM")
        read = client.call("guest-file-read", handle=handle, count=48 * MEGABYTE)
        self.assertEqual(read["count"], 48 * MEGABYTE)
        self.assertLess(status_value(agent.process.pid, "VmHWM") - before, 8 * 1024)


if __name__ == "__main__":
    unittest.main()
