# SPDX-License-Identifier: Apache-2.0
"""bellhopd --reload, which waits for the result of a live upgrade, and the service manager that
bellhopd notifies (Type=notify of systemd)."""

import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import threading
import unittest

from harness import agents
from harness.lifecycle import TEN_SECONDS, LoopFilesystem, call, wait_for
from harness.live_upgrade import UPGRADED, LiveUpgradeTest, decoded


class Reload(LiveUpgradeTest):
    def reload(self, *arguments, program=None, **options):
        """The exit status, output and errors of --reload."""
        run = subprocess.run([program or agents.bellhopd(), *arguments], check=False, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             timeout=agents.TIMEOUT, **options)
        return run.returncode, run.stdout, run.stderr

    def assert_refused(self, pid, why):
        status, output, errors = self.reload(f"--reload={pid}")
        self.assertEqual((status, output), (1, ""))
        self.assertIn(why, errors)

    def test_success(self):
        agent = self.agent()
        client = self.client(agent)
        version = call(client, "bellhop-info")["version"]
        for number in range(1, 4):
            self.assertEqual(self.reload(f"--reload={agent.process.pid}"),
                             (0, f"bellhopd {version} was replaced by {version}\n", ""))
            self.assertEqual(call(client, "bellhop-info")["replaced"], number)
        wait_for("all pipes to be closed", lambda: not any(
            os.readlink(f"/proc/{agent.process.pid}/fd/{fd}").startswith("pipe:")
            for fd in os.listdir(f"/proc/{agent.process.pid}/fd")))

    def test_a_refused_upgrade(self):
        agent = self.agent()
        client = self.client(agent)
        good = self.program.read_bytes()
        self.install(b"#!/bin/sh\necho broken; exit 3\n")
        self.assert_refused(agent.process.pid, "(it answered 'broken')")
        self.install(b"#!/bin/sh\nexec sleep 1000\n")
        self.assert_refused(agent.process.pid, "did not answer within 5 s")
        self.install(good)
        client.send(agents.compact({"execute": "guest-file-open", "arguments": {
            "path": "/dev/zero"}}))
        handle = client.reply_to({})["return"]
        client.send(agents.compact({"execute": "guest-file-read", "arguments": {
            "handle": handle, "count": 20 << 20}}))
        client.read_until(b'"buf-b64": "', TEN_SECONDS)
        self.assert_refused(agent.process.pid, "does not read its reply")
        client.read_line()
        self.assertEqual(call(client, "bellhop-info")["replaced"], 0)
        self.assertEqual(self.reload(f"--reload={agent.process.pid}")[0], 0)

    def test_a_program_that_ends_as_soon_as_it_runs(self):
        agent = self.agent()
        answer = subprocess.run([agents.bellhopd(), "--can-take-over"], check=True,
                                stdout=subprocess.PIPE).stdout.decode().strip()
        self.install(f"#!/bin/sh\n[ $1 = --can-take-over ] && echo '{answer}'\n".encode())
        self.assert_refused(agent.process.pid, "ended during the upgrade")

    def test_several_at_once(self):
        agent = self.agent()
        results = []
        threads = [threading.Thread(target=lambda: results.append(
            self.reload(f"--reload={agent.process.pid}")[0])) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(results, [0] * 4)

    def test_while_frozen(self):
        with LoopFilesystem() as loop:
            agent, client = self.frozen(loop)
            try:
                self.assertEqual(self.reload(f"--reload={agent.process.pid}")[0], 0)
                self.assertEqual(call(client, "guest-fsfreeze-status"), "frozen")
                self.assertEqual(call(client, "guest-fsfreeze-thaw"), 1)
            finally:
                loop.fsfreeze("-u", check=False)
            agent.stop()

    def test_a_daemon_is_found_by_its_pid_file(self):
        _, pid_file, pid = self.daemon()
        try:
            pid_file.write_text(f"{os.getpid()}\n", encoding="ascii")  # the lock counts
            for _ in range(2):
                status, output, errors = self.reload("--reload", "-f", str(pid_file))
                self.assertEqual((status, errors), (0, ""))
                self.assertIn("was replaced by", output)
        finally:
            os.kill(pid, signal.SIGTERM)
        wait_for("the end", lambda: not pathlib.Path(f"/proc/{pid}").exists())
        status, _, errors = self.reload("--reload", "-f", str(pid_file))
        self.assertEqual((status, errors), (
            1, f"cannot open pid file '{pid_file}': No such file or directory; name the pid file "
            "of the agent with --pidfile, or its pid with --reload=PID\n"))

    def test_processes_that_are_no_agent(self):
        with subprocess.Popen(["sleep", "1000"]) as other:
            try:
                self.assert_refused(other.pid, "does not support live upgrades")
                self.assertIsNone(other.poll())
            finally:
                other.kill()
        self.assert_refused(other.pid, "there is no process with the pid")
        self.assert_refused("x", "option '--reload' requires a pid, 'x' is not one")

    def test_another_user(self):
        if os.geteuid() != 0:
            self.skipTest("needs root")
        agent = self.agent()
        with tempfile.TemporaryDirectory(prefix="bellhop-public-") as directory:
            os.chmod(directory, 0o755)
            program = pathlib.Path(directory) / "bellhopd"
            program.write_bytes(pathlib.Path(agents.bellhopd()).read_bytes())
            program.chmod(0o755)
            status, _, errors = self.reload(f"--reload={agent.process.pid}", program=program,
                                            user=65534)
        self.assertEqual((status, errors), (
            1, f"cannot signal the agent (pid {agent.process.pid}): Operation not permitted\n"))
        self.assertEqual(call(self.client(agent), "bellhop-info")["replaced"], 0)


class ServiceManager(LiveUpgradeTest):
    """The test plays systemd."""

    def agent_with_manager(self, **options):
        directory = tempfile.TemporaryDirectory(prefix="bellhop-notify-")
        self.addCleanup(directory.cleanup)
        address = f"{directory.name}/notify"
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(manager.close)
        manager.bind(address)
        manager.settimeout(agents.TIMEOUT)
        return manager, self.create_unstarted_agent(
            ["-v"], environment={"NOTIFY_SOCKET": address}, **options)

    def test_ready_comes_when_the_channel_serves(self):
        manager, agent = self.agent_with_manager()
        agent.start(wait=False)
        self.assertEqual(manager.recv(1000).decode(),
                         f"READY=1\nSTATUS=serving unix-listen {agent.socket_path}")
        client = self.client(agent)  # does not wait for the socket
        self.assertEqual(call(client, "guest-ping"), {})
        self.assertEqual(agent.stop(), 0)
        self.assertEqual(manager.recv(1000), b"STOPPING=1\n")

    def test_a_start_that_fails(self):
        manager, agent = self.agent_with_manager(channel=("unix-listen", "/nonexistent/socket"))
        agent.start(wait=False)
        self.assertEqual(agent.process.wait(TEN_SECONDS), 1)
        status = manager.recv(1000).decode()
        self.assertIn("STATUS=cannot listen at '/nonexistent/socket'", status)
        self.assertNotIn("READY", status)

    def test_jobs_do_not_inherit_the_address(self):
        _, agent = self.agent_with_manager()
        agent.start()
        client = self.client(agent)
        for _ in range(2):
            job = self.run_job(client, "env")
            out = decoded(self.wait_for_job(client, job)["out-data"]).decode()
            self.assertIn("PATH=", out)
            self.assertNotIn("NOTIFY_SOCKET", out)
            self.upgrade(agent)

    def test_a_live_upgrade(self):
        manager, agent = self.agent_with_manager()
        agent.start()
        ready = manager.recv(1000)
        for _ in range(2):
            before = self.log_count(agent, UPGRADED)
            os.kill(agent.process.pid, signal.SIGUSR2)
            self.assertRegex(manager.recv(1000).decode(), r"^RELOADING=1\nMONOTONIC_USEC=\d+\n$")
            self.assertEqual(manager.recv(1000), ready)
            wait_for("the log's record", lambda: self.log_count(agent, UPGRADED) > before)
        self.install(b"#!/bin/sh\necho broken; exit 3\n")
        os.kill(agent.process.pid, signal.SIGUSR2)
        self.assertEqual(manager.recv(1000).decode(),
                         "READY=1\nSTATUS=live upgrade failed: "
                         f"'{self.program}' cannot continue as the agent (it answered 'broken')")

    def test_a_freeze_is_in_the_status(self):
        with LoopFilesystem() as loop:
            manager, agent = self.agent_with_manager(
                wrap=loop.wrap, unblocked=("guest-fsfreeze-freeze-list",))
            agent.start()
            client = self.client(agent)
            call(client, "guest-ping")
            loop.open_namespace(agent)
            self.addCleanup(loop.fsfreeze, "-u", check=False)
            serving = manager.recv(1000).removeprefix(b"READY=1\nSTATUS=")
            call(client, "guest-fsfreeze-freeze-list", mountpoints=[str(loop.mountpoint)])
            self.assertEqual(manager.recv(1000), b"STATUS=filesystems are frozen, " + serving)
            call(client, "guest-fsfreeze-thaw")
            self.assertEqual(manager.recv(1000), b"STATUS=" + serving)
            agent.stop()

    def test_a_manager_that_is_gone(self):
        manager, agent = self.agent_with_manager()
        manager.close()
        agent.start()
        self.assertEqual(call(self.client(agent), "guest-ping"), {})
        self.assertIn("cannot notify the service manager at", agent.log())


if __name__ == "__main__":
    unittest.main()
