# SPDX-License-Identifier: Apache-2.0
"""The purpose of a freeze: a copy of the disks, taken on the host while the guest's filesystems are
frozen, is clean and has all data written before the freeze and none written after it."""

import re
import unittest

from harness import storage
from harness.storage import Filesystem
from harness.vm import VmTest, guest

MIB = 1 << 20
SIZE = 48 * MIB
TIMEOUT = 120  # seconds; a guest is slow on a busy machine

DISKS = {"plain": SIZE, "big": 320 * MIB, "alone": 160 * MIB, "bta": 160 * MIB, "btb": 160 * MIB,
         "lva": SIZE, "lvb": SIZE, "crypt": SIZE, "mda": SIZE, "mdb": SIZE, "fat": SIZE}
# In the order of mounting.
FREEZABLE = (
    Filesystem("ext4", "plain", "/m/ext4"),
    Filesystem("xfs", "big", "/m/xfs"),
    Filesystem("btrfs", "alone", "/m/btrfs"),
    Filesystem("btrfs", "bta btb", "/m/both"),
    Filesystem("ext4 on lvm", "lva lvb", "/m/lvm"),
    Filesystem("ext4 on luks", "crypt", "/m/luks"),
    Filesystem("ext4 on md", "mda mdb", "/m/md"),
)
VFAT = Filesystem("vfat", "fat", "/m/vfat")  # cannot be frozen, and is skipped

# Checks without repair.
CHECKS = {
    "ext4": "e2fsck -fn $device",
    "xfs": "xfs_repair -n $device",
    "btrfs": "btrfs check --readonly $device",
}
# The same for a copy that was never mounted: there is no log to replay. XFS is an exception: the
# kernel marks the log of a frozen filesystem, so that the next mount frees files that were removed
# while open and recounts free blocks. Before that mount it cannot be checked.
CHECKS_OF_COPY = {
    "ext4": "e2fsck -fn $device; ! dumpe2fs -h $device | grep needs_recovery",
    "xfs": "true",
    "btrfs": "btrfs check --readonly $device",
}
# Mount options that do not replay the log.
NO_REPLAY = {"ext4": "ro,noload", "xfs": "ro,norecovery", "btrfs": "ro,rescue=nologreplay"}

# Writes records with increasing numbers, each after a sync of the previous one. Reports the number
# in files on tmpfs, which it replaces atomically.
WRITER = """#!/bin/sh -e
number=0
report() { echo $number >/run/writers/$1.new; mv /run/writers/$1.new /run/writers/$1; }
while :; do
  number=$((number + 1))
  report $2.begun
  echo $number >>$1/records
  sync $1/records
  report $2.synced
done
"""


class FrozenDisks(VmTest):
    def boot_with(self, disks, agents=()):
        arguments = storage.guest_arguments(disks)
        vm = self.boot("frozen", agents=agents, files={"bin/writer": WRITER}, **arguments)
        storage.start(vm)
        return vm

    def test_copies_are_clean_and_complete(self):
        vm = self.boot_with(DISKS, [guest.bellhopd(), guest.qemu_ga()])
        for filesystem in (*FREEZABLE, VFAT):
            vm.shell(filesystem.make(), timeout=TIMEOUT)
        self.start_writers(vm)
        self.assert_freezes_like_qemu_ga(vm)
        copies, written = self.copy_frozen_disks(vm)
        vm.stop()
        self.assert_clean_and_complete(copies, written)

    # In the guest that is frozen

    def start_writers(self, vm):
        vm.shell("mkdir /run/writers; chmod +x /bin/writer")
        for one in (*FREEZABLE, VFAT):
            vm.shell(f"writer {one.at} {one.name} >/dev/null 2>&1 & "
                     f"echo $! >/run/writers/{one.name}.pid")
        for one in (*FREEZABLE, VFAT):
            vm.shell(f"until [ -e /run/writers/{one.name}.synced ]; do sleep 0.1; done",
                     timeout=TIMEOUT)

    @staticmethod
    def number(vm, filesystem, what):
        return int(vm.shell(f"cat /run/writers/{filesystem.name}.{what}"))

    @staticmethod
    def wait_until_blocked(vm, pid):
        """Waits until the process or its child is blocked in a write to a frozen filesystem, in a
        semaphore of the kernel."""
        vm.shell(f"until cat /proc/{pid}/wchan /proc/$(pgrep -P {pid} || echo 1)/wchan | "
                 f"grep -q percpu_rwsem; do sleep 0.05; done 2>/dev/null", timeout=TIMEOUT)

    def wait_until_written(self, vm, filesystem):
        """Waits until the writer has synced one more record."""
        before = self.number(vm, filesystem, "synced")
        vm.shell(f"until [ $(cat /run/writers/{filesystem.name}.synced) -gt {before} ]; "
                 f"do sleep 0.05; done", timeout=TIMEOUT)

    def assert_freezes_like_qemu_ga(self, vm):
        observed = []
        for name in ("qemu-ga", "bellhopd"):
            with vm.connect(name) as client:
                vm.shell(f"strace -f -y -e trace=ioctl -o /run/{name}.ioctls "
                         f"-p {vm.agent_pid(name)} >/dev/null 2>&1 & echo $! >/run/strace.pid; "
                         f"until grep -q 'TracerPid:.[^0]' /proc/{vm.agent_pid(name)}/status; "
                         f"do sleep 0.1; done", timeout=TIMEOUT)
                observed.append([client.call("guest-fsfreeze-freeze", TIMEOUT),
                                 client.call("guest-fsfreeze-status"),
                                 client.call("guest-fsfreeze-thaw", TIMEOUT),
                                 client.call("guest-fsfreeze-status")])
                vm.shell("kill $(cat /run/strace.pid); "
                         "while [ -e /proc/$(cat /run/strace.pid) ]; do sleep 0.1; done")
            calls = vm.shell(f"cat /run/{name}.ioctls")
            observed[-1].append(re.findall(r"ioctl\(\d+<([^>]*)>, FIFREEZE", calls))
            for filesystem in (*FREEZABLE, VFAT):
                self.wait_until_written(vm, filesystem)
        self.assertEqual(observed[1], observed[0])
        mounted = [filesystem.at for filesystem in (*FREEZABLE, VFAT)]
        self.assertEqual(observed[1], [len(FREEZABLE), "frozen", len(FREEZABLE), "thawed",
                                       mounted[::-1]])

    def copy_frozen_disks(self, vm):
        """{disk: copy of its image}, {filesystem: (last synced record, last started record)}."""
        with vm.connect("bellhopd") as client:
            self.assertEqual(client.call("guest-fsfreeze-freeze", TIMEOUT), len(FREEZABLE))
            written = {}
            for one in FREEZABLE:
                late = vm.shell(f"(echo late >{one.at}/late) >/dev/null 2>&1 & echo $!").strip()
                self.wait_until_blocked(vm, late)
                self.wait_until_blocked(vm, f"$(cat /run/writers/{one.name}.pid)")
                written[one] = self.number(vm, one, "synced"), self.number(vm, one, "begun")
            self.wait_until_written(vm, VFAT)
            copies = {}
            for name in DISKS:
                copies[name] = guest.Disk(
                    image=vm.directory.parent / f"{vm.directory.name}-{name}")
                self.addCleanup(copies[name].image.unlink, missing_ok=True)
                guest.Disk(image=vm.disk(name)).make(copies[name].image)
            self.assertEqual(client.call("guest-fsfreeze-thaw", TIMEOUT), len(FREEZABLE))
        for filesystem in FREEZABLE:
            vm.shell(f"until [ -e {filesystem.at}/late ]; do sleep 0.1; done", timeout=TIMEOUT)
            self.wait_until_written(vm, filesystem)
        return copies, written

    # In a guest that has the copies

    def assert_clean_and_complete(self, copies, written):
        vm = self.boot_with(copies)
        for one in FREEZABLE:
            with self.subTest(one):
                vm.shell(one.open(), timeout=TIMEOUT)
                vm.shell(one.script(CHECKS_OF_COPY[one.type]), timeout=TIMEOUT)
                records = self.records(vm, one, NO_REPLAY[one.type])
                synced, begun = written[one]
                self.assertGreaterEqual(len(records), synced)
                self.assertLessEqual(len(records), begun)
                self.assertEqual(records, list(range(1, len(records) + 1)))
                self.assertEqual(self.records(vm, one, "rw"), records)
                vm.shell(one.script(CHECKS[one.type]), timeout=TIMEOUT)

    def records(self, vm, filesystem, options):
        vm.shell(filesystem.mount(options), timeout=TIMEOUT)
        found = vm.shell(f"ls {filesystem.at}").split()
        self.assertIn("records", found)
        self.assertNotIn("late", found)
        records = [int(line) for line in vm.shell(f"cat {filesystem.at}/records").split()]
        vm.shell(f"umount {filesystem.at}", timeout=TIMEOUT)
        return records


if __name__ == "__main__":
    unittest.main()
