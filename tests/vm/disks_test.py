# SPDX-License-Identifier: Apache-2.0
"""Disks on every bus of QEMU, with filesystems of every kind: compares what bellhopd and the real
qemu-ga report about them at the same time."""

import re
import unittest

from harness import storage
from harness.storage import Filesystem
from harness.vm import VmTest, guest

MIB = 1 << 20
SIZE = 48 * MIB

# Kernel modules for the controllers below.
DRIVERS = ("virtio_scsi", "sym53c8xx", "megaraid_sas", "vmw_pvscsi", "ahci", "ata_piix", "nvme",
           "xhci_pci", "ehci_pci", "usb_storage", "uas", "dm_multipath", "dm_round_robin")
CONTROLLERS = {
    "bridge": "pcie-root-port", "scsi": "virtio-scsi-pci", "lsi": "lsi53c895a", "mega": "megasas",
    "vmw": "pvscsi", "xhci": "qemu-xhci", "ehci": "usb-ehci",
    "attached": "usb-uas,bus=xhci.0,serial=attached",
}

# Disks by their names: QEMU's device, and members of the expected address.
DISKS = {
    "behind": (guest.Disk(SIZE, "virtio-blk-pci,bus=bridge"), {"bus-type": "virtio"}),
    "part": (guest.Disk(96 * MIB), {"bus-type": "virtio"}),
    "crypt": (guest.Disk(SIZE), {"bus-type": "virtio"}),
    "twice": (guest.Disk(SIZE), {"bus-type": "virtio"}),
    "lva": (guest.Disk(SIZE, "scsi-hd,bus=scsi.0,scsi-id=0,lun=0"),
            {"bus-type": "scsi", "bus": 0, "target": 0, "unit": 0}),
    "lvb": (guest.Disk(SIZE, "scsi-hd,bus=scsi.0,scsi-id=3,lun=2"),
            {"bus-type": "scsi", "bus": 0, "target": 3, "unit": 2}),
    "old": (guest.Disk(SIZE, "scsi-hd,bus=lsi.0,scsi-id=2"),
            {"bus-type": "scsi", "bus": 0, "target": 0, "unit": 2}),
    "raid": (guest.Disk(SIZE, "scsi-hd,bus=mega.0,scsi-id=5"), {"bus-type": "unknown"}),
    "para": (guest.Disk(SIZE, "scsi-hd,bus=vmw.0,scsi-id=4"), {"bus-type": "unknown"}),
    "mda": (guest.Disk(SIZE, "ide-hd,bus=ide.1"), {"bus-type": "sata", "bus": 0, "unit": 1}),
    "mdb": (guest.Disk(SIZE, "ide-hd,bus=ide.4"), {"bus-type": "sata", "bus": 0, "unit": 4}),
    "bta": (guest.Disk(160 * MIB, "nvme"), {"bus-type": "nvme"}),
    "btb": (guest.Disk(160 * MIB, "nvme"), {"bus-type": "nvme"}),
    "stick": (guest.Disk(SIZE, "usb-storage,bus=ehci.0"), {"bus-type": "usb"}),
    "fast": (guest.Disk(160 * MIB, "usb-storage,bus=xhci.0"), {"bus-type": "usb"}),
    "attached": (guest.Disk(320 * MIB, "scsi-hd,bus=attached.0"), {"bus-type": "usb"}),
}

FILESYSTEMS = (
    Filesystem("ext4 on partitions", "part", "/m/part"),
    Filesystem("ext4 on luks", "crypt", "/m/luks"),
    Filesystem("ext4 on lvm", "lva lvb", "/m/lvm"),
    Filesystem("ext4", "old", "/m/old"),
    Filesystem("ext4", "raid", "/m/raid"),
    Filesystem("vfat", "para", "/m/para"),
    Filesystem("ext4", "behind", "/m/behind"),
    Filesystem("ext4 on halves", "twice", "/m/halves"),
    Filesystem("ext4 on md", "mda mdb", "/m/md"),
    Filesystem("btrfs", "bta btb", "/m/both"),
    Filesystem("vfat", "stick", "/m/stick"),
    Filesystem("btrfs", "fast", "/m/fast"),
    Filesystem("xfs", "attached", "/m/attached"),
)

SATA = 0x0106  # PCI class code
COMMANDS = ("guest-get-fsinfo", "guest-get-disks", "guest-get-diskstats")


def find(disks, name):
    """The disk whose serial number contains the name."""
    found = [disk for disk in disks if name in disk.get("address", {}).get("serial", "")]
    assert len(found) == 1, (name, disks)
    return found[0]


def as_qemu_ga(address, virtio_scsi):
    """The address with the difference scsi-target: qemu-ga does not report bus and target."""
    if address.get("pci-controller") == virtio_scsi:
        return {**address, "bus": 0, "target": 0}
    return address


class Compared(VmTest):
    """Both agents in a guest with udev."""

    def boot_both(self, disks, controllers, **arguments):
        options = []
        for name, driver in controllers.items():
            options += ["-device", f"{driver},id={name}"]
        arguments = {**storage.guest_arguments(disks, DRIVERS), **arguments, "kernel": "all"}
        self.guest = self.boot("disks", options=options, **arguments,
                               agents=[guest.bellhopd(), guest.qemu_ga()])
        self.ours, self.theirs = self.guest.connect("bellhopd"), self.guest.connect("qemu-ga")
        storage.start(self.guest, DRIVERS)
        return self.guest

    def pci(self):
        """PCI addresses, in the form of replies, by QEMU's device ids. The built-in SATA controller
        of a Q35 has the id "ide"."""
        found, buses = {}, self.guest.qmp("query-pci")
        while buses:
            for device in buses.pop()["devices"]:
                name = "ide" if device["class_info"]["class"] == SATA else device["qdev_id"]
                found[name] = {"domain": 0, **{
                    key: device[key] for key in ("bus", "slot", "function")}}
                if "devices" in device.get("pci_bridge", {}):
                    buses.append(device["pci_bridge"])
        return found

    def documented(self, command, reply):
        """bellhopd's reply without the differences of docs/compatibility.md."""
        scsi = self.pci()["scsi"]
        if command == "guest-get-fsinfo":
            for filesystem in reply:
                disks = [as_qemu_ga(disk, scsi) for disk in filesystem["disk"]]
                # btrfs-devices: qemu-ga reports only the one in the mount table, which comes first.
                filesystem["disk"] = disks[:1] if filesystem["type"] == "btrfs" else disks
        if command == "guest-get-disks":
            for disk in reply:
                if "address" in disk:
                    disk["address"] = as_qemu_ga(disk["address"], scsi)
        return reply

    def assert_same(self, command):
        """Asserts that both replies are equal except for documented differences. Returns qemu-ga's.
        Repeated while they differ, because counters change in between."""
        for _ in range(50):
            theirs = self.theirs.call(command)
            for filesystem in theirs if command == "guest-get-fsinfo" else ():  # disk-once
                each = {disk["dev"]: disk for disk in filesystem["disk"]}
                filesystem["disk"] = list(each.values())
            ours = self.documented(command, self.ours.call(command))
            if ours == theirs:
                break
        self.assertEqual(ours, theirs, command)
        return theirs

    def assert_all_same(self):
        for command in COMMANDS:
            with self.subTest(command):
                self.assert_same(command)


class EveryBus(Compared):
    def test_replies_like_qemu_ga(self):
        self.boot_both({name: disk for name, (disk, _) in DISKS.items()}, CONTROLLERS)
        self.assert_all_same()
        for filesystem in FILESYSTEMS:
            self.guest.shell(filesystem.make(), timeout=120)
        self.assert_all_same()
        self.assert_addresses_match_qemu()
        self.assert_filesystems_have_their_disks()

    def assert_addresses_match_qemu(self):
        disks = self.ours.call("guest-get-disks")
        pci = self.pci()
        unknown = dict.fromkeys(pci["scsi"], -1)
        for name, (disk, wanted) in DISKS.items():
            with self.subTest(name):
                address = find(disks, name)["address"]
                self.assertEqual({key: address[key] for key in wanted}, wanted)
                # Some disks are PCI devices themselves, others have a controller.
                controller = re.search(r"bus=(\w+)", disk.device + ",bus=none")[1]
                controller = "xhci" if controller == "attached" else controller
                self.assertEqual(address["pci-controller"],
                                 unknown if wanted["bus-type"] == "unknown" else
                                 pci.get(f"disk-{name}") or pci[controller], disk)

    def assert_filesystems_have_their_disks(self):
        found = {filesystem["mountpoint"]: filesystem
                 for filesystem in self.ours.call("guest-get-fsinfo")}
        for filesystem in FILESYSTEMS:
            with self.subTest(filesystem.at):
                self.assertEqual(found[filesystem.at]["type"], filesystem.type)
                disks = [{"address": disk} for disk in found[filesystem.at]["disk"]]
                self.assertEqual(len(disks), len(filesystem.disks.split()))
                for name in filesystem.disks.split():
                    find(disks, name)


class HotPlug(Compared):
    """On machine pc: PCI hot plug without root ports, and IDE, which a Q35 does not have."""

    CONTROLLERS = {"scsi": "virtio-scsi-pci", "xhci": "qemu-xhci"}
    KINDS = {
        "plugblk": {"driver": "virtio-blk-pci"},
        "plugscsi": {"driver": "scsi-hd", "bus": "scsi.0", "scsi-id": 6, "lun": 1},
        "plugusb": {"driver": "usb-storage", "bus": "xhci.0"},
        "plugnvme": {"driver": "nvme"},
    }
    PATHS = ("pathone", "pathtwo")

    def test_replies_like_qemu_ga(self):
        disks = {"ide": guest.Disk(SIZE, "ide-hd,bus=ide.1,unit=1"), "stays": guest.Disk(SIZE)}
        names = storage.rules((*disks, *self.KINDS, *self.PATHS))
        archives = [storage.archive(), names]
        vm = self.boot_both(disks, self.CONTROLLERS, machine="pc", archives=archives)
        self.assert_all_same()
        for name in self.KINDS:
            self.add_image(name)
            self.plug(name, name, **self.KINDS[name])
            vm.shell(Filesystem("ext4", name, f"/m/{name}").make(), timeout=60)
            self.assert_all_same()
        ide = find(self.assert_same("guest-get-disks"), "ide")["address"]
        self.assertEqual([ide[key] for key in ("bus-type", "bus", "target", "unit")],
                         ["ide", 1, 0, 1])
        found = {filesystem["mountpoint"] for filesystem in self.assert_same("guest-get-fsinfo")}
        self.assertEqual(found, {f"/m/{name}" for name in self.KINDS})
        for name in self.KINDS:
            vm.shell(f"umount /m/{name}")
            self.unplug(name)
            self.assert_all_same()
        self.assertEqual(self.assert_same("guest-get-fsinfo"), [])
        self.assertEqual(len(self.assert_same("guest-get-disks")), 2)
        self.assert_multipath_is_reported()

    def test_disks_that_are_unplugged_while_mounted(self):
        disks = {"stays": guest.Disk(SIZE), "stick": guest.Disk(SIZE, "usb-storage,bus=xhci.0"),
                 "removed": guest.Disk(SIZE)}
        vm = self.boot_both(disks, self.CONTROLLERS, machine="pc")
        for name in disks:
            vm.shell(Filesystem("ext4", name, f"/m/{name}").make(), timeout=60)
        for name in ("removed", "stick"):
            self.unplug(name)
            self.assert_all_same()
        found = {filesystem["mountpoint"]: filesystem["disk"]
                 for filesystem in self.assert_same("guest-get-fsinfo")}
        self.assertEqual([len(found[f"/m/{name}"]) for name in disks], [1, 0, 0])
        trims = [{one["path"]: one.get("error") for one in client.call("guest-fstrim")["paths"]}
                 for client in (self.theirs, self.ours)]
        self.assertEqual(trims[1], trims[0])
        self.assertEqual(trims[1]["/m/removed"], "failed to trim: Input/output error")
        # The last mounted filesystem is frozen first.
        for client in (self.theirs, self.ours):
            reply = client.request({"execute": "guest-fsfreeze-freeze"})
            self.assertEqual(reply["error"]["desc"],
                             "failed to freeze /m/removed: Input/output error")
            self.assertEqual(client.call("guest-fsfreeze-status"), "thawed")
        vm.shell("echo there >/m/stays/file && sync /m/stays/file")

    def assert_multipath_is_reported(self):
        """Two disks of the guest are one image; one of them is unplugged while in use."""
        self.add_image("paths")
        for number, name in enumerate(self.PATHS):
            self.plug(name, "paths", driver="scsi-hd", bus="scsi.0", **{
                "scsi-id": number, "share-rw": True})
        filesystem = Filesystem("ext4 on multipath", " ".join(self.PATHS), "/m/paths")
        self.guest.shell(filesystem.make(), timeout=60)
        self.assert_all_same()
        self.assertEqual(len(self.assert_same("guest-get-fsinfo")[0]["disk"]), 2)
        self.unplug(self.PATHS[0])
        self.assert_all_same()
        self.guest.shell("echo there >/m/paths/file && sync && grep there /m/paths/file",
                         timeout=60)

    def add_image(self, name):
        image = self.guest.disk(name)
        guest.Disk(SIZE).make(image)
        self.guest.qmp("blockdev-add", **{"driver": "raw", "node-name": name, "file": {
            "driver": "file", "filename": str(image)}})

    def plug(self, name, image, **device):
        self.guest.qmp("device_add", id=f"disk-{name}", drive=image, serial=name, **device)
        storage.wait_for_disks(self.guest, [name])

    def unplug(self, name):
        node = self.guest.shell(f"readlink -f /dev/d/{name}").strip()
        self.guest.qmp("device_del", id=f"disk-{name}")
        self.guest.qmp.event("DEVICE_DELETED", device=f"disk-{name}")
        self.guest.shell(f"while [ -e {node} ]; do sleep 0.1; done; udevadm settle", timeout=60)


if __name__ == "__main__":
    unittest.main()
