# SPDX-License-Identifier: Apache-2.0
"""A filesystem on a loop device, with a watchdog that thaws it."""

import contextlib
import os
import pathlib
import subprocess
import sys
import time

import watchdog

FREEZE_TIMEOUT = 30  # seconds until the watchdog thaws the filesystem


class Unavailable(Exception):
    """No filesystem can be created here; the message says why."""


def run(*command):
    """The output of a program. Raises Unavailable if it is missing or fails."""
    try:
        done = subprocess.run(command, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    except OSError as error:
        raise Unavailable(f"{command[0]} cannot be run: {error.strerror}") from error
    if done.returncode != 0:
        reason = done.stderr.strip().splitlines() or [f"exited with {done.returncode}"]
        raise Unavailable(f"{command[0]}: {reason[-1]}")
    return done.stdout.strip()


def make(directory, stack):
    """Creates and mounts an ext4 filesystem and starts its watchdog. `stack` cleans up."""
    if sys.platform != "linux":
        raise Unavailable("loop devices and mount namespaces need Linux")
    image, mountpoint = directory / "disk.img", directory / "filesystem"
    mountpoint.mkdir()
    with open(image, "wb") as file:
        file.truncate(64 << 20)
    run("mkfs.ext4", "-q", str(image))
    # A loop device created by mount is removed with its last mount, even if we are killed.
    run("mount", "-t", "ext4", "-o", "loop", str(image), str(mountpoint))
    stack.callback(run, "umount", str(mountpoint))
    return Filesystem(mountpoint, stack)


class Filesystem:
    """A mounted filesystem that is thawed at the end, at the latest by a watchdog process.

    The watchdog also thaws the root filesystem: a defective agent might freeze it.
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
        """No effect if the filesystem is not frozen."""
        watchdog.thaw(self.descriptors[0])


def _start_watchdog(descriptors, stack):
    process = subprocess.Popen(
        [sys.executable, watchdog.__file__, str(FREEZE_TIMEOUT), *map(str, descriptors)],
        pass_fds=descriptors, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        start_new_session=True)
    stack.callback(_dismiss, process)
    if process.stdout.readline() != "ready\n":
        raise Unavailable("the watchdog did not start")


def _dismiss(process):
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write("done\n")
        process.stdin.close()
    process.wait()
    process.stdout.close()


class Writer:
    """A process that writes a line to a new file. Starts when constructed."""

    def __init__(self, filesystem, stack):
        self.filesystem = filesystem
        self.path = filesystem.mountpoint / "file"
        self._process = subprocess.Popen(["/bin/sh", "-c", 'echo "$1" >"$2"', "sh",
                                         "a line", str(self.path)])
        self.pid = self._process.pid
        stack.callback(self.stop)

    def read(self, name):
        """The text of its file in /proc, or '' if the process has exited."""
        try:
            return pathlib.Path(f"/proc/{self.pid}/{name}").read_text(encoding="utf-8")
        except OSError:
            return ""

    def wait(self, timeout):
        """Waits until it exits. Returns its exit status."""
        return self._process.wait(timeout)

    def ended(self):
        return self._process.poll() is not None

    def written(self):
        return self.path.read_text(encoding="utf-8").strip()

    def state(self):
        """Its state in /proc: 'D' is an uninterruptible wait. '' if it has exited."""
        stat = self.read("stat")
        if not stat:
            return ""
        return stat.rpartition(")")[2].split()[0]

    def kernel_function(self):
        """The kernel function that it is blocked in, or '' if the kernel does not report it."""
        name = self.read("wchan")
        return "" if name == "0" else name

    def wait_until_blocked(self, timeout=5.0):
        """Whether it is blocked in the kernel, and still is half a second later."""
        deadline = time.monotonic() + timeout
        while self.state() != "D":
            if self.ended() or time.monotonic() > deadline:
                return False
            time.sleep(0.005)
        time.sleep(0.5)
        return self.state() == "D"

    def stop(self):
        """Thaws the filesystem, which alone unblocks the process, and kills it."""
        if self._process.poll() is None:
            self.filesystem.thaw()
            self._process.kill()
        self._process.wait()
