#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Filesystems that hang: bellhopd reports the others meanwhile.

Runs in the namespace of harness/loop_devices.py. Exits with status 77 if the machine does not
allow it.
"""

import contextlib
import ctypes
import os
import pathlib

from harness import loop_devices
from harness.lifecycle import TEN_SECONDS, LifecycleTest, wait_for
from harness.loop_devices import LoopDevices, index_by, require, run

SKIPPED = loop_devices.SKIPPED
MNT_FORCE, MNT_DETACH = 1, 2
FSTATFS = {"x86_64": "138", "aarch64": "44"}  # system call number


class HungFilesystems(LifecycleTest):
    def setUp(self):
        self.devices = LoopDevices(self)

    @contextlib.contextmanager
    def hung(self, *, at="hung"):
        """A FUSE filesystem on a disk whose server never answers. Yields (mountpoint, a function
        that makes its pending requests fail)."""
        require(self, filesystem="fuseblk")
        device = self.devices.loop("hung.image")
        run("mkfs.ext4", "-q", "-F", device)
        mountpoint = self.devices.directory / at
        mountpoint.mkdir()
        libc = ctypes.CDLL(None, use_errno=True)
        descriptor = os.open("/dev/fuse", os.O_RDWR)
        options = f"fd={descriptor},rootmode=40000,user_id=0,group_id=0,blksize=512"
        if libc.mount(device.encode(), bytes(mountpoint), b"fuseblk", 0, options.encode()) != 0:
            reason = os.strerror(ctypes.get_errno())
            os.close(descriptor)
            self.skipTest(f"cannot mount fuse here: {reason}")
        closed = False

        def abort():
            nonlocal closed
            if not closed:
                os.close(descriptor)
            closed = True

        try:
            yield str(mountpoint), abort
        finally:
            abort()
            libc.umount2(bytes(mountpoint), MNT_FORCE | MNT_DETACH)

    def threads_in_statfs(self, agent):
        """The number of the agent's threads that are in fstatfs(2)."""
        number = FSTATFS.get(os.uname().machine)
        if not number or not os.path.exists("/proc/self/syscall"):
            self.skipTest("the kernel does not report a thread's system call")
        count = 0
        for task in pathlib.Path(f"/proc/{agent.process.pid}/task").iterdir():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has exited
                count += (task / "syscall").read_text(encoding="ascii").split()[0] == number
        return count

    def test_does_not_delay_the_reply(self):
        with self.hung() as (mountpoint, _):
            alive = self.devices.ext4(self.devices.loop("alive.image"), "alive")
            agent = self.agent()
            client = self.client(agent)
            found = index_by("mountpoint", client.call("guest-get-fsinfo", TEN_SECONDS))
            self.assertEqual(found[mountpoint]["type"], "fuseblk")
            self.assertEqual(found[mountpoint]["disk"], [])
            self.assertNotIn("used-bytes", found[mountpoint])
            self.assertNotIn("total-bytes", found[mountpoint])
            self.assertIn("used-bytes", found[alive])
            agent.stop()
            self.assertEqual(agent.status, 0)

    def test_costs_one_thread(self):
        with self.hung() as (mountpoint, abort):
            agent = self.agent()
            client = self.client(agent)
            for _ in range(20):
                found = index_by("mountpoint", client.call("guest-get-fsinfo", TEN_SECONDS))
                self.assertNotIn("used-bytes", found[mountpoint])
                self.assertEqual(self.threads_in_statfs(agent), 1)
            abort()
            wait_for("the thread's return", lambda: self.threads_in_statfs(agent) == 0)

    def test_does_not_hide_what_is_mounted_on_it(self):
        with self.hung() as (mountpoint, _):
            device = self.devices.loop("alive.image")
            run("mkfs.ext4", "-q", "-F", device)
            libc = ctypes.CDLL(None, use_errno=True)
            if libc.mount(device.encode(), mountpoint.encode(), b"ext4", 0, b"") != 0:
                self.skipTest(f"cannot mount on it: {os.strerror(ctypes.get_errno())}")
            self.addCleanup(libc.umount2, mountpoint.encode(), MNT_DETACH)
            reply = self.client(self.agent()).call("guest-get-fsinfo", TEN_SECONDS)
            types = {entry["type"]: entry for entry in reply if entry["mountpoint"] == mountpoint}
            self.assertIn("used-bytes", types["ext4"])


if __name__ == "__main__":
    loop_devices.main(__file__)
