"""A filesystem of our own on a loop device, and care that it does not stay frozen."""

import contextlib
import os
import pathlib
import subprocess
import sys
import time

import watchdog

FREEZE_TIMEOUT = 30  # seconds a freeze may last before the watchdog ends it


class Unavailable(Exception):
    """No filesystem can be made here; the message says why."""


def run(*command):
    """What a program prints; Unavailable when it is missing or fails."""
    try:
        done = subprocess.run(command, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    except OSError as error:
        raise Unavailable(f"{command[0]} cannot be run: {error.strerror}") from error
    if done.returncode != 0:
        reason = done.stderr.strip().splitlines() or [f"ended with {done.returncode}"]
        raise Unavailable(f"{command[0]}: {reason[-1]}")
    return done.stdout.strip()


def make(directory, stack):
    """Makes, mounts and guards an ext4 filesystem. `stack` undoes it all."""
    if sys.platform != "linux":
        raise Unavailable("loop devices and mount namespaces are Linux's")
    image, mountpoint = directory / "disk.img", directory / "filesystem"
    mountpoint.mkdir()
    with open(image, "wb") as file:
        file.truncate(64 << 20)
    run("mkfs.ext4", "-q", str(image))
    # A loop device that mount made goes with the last mount, even when we are killed.
    run("mount", "-t", "ext4", "-o", "loop", str(image), str(mountpoint))
    stack.callback(run, "umount", str(mountpoint))
    return Filesystem(mountpoint, stack)


class Filesystem:
    """A mounted filesystem that is thawed at the end, at the latest by a process of its own.

    That process holds the root filesystem too: an agent with a defect might freeze it as well.
    """

    def __init__(self, mountpoint, stack):
        self.mountpoint = mountpoint
        self.descriptors = [os.open(path, os.O_RDONLY | os.O_DIRECTORY)
                            for path in (mountpoint, "/")]
        for descriptor in self.descriptors:
            stack.callback(os.close, descriptor)
        _start_watchdog(self.descriptors, stack)
        stack.callback(self.thaw)

    def thaw(self):
        """Of no effect when it is not frozen."""
        watchdog.thaw(self.descriptors[0])


def _start_watchdog(descriptors, stack):
    process = subprocess.Popen(
        [sys.executable, watchdog.__file__, str(FREEZE_TIMEOUT), *map(str, descriptors)],
        pass_fds=descriptors, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        start_new_session=True)
    stack.callback(_dismiss, process)
    if process.stdout.readline() != "ready\n":
        raise Unavailable("the watchdog that is to end the freeze did not start")


def _dismiss(process):
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write("done\n")
        process.stdin.close()
    process.wait()
    process.stdout.close()


class Writer:
    """A program that writes a line to a new file, from its construction on."""

    def __init__(self, filesystem, stack):
        self.filesystem = filesystem
        self.path = filesystem.mountpoint / "file"
        self._process = subprocess.Popen(["/bin/sh", "-c", 'echo "$1" >"$2"', "sh",
                                         "a line", str(self.path)])
        self.pid = self._process.pid
        stack.callback(self.end)

    def read(self, name):
        """A file of the system about it; '' when it is over."""
        try:
            return pathlib.Path(f"/proc/{self.pid}/{name}").read_text(encoding="utf-8")
        except OSError:
            return ""

    def wait(self, timeout):
        """Its exit status."""
        return self._process.wait(timeout)

    def ended(self):
        return self._process.poll() is not None

    def written(self):
        return self.path.read_text(encoding="utf-8").strip()

    def state(self):
        """As /proc tells it: 'D' for a wait in the kernel that no signal ends; '' when over."""
        stat = self.read("stat")
        if not stat:
            return ""
        return stat.rpartition(")")[2].split()[0]

    def waits_in(self):
        """The kernel's function that it waits in, '' where the kernel does not tell."""
        name = self.read("wchan")
        return "" if name == "0" else name

    def wait_until_stuck(self, timeout=5.0):
        """True when it came to wait in the kernel, and still did half a second later."""
        deadline = time.monotonic() + timeout
        while self.state() != "D":
            if self.ended() or time.monotonic() > deadline:
                return False
            time.sleep(0.005)
        time.sleep(0.5)
        return self.state() == "D"

    def end(self):
        """Has it end: thaws, for nothing else ends a program that waits to write."""
        if self._process.poll() is None:
            self.filesystem.thaw()
            self._process.kill()
        self._process.wait()
