#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares what bellhopd and a real qemu-ga report about filesystems and disks.

Runs in the namespace of harness/loop_devices.py. Exits with status 77 if the machine does not
allow it.
"""

import os
import pathlib
import shutil
import subprocess
import threading

from harness import agents, loop_devices
from harness.lifecycle import TEN_SECONDS
from harness.loop_devices import (MEGABYTE, ROOT, VOLATILE, CompareTest, index_by,
                                  kernel_supports, require, run)

SKIPPED = loop_devices.SKIPPED
NOBODY_UID = 65534


class Filesystems(CompareTest):
    def test_this_machine(self):
        self.both()
        self.compare_fsinfo()
        self.compare_disks()

    def test_kinds(self):
        kinds = {}
        for kind, make, size in (("ext4", ("mkfs.ext4", "-q", "-F"), 16),
                                 ("xfs", ("mkfs.xfs", "-q", "-f"), 320),
                                 ("btrfs", ("mkfs.btrfs", "-q", "-f"), 128)):
            if shutil.which(make[0]) and kernel_supports(kind):
                device = self.devices.loop(kind + ".image", size)
                run(*make, device)
                kinds[self.devices.mount(device, at=kind)] = kind
        if not kinds:
            self.skipTest("this machine can create none of these filesystems")
        self.both()
        found = self.compare_fsinfo()
        self.assertEqual({at: found[at]["type"] for at in kinds}, kinds)
        self.assertGreater(found[next(iter(kinds))]["total-bytes"], MEGABYTE)

    def test_squashfs(self):
        require(self, "mksquashfs", filesystem="squashfs")
        tree = self.devices.directory / "tree"
        tree.mkdir()
        (tree / "file").write_text("content", encoding="ascii")
        image = self.devices.directory / "image"
        run("mksquashfs", str(tree), str(image), "-quiet")
        mountpoint = self.devices.mount(self.devices.attach(image, "--read-only"), at="snap")
        self.both()
        self.assertEqual(self.compare_fsinfo()[mountpoint]["type"], "squashfs")

    def test_btrfs_with_several_devices(self):
        require(self, "mkfs.btrfs", "btrfs", filesystem="btrfs")
        devices = [self.devices.loop(name, 128) for name in ("a", "b")]
        run("mkfs.btrfs", "-q", "-f", *devices)
        run("btrfs", "device", "scan", *devices)
        mountpoint = self.devices.mount(devices[0], at="both")
        run("btrfs", "subvolume", "create", mountpoint + "/sub")
        self.devices.mount("-o", "subvol=sub", devices[0], at="sub")
        self.both()
        found = self.compare_fsinfo()
        self.assertIn(mountpoint, found)
        self.assertNotIn(str(self.devices.directory / "sub"), found)

    def test_mountpoints_with_odd_bytes(self):
        names = [b"sp ace", b"line\nfeed", b"tab\t", b"back\\slash\\040", b"#hash", b'"quoted"',
                 "ä€😀".encode(), b"\xff\xfe", b"\x01\x7f"]
        for number, name in enumerate(names):
            device = self.devices.loop(f"image{number}")
            run("mkfs.ext4", "-q", "-F", device)
            self.devices.mount(device, at=bytes(self.devices.directory) + b"/" + name)
        self.both()
        found = self.compare_fsinfo()
        for name in names[:-2]:
            self.assertIn(str(self.devices.directory / name.decode()), found)

    def test_bind_mounts_overlays_and_memory(self):
        device = self.devices.loop()
        first = self.devices.ext4(device, "first")
        os.mkdir(first + "/sub")
        self.devices.mount("--bind", first + "/sub", at="bind")
        self.devices.mount(device, at="again")
        self.devices.mount("-t", "tmpfs", "none", at="memory")
        if kernel_supports("overlay"):
            for name in ("upper", "work"):
                os.mkdir(self.devices.directory / "memory" / name)
            self.devices.mount("-t", "overlay", "overlay", "-o", "lowerdir={0}/sub,upperdir={1}"
                               "/upper,workdir={1}/work".format(
                                   first, self.devices.directory / "memory"), at="overlay")
        self.both()
        found = self.compare_fsinfo()
        ours = [at for at in found if at.startswith(str(self.devices.directory))]
        self.assertEqual(ours, [first])

    def test_a_directory_mounted_before_the_root(self):
        """qemu-ga reports the first mountpoint, bellhopd that of the root: fsinfo-root."""
        device = self.devices.loop()
        path = self.devices.ext4(device, "root")
        os.mkdir(path + "/sub")
        first = self.devices.mount("--bind", path + "/sub", at="bind")
        run("umount", path)
        self.devices.mount(device, at="root")
        self.both()
        real, ours = self.fsinfo()
        theirs = index_by("mountpoint", real)[first]
        self.assertEqual(index_by("mountpoint", ours)[path], {**theirs, "mountpoint": path})

    def test_btrfs_subvolumes(self):
        """A mount of a subvolume is not one of a directory: both report the first."""
        require(self, "mkfs.btrfs", "btrfs", filesystem="btrfs")
        device = self.devices.loop(megabytes=128)
        run("mkfs.btrfs", "-q", device)
        top = self.devices.mount(device, at="top")
        run("btrfs", "subvolume", "create", top + "/home, sweet")
        os.mkdir(top + "/home, sweet/sub")
        run("umount", top)
        first = self.devices.mount("-o", "subvolid=256", device, at="home")
        self.devices.mount(device, at="top")
        self.both()
        self.assertIn(first, self.compare_fsinfo())
        # A directory of it that is mounted before: fsinfo-root.
        bind = self.devices.mount("--bind", first + "/sub", at="bind")
        run("umount", first)
        run("umount", top)
        self.devices.mount("-o", "subvolid=256", device, at="home")
        self.devices.mount(device, at="top")
        real, ours = self.fsinfo()
        self.assertIn(bind, index_by("mountpoint", real))
        self.assertIn(first, index_by("mountpoint", ours))

    def covered(self):
        """Two filesystems over each other: the mountpoint, and the sizes of the lower one."""
        lower = self.devices.loop("lower", 16)
        upper = self.devices.loop("upper", 64)
        path = self.devices.ext4(lower)
        sizes = os.statvfs(path)
        self.devices.ext4(upper)
        return path, sizes.f_blocks * sizes.f_frsize

    def of_mountpoint(self, reply, path):
        return [entry for entry in reply if entry["mountpoint"] == path]

    def test_sizes_of_a_covered_filesystem(self):
        """qemu-ga reports those of the filesystem that covers it: fsinfo-covered."""
        path, _ = self.covered()
        self.both()
        real, ours = self.fsinfo()
        for reply in (real, ours):
            self.assertEqual(len(self.of_mountpoint(reply, path)), 2)
        upper, lower = self.of_mountpoint(real, path)
        self.assertEqual(*[[entry[key] for key in VOLATILE] for entry in (upper, lower)])
        for key in VOLATILE:
            lower.pop(key)
        self.assertEqual(self.of_mountpoint(ours, path), [upper, lower])

    def test_sizes_of_a_covered_filesystem_with_another_mountpoint(self):
        path, size = self.covered()
        self.devices.mount(self.device_of_lower(path), at="other")
        self.both()
        _, ours = self.fsinfo()
        upper, lower = self.of_mountpoint(ours, path)
        self.assertEqual(lower["total-bytes-privileged"], size)
        self.assertGreater(upper["total-bytes-privileged"], size)

    def device_of_lower(self, path):
        with open("/proc/self/mountinfo", encoding="utf-8") as table:
            return next(line.split(" - ")[1].split()[1] for line in table
                        if line.split()[4] == path)

    def test_sizes_below_another_mount(self):
        path = self.devices.ext4(self.devices.loop(), "over/hidden")
        self.devices.mount("-t", "tmpfs", "none", at="over")
        self.both()
        self.assertNotIn("used-bytes", self.compare_fsinfo()[path])
        # qemu-ga reports those of the filesystem that has the directory: fsinfo-covered.
        os.mkdir(path)
        real, ours = self.fsinfo()
        self.assertIn("used-bytes", index_by("mountpoint", real)[path])
        self.assertNotIn("used-bytes", index_by("mountpoint", ours)[path])

    def test_partitions(self):
        require(self, "addpart")
        device = self.devices.loop("disk", 64, "--partscan")
        for number in (1, 2):  # no partition table: not every kernel can read one
            run("addpart", device, str(number), str(number * 32768), "32768")
        mountpoint = self.devices.ext4(device + "p2")
        self.both()
        self.assertEqual(self.compare_fsinfo()[mountpoint]["name"],
                         os.path.basename(device) + "p2")
        disks = self.compare_disks()
        self.assertEqual(disks[device + "p1"]["dependencies"], [device])
        self.assertTrue(disks[device + "p1"]["partition"])

    def test_zram(self):
        control = pathlib.Path("/sys/class/zram-control/hot_add")
        if not control.exists():
            self.skipTest("the kernel has no zram")
        number = control.read_text(encoding="ascii").strip()
        self.addCleanup(pathlib.Path("/sys/class/zram-control/hot_remove").write_text, number,
                        encoding="ascii")
        pathlib.Path(f"/sys/block/zram{number}/disksize").write_text("16M", encoding="ascii")
        self.addCleanup(pathlib.Path(f"/sys/block/zram{number}/reset").write_text, "1",
                        encoding="ascii")
        mountpoint = self.devices.ext4(f"/dev/zram{number}")
        self.addCleanup(run, "umount", mountpoint)
        self.both()
        self.assertEqual(self.compare_fsinfo()[mountpoint]["name"], f"zram{number}")
        self.assertIn(f"/dev/zram{number}", self.compare_disks())

    def test_device_mapper(self):
        require(self, "dmsetup")
        if subprocess.run(["dmsetup", "targets"], capture_output=True, check=False).returncode:
            self.skipTest("the kernel has no device mapper")
        device = self.devices.loop("disk", 32)
        name = self.devices.directory.name
        for number, below in enumerate((device, f"/dev/mapper/{name}-0")):
            run("dmsetup", "create", f"{name}-{number}", "--table", f"0 65536 linear {below} 0")
            self.addCleanup(run, "dmsetup", "remove", "--retry", f"{name}-{number}")
            run("dmsetup", "mknodes")
        mountpoint = self.devices.ext4(f"/dev/mapper/{name}-1")
        self.addCleanup(run, "umount", mountpoint)
        self.both()
        node = os.path.realpath(f"/dev/mapper/{name}-1")
        below = os.path.realpath(f"/dev/mapper/{name}-0")
        self.compare_fsinfo()
        disks = self.compare_disks()
        self.assertEqual(disks[below]["dependencies"], [device])
        self.assertEqual(disks[node]["dependencies"], [below])

    def test_without_privileges(self):
        # Only bellhopd has none: it reports the same as qemu-ga with privileges.
        require(self, "setpriv")
        mountpoint = self.devices.ext4(self.devices.loop())
        os.chmod(ROOT, 0o755)
        os.chmod(self.devices.directory, 0o755)
        program = self.devices.directory / "bellhopd"
        shutil.copy(agents.bellhopd(), program)
        agent = agents.Agent(
            str(program), prepare=lambda directory: os.chown(directory, NOBODY_UID, NOBODY_UID),
            wrap=["setpriv", f"--reuid={NOBODY_UID}", f"--regid={NOBODY_UID}", "--clear-groups"])
        self.addCleanup(agent.__exit__)
        self.both(agent.__enter__())
        self.assertIn(mountpoint, self.compare_fsinfo())
        self.compare_disks()

    def test_mounts_that_come_and_go(self):
        device = self.devices.loop()
        mountpoint = self.devices.ext4(device)
        client = self.client(self.agent())
        done = threading.Event()

        def remount():
            while not done.is_set():
                run("umount", "--lazy", mountpoint)
                run("mount", device, mountpoint)

        thread = threading.Thread(target=remount)
        thread.start()
        try:
            for _ in range(200):
                client.call("guest-get-fsinfo", TEN_SECONDS)
        finally:
            done.set()
            thread.join()

    def test_devices_that_come_and_go(self):
        image = self.devices.image("disk")
        client = self.client(self.agent())
        done = threading.Event()

        def replug():
            while not done.is_set():
                run("losetup", "--detach", run("losetup", "--find", "--show", str(image)))

        thread = threading.Thread(target=replug)
        thread.start()
        try:
            for _ in range(200):
                client.call("guest-get-disks", TEN_SECONDS)
        finally:
            done.set()
            thread.join()


if __name__ == "__main__":
    loop_devices.main(__file__)
