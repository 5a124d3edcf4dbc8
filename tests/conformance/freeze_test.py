#!/usr/bin/env python3
"""Freezes and thaws real filesystems through an agent.

The filesystems are made for the test, on loop devices, in a mount namespace of its own. A second
process, started before anything is frozen, holds all freezable mounts of that namespace open and
thaws them after a minute, or at once when the test ends in whatever way.

Environment: BELLHOPD is the agent to test, QEMU_GA (optional) a real qemu-ga that must pass the
same tests. Ends with status 77 when the machine does not allow the test, and says why.
"""

import fcntl
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

FIFREEZE = 0xC0045877
FITHAW = 0xC0045878
WATCHDOG_SECONDS = 60
PATIENCE = 10  # seconds until something that should happen is given up
SKIPPED = 77

ROOT = os.environ.get("FREEZE_TEST_ROOT", "")
OUTER_NAMESPACE = os.environ.get("FREEZE_TEST_OUTER", "")


def freezable_mountpoints():
    """The mountpoints of this namespace that a freeze could reach."""
    with open("/proc/self/mountinfo") as table:
        for line in table:
            words = line.split()
            if not words[2].startswith("0:") or " - btrfs " in line:
                yield re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), words[4])


def watchdog():
    """Thaws everything after WATCHDOG_SECONDS or when standard input ends."""
    os.setsid()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    descriptors = [os.open(path, os.O_RDONLY) for path in freezable_mountpoints()
                   if os.path.exists(path)]
    os.write(1, b"ready\n")
    select.select([0], [], [], WATCHDOG_SECONDS)
    for descriptor in descriptors:
        for _ in range(100):
            try:
                fcntl.ioctl(descriptor, FITHAW, 0)
            except OSError:
                break


def mount(*arguments):
    subprocess.run(["mount", *arguments], check=True, capture_output=True, text=True)


def make_filesystem(name, mountpoint=None):
    """An ext4 on a loop device; returns where it is mounted."""
    mountpoint = mountpoint or f"{ROOT}/{name}"
    image = f"{ROOT}/{name}.image"
    with open(image, "wb") as file:
        file.truncate(16 << 20)
    os.makedirs(mountpoint, exist_ok=True)
    subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True, capture_output=True)
    mount("-o", "loop", image, mountpoint)
    return mountpoint


def guard(path):
    """No system call that freezes goes anywhere but to the test's own filesystems."""
    assert ROOT.startswith("/tmp/") and path.startswith(ROOT + "/"), path
    assert os.readlink("/proc/self/ns/mnt") != OUTER_NAMESPACE
    return path


def control(path, request):
    descriptor = os.open(guard(path), os.O_RDONLY)
    try:
        fcntl.ioctl(descriptor, request, 0)
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)


def is_frozen(path):
    """Whether it cannot be frozen because it is."""
    if control(path, FIFREEZE):
        control(path, FITHAW)
        return False
    return True


class Writer:
    """A process that writes a file, and may have to wait for it."""

    def __init__(self, path):
        self.path = path
        self.output, child_output = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                with open(path, "w") as file:
                    file.write("written")
                os.write(child_output, b"done")
            finally:
                os._exit(0)
        os.close(child_output)

    def state(self):
        with open(f"/proc/{self.pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0]

    def waits_for_the_freeze(self):
        """Whether the kernel holds it where writers wait for a thaw."""
        if self.state() != "D":
            return False
        for name in ("stack", "wchan"):
            try:
                with open(f"/proc/{self.pid}/{name}") as file:
                    where = file.read()
            except OSError:
                continue
            if where.strip("0\n"):
                return re.search("percpu_rwsem|sb_start_write|mnt_want_write|freeze", where)
        return True  # the kernel does not tell where

    def is_done(self, seconds=0):
        return bool(select.select([self.output], [], [], seconds)[0])

    def finish(self):
        assert self.is_done(PATIENCE), "the writer still waits"
        os.close(self.output)
        os.waitpid(self.pid, 0)


def until(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


class Agent:
    """An agent on a unix socket."""

    def __init__(self, program, directory, *options):
        self.directory = directory
        self.socket_path = directory + "/socket"
        # Whatever goes wrong here, nothing without a list of mountpoints gets through.
        self.process = subprocess.Popen(
            [program, "-m", "unix-listen", "-p", self.socket_path, "-t", directory,
             "--block-rpcs=guest-fsfreeze-freeze,guest-shutdown", *options],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.buffer = b""
        self.connection = None
        if not until(self.connect):
            raise AssertionError("the agent does not listen")

    def connect(self):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(PATIENCE)
        try:
            connection.connect(self.socket_path)
        except OSError:
            connection.close()
            return False
        self.connection = connection
        return True

    def send(self, command, identifier=None, **arguments):
        request = {"execute": command}
        if arguments:
            request["arguments"] = arguments
        if identifier is not None:
            request["id"] = identifier
        self.connection.sendall(json.dumps(request).encode() + b"\n")

    def receive(self):
        while b"\n" not in self.buffer:
            piece = self.connection.recv(65536)
            if not piece:
                raise AssertionError("the agent closed the connection")
            self.buffer += piece
        line, _, self.buffer = self.buffer.partition(b"\n")
        return json.loads(line)

    def call(self, command, **arguments):
        """What the command returns, or the text of its error."""
        self.send(command, **arguments)
        reply = self.receive()
        return reply["error"]["desc"] if "error" in reply else reply["return"]

    def freeze(self, *mountpoints):
        """Only mountpoints of the test, or names that are none, may be asked for."""
        for path in mountpoints:
            if os.path.exists(path):
                guard(path)
        return self.call("guest-fsfreeze-freeze-list", mountpoints=list(mountpoints))

    def thaw(self):
        return self.call("guest-fsfreeze-thaw")

    def status(self):
        return self.call("guest-fsfreeze-status")

    def stop(self, number=signal.SIGKILL):
        self.connection.close()
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(PATIENCE)


class Filesystems:
    """What all tests freeze: made once."""

    @classmethod
    def make(cls):
        cls.a = make_filesystem("a")
        cls.b = make_filesystem("b")
        cls.nested = make_filesystem("nested", cls.a + "/nested")
        cls.blank = make_filesystem("blank", f"{ROOT}/with blank")
        cls.bind = f"{ROOT}/bind"
        os.makedirs(cls.bind)
        mount("--bind", cls.b, cls.bind)
        cls.tmpfs = f"{ROOT}/tmpfs"
        os.makedirs(cls.tmpfs)
        mount("-t", "tmpfs", "none", cls.tmpfs)
        # A mountpoint that is in the table and cannot be reached.
        cls.hidden = make_filesystem("hidden", f"{ROOT}/over/hidden")
        mount("-t", "tmpfs", "none", f"{ROOT}/over")


class FreezeTests:
    """What every agent must do; PROGRAM is set by the classes below."""

    PROGRAM = ""

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="state-", dir=ROOT)
        self.agents = []

    def tearDown(self):
        for agent in self.agents:
            agent.stop()
        # What an agent left frozen must not reach the next test.
        for path in (Filesystems.a, Filesystems.b, Filesystems.nested, Filesystems.blank):
            while control(path, FITHAW):
                pass

    def start(self, *options):
        agent = Agent(self.PROGRAM, self.directory, *options)
        self.agents.append(agent)
        return agent

    def hook(self, script, mode=0o755):
        path = f"{self.directory}/hook"
        with open(path, "w") as file:
            file.write(f"#!/bin/sh\necho \"$@\" >>{self.directory}/hook-log\n{script}\n")
        os.chmod(path, mode)
        return f"--fsfreeze-hook={path}"

    def hook_log(self):
        with open(f"{self.directory}/hook-log") as file:
            return file.read().split()

    def test_a_write_waits_until_the_thaw(self):
        agent = self.start()
        self.assertEqual(agent.freeze(Filesystems.a), 1)
        self.assertEqual(agent.status(), "frozen")
        writer = Writer(Filesystems.a + "/file")
        try:
            self.assertTrue(until(writer.waits_for_the_freeze), "the write does not wait")
            self.assertFalse(writer.is_done())
            self.assertFalse(is_frozen(Filesystems.b))
        finally:
            thawed = agent.thaw()
            writer.finish()
        self.assertEqual(thawed, 1)
        self.assertEqual(agent.status(), "thawed")
        with open(Filesystems.a + "/file") as file:
            self.assertEqual(file.read(), "written")

    def test_freezes_what_is_named(self):
        agent = self.start()
        for names, count in (
                ([Filesystems.a, Filesystems.b], 2),
                ([Filesystems.a, Filesystems.nested], 2),
                ([Filesystems.a, Filesystems.a], 1),
                ([Filesystems.b, Filesystems.bind], 1),
                ([Filesystems.blank], 1),
                ([Filesystems.a, "/nonexistent"], 1)):
            with self.subTest(names=names):
                self.assertEqual(agent.freeze(*names), count)
                self.assertEqual(agent.status(), "frozen")
                for name in names:
                    if os.path.exists(name):
                        self.assertTrue(is_frozen(name), name)
                self.assertEqual(agent.thaw(), count)
                for name in names:
                    if os.path.exists(name):
                        self.assertFalse(is_frozen(name), name)

    def test_freezes_nothing_else(self):
        agent = self.start()
        for names in ([], ["/nonexistent"], [Filesystems.tmpfs], [Filesystems.bind],
                      [Filesystems.a + "/"], [Filesystems.a + "/lost+found"]):
            with self.subTest(names=names):
                self.assertEqual(agent.freeze(*names), 0)
                self.assertEqual(agent.status(), "thawed")
                self.assertFalse(os.path.exists(self.directory + "/qga.state.isfrozen"))

    def test_an_error_thaws_everything(self):
        agent = self.start()
        self.assertEqual(
            agent.freeze(Filesystems.a, Filesystems.hidden),
            f"failed to open {Filesystems.hidden}: No such file or directory")
        self.assertEqual(agent.status(), "thawed")
        self.assertFalse(is_frozen(Filesystems.a))

    def test_what_others_froze(self):
        agent = self.start()
        control(Filesystems.a, FIFREEZE)
        self.assertEqual(agent.freeze(Filesystems.a), 0)
        self.assertEqual(agent.status(), "thawed")
        self.assertEqual(agent.freeze(Filesystems.a, Filesystems.b), 1)
        self.assertEqual(agent.thaw(), 2)
        self.assertFalse(is_frozen(Filesystems.a))
        control(Filesystems.a, FIFREEZE)
        self.assertEqual(agent.thaw(), 1)
        self.assertFalse(is_frozen(Filesystems.a))
        self.assertEqual(agent.thaw(), 0)

    def test_refuses_other_commands_while_frozen(self):
        agent = self.start()
        self.assertEqual(agent.freeze(Filesystems.a), 1)
        disabled = "Command {} has been disabled: the command is not allowed"
        self.assertEqual(agent.freeze(Filesystems.b),
                         disabled.format("guest-fsfreeze-freeze-list"))
        for name in ("guest-get-time", "guest-get-osinfo"):
            self.assertEqual(agent.call(name), disabled.format(name))
        served = {"guest-ping", "guest-sync", "guest-sync-delimited", "guest-info",
                  "guest-fsfreeze-status", "guest-fsfreeze-thaw"}
        enabled = {command["name"] for command in agent.call("guest-info")["supported_commands"]
                   if command["enabled"] and command["name"].startswith("guest-")}
        self.assertEqual(enabled, served)
        self.assertEqual(agent.thaw(), 1)
        self.assertIsInstance(agent.call("guest-get-time"), int)

    def test_is_still_frozen_after_a_crash(self):
        agent = self.start()
        self.assertEqual(agent.freeze(Filesystems.a), 1)
        self.assertTrue(os.path.exists(self.directory + "/qga.state.isfrozen"))
        agent.stop(signal.SIGKILL)
        os.unlink(agent.socket_path)
        agent = self.start()
        self.assertEqual(agent.status(), "frozen")
        self.assertTrue(is_frozen(Filesystems.a))
        self.assertEqual(agent.thaw(), 1)
        self.assertFalse(is_frozen(Filesystems.a))
        self.assertFalse(os.path.exists(self.directory + "/qga.state.isfrozen"))

    def test_does_not_end_while_frozen(self):
        agent = self.start()
        self.assertEqual(agent.freeze(Filesystems.a), 1)
        agent.process.terminate()
        self.assertEqual(agent.status(), "frozen")
        self.assertEqual(agent.thaw(), 1)
        self.assertEqual(agent.stop(signal.SIGTERM), 0)

    def test_hook_is_called_before_and_after(self):
        agent = self.start(self.hook("exit 0"))
        self.assertEqual(agent.freeze(Filesystems.a), 1)
        self.assertEqual(self.hook_log(), ["freeze"])
        self.assertEqual(agent.thaw(), 1)
        self.assertEqual(self.hook_log(), ["freeze", "thaw"])

    def test_hook_that_fails_prevents_the_freeze(self):
        agent = self.start(self.hook("echo out; echo err >&2; exit 3"))
        self.assertEqual(agent.freeze(Filesystems.a),
                         "child process has failed to execute fsfreeze hook: out\nerr\n")
        self.assertEqual(agent.status(), "thawed")
        self.assertFalse(is_frozen(Filesystems.a))

    def test_hook_that_a_signal_ends(self):
        agent = self.start(self.hook("kill -9 $$"))
        self.assertEqual(agent.freeze(Filesystems.a), "child process has terminated abnormally")
        self.assertEqual(agent.status(), "thawed")

    def test_hook_that_cannot_be_run(self):
        agent = self.start(self.hook("", mode=0o644))
        self.assertEqual(
            agent.freeze(Filesystems.a),
            "child process has failed to execute fsfreeze hook: failed to exec "
            f"'{self.directory}/hook': Permission denied\n")
        os.unlink(f"{self.directory}/hook")
        self.assertEqual(
            agent.freeze(Filesystems.a),
            "child process has failed to execute fsfreeze hook: failed to exec "
            f"'{self.directory}/hook': No such file or directory\n")
        self.assertEqual(agent.status(), "thawed")

    def test_hook_that_fails_at_the_thaw(self):
        agent = self.start(self.hook("[ $1 = freeze ] || { echo no; exit 1; }"))
        self.assertEqual(agent.freeze(Filesystems.a), 1)
        self.assertEqual(agent.thaw(),
                         "child process has failed to execute fsfreeze hook: no\n")
        self.assertEqual(agent.status(), "thawed")
        self.assertFalse(is_frozen(Filesystems.a))


class Bellhop(FreezeTests, unittest.TestCase):
    """Bellhop, with what it does on purpose otherwise than qemu-ga."""

    PROGRAM = os.environ.get("BELLHOPD", "")

    def test_thaws_what_was_hidden_meanwhile(self):
        agent = self.start()
        self.assertEqual(agent.freeze(Filesystems.b), 1)
        mount("-t", "tmpfs", "none", Filesystems.b)
        try:
            self.assertEqual(agent.thaw(), 1)
        finally:
            subprocess.run(["umount", Filesystems.b], check=True)
        self.assertFalse(is_frozen(Filesystems.b))

    def test_hook_is_told_when_nothing_was_frozen(self):
        agent = self.start(self.hook("exit 0"))
        self.assertEqual(agent.freeze("/nonexistent"), 0)
        self.assertEqual(self.hook_log(), ["freeze", "thaw"])

    def test_thaw_stops_a_hook_that_sleeps(self):
        started = f"{self.directory}/started"
        agent = self.start(self.hook(
            f"[ $1 = freeze ] || exit 0; echo >{started}; exec sleep 1000"))
        agent.send("guest-fsfreeze-freeze-list", "freeze", mountpoints=[guard(Filesystems.a)])
        self.assertTrue(until(lambda: os.path.exists(started)))
        agent.send("guest-fsfreeze-thaw", "thaw")
        replies = {reply["id"]: reply for reply in (agent.receive(), agent.receive())}
        self.assertIn("error", replies["freeze"])
        self.assertEqual(replies["thaw"].get("return"), 0)
        self.assertEqual(agent.status(), "thawed")
        self.assertFalse(is_frozen(Filesystems.a))


if os.environ.get("QEMU_GA"):
    class QemuGa(FreezeTests, unittest.TestCase):
        """The real one: shows that the tests above are right."""

        PROGRAM = os.environ["QEMU_GA"]


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


def outer():
    """Checks what the test needs and runs it in a mount namespace of its own."""
    if not os.environ.get("BELLHOPD"):
        skip("BELLHOPD does not name an agent")
    if os.geteuid() != 0:
        skip("only root can make and freeze filesystems")
    for program in ("mkfs.ext4", "mount", "unshare"):
        if not shutil.which(program):
            skip(f"there is no {program}")
    if not os.path.exists("/dev/loop-control"):
        subprocess.run(["modprobe", "loop"], capture_output=True, check=False)
    if not os.path.exists("/dev/loop-control"):
        skip("the kernel has no loop devices, not even after `modprobe loop`")
    root = tempfile.mkdtemp(prefix="bellhop-freeze-", dir="/tmp")
    environment = dict(os.environ, FREEZE_TEST_ROOT=root,
                       FREEZE_TEST_OUTER=os.readlink("/proc/self/ns/mnt"))
    try:
        return subprocess.run(
            ["unshare", "--mount", "--propagation", "private", sys.executable,
             os.path.abspath(__file__), *sys.argv[1:]], env=environment, check=False).returncode
    finally:
        os.rmdir(root)


def inner():
    """Makes the filesystems, starts the watchdog and runs the tests."""
    assert os.readlink("/proc/self/ns/mnt") != OUTER_NAMESPACE
    mount("-t", "tmpfs", "none", ROOT)
    try:
        Filesystems.make()
    except subprocess.CalledProcessError as error:
        skip(f"cannot make a filesystem on a loop device: {error.stderr}")
    dog = subprocess.Popen([sys.executable, os.path.abspath(__file__), "watchdog"],
                           stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert dog.stdout.readline() == b"ready\n"
    try:
        unittest.main(verbosity=2, exit=True)
    finally:
        dog.stdin.close()
        dog.wait()


if __name__ == "__main__":
    if sys.argv[1:] == ["watchdog"]:
        watchdog()
    elif ROOT:
        inner()
    else:
        sys.exit(outer())
