# SPDX-License-Identifier: Apache-2.0
"""Live upgrades with unsuitable programs, signals, service managers and changed configurations."""

import fcntl
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

from harness import agents
from harness.lifecycle import (MEGABYTE, TEN_SECONDS, LoopFilesystem, call,
                               prepare_socket_activation, wait_for)
from harness.live_upgrade import (REFUSED, UPGRADED, LiveUpgradeTest, channels_configuration,
                                  decoded, write_program)

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Refused(LiveUpgradeTest):
    def assert_refused(self, agent, client, why):
        job = self.run_job(client, "read x; echo $x", input_data=agents.b64(b"in\n"))
        self.assert_upgrade_refused(agent, why)
        self.assertEqual(call(client, "guest-ping"), {})
        self.assertEqual(decoded(self.wait_for_job(client, job)["out-data"]), b"in\n")
        self.assertEqual(call(client, "bellhop-info")["replaced"], 0)

    def test_a_program_that_cannot_run(self):
        agent = self.agent()
        client = self.client(agent)
        good = self.program.read_bytes()
        self.program.unlink()
        self.assert_refused(agent, client, "No such file or directory")
        self.install(good, mode=0o644)
        self.assert_refused(agent, client, "Permission denied")
        self.install(good[:5000])
        self.assert_refused(agent, client, "")
        self.install(b"#!/bin/sh\necho broken; exit 3\n")
        self.assert_refused(agent, client, "(it answered 'broken')")
        self.install(b"#!/bin/sh\necho bellhopd handover 999\n")
        self.assert_refused(agent, client, "cannot read the state of this version")
        self.install(b"#!/bin/sh\necho QEMU Guest Agent 11.1.3\n")
        self.assert_refused(agent, client, "(it answered 'QEMU Guest Agent 11.1.3')")
        self.install(b"#!/bin/sh\nexec sleep 1000\n")
        self.assert_refused(agent, client, "did not answer within 5 s")
        self.install(good)
        self.upgrade(agent)
        self.assertEqual(call(client, "guest-ping"), {})

    def test_a_program_that_answers_the_probe_and_then_cannot_run(self):
        """execve(2) itself fails, after everything else is done: the agent restores its state."""
        agent = self.agent()
        client = self.client(agent)
        marker = agent.directory / "job"
        os.mkfifo(marker)
        job = self.run_job(client, f"echo before; read x <{marker}; echo after")
        handle = call(client, "guest-file-open", path="/etc/hostname")
        writer = agent.directory / "writer"
        # The kernel executes no file that is open for writing.
        self.install_script(f'exec 9>>"{self.program}"; sleep 1000 >/dev/null 2>&1 & '
                            f'echo $! >"{writer}"')
        try:
            self.assert_upgrade_refused(agent, f"cannot run '{self.program}': Text file busy")
        finally:
            os.kill(int(writer.read_text(encoding="ascii")), signal.SIGKILL)
        self.assertEqual(call(client, "guest-ping"), {})
        marker.write_text("\n", encoding="ascii")
        self.assertEqual(decoded(self.wait_for_job(client, job)["out-data"]), b"before\nafter\n")
        call(client, "guest-file-close", handle=handle)

    def test_a_program_that_is_overwritten_after_its_answer(self):
        """Nothing has tried what the file contains now."""
        agent = self.agent()
        client = self.client(agent)
        started = agent.directory / "started"
        run = f'echo run >>"{started}"'
        for script in (f'echo "# more" >>"{self.program}"',
                       # The same size and time of the last write, as after cp -p.
                       f'cp -p "{self.program}" "{agent.directory}/copy"; '
                       f'sed s/run/nur/ "{agent.directory}/copy" >"{self.program}"; '
                       f'touch -r "{agent.directory}/copy" "{self.program}"'):
            with self.subTest(script):
                self.install_script(script, run)
                self.assert_refused(agent, client, "was changed after it had been checked")
                self.assertFalse(started.exists())
        self.install(pathlib.Path(agents.bellhopd()).read_bytes())
        self.upgrade(agent)

    def test_a_configuration_that_is_wrong(self):
        agent = self.agent()
        client = self.client(agent)
        (agent.directory / "bellhop.conf").write_text("[nonsense]\n", encoding="ascii")
        self.assert_refused(agent, client, "unknown group [nonsense]")
        paths, agent = self.agent_on_sockets(1)
        self.configure(agent, [*paths, "/nonexistent/socket"])
        self.assert_refused(agent, self.client_on(paths[0]),
                     "there is no directory for /nonexistent/socket")

    def test_a_command_that_is_stuck(self):
        with LoopFilesystem() as loop:
            agent = self.agent(wrap=loop.wrap)
            client = self.client(agent)
            call(client, "guest-ping")
            loop.open_namespace(agent)
            loop.fsfreeze("-f")
            try:
                request = {"execute": "guest-file-open", "id": "stuck",
                           "arguments": {"path": str(loop.mountpoint / "new"), "mode": "w"}}
                client.send(agents.compact(request) + b"\n")
                self.assertEqual(call(client, "guest-ping"), {})
                self.assert_upgrade_refused(agent, "guest-file-open is still running")
                self.assertEqual(call(client, "guest-ping"), {})
                # If it completes in time, its reply is sent before the upgrade.
                os.kill(agent.process.pid, signal.SIGUSR2)
                loop.fsfreeze("-u")
                self.assertEqual(json.loads(client.read_line(TEN_SECONDS)).get("id"), "stuck")
                wait_for("the upgrade", lambda: self.log_count(agent, UPGRADED))
                self.assertEqual(call(client, "guest-ping"), {})
            finally:
                loop.fsfreeze("-u", check=False)
            agent.stop()

    def test_half_a_request(self):
        """Its end must not be read as another request."""
        touched = pathlib.Path(tempfile.mkdtemp(prefix="bellhop-half-")) / "touched"
        self.addCleanup(shutil.rmtree, touched.parent)
        text = agents.compact({"execute": "guest-exec", "arguments": {
            "path": "/bin/touch", "arg": [str(touched)]}}).decode()
        for begin, end in (
                ('{"execute": "guest-ping", "id": "', text.replace('"', '\\"') + '"}'),
                ("{'execute': 'guest-ping', 'id': '", text + "'}"),
                ('{"execute": "guest-sync", "arguments": ', '{"id": 4711}}'),
                ('{"execute": "guest-ping", "id": 1', '2}'),
                ('{"execute": guest', text + '}'),  # the rest of an invalid request is discarded
                ('[' * 100, ']' * 100)):
            with self.subTest(begin):
                paths, agent = self.agent_on_sockets(1)
                client = self.client_on(paths[0])
                client.send(begin.encode())
                self.assert_upgrade_refused(
                    agent, f"a client on unix-listen {paths[0]} has sent half a request")
                client.send(end.encode() + b'{"execute": "guest-ping", "id": "last"}')
                while json.loads(client.read_line(TEN_SECONDS)).get("id") != "last":
                    pass
                self.upgrade(agent)
                self.assertEqual(call(client, "guest-ping"), {})
                self.assertFalse(touched.exists())

    def test_a_client_that_does_not_read(self):
        agent = self.agent()
        client = self.client(agent)
        content = os.urandom(20 * MEGABYTE)
        (agent.directory / "file").write_bytes(content)
        handle = call(client, "guest-file-open", path=str(agent.directory / "file"))
        client.send(agents.compact({"execute": "guest-file-read",
                                    "arguments": {"handle": handle, "count": len(content)}}))
        client.read_until(b'"buf-b64": "', TEN_SECONDS)
        self.assert_upgrade_refused(agent, "does not read its reply")
        self.assertEqual(decoded(client.read_line().split(b'"')[0]), content)
        self.upgrade(agent)
        call(client, "guest-ping")

    def test_requests_of_clients_that_disconnect_meanwhile(self):
        """While one client delays the upgrade, others' requests are run, at the latest after it."""
        paths, agent = self.agent_on_sockets(2)
        slow = self.client_on(paths[0])
        handle = call(slow, "guest-file-open", path="/dev/zero")
        slow.send(agents.compact({"execute": "guest-file-read",
                                  "arguments": {"handle": handle, "count": 20 * MEGABYTE}}))
        slow.read_until(b'"buf-b64": "', TEN_SECONDS)
        os.kill(agent.process.pid, signal.SIGUSR2)
        created = []
        while self.log_count(agent, REFUSED) == 0:
            created.append(agent.directory / f"created-{len(created)}")
            with agents.Connection(paths[1], "bellhopd") as quick:
                quick.send(agents.compact({"execute": "guest-exec", "arguments": {
                    "path": "/bin/touch", "arg": [str(created[-1])]}}))
            time.sleep(0.02)
        wait_for("all files", lambda: all(path.exists() for path in created))


class Upgraded(LiveUpgradeTest):
    def open_programs(self, agent):
        """The agent's descriptors of its program, which none of its work needs."""
        directory = f"/proc/{agent.process.pid}/fd"
        targets = [os.readlink(f"{directory}/{fd}") for fd in os.listdir(directory)]
        return [target for target in targets if target.startswith(str(self.program))]

    def test_a_program_that_is_replaced_after_its_answer(self):
        """The one that has answered runs; the other one runs with the next upgrade."""
        agent = self.agent()
        client = self.client(agent)
        started = agent.directory / "started"
        other = self.program.with_suffix(".other")
        write_program(other, pathlib.Path(agents.bellhopd()).read_bytes())
        self.install_script(f'mv "{other}" "{self.program}"', f'echo first >>"{started}"')
        self.upgrade(agent)
        self.assertEqual(call(client, "guest-ping"), {})
        self.assertEqual(started.read_text(encoding="ascii"), "first\n")
        self.assertEqual(self.open_programs(agent), [])
        self.upgrade(agent)
        self.assertEqual(call(client, "bellhop-info")["replaced"], 2)
        self.assertEqual(started.read_text(encoding="ascii"), "first\n")
        self.assertTrue(os.path.samefile(f"/proc/{agent.process.pid}/exe", self.program))

    def test_the_process_looks_the_same(self):
        """ps(1), pidof(8) and pgrep(1) find it by its name, arguments and program."""
        def appearance():
            process = pathlib.Path(f"/proc/{agent.process.pid}")
            return ((process / "comm").read_text(encoding="ascii"),
                    (process / "cmdline").read_bytes(), os.readlink(process / "exe"))
        agent = self.agent()
        client = self.client(agent)
        before = appearance()
        self.assertEqual(before[0], "bellhopd\n")
        for _ in range(2):
            self.upgrade(agent)
            call(client, "guest-ping")
            self.assertEqual(appearance(), before)
            self.assertEqual(self.open_programs(agent), [])

    def test_a_channel_that_cannot_be_opened(self):
        """It is reported; the others stay."""
        paths, agent = self.agent_on_sockets(1)
        client = self.client_on(paths[0])
        taken = agent.directory / "directory"
        taken.mkdir()
        self.configure(agent, [*paths, taken])
        self.upgrade(agent)
        self.assertIn(str(taken), agent.log())
        self.assertEqual(call(client, "guest-ping"), {})

    def test_many_signals_at_once(self):
        agent = self.agent()
        client = self.client(agent)
        for _ in range(200):
            os.kill(agent.process.pid, signal.SIGUSR2)
            self.assertEqual(call(client, "guest-ping"), {})
        wait_for("an upgrade", lambda: self.log_count(agent, UPGRADED))
        self.assertIsNone(agent.process.poll())

    def test_a_stop_signal_is_obeyed_during_an_upgrade(self):
        for number in STOP_SIGNALS * 3:
            agent = self.agent()
            client = self.client(agent)
            call(client, "guest-ping")
            os.kill(agent.process.pid, signal.SIGUSR2)
            while self.log_count(agent, UPGRADED) == 0 and number == signal.SIGINT:
                call(client, "guest-ping")
            os.kill(agent.process.pid, number)
            self.assertEqual(agent.process.wait(TEN_SECONDS), 0, agent.log())

    def test_a_stop_signal_is_not_lost_during_execve(self):
        """With so much state that the signal often comes while it is passed on."""
        for milliseconds in range(5, 100, 10):
            agent = self.agent()
            client = self.client(agent)
            jobs = [self.run_job(client, "head -c 16000000 /dev/zero") for _ in range(3)]
            for job in jobs:
                wait_for("the job", lambda job=job: not os.path.exists(f"/proc/{job}"))
            os.kill(agent.process.pid, signal.SIGUSR2)
            time.sleep(milliseconds / 1000)
            os.kill(agent.process.pid, signal.SIGTERM)
            self.assertEqual(agent.process.wait(TEN_SECONDS), 0, agent.log())

    def test_a_daemon_keeps_its_pid_file(self):
        agent, pid_file, pid = self.daemon()
        try:
            agent.log_file = agent.directory / "daemon.log"
            wait_for("the socket", agent.is_listening)
            client = self.client(agent)
            for number in range(1, 4):
                os.kill(pid, signal.SIGUSR2)
                wait_for("the upgrade",
                         lambda wanted=number:
                         call(client, "bellhop-info")["replaced"] == wanted)
            self.assertEqual(os.readlink(f"/proc/{pid}/cwd"), "/")
            self.assertEqual(int(pid_file.read_text(encoding="ascii")), pid)
            with open(pid_file, "r+", encoding="ascii") as file:
                with self.assertRaises(BlockingIOError):
                    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.assertIn(UPGRADED, agent.log_file.read_text(encoding="utf-8"))
        finally:
            os.kill(pid, signal.SIGTERM)
        wait_for("the end", lambda: not pathlib.Path(f"/proc/{pid}").exists())
        self.assertFalse(pid_file.exists())

    def test_a_configuration_that_has_changed(self):
        """It applies after the upgrade; a channel that it no longer names is closed."""
        agent = self.create_unstarted_agent(["-v"], channel=(None, None))
        kept, gone, new = (agent.directory / name for name in ("kept", "gone", "new"))
        agent.bellhop_configuration = channels_configuration([kept, gone])
        agent.start(wait=False)
        clients = []
        for path in (kept, gone):
            wait_for("the socket", lambda path=path: path.exists() and self.can_connect(path))
            clients.append(agents.Connection(path, "bellhopd"))
            self.addCleanup(clients[-1].close)
            call(clients[-1], "guest-ping")
        (agent.directory / "bellhop.conf").write_text(
            f"[general]\nblock-rpcs=guest-get-host-name\n"
            f"[channels]\nchannels=unix-listen:{kept};unix-listen:{new}\n", encoding="utf-8")
        self.upgrade(agent)
        refused = clients[0].request({"execute": "guest-get-host-name"}, TEN_SECONDS)
        self.assertEqual(refused["error"]["class"], "CommandNotFound", refused)
        with self.assertRaises(agents.NoReply):
            clients[1].read_line(TEN_SECONDS)
        self.assertFalse(self.can_connect(gone))
        with agents.Connection(new, "bellhopd") as client:
            self.assertEqual(call(client, "guest-ping"), {})

    @staticmethod
    def can_connect(path):
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(path)) == 0

    def test_a_socket_of_the_service_manager(self):
        agent = self.create_unstarted_agent(["-v"], channel=(None, None))
        self.addCleanup(prepare_socket_activation(agent).close)
        agent.start()
        client = self.client(agent)
        call(client, "guest-ping")
        for _ in range(3):
            self.upgrade(agent)
            self.assertEqual(call(client, "guest-ping"), {})
        client.close()
        self.assertEqual(call(self.client(agent), "guest-ping"), {})

    def test_the_state_of_another_version(self):
        """Its channels are served; the rest is closed and reported."""
        agent = self.create_unstarted_agent(["-v"])
        script = agent.directory / "old_version.py"
        script.write_text(OLD_VERSION, encoding="utf-8")
        agent.wrap = ["python3", str(script), str(agent.socket_path)]
        agent.start()
        client = self.client(agent)
        call(client, "guest-ping")
        self.assertIn("it has version 99", agent.log())
        self.assertIn("version unknown was replaced by version", agent.log())
        targets = [os.readlink(f"/proc/{agent.process.pid}/fd/{fd}")
                   for fd in os.listdir(f"/proc/{agent.process.pid}/fd")]
        self.assertNotIn("/etc/hostname", targets)

    def test_a_handover_variable_without_a_snapshot(self):
        for value in ("7", "0", "-1", "x", ""):
            agent = self.agent(environment={"BELLHOP_HANDOVER": value})
            self.assertEqual(call(self.client(agent), "guest-ping"), {})


# Passes on the state that a program of another version could have, and executes the agent.
OLD_VERSION = """
import fcntl, os, socket, sys
listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
listener.bind(sys.argv[1])
listener.listen(5)
file = os.open("/etc/hostname", os.O_RDONLY)
description = b"unix-listen " + sys.argv[1].encode()
memory = os.memfd_create("state", os.MFD_ALLOW_SEALING)
os.write(memory, b"bellhop handover 99 %d\\nrecord channel\\ntext description %d\\n%s\\n"
         b"descriptor listener %d\\nrecord file\\nnumber handle 1\\ndescriptor file %d\\nend\\n"
         % (os.getpid(), len(description), description, listener.fileno(), file))
fcntl.fcntl(memory, 1033, 15)
for descriptor in (listener.fileno(), file, memory):
    os.set_inheritable(descriptor, True)
os.environ["BELLHOP_HANDOVER"] = str(memory)
os.execv(sys.argv[2], sys.argv[2:])
"""


if __name__ == "__main__":
    unittest.main()
