# SPDX-License-Identifier: Apache-2.0
"""guest-fstrim returns unused blocks to the host."""

import unittest

from harness import storage
from harness.storage import Filesystem
from harness.vm import VmTest, guest

MIB = 1 << 20
TIMEOUT = 120  # seconds; a guest is slow on a busy machine

SCSI = "scsi-hd,bus=scsi.0,scsi-id={}"
DISKS = {
    "plain": guest.Disk(96 * MIB), "big": guest.Disk(320 * MIB), "bta": guest.Disk(160 * MIB),
    "btb": guest.Disk(160 * MIB), "lva": guest.Disk(64 * MIB),
    "lvb": guest.Disk(64 * MIB, SCSI.format(3)), "other": guest.Disk(96 * MIB, SCSI.format(4)),
    "large": guest.Disk(320 * MIB, SCSI.format(5)), "fat": guest.Disk(96 * MIB, SCSI.format(6)),
    "crypt": guest.Disk(96 * MIB), "open": guest.Disk(96 * MIB),
    "solid": guest.Disk(96 * MIB, "scsi-hd,bus=scsi.0,scsi-id=7,discard_granularity=0"),
}
# In the order of mounting.
FILESYSTEMS = (
    Filesystem("ext4", "plain", "/m/ext4"),
    Filesystem("xfs", "big", "/m/xfs"),
    Filesystem("btrfs", "bta btb", "/m/btrfs"),
    Filesystem("ext4 on lvm", "lva lvb", "/m/lvm"),
    Filesystem("ext4", "other", "/m/ext4-on-scsi"),
    Filesystem("xfs", "large", "/m/xfs-on-scsi"),
    Filesystem("vfat", "fat", "/m/vfat-on-scsi"),
    Filesystem("ext4 on luks with discards", "open", "/m/luks-with-discards"),
)
# LUKS drops discards by default; the last disk does not support them.
NOT_TRIMMED = (
    Filesystem("ext4 on luks", "crypt", "/m/luks"),
    Filesystem("ext4", "solid", "/m/solid"),
)


class TrimmedDisks(VmTest):
    maxDiff = None

    def boot_both(self):
        arguments = storage.guest_arguments(DISKS, ("virtio_scsi",))
        vm = self.boot("trimmed", options=["-device", "virtio-scsi-pci,id=scsi"], **arguments,
                       agents=[guest.bellhopd(), guest.qemu_ga()])
        storage.start(vm, ("virtio_scsi",))
        for filesystem in (*FILESYSTEMS, *NOT_TRIMMED):
            vm.shell(filesystem.make(), timeout=TIMEOUT)
        return vm, vm.connect("bellhopd"), vm.connect("qemu-ga")

    def mount_again(self, vm):
        """Mounts all filesystems again: they remember what they trimmed."""
        for filesystem in (*FILESYSTEMS, *NOT_TRIMMED):
            vm.shell(f"set -e\numount {filesystem.at}\n{filesystem.mount()}", timeout=TIMEOUT)

    def test_frees_blocks_like_qemu_ga(self):
        vm, ours, theirs = self.boot_both()
        names = [name for filesystem in FILESYSTEMS for name in filesystem.disks.split()]
        before = {name: vm.disk(name).stat().st_blocks for name in DISKS}
        for filesystem in FILESYSTEMS:
            vm.shell(f"dd if=/dev/urandom of={filesystem.at}/file bs=1M count=24 && sync",
                     timeout=TIMEOUT)
        full = {name: vm.disk(name).stat().st_blocks for name in DISKS}
        self.assertGreater(sum(full.values()) - sum(before.values()),
                           len(FILESYSTEMS) * 20 * MIB // 512)
        vm.shell(f"rm {' '.join(one.at + '/file' for one in FILESYSTEMS)} && sync",
                 timeout=TIMEOUT)
        reply = ours.call("guest-fstrim", TIMEOUT)
        self.assertEqual([one["path"] for one in reply["paths"]],
                         [one.at for one in reversed((*FILESYSTEMS, *NOT_TRIMMED))])
        for one in reply["paths"]:
            if one["path"] in [filesystem.at for filesystem in NOT_TRIMMED]:
                self.assertIn("error", one)
            else:
                self.assertGreater(one["trimmed"], 20 * MIB, one)
        for name in names:
            with self.subTest(name):
                after = vm.disk(name).stat().st_blocks
                # Some data shares blocks with other data.
                self.assertLess(after - before[name], (full[name] - before[name]) // 4 + 4 * 2048)
        replies = []
        for client in (theirs, ours):
            self.mount_again(vm)
            replies.append([client.call("guest-fstrim", TIMEOUT),
                            client.call("guest-fstrim", TIMEOUT, minimum=4 * MIB)])
            for one in replies[-1][0]["paths"] + replies[-1][1]["paths"]:
                if one["path"] == "/m/btrfs":  # its metadata changes with each mount
                    one.pop("trimmed")
        self.assertEqual(replies[1], replies[0])


if __name__ == "__main__":
    unittest.main()
