# SPDX-License-Identifier: Apache-2.0
"""Starts guest agents, bellhopd or a real qemu-ga, and talks to them over a unix socket."""

import atexit
import base64
import functools
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]

# Commands that an agent on a real machine must never run. Every agent starts with these blocked,
# and no test sends them unless it lists them as `unblocked`.
DANGEROUS = (
    "guest-shutdown", "guest-suspend-disk", "guest-suspend-ram", "guest-suspend-hybrid",
    "guest-set-time", "guest-fsfreeze-freeze", "guest-fsfreeze-freeze-list", "guest-fstrim",
    "bellhop-fsfreeze",
    "guest-set-user-password", "guest-set-vcpus", "guest-set-memory-blocks",
    "guest-ssh-add-authorized-keys", "guest-ssh-remove-authorized-keys",
)

SUITES = ("sid", "trixie", "bookworm")  # newest first

CAP_SYS_ADMIN = 21  # of linux/capability.h

TIMEOUT = 30.0  # seconds for any event that must happen; not a measure of speed


class Unavailable(unittest.SkipTest):
    """Something that a test needs is not available here. Skips the test; the message says why."""


# The package of each program that tests need, in Debian and Ubuntu; others have the program's name.
_PACKAGES = {
    "sh": "dash", "sleep": "coreutils", "ldd": "libc-bin", "chpasswd": "passwd", "ip": "iproute2",
    "umount": "mount", "losetup": "mount", "mksquashfs": "squashfs-tools",
    "unshare": "util-linux", "nsenter": "util-linux", "setpriv": "util-linux",
    "fsfreeze": "util-linux", "pivot_root": "util-linux",
    "mkfs.ext4": "e2fsprogs", "mkfs.xfs": "xfsprogs", "mkfs.btrfs": "btrfs-progs",
    "btrfs": "btrfs-progs", "mkfs.vfat": "dosfstools",
}


def missing_program(*programs):
    """The first of the programs that is not installed, with its package, as the reason to skip a
    test. None if all are installed."""
    for program in programs:
        if not shutil.which(program):
            return f"needs {program}, package {_PACKAGES.get(program, program)}"
    return None


class NoReply(AssertionError):
    """The agent did not answer in time, or disconnected."""


def build_directories():
    named = os.environ.get("BELLHOP_BUILD")
    if named:
        return [pathlib.Path(named)]
    # Only at these depths: beside builds there may be whole root filesystems of guests.
    found = [path for pattern in ("build*", "build*/*")
             for path in ROOT.glob(f"{pattern}/CMakeCache.txt")]
    return sorted((path.parent for path in found), key=lambda p: p.stat().st_mtime, reverse=True)


def bellhopd():
    """The path of the bellhopd to test: $AGENT or $BELLHOPD, else the newest build's."""
    named = os.environ.get("AGENT") or os.environ.get("BELLHOPD")
    if named:
        if not os.access(named, os.X_OK):
            raise AssertionError(f"{named} is not executable")
        return os.path.abspath(named)
    for build in build_directories():
        program = build / "src" / "bellhopd"
        if os.access(program, os.X_OK):
            return str(program)
    raise AssertionError("bellhopd is not built (set AGENT to name one)")


_spawning = threading.Lock()


def spawn(*arguments, **options):
    """subprocess.Popen for tests that run concurrently in threads. Excludes close_everywhere():
    between fork and exec a child has copies of all descriptors."""
    with _spawning:
        return subprocess.Popen(*arguments, **options)


def close_everywhere(descriptor):
    """Closes a descriptor while no child is between fork and exec, so that no copy stays open."""
    with _spawning:
        os.close(descriptor)


_oracles = {}


def oracle(suite):
    """The path of the real qemu-ga of a Debian suite. Raises Unavailable."""
    if suite not in _oracles:
        try:
            run = subprocess.run([ROOT / "tools" / "get-qemu-ga", suite], text=True, timeout=300,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
            _oracles[suite] = (run.stdout.strip(), run.stderr.strip().replace("\n", "; "))
        except subprocess.TimeoutExpired:
            _oracles[suite] = ("", "get-qemu-ga took more than 300 s")
    command, reason = _oracles[suite]
    if not command:
        raise Unavailable(f"no qemu-ga of {suite}: {reason}")
    return command


@functools.lru_cache(maxsize=None)
def version(command):
    """(kind, (major, minor, micro)) of an agent, from its --version."""
    text = subprocess.run([command, "--version"], text=True, stdout=subprocess.PIPE, check=True,
                          timeout=TIMEOUT).stdout
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    if not found:
        raise Unavailable(f"{command} --version says {text!r}")
    kind = "qemu-ga" if text.startswith("QEMU") else "bellhopd"
    return kind, tuple(int(part or 0) for part in found.groups())


def record(kind, request, reply):
    """Appends a request and its reply to the file $BELLHOP_RECORD, for schema_test."""
    path = os.environ.get("BELLHOP_RECORD")
    if not path or not isinstance(request, dict):
        return
    line = json.dumps({"agent": kind, "request": _abbreviated(request),
                       "reply": _abbreviated(reply)}) + "\n"
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(file, line.encode())
    finally:
        os.close(file)


def _abbreviated(value):
    if isinstance(value, str):
        return value[:4096]
    if isinstance(value, list):
        return [_abbreviated(element) for element in value[:4096]]
    if isinstance(value, dict):
        return {key: _abbreviated(member) for key, member in value.items()}
    return value


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True).encode()


class Connection:
    """One client's connection to an agent. Every read has a timeout, in seconds."""

    def __init__(self, path, kind="bellhopd", timeout=TIMEOUT):
        self.kind = kind
        self.timeout = timeout
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        self.socket.connect(str(path))
        self.buffer = bytearray()

    def send(self, data):
        self.socket.settimeout(self.timeout)
        self.socket.sendall(data)

    def read_line(self, timeout=None):
        """The next line with its line feed. Raises NoReply."""
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        searched = 0
        while True:
            end = self.buffer.find(b"\n", searched)
            if end >= 0:
                line = bytes(self.buffer[:end + 1])
                del self.buffer[:end + 1]
                return line
            searched = len(self.buffer)
            self._receive(deadline)

    def read_until(self, marker, timeout=None):
        """Everything up to and including `marker`. Raises NoReply."""
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        searched = 0
        while True:
            end = self.buffer.find(marker, searched)
            if end >= 0:
                data = bytes(self.buffer[:end + len(marker)])
                del self.buffer[:end + len(marker)]
                return data
            searched = max(0, len(self.buffer) - len(marker) + 1)
            self._receive(deadline)

    def _receive(self, deadline):
        left = deadline - time.monotonic()
        try:
            if left <= 0:
                raise TimeoutError
            self.socket.settimeout(left)
            data = self.socket.recv(1 << 20)
        except TimeoutError:
            raise NoReply(f"no reply in time; read so far: {bytes(self.buffer[:2000])!r}") from None
        except ConnectionResetError:
            data = b""
        if not data:
            raise NoReply(f"the agent disconnected; read so far: {bytes(self.buffer[:2000])!r}")
        self.buffer += data

    def request(self, request, timeout=None):
        """Sends one request and returns the decoded reply."""
        self.send(compact(request) + b"\n")
        return self.reply_to(request, timeout)

    def reply_to(self, request, timeout=None):
        reply = json.loads(self.read_line(timeout).lstrip(b"\xff"))
        record(self.kind, request, reply)
        return reply

    def call(self, command, timeout=None, **arguments):
        """Calls a command and returns its return value. '_' in argument names stands for '-'."""
        request = {"execute": command}
        if arguments:
            request["arguments"] = {key.replace("_", "-"): value
                                    for key, value in arguments.items()}
        reply = self.request(request, timeout)
        if "return" not in reply:
            raise AssertionError(f"{command}: {reply}")
        return reply["return"]

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def skip_unless_thaw_allowed():
    """Skips the test where bellhopd may not thaw. There it cannot rule out that a filesystem is
    frozen and reports an error (`thaw-failed` in docs/compatibility.md)."""
    status = pathlib.Path("/proc/self/status").read_text(encoding="utf-8")
    capabilities = int(re.search(r"^CapEff:\s*(\w+)", status, re.MULTILINE)[1], 16)
    if not capabilities >> CAP_SYS_ADMIN & 1:
        raise unittest.SkipTest("thawing needs the capability CAP_SYS_ADMIN")


_POLLS = {"x86_64": ("7", "271"), "aarch64": ("73",)}.get(os.uname().machine)  # poll, ppoll


def _is_polling(pid):
    try:
        call = pathlib.Path(f"/proc/{pid}/syscall").read_text(encoding="utf-8").split()
    except OSError:
        return True  # it has exited, or the kernel does not report it
    return _POLLS is None or call[0] in _POLLS


def send_signal(pid, kind, number):
    """Sends the signal; to qemu-ga only while it polls for input. Its signal handler takes a lock
    that the interrupted code may hold, which is a deadlock. Do not disconnect a client of qemu-ga
    just before: it may start to handle that between the check and the signal."""
    deadline = time.monotonic() + TIMEOUT
    while kind == "qemu-ga" and number != signal.SIGKILL and not _is_polling(pid):
        if time.monotonic() > deadline:
            raise AssertionError("qemu-ga does not become idle")
        time.sleep(0.001)
    os.kill(pid, number)


def stop_process(process, kind, number, timeout=TIMEOUT):
    """Sends the signal as send_signal() does and waits. Returns the exit status."""
    if process.poll() is None:
        send_signal(process.pid, kind, number)
    return process.wait(timeout)


_running = {}


@atexit.register
def _stop_all():
    for process in list(_running.values()):
        if process.poll() is None:
            process.kill()


class Agent:
    """An agent that runs in its own temporary directory. Use it in a `with`.

    options: more command-line options. block: more commands to block. allow: commands for -a.
    configuration: text of the file that QGA_CONF names; ${dir} and ${blocked} are replaced.
    unblocked: dangerous commands that the test may use because it made what they work on.
    prepare: called with the directory before the start.
    wrap: a command to start it with, such as strace.
    channel: (method, path) instead of the socket; (None, None): the service manager's socket.
    bellhop_configuration: text of Bellhop's own configuration file.
    """

    def __init__(self, command, options=(), block=(), allow=None, configuration="",
                 environment=None, unblocked=(), prepare=None, wrap=(), channel=None,
                 bellhop_configuration=""):
        self.command = command
        self.kind, self.version = version(command)
        self.options = list(options)
        self.environment = dict(environment or {})
        self.wrap = list(wrap)
        self.blocked = ",".join([c for c in DANGEROUS if c not in unblocked] + list(block))
        self.allow = allow
        self.configuration = configuration
        self.prepare = prepare
        self.channel = channel
        self.bellhop_configuration = bellhop_configuration
        self.directory = None
        self.pass_fds = ()
        self.process = None
        self.status = None
        self.final_log = ""

    def __enter__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="bellhop-agent-"))
        try:
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *_):
        # The clients of qemu-ga may just have disconnected: see send_signal(). Bellhop ignores
        # SIGTERM while frozen.
        kill = self.kind == "qemu-ga" or (self.directory / "qga.state.isfrozen").exists()
        self.stop(signal.SIGKILL if kill else signal.SIGTERM)
        self.final_log = self.log()
        if self.directory:
            shutil.rmtree(self.directory, ignore_errors=True)

    @property
    def working_directory(self):
        """The agent's working directory: never the tests' own."""
        work = self.directory / "work"
        return work if work.is_dir() else self.directory

    @property
    def socket_path(self):
        return self.directory / "sock"

    @property
    def log_path(self):
        return self.directory / "log"

    def arguments(self):
        conf_blocks = "${blocked}" in self.configuration
        method, path = self.channel or ("unix-listen", str(self.socket_path))
        arguments = ["-t", str(self.directory)]
        if method:
            arguments += ["-m", method, "-p", path]
        if self.kind == "bellhopd":
            arguments += ["--bellhop-config", str(self.directory / "bellhop.conf")]
        if not conf_blocks:
            arguments += ["-b", self.blocked]
        if self.allow is not None:
            assert not set(self.allow) & set(DANGEROUS)
            arguments += ["-a", ",".join(self.allow)]
        return arguments + [option.replace("${dir}", str(self.directory))
                            for option in self.options]

    def environ(self, configuration_path):
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "QGA_CONF": str(configuration_path),
                       "TMPDIR": str(self.directory)}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS"):
            if name in os.environ:
                environment[name] = os.environ[name]
        environment.update(self.environment)
        return {name: value.replace("${dir}", str(self.directory))
                for name, value in environment.items() if value is not None}

    def start(self, wait=True):
        configuration_path = self.directory / "agent.conf"
        configuration_path.write_text(self.configuration.replace("${dir}", str(self.directory))
                                      .replace("${blocked}", self.blocked), encoding="utf-8")
        if self.kind == "bellhopd":
            (self.directory / "bellhop.conf").write_text(self.bellhop_configuration,
                                                         encoding="utf-8")
        if self.prepare:
            self.prepare(self.directory)
        with open(self.log_path, "ab") as log:
            self.process = spawn(
                self.wrap + [self.command] + self.arguments(), stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, env=self.environ(configuration_path),
                cwd=self.working_directory, pass_fds=self.pass_fds)
        _running[self.process.pid] = self.process
        if wait and not self.channel:
            self.wait_for_socket()

    def wait_for_socket(self):
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"{self.command} ended with {self.process.returncode}: "
                                     f"{self.log()}")
            if self.socket_path.exists() and self.is_listening():
                return
            time.sleep(0.005)
        raise AssertionError(f"{self.command} made no socket: {self.log()}")

    def is_listening(self):
        # The agent serves one client at a time, so a connecting probe would disturb it; /proc shows
        # the same. The agent may be in its own network namespace, or be a daemon in this one.
        pid = self.process.pid if self.process.poll() is None else "self"
        try:
            with open(f"/proc/{pid}/net/unix", encoding="utf-8", errors="replace") as table:
                return any(line.rstrip("\n").endswith(" " + str(self.socket_path)) and
                           line.split()[3] == "00010000" for line in table)
        except OSError:
            return False  # it has just exited

    def stop(self, number=signal.SIGTERM, timeout=TIMEOUT):
        """Stops the agent with the signal, after the timeout with SIGKILL. Returns its exit
        status."""
        process, self.process = self.process, None
        if process is None:
            return self.status
        try:
            stop_process(process, self.kind, number, timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        _running.pop(process.pid, None)
        self.status = process.returncode
        return self.status

    def log(self):
        try:
            return self.log_path.read_text(encoding="utf-8", errors="replace")[-4000:]
        except OSError:
            return ""

    def connect(self, timeout=TIMEOUT):
        return Connection(self.socket_path, self.kind, timeout)


def b64(data):
    return base64.b64encode(data).decode()
