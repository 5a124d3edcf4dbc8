# SPDX-License-Identifier: Apache-2.0
"""Filesystems and disks on loop devices in a private mount namespace, and both agents on the same
machine.

A test file that uses this module is a separate program and ends with main(__file__), which runs it
again in the namespace with a directory for the files of the tests. It exits with status SKIPPED
and a reason if the machine does not allow the tests.
"""

import functools
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

from harness import agents
from harness.lifecycle import LifecycleTest

SKIPPED = 77
ROOT = os.environ.get("FILESYSTEMS_TEST_ROOT", "")
MEGABYTE = 1 << 20
# Members that change between two requests, for filesystems that the test did not make.
VOLATILE = ("used-bytes", "total-bytes", "total-bytes-privileged")


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True,
                          timeout=agents.TIMEOUT).stdout.strip()


@functools.lru_cache(maxsize=None)
def kernel_supports(filesystem):
    with open("/proc/filesystems", encoding="ascii") as known:
        return any(line.split()[-1] == filesystem for line in known)


def require(test, *programs, filesystem=None):
    if reason := agents.missing_program(*programs):
        test.skipTest(reason)
    if filesystem and not kernel_supports(filesystem):
        test.skipTest(f"the kernel has no {filesystem}")


class LoopDevices:
    """The loop devices and mounts of one test. They are removed when it ends."""

    def __init__(self, test):
        self.test = test
        self.directory = pathlib.Path(tempfile.mkdtemp(dir=ROOT))
        test.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)

    def image(self, name, megabytes=16):
        path = self.directory / name
        with open(path, "wb") as file:
            file.truncate(megabytes * MEGABYTE)
        return path

    def attach(self, image, *options):
        device = run("losetup", "--find", "--show", *options, str(image))
        self.test.addCleanup(subprocess.run, ["losetup", "--detach", device], check=False,
                             capture_output=True)
        return device

    def loop(self, name="image", megabytes=16, *options):
        return self.attach(self.image(name, megabytes), *options)

    def mount(self, *arguments, at):
        mountpoint = at if isinstance(at, bytes) else bytes(self.directory / at)
        os.makedirs(mountpoint, exist_ok=True)
        subprocess.run(["mount", *arguments, mountpoint], check=True, capture_output=True,
                       timeout=agents.TIMEOUT)
        self.test.addCleanup(subprocess.run, ["umount", "--lazy", mountpoint], check=False,
                             capture_output=True)
        return mountpoint.decode(errors="replace")

    def ext4(self, device, at="mnt"):
        run("mkfs.ext4", "-q", "-F", device)
        return self.mount(device, at=at)


def index_by(key, entries):
    found = {entry[key]: entry for entry in entries}
    assert len(found) == len(entries), entries
    return found


def without_serials(disk, other):
    """The disk without the difference `disks-without-udev`: serial numbers of virtio disks."""
    if disk.get("bus-type") == "virtio" and "serial" not in other:
        return {key: value for key, value in disk.items() if key != "serial"}
    return disk


class CompareTest(LifecycleTest):
    """Tests with both agents. qemu-ga is called before and after bellhopd. If its two replies are
    equal, bellhopd's must be equal to them."""

    def setUp(self):
        self.devices = LoopDevices(self)

    def both(self, ours=None):
        """Starts both agents. `ours`: a bellhopd that is already running."""
        oracle = agents.oracle("sid")
        real = agents.Agent(oracle)
        self.addCleanup(real.__exit__)
        self.real = self.client(real.__enter__())
        self.ours = self.client(ours or self.agent())

    def stable_replies(self, command, stable_part=lambda reply: reply):
        """(qemu-ga's reply, bellhopd's): the stable part of each, once qemu-ga's did not change."""
        for _ in range(100):
            before = stable_part(self.real.call(command))
            ours = stable_part(self.ours.call(command))
            if stable_part(self.real.call(command)) == before:
                return before, ours
        self.skipTest(f"the machine is too busy: {command} has a different reply each time")

    def fsinfo(self):
        """Both replies, without the sizes of filesystems that the test did not make."""
        def stable_part(reply):
            for filesystem in reply:
                if not filesystem["mountpoint"].startswith(ROOT):
                    for key in VOLATILE:
                        filesystem.pop(key, None)
            return reply
        return self.stable_replies("guest-get-fsinfo", stable_part)

    def compare_fsinfo(self):
        real, ours = self.fsinfo()
        for theirs, filesystem in zip(real, ours):
            filesystem["disk"] = [without_serials(disk, other) for disk, other in
                                  zip(filesystem["disk"], theirs["disk"], strict=True)]
        self.assertEqual(ours, real)
        return index_by("mountpoint", ours)

    def compare_disks(self):
        real, ours = self.stable_replies("guest-get-disks")
        for theirs, disk in zip(real, ours):
            if "address" in disk and "address" in theirs:
                disk["address"] = without_serials(disk["address"], theirs["address"])
            if disk["name"].startswith("/dev/dm-") and "alias" not in theirs:
                disk.pop("alias", None)  # disks-without-udev
        self.assertEqual(ours, real)
        return index_by("name", ours)


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


def run_in_namespace(test):
    """Checks the requirements and runs the test in a private mount namespace. Returns its exit
    status."""
    if os.geteuid() != 0:
        skip("only root can make filesystems")
    if reason := agents.missing_program("losetup", "mkfs.ext4", "mount", "unshare"):
        skip(reason)
    root = tempfile.mkdtemp(prefix="bellhop-filesystems-", dir="/tmp")
    environment = dict(os.environ, FILESYSTEMS_TEST_ROOT=root)
    namespace = ["unshare", "--mount", "--propagation", "private"]
    try:
        trial = subprocess.run([*namespace, "mount", "-t", "tmpfs", "none", root], check=False,
                               capture_output=True, text=True)
        if trial.returncode:
            skip(f"no filesystem can be mounted: {trial.stderr.strip()}")
        return subprocess.run([*namespace, sys.executable, os.path.abspath(test), *sys.argv[1:]],
                              env=environment, check=False).returncode
    finally:
        os.rmdir(root)


def run_tests():
    """Checks that loop devices work, and runs the tests."""
    run("mount", "-t", "tmpfs", "none", ROOT)
    image = pathlib.Path(ROOT) / "trial"
    with open(image, "wb") as file:
        file.truncate(MEGABYTE)
    trial = subprocess.run(["losetup", "--find", "--show", str(image)], capture_output=True,
                           text=True, check=False)
    if trial.returncode:
        skip(f"no loop device is available: {trial.stderr.strip()}")
    run("losetup", "--detach", trial.stdout.strip())
    unittest.main(verbosity=2)


def main(test):
    if ROOT:
        run_tests()
    else:
        sys.exit(run_in_namespace(test))
