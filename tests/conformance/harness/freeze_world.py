# SPDX-License-Identifier: Apache-2.0
"""An isolated root filesystem, the world, for tests that freeze and trim filesystems.

A test file that uses this module is a separate program and ends with main(). That runs the program
again in a private mount namespace, creates a small root filesystem in memory with the agents and
the few programs that the tests need, changes to it with pivot_root and unmounts the machine's
filesystems: no request to an agent in there can reach them. The kernel's mount table is checked for
that before each start of an agent.

A second process, the watchdog, thaws every filesystem in there if no test has started for a minute
(WATCHDOG_SECONDS), and at once when the tests exit for any reason. A test that waits for a thaw asks
`watchdog.has_fired()`, so that this thaw does not count.

Environment: BELLHOPD is the agent to test, QEMU_GA a real qemu-ga that must pass the same tests
(default: the one of tools/get-qemu-ga).
"""

# All modules are loaded here: the world does not contain their files.
import concurrent.futures.thread  # noqa: F401, pylint: disable=unused-import
import contextlib
import ctypes
import fcntl
import json
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from harness import agents

FIFREEZE = 0xC0045877
FITHAW = 0xC0045878
MNT_DETACH = 2
WATCHDOG_SECONDS = 60
TIMEOUT = 20  # seconds for any event that must happen
SKIPPED = 77

WORLD = os.environ.get("FREEZE_TEST_WORLD", "")
OUTER_NAMESPACE = os.environ.get("FREEZE_TEST_OUTER", "")
MOUNT_ROOT = "/fs"  # the directory of the world's mountpoints
WATCHDOG_FIRED = "/tmp/watchdog-fired"

BELLHOPD = os.environ.get("BELLHOPD", "")
QEMU_GA = os.environ.get("QEMU_GA", "")

# Records requests and replies for schema_test. Opened before the machine's files are unmounted.
_RECORD = (os.open(os.environ["BELLHOP_RECORD"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
           if os.environ.get("BELLHOP_RECORD") else -1)

TOOLS = ("sh", "sleep", "env", "setsid", "mount", "umount", "unshare", "losetup", "mkfs.ext4")
# For filesystems that a machine may not support.
OPTIONAL_TOOLS = ("mkfs.xfs", "mkfs.btrfs", "mkfs.vfat")


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


# The world ---------------------------------------------------------------------------------------

def mounts(pid="self"):
    """The (mount id, device number, mountpoint, type) of each mount that a process sees."""
    with open(f"/proc/{pid}/mountinfo", encoding="utf-8", errors="surrogateescape") as table:
        for line in table:
            before, _, after = line.partition(" - ")
            words = before.split()
            path = re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), words[4])
            yield int(words[0]), words[2], path, after.split()[0]


def freezable_mountpoints():
    return [path for _, device, path, kind in mounts()
            if not device.startswith("0:") or kind == "btrfs"]


def check_isolation():
    """Raises RuntimeError if a filesystem of the machine is mounted in this namespace."""
    if not WORLD or os.readlink("/proc/self/ns/mnt") == OUTER_NAMESPACE:
        raise RuntimeError("this is not the test's private namespace")
    for _, device, path, kind in mounts():
        if kind in ("tmpfs", "ramfs", "devtmpfs", "proc", "sysfs", "overlay"):
            continue
        ours = device.startswith("7:") or kind == "btrfs"  # on loop devices
        if not ours or not path.startswith(MOUNT_ROOT + "/"):
            raise RuntimeError(f"{path} ({kind} on {device}) must not be here")


def libraries(program):
    """The shared libraries that the dynamic linker loads for a program."""
    listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    return re.findall(r"(?:=> |^\s+)(/\S+) \(0x", listed, re.MULTILINE)


def copy_in(source, target=None):
    path = WORLD + (target or source)
    if os.path.exists(path):
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    shutil.copy(source, path)  # follows symbolic links


def copy_program(source, target=None):
    copy_in(source, target)
    for library in libraries(source):
        copy_in(library)


def copy_oracle(command):
    """Copies a qemu-ga of tools/get-qemu-ga: a script that names the linker, libraries and program.
    """
    copy_in(command)
    with open(command, encoding="utf-8", errors="replace") as script:
        found = re.search(r'exec "?(\S+?)"? --library-path "?(\S+?)"? "?([^\s"]+)', script.read())
    if not found:
        return copy_program(command)
    linker, path, program = (part.replace("$here", os.path.dirname(command))
                             for part in found.groups())
    copy_in(linker)
    copy_in(program)
    listed = subprocess.run([linker, "--library-path", path, "--list", program],
                            capture_output=True, text=True, check=True).stdout
    for library in re.findall(r"=> (/\S+) \(0x", listed):
        copy_in(library)


def mount(*arguments):
    subprocess.run(["mount", *arguments], check=True, capture_output=True, text=True)


def umount(path):
    """Unmounts. An agent may hold the filesystem open for a moment after its reply to a thaw."""
    deadline = time.monotonic() + 30
    while True:
        run = subprocess.run(["umount", path], check=False, capture_output=True, text=True)
        if "busy" not in run.stderr or time.monotonic() > deadline:
            return run.check_returncode()
        time.sleep(0.05)


def enter_world():
    """Creates the small root, changes to it and unmounts the machine's filesystems."""
    mount("-t", "tmpfs", "none", WORLD)
    for directory in ("usr/bin", "usr/sbin", "usr/lib", "usr/lib64", "etc", "proc", "sys", "dev",
                      "tmp", "old", MOUNT_ROOT[1:], "images"):
        os.makedirs(f"{WORLD}/{directory}")
    for directory in ("bin", "sbin", "lib", "lib64"):
        os.symlink("usr/" + directory, f"{WORLD}/{directory}")
    for name in (*TOOLS, *OPTIONAL_TOOLS):
        if program := shutil.which(name):
            copy_program(program, "/usr/bin/" + name)
    if os.path.exists("/etc/mke2fs.conf"):
        copy_in("/etc/mke2fs.conf")
    copy_program(BELLHOPD)
    if QEMU_GA:
        copy_oracle(QEMU_GA)
    for kind in ("proc", "sysfs", "devtmpfs"):
        mount("-t", kind, "none", WORLD + {"proc": "/proc", "sysfs": "/sys",
                                           "devtmpfs": "/dev"}[kind])
    os.environ["PATH"] = "/usr/sbin:/usr/bin"
    subprocess.run([shutil.which("pivot_root", path="/usr/sbin:/sbin:/usr/bin"), WORLD,
                    WORLD + "/old"], check=True)
    os.chdir("/")
    if ctypes.CDLL(None, use_errno=True).umount2(b"/old", MNT_DETACH) != 0:
        raise OSError(ctypes.get_errno(), "umount2")
    os.rmdir("/old")
    tempfile.tempdir = "/tmp"
    check_isolation()


# Filesystems -------------------------------------------------------------------------------------

SIZES = {"ext4": 16 << 20, "xfs": 320 << 20, "btrfs": 128 << 20, "vfat": 16 << 20}


def can_make(kind):
    with open("/proc/filesystems", encoding="utf-8") as listed:
        known = kind in listed.read().split()
    return known and shutil.which("mkfs." + kind) is not None


def make_image(path, kind="ext4", size=None):
    """Creates a file with a filesystem in it. size: in MiB."""
    with open(path, "wb") as file:
        file.truncate(size << 20 if size else SIZES[kind])
    options = {"ext4": "-qF", "xfs": "-qf", "btrfs": "-qf", "vfat": "-I"}[kind]
    subprocess.run(["mkfs." + kind, options, path], check=True, capture_output=True, text=True)
    return path


def make_filesystem(name, mountpoint=None, kind="ext4", image=None, options="loop", size=None,
                    mkfs=True):
    """Mounts a filesystem on a loop device and returns the mountpoint. mkfs: creates it first."""
    mountpoint = mountpoint or f"{MOUNT_ROOT}/{name}"
    image = image or f"/images/{name}"
    if mkfs:
        make_image(image, kind, size)
    os.makedirs(mountpoint, exist_ok=True)
    mount("-t", kind, "-o", options, image, mountpoint)
    return mountpoint


def copy_sparse(source, target):
    """Copies a file and keeps its holes."""
    with open(source, "rb") as old, open(target, "wb") as new:
        size = os.fstat(old.fileno()).st_size
        new.truncate(size)
        at = 0
        while at < size:
            try:
                at = os.lseek(old.fileno(), at, os.SEEK_DATA)
            except OSError:
                break  # no more data
            end = os.lseek(old.fileno(), at, os.SEEK_HOLE)
            at += os.pwrite(new.fileno(), os.pread(old.fileno(), min(1 << 20, end - at), at), at)


def require_test_filesystem(path):
    """Asserts that the path is one of the test's filesystems. Called before every freeze."""
    assert path.startswith(MOUNT_ROOT + "/"), path
    check_isolation()
    return path


def freeze_ioctl(path, request):
    """Calls FIFREEZE or FITHAW. Returns whether it succeeded."""
    descriptor = os.open(require_test_filesystem(path), os.O_RDONLY)
    try:
        fcntl.ioctl(descriptor, request, 0)
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)


def is_frozen(path):
    """Whether the filesystem is frozen: it can then not be frozen again."""
    if freeze_ioctl(path, FIFREEZE):
        freeze_ioctl(path, FITHAW)
        return False
    return True


def thaw_all(descriptors=()):
    """Thaws all filesystems concurrently: a thaw waits while the filesystem below is frozen."""
    opened = list(descriptors)
    for path in freezable_mountpoints():
        try:
            opened.append(os.open(path, os.O_RDONLY))
        except OSError:
            pass

    def thaw(descriptor):
        try:
            for _ in range(100):
                fcntl.ioctl(descriptor, FITHAW, 0)
        except OSError:
            pass

    threads = [threading.Thread(target=thaw, args=(descriptor,), daemon=True)
               for descriptor in opened]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TIMEOUT)
    for descriptor in set(opened) - set(descriptors):
        os.close(descriptor)


class Watchdog:
    """A process that thaws all filesystems if it is not reset for WATCHDOG_SECONDS, or when the
    process that started it exits."""

    def __init__(self):
        read_end, self.write_end = os.pipe()
        self.pid = os.fork()
        if self.pid:
            os.close(read_end)
            return
        os.close(self.write_end)
        os.setsid()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        descriptors = []
        for path in freezable_mountpoints():
            try:
                descriptors.append(os.open(path, os.O_RDONLY))
            except OSError:
                pass
        while True:
            readable = select.select([read_end], [], [], WATCHDOG_SECONDS)[0]
            if readable and os.read(read_end, 4096):
                continue
            with open(WATCHDOG_FIRED, "w", encoding="utf-8"):
                pass
            thaw_all(descriptors)
            if readable:
                os._exit(0)

    def reset(self):
        os.write(self.write_end, b".")

    @staticmethod
    def has_fired():
        """Whether it has thawed filesystems since the last call."""
        try:
            os.unlink(WATCHDOG_FIRED)
            return True
        except FileNotFoundError:
            return False

    def stop(self):
        os.close(self.write_end)
        os.waitpid(self.pid, 0)


watchdog = None


def close_all_but(*kept):
    """In a process that was forked: closes the other descriptors that it inherited, so that the
    watchdog and the agents do not wait for it."""
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2 and int(name) not in kept:
            with contextlib.suppress(OSError):
                os.close(int(name))


class Writer:
    """A process that writes a file; the write may block."""

    def __init__(self, path):
        self.path = path
        self.output, child_output = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                close_all_but(child_output)
                with open(path, "w", encoding="utf-8") as file:
                    file.write("written")
                os.write(child_output, b"%f" % time.monotonic())
            finally:
                os._exit(0)
        os.close(child_output)

    def state(self):
        with open(f"/proc/{self.pid}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0]

    def waits_for_thaw(self):
        """Whether it is blocked in the kernel's wait for a thaw."""
        if self.state() != "D":
            return False
        for name in ("stack", "wchan"):
            try:
                with open(f"/proc/{self.pid}/{name}", encoding="utf-8") as file:
                    where = file.read()
            except OSError:
                continue
            if where.strip("0\n"):
                return re.search("percpu_rwsem|sb_start_write|mnt_want_write|freeze", where)
        return True  # the kernel does not report where

    def is_done(self, seconds=0):
        return bool(select.select([self.output], [], [], seconds)[0])

    def finish(self):
        """Waits for its end. Returns the time of the monotonic clock at which it had written."""
        assert self.is_done(TIMEOUT), "the writer is still blocked"
        done = os.read(self.output, 100)
        os.close(self.output)
        os.waitpid(self.pid, 0)
        assert done, f"the writer could not write {self.path}"
        return float(done)


# Agents ------------------------------------------------------------------------------------------

def wait_until(condition, timeout=TIMEOUT):
    """Returns whether the condition became true within the timeout."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def processes():
    """The pids of the other processes in this namespace, without the watchdog: agents, hooks,
    writers."""
    ours = os.readlink("/proc/self/ns/mnt")
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) in (os.getpid(), watchdog and watchdog.pid):
            continue
        with contextlib.suppress(OSError):
            if os.readlink(f"/proc/{name}/ns/mnt") == ours:
                found.append(int(name))
    return found


def is_guard(pid):
    """Whether a process is the guard of a freeze."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return b"--freeze-guard" in file.read().split(b"\0")
    except OSError:
        return False


def guards():
    """The pids of the guards of freezes."""
    return [pid for pid in processes() if is_guard(pid)]


class Agent:
    """An agent on a unix socket in the world. configuration: text of Bellhop's own configuration
    file. wrap: a command to start it with. channel: without it, the configuration names the
    channels, and `socket_path` among them. serves: without it, the agent need not serve; connect()
    tries whether it does. state: the state directory, if not `directory`; if empty, the configuration
    names it. socket_path: the path of
    the socket, which the agent itself replaces if it exists."""

    BLOCKED = [name for name in agents.DANGEROUS
               if "-fsfreeze" not in name and name != "guest-fstrim"]

    def __init__(self, program, directory, *options, configuration=None, wrap=(), channel=True,
                 serves=True, socket_path=None, state=None):
        check_isolation()
        self.kind = "qemu-ga" if program == QEMU_GA else "bellhopd"
        self.directory = directory
        self.socket_path = socket_path or directory + "/socket"
        arguments = [*wrap, program, "--block-rpcs=" + ",".join(self.BLOCKED)]
        if state != "":
            arguments += ["-t", state or directory]
        if channel:
            arguments += ["-m", "unix-listen", "-p", self.socket_path]
        if self.kind == "bellhopd":
            with open(directory + "/bellhop.conf", "w", encoding="utf-8") as file:
                file.write(configuration or "")
            arguments += ["--bellhop-config", directory + "/bellhop.conf"]
        arguments += options
        if not socket_path and os.path.exists(self.socket_path):
            os.unlink(self.socket_path)
        with open(directory + "/log", "ab") as log:
            self.process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log)
        self.buffer = b""
        self.connection = None
        if serves and not wait_until(self.connect):
            raise AssertionError("the agent does not listen: " + self.log())

    def log(self):
        return pathlib.Path(self.directory, "log").read_text(encoding="utf-8", errors="replace")

    def connect(self):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(TIMEOUT)
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
        return request

    def receive(self):
        while b"\n" not in self.buffer:
            piece = self.connection.recv(65536)
            if not piece:
                raise AssertionError("the agent closed the connection")
            self.buffer += piece
        line, _, self.buffer = self.buffer.partition(b"\n")
        return json.loads(line)

    def call(self, command, **arguments):
        """The command's return value, or the text of its error."""
        request = self.send(command, **arguments)
        reply = self.receive()
        if _RECORD >= 0:
            os.write(_RECORD, json.dumps({"agent": self.kind, "request": request,
                                          "reply": reply}).encode() + b"\n")
        return reply["error"]["desc"] if "error" in reply else reply["return"]

    def freeze(self, *mountpoints):
        return self.call("guest-fsfreeze-freeze-list", mountpoints=list(mountpoints))

    def freeze_all(self):
        check_isolation()
        return self.call("guest-fsfreeze-freeze")

    def thaw(self):
        return self.call("guest-fsfreeze-thaw")

    def status(self):
        return self.call("guest-fsfreeze-status")

    def stop(self, number=signal.SIGKILL):
        """Stops the agent with the signal. Returns its exit status."""
        try:
            return agents.stop_process(self.process, self.kind, number)
        finally:
            if self.connection:
                self.connection.close()


class WorldTest:
    """A test with an agent in the world. Subclasses for each agent set PROGRAM."""

    PROGRAM = ""

    def setUp(self):
        if not self.PROGRAM:
            self.skipTest(os.environ.get("FREEZE_TEST_NO_ORACLE", "there is no such agent"))
        watchdog.reset()
        self.directory = tempfile.mkdtemp(prefix="state-", dir="/tmp")
        self.agents = []

    def tearDown(self):
        for agent in getattr(self, "agents", ()):
            agent.stop()
        thaw_all()  # no filesystem may stay frozen for the next test

    def require(self, kind):
        if not can_make(kind):
            self.skipTest(agents.missing_program("mkfs." + kind) or f"the kernel has no {kind}")

    def start(self, *options, **more):
        agent = Agent(self.PROGRAM, self.directory, *options, **more)
        self.agents.append(agent)
        return agent


# The program -------------------------------------------------------------------------------------

def oracle():
    """The environment variable that names the real qemu-ga, or the reason why there is none."""
    if QEMU_GA:
        return {"QEMU_GA": QEMU_GA}
    try:
        return {"QEMU_GA": agents.oracle("sid")}
    except agents.Unavailable as error:
        return {"FREEZE_TEST_NO_ORACLE": str(error)}


def run_in_namespace():
    """Checks the requirements and runs the tests in a private mount namespace. Returns their exit
    status."""
    if not BELLHOPD:
        skip("BELLHOPD does not name an agent")
    if os.geteuid() != 0:
        skip("only root can create and freeze filesystems")
    if reason := agents.missing_program(*TOOLS, "pivot_root", "ldd"):
        skip(reason)
    if not os.path.exists("/dev/loop-control"):
        subprocess.run(["modprobe", "loop"], capture_output=True, check=False)
    if not os.path.exists("/dev/loop-control"):
        skip("the kernel has no loop devices, not even after `modprobe loop`")
    trial = subprocess.run(["unshare", "--mount", "true"], capture_output=True, text=True,
                           check=False)
    if trial.returncode:
        skip(f"cannot create a mount namespace: {trial.stderr.strip()}")
    environment = dict(os.environ, BELLHOPD=os.path.abspath(BELLHOPD),
                       FREEZE_TEST_OUTER=os.readlink("/proc/self/ns/mnt"), **oracle())
    world = tempfile.mkdtemp(prefix="bellhop-freeze-", dir="/tmp")
    environment["FREEZE_TEST_WORLD"] = world
    try:
        return subprocess.run(["unshare", "--mount", "--propagation", "private", sys.executable,
                               os.path.abspath(sys.argv[0]), *sys.argv[1:]],
                              env=environment, check=False).returncode
    finally:
        os.rmdir(world)


def main(make=lambda: None):
    """Runs the tests of the program. `make` creates the filesystems that they share; the watchdog
    keeps these open, so that they cannot be unmounted."""
    global watchdog
    if not WORLD:
        sys.exit(run_in_namespace())
    try:
        enter_world()
        make()
    except subprocess.CalledProcessError as error:
        skip(f"cannot create a filesystem on a loop device: {error}: {error.stderr}")
    watchdog = Watchdog()
    try:
        unittest.main(module="__main__", verbosity=2, exit=True)
    finally:
        watchdog.stop()
