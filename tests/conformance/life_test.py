"""How bellhopd lives: it never gets stuck, wastes nothing, and survives what happens around it.

No test measures speed: each waits for an event, with a limit that only a stuck agent reaches.
"""

import contextlib
import json
import os
import pathlib
import pty
import shutil
import signal
import socket
import subprocess
import tempfile
import termios
import time
import tty
import unittest

import agents

TEN_SECONDS = 10.0
MEGABYTE = 1 << 20


def long(test):
    """Marks a test that takes a minute: the runner begins with it."""
    test.long = True
    return test


def status_value(pid, name):
    text = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    for line in text.splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1])
    raise KeyError(name)


def sanitized(pid):
    maps = pathlib.Path(f"/proc/{pid}/maps").read_text(encoding="utf-8", errors="replace")
    return any(library in maps for library in ("libasan", "libtsan", "libubsan"))


def wait_for(what, happened, patience=agents.PATIENCE):
    deadline = time.monotonic() + patience
    while not happened():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not happen in {patience} s")
        time.sleep(0.01)


def answered(connection, command, **arguments):
    return connection.call(command, patience=TEN_SECONDS, **arguments)


class LifeTest(unittest.TestCase):
    def agent(self, **options):
        agent = agents.Agent(agents.bellhopd(), **options)
        self.addCleanup(agent.__exit__)
        return agent.__enter__()

    def client(self, agent):
        connection = agent.connect()
        self.addCleanup(connection.close)
        return connection


class Loop:
    """A filesystem on a loop device, mounted only where one agent sees it."""

    SCRIPT = """mount -o loop "$0" "$1" || exit 90
(
  # Whatever happens to the test, the filesystem does not stay frozen.
  exec >/dev/null 2>&1
  i=0
  while [ $i -lt 120 ] && kill -0 $$; do sleep 1; i=$((i + 1)); done
  fsfreeze -u "$1"
) &
shift
exec "$@"
"""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bellhop-loop-"))
        self.mountpoint = self.folder / "mnt"

    def __enter__(self):
        reason = self._make()
        if reason:
            self.__exit__()
            raise unittest.SkipTest(reason)
        return self

    def _make(self):
        if os.geteuid() != 0:
            return "mounting needs root"
        for program in ("unshare", "nsenter", "mount", "mkfs.ext4", "fsfreeze"):
            if not shutil.which(program):
                return f"needs {program}"
        self.mountpoint.mkdir()
        image = self.folder / "image"
        with open(image, "wb") as file:
            file.truncate(32 * MEGABYTE)
        self._run("mkfs.ext4", "-q", "-F", str(image))
        trial = self._run("unshare", "-m", "sh", "-c", 'mount -o loop "$0" "$1" && umount "$1"',
                          str(image), str(self.mountpoint), check=False)
        return f"cannot mount a loop device: {trial.stderr.strip()}" if trial.returncode else None

    @staticmethod
    def _run(*command, check=True):
        process = agents.spawn(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
        output, errors = process.communicate(timeout=agents.PATIENCE)
        if check and process.returncode:
            raise AssertionError(f"{command}: {errors}")
        return subprocess.CompletedProcess(command, process.returncode, output, errors)

    @property
    def wrap(self):
        return ["unshare", "-m", "sh", "-c", self.SCRIPT, str(self.folder / "image"),
                str(self.mountpoint)]

    def fsfreeze(self, agent, option, check=True):
        self._run("nsenter", "-t", str(agent.process.pid), "-m", "fsfreeze", option,
                  str(self.mountpoint), check=check)

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)


class NeverStuck(LifeTest):
    def assert_served(self, connection):
        self.assertEqual(answered(connection, "guest-fsfreeze-status"), "thawed")
        self.assertEqual(answered(connection, "guest-ping"), {})
        self.assertIn("version", answered(connection, "guest-info"))

    def test_a_fifo_that_nobody_writes_to(self):
        agent = self.agent()
        fifo = agent.directory / "fifo"
        os.mkfifo(fifo)
        connection = self.client(agent)
        handle = answered(connection, "guest-file-open", path=str(fifo), mode="r+")
        connection.send(agents.compact({"execute": "guest-file-read", "id": "stuck",
                                        "arguments": {"handle": handle, "count": 10}}) + b"\n")
        connection.send(b'{"execute": "guest-sync-delimited", "arguments": {"id": 71}}\n')
        connection.read_until(b'\xff{"return": 71}\n', TEN_SECONDS)
        self.assert_served(connection)

    @contextlib.contextmanager
    def stuck_in_the_kernel(self):
        """An agent and its client, whose first request waits in the kernel: the filesystem is
        frozen by somebody else."""
        with Loop() as loop:
            agent = self.agent(wrap=loop.wrap)
            connection = self.client(agent)
            answered(connection, "guest-ping")
            loop.fsfreeze(agent, "-f")
            try:
                request = {"execute": "guest-file-open", "id": "stuck",
                           "arguments": {"path": str(loop.mountpoint / "new"), "mode": "w"}}
                connection.send(agents.compact(request) + b"\n")
                yield agent, connection, lambda: loop.fsfreeze(agent, "-u", check=False)
            finally:
                loop.fsfreeze(agent, "-u", check=False)
                agent.stop()

    def test_a_frozen_filesystem_and_sync(self):
        with self.stuck_in_the_kernel() as (_, connection, thaw):
            connection.send(b'{"execute": "guest-sync-delimited", "arguments": {"id": 72}}\n')
            before = connection.read_until(b'\xff{"return": 72}\n', TEN_SECONDS)
            self.assertEqual(before, b'\xff{"return": 72}\n')
            self.assert_served(connection)
            thaw()
            # The late reply is dropped: after a resynchronisation nothing older may come.
            self.assertEqual(answered(connection, "guest-sync", id=73), 73)
            self.assertIn("host-name", answered(connection, "guest-get-host-name"))

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
            # Other blocking commands have threads of their own.
            self.assertIn("host-name", answered(other, "guest-get-host-name"))

    def test_a_frozen_filesystem_and_the_end(self):
        with self.stuck_in_the_kernel() as (agent, connection, _):
            self.assertEqual(answered(connection, "guest-ping"), {})
            agent.process.send_signal(signal.SIGTERM)
            try:
                agent.process.wait(TEN_SECONDS)
            except subprocess.TimeoutExpired:
                self.fail("SIGTERM waits for a command that is stuck")

    def test_a_program_that_never_ends(self):
        agent = self.agent()
        connection = self.client(agent)
        pid = answered(connection, "guest-exec", path="/bin/sleep", arg=["1000"])["pid"]
        self.addCleanup(lambda: os.kill(pid, signal.SIGKILL))
        self.assert_served(connection)
        self.assertEqual(answered(connection, "guest-exec-status", pid=pid), {"exited": False})

    def test_a_client_that_does_not_read(self):
        agent = self.agent()
        deaf = self.client(agent)
        handle = answered(deaf, "guest-file-open", path="/dev/zero")
        deaf.send(agents.compact({"execute": "guest-file-read",
                                  "arguments": {"handle": handle, "count": 48 * MEGABYTE}}))
        deaf.read_until(b'"buf-b64": "AAAA', TEN_SECONDS)  # it has begun
        deaf.close()
        self.assert_served(self.client(agent))


class Clients(LifeTest):
    def test_one_that_leaves_in_the_middle_does_not_affect_the_next(self):
        agent = self.agent()
        message = '{"execute": "guest-sync", "arguments": {"id": 12345}, "id": ["é\\u00e9", {}]}'.encode()
        for length in range(1, len(message)):
            with agent.connect() as client:
                client.send(message[:length])
            with agent.connect() as client:
                client.send(message)
                self.assertEqual(json.loads(client.read_line(TEN_SECONDS))["return"], 12345,
                                 message[:length])

    def test_one_that_leaves_in_a_large_message_frees_its_memory(self):
        agent = self.agent()
        if sanitized(agent.process.pid):
            self.skipTest("memory is not measured under a sanitizer")
        for _ in range(6):
            with agent.connect() as client:
                client.send(b'{"execute": "guest-ping", "id": "' + b"x" * (40 * MEGABYTE))
        with agent.connect() as client:
            answered(client, "guest-ping")
            self.assertLess(status_value(agent.process.pid, "VmRSS"), 80 * 1024)

    def test_many_that_come_and_go(self):
        agent = self.agent()
        descriptors = f"/proc/{agent.process.pid}/fd"
        with agent.connect() as client:
            answered(client, "guest-ping")
            before = len(os.listdir(descriptors))
        for _ in range(300):
            with agent.connect() as client:
                answered(client, "guest-ping")
        with agent.connect() as client:
            answered(client, "guest-ping")
            self.assertEqual(len(os.listdir(descriptors)), before)

    def test_commands_leave_no_descriptors(self):
        agent = self.agent()
        client = self.client(agent)
        descriptors = f"/proc/{agent.process.pid}/fd"
        counts = []
        for _ in range(3):
            for _ in range(20):
                pid = answered(client, "guest-exec", path="/bin/cat", input_data="QUJD",
                               capture_output=True)["pid"]
                wait_for("the end of cat",
                         lambda pid=pid: answered(client, "guest-exec-status", pid=pid)["exited"])
                handle = answered(client, "guest-file-open", path="/dev/null")
                answered(client, "guest-file-close", handle=handle)
            counts.append(len(os.listdir(descriptors)))
        self.assertEqual(counts[1], counts[2], counts)


class Ends(LifeTest):
    def end(self, number):
        agent = self.agent()
        answered(self.client(agent), "guest-ping")
        agent.process.send_signal(number)
        return agent.process.wait(TEN_SECONDS)

    def test_sigterm_ends_with_status_0(self):
        self.assertEqual(self.end(signal.SIGTERM), 0)

    def test_sigint_ends_with_status_0(self):
        self.assertEqual(self.end(signal.SIGINT), 0)

    def test_sigpipe_and_sighup_of_a_client_do_not_end_it(self):
        agent = self.agent()
        agent.process.send_signal(signal.SIGPIPE)
        self.assertEqual(answered(self.client(agent), "guest-ping"), {})

    def test_sigterm_ends_while_a_message_is_half_read(self):
        agent = self.agent()
        client = self.client(agent)
        client.send(b'{"execute": ')
        agent.process.send_signal(signal.SIGTERM)
        self.assertEqual(agent.process.wait(TEN_SECONDS), 0)

    def test_frozen_it_ignores_sigterm(self):
        agent = self.agent(prepare=lambda directory: (directory / "qga.state.isfrozen").touch())
        client = self.client(agent)
        agent.process.send_signal(signal.SIGTERM)
        self.assertEqual(answered(client, "guest-fsfreeze-status"), "frozen")
        self.assertEqual(answered(client, "guest-fsfreeze-thaw"), 0)
        self.assertEqual(answered(client, "guest-fsfreeze-status"), "thawed")
        agent.process.send_signal(signal.SIGTERM)
        self.assertEqual(agent.process.wait(TEN_SECONDS), 0)

    def test_a_stale_socket_is_replaced(self):
        agent = self.agent()
        agent.process.kill()
        agent.process.wait()
        self.assertTrue(agent.socket_path.exists())
        agent.start()
        self.assertEqual(answered(self.client(agent), "guest-ping"), {})

    def test_handles_never_repeat(self):
        agent = self.agent()
        handles = []
        for end in ("stop", "kill", "stop", "kill", "stop"):
            with agent.connect() as client:
                handles += [answered(client, "guest-file-open", path="/dev/null")
                            for _ in range(3)]
            if end == "kill":
                agent.process.kill()
            agent.stop()
            agent.start()
        self.assertEqual(len(set(handles)), len(handles), handles)
        self.assertEqual(handles, sorted(handles))


class Freezes(LifeTest):
    def test_one_filesystem_by_name(self):
        with Loop() as loop:
            agent = self.agent(wrap=loop.wrap, unblocked=("guest-fsfreeze-freeze-list",))
            client = self.client(agent)
            frozen = answered(client, "guest-fsfreeze-freeze-list",
                              mountpoints=[str(loop.mountpoint)])
            try:
                self.assertEqual(frozen, 1)
                self.assertEqual(answered(client, "guest-fsfreeze-status"), "frozen")
                self.assertTrue((agent.directory / "qga.state.isfrozen").exists())
                refused = client.request({"execute": "guest-get-host-name"}, TEN_SECONDS)
                self.assertEqual(refused["error"]["class"], "CommandNotFound", refused)
                self.assertEqual(answered(client, "guest-fsfreeze-thaw"), 1)
                self.assertEqual(answered(client, "guest-fsfreeze-status"), "thawed")
                self.assertFalse((agent.directory / "qga.state.isfrozen").exists())
            finally:
                loop.fsfreeze(agent, "-u", check=False)
            handle = answered(client, "guest-file-open", path=str(loop.mountpoint / "new"),
                              mode="w")
            answered(client, "guest-file-close", handle=handle)
            agent.stop()


class ServiceManager(LifeTest):
    def test_a_socket_that_is_handed_over(self):
        agent = agents.Agent(agents.bellhopd(), channel=(None, None))
        self.addCleanup(agent.__exit__)
        agent.directory = pathlib.Path(tempfile.mkdtemp(prefix="bellhop-agent-"))
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.addCleanup(listener.close)
        listener.bind(str(agent.socket_path))
        listener.listen(1)
        # The socket becomes descriptor 3 and LISTEN_PID the agent's own, as systemd does it.
        agent.wrap = ["sh", "-c", f'exec 3<&{listener.fileno()}; '
                      'LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" "$@"']
        agent.pass_fds = (listener.fileno(),)
        agent.start()
        with agent.connect() as client:
            self.assertEqual(answered(client, "guest-ping"), {})
        with agent.connect() as client:
            self.assertEqual(answered(client, "guest-ping"), {})
        agent.process.send_signal(signal.SIGTERM)
        self.assertEqual(agent.process.wait(TEN_SECONDS), 0)
        self.assertTrue(agent.socket_path.exists(), "the socket is the service manager's")

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
            wait_for("the socket", agent._listens)
            with agent.connect() as client:
                self.assertEqual(answered(client, "guest-ping"), {})
        finally:
            os.kill(pid, signal.SIGTERM)
        wait_for("the end", lambda: not pathlib.Path(f"/proc/{pid}").exists())


class SerialLine(LifeTest):
    """isa-serial on a pseudo-terminal, which stands for the line."""

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

    def ask(self, master, number):
        """Sends a request until it is answered: a line that is being opened loses bytes."""
        os.set_blocking(master, False)
        received = b""
        request = b'\xff{"execute": "guest-sync-delimited", "arguments": {"id": %d}}\n' % number
        deadline = time.monotonic() + agents.PATIENCE
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
        self.fail(f"no answer on the line, only {received[-500:]!r}")

    def serial_agent(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="bellhop-line-"))
        self.addCleanup(shutil.rmtree, folder, True)
        line = folder / "line"
        master = self.plug(line)
        return self.agent(channel=("isa-serial", str(line))), line, master

    def test_answers(self):
        _, _, master = self.serial_agent()
        self.ask(master, 1)
        self.ask(master, 2)
        os.close(master)

    def test_comes_back_after_an_unplug(self):
        agent, line, master = self.serial_agent()
        self.ask(master, 1)
        agents.close_everywhere(master)
        line.unlink()
        time.sleep(0.2)
        self.assertIsNone(agent.process.poll(), agent.log())
        master = self.plug(line)
        self.ask(master, 2)
        os.close(master)

    def test_ends(self):
        agent, _, master = self.serial_agent()
        self.ask(master, 1)
        agent.process.send_signal(signal.SIGTERM)
        self.assertEqual(agent.process.wait(TEN_SECONDS), 0)
        os.close(master)


class Memory(LifeTest):
    def measured(self):
        agent = self.agent()
        if sanitized(agent.process.pid):
            self.skipTest("memory is not measured under a sanitizer")
        return agent

    def test_a_large_write_is_bounded(self):
        size = 48 * MEGABYTE - 768  # as base64 just below the limit of a message
        agent = self.measured()
        client = self.client(agent)
        path = agent.directory / "large"
        handle = answered(client, "guest-file-open", path=str(path), mode="w")
        data = bytes(range(256)) * (size // 256)
        request = {"execute": "guest-file-write",
                   "arguments": {"handle": handle, "buf-b64": agents.b64(data)}}
        self.assertEqual(client.request(request), {"return": {"count": size, "eof": False}})
        answered(client, "guest-file-close", handle=handle)
        self.assertEqual(path.read_bytes(), data)
        self.assertLess(status_value(agent.process.pid, "VmHWM"), 200 * 1024)

    def test_a_large_read_takes_no_memory(self):
        agent = self.measured()
        client = self.client(agent)
        path = agent.directory / "large"
        path.write_bytes(bytes(range(256)) * (48 * MEGABYTE // 256))
        handle = answered(client, "guest-file-open", path=str(path))
        answered(client, "guest-file-read", handle=handle, count=1)
        answered(client, "guest-file-seek", handle=handle, offset=0, whence="set")
        before = status_value(agent.process.pid, "VmHWM")
        read = client.call("guest-file-read", handle=handle, count=48 * MEGABYTE)
        self.assertEqual(read["count"], 48 * MEGABYTE)
        self.assertLess(status_value(agent.process.pid, "VmHWM") - before, 8 * 1024)


class Idle(LifeTest):
    SETTLE, WATCH = 3.0, 60.0

    def switches(self, agent):
        total = 0
        for task in pathlib.Path(f"/proc/{agent.process.pid}/task").iterdir():
            text = (task / "status").read_text(encoding="ascii", errors="replace")
            total += sum(int(line.split()[1]) for line in text.splitlines()
                         if line.startswith("voluntary_ctxt_switches"))
        return total

    @contextlib.contextmanager
    def line_without_host(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="bellhop-line-"))
        try:
            yield self.agent(channel=("isa-serial", str(folder / "missing")), options=["-r"])
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def worked(self):
        """An agent that has done something of everything, its client still there."""
        agent = self.agent()
        client = self.client(agent)
        pid = answered(client, "guest-exec", path="/bin/true")["pid"]
        wait_for("the end of true",
                 lambda: answered(client, "guest-exec-status", pid=pid)["exited"])
        handle = answered(client, "guest-file-open", path="/dev/zero")
        answered(client, "guest-file-read", handle=handle, count=MEGABYTE)
        answered(client, "guest-sync", id=1)
        return agent

    def left(self):
        agent = self.agent()
        with agent.connect() as client:
            answered(client, "guest-get-host-name")
        return agent

    @long
    def test_makes_no_system_call_for_a_minute(self):
        with self.line_without_host() as waiting:
            idle = {"never used": self.agent(), "a client is there": self.worked(),
                    "its client left": self.left(), "its line is missing": waiting}
            if any(sanitized(agent.process.pid) for agent in idle.values()):
                self.skipTest("a sanitizer's threads are not ours")
            time.sleep(self.SETTLE)
            before = {name: self.switches(agent) for name, agent in idle.items()}
            with contextlib.ExitStack() as stack:
                traces = {name: stack.enter_context(Trace(agent))
                          for name, agent in list(idle.items())[1:]}
                time.sleep(self.WATCH)
                after = {name: self.switches(agent) for name, agent in idle.items()}
            # One is not traced: tracing itself wakes an agent up once.
            self.assertEqual(after["never used"], before["never used"])
            for name, trace in traces.items():
                if trace.works:
                    self.assertEqual(trace.calls(), [], name)
                else:
                    self.assertEqual(after[name], before[name], name)


class Trace:
    """strace on all threads of an agent, if it can be had."""

    def __init__(self, agent):
        self.path = agent.directory / "trace"
        self.works = bool(shutil.which("strace"))
        if not self.works:
            return
        self.process = agents.spawn(["strace", "-f", "-ttt", "-o", str(self.path),
                                     "-p", str(agent.process.pid)],
                                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                    stderr=subprocess.PIPE)
        self.works = b"attached" in self.process.stderr.readline()
        self.begun = time.time() + 1.0  # attaching restarts the call that waits

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if shutil.which("strace"):
            self.ended = time.time()
            self.process.send_signal(signal.SIGINT)
            self.process.communicate(timeout=agents.PATIENCE)

    def calls(self):
        found = []
        for line in self.path.read_text(encoding="utf-8", errors="replace").splitlines():
            when = float(line.split()[1])
            if self.begun < when < self.ended and "detached" not in line:
                found.append(line)
        return found


if __name__ == "__main__":
    unittest.main()
