#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which filesystems an agent freezes, in which order, and the number that it reports.

Runs in the world of harness/freeze_world.py. Exits with status 77 if the machine does not allow it.
"""

import concurrent.futures
import os
import subprocess
import tempfile
import unittest

from harness import freeze_world
from harness.freeze_world import (BELLHOPD, FIFREEZE, MOUNT_ROOT, QEMU_GA, Agent, WorldTest,
                                  can_make, freeze_ioctl, is_frozen, make_filesystem, mount, umount)

SKIPPED = freeze_world.SKIPPED


class Filesystems:
    """The filesystems that all tests freeze: created once, in this order."""

    @classmethod
    def make(cls):
        cls.a = make_filesystem("a")
        cls.b = make_filesystem("b")
        cls.nested = make_filesystem("nested", cls.a + "/nested")
        cls.blank = make_filesystem("blank", f"{MOUNT_ROOT}/with blank")
        cls.bind = f"{MOUNT_ROOT}/bind"
        os.makedirs(cls.bind)
        mount("--bind", cls.b, cls.bind)
        cls.read_only_bind = f"{MOUNT_ROOT}/read-only-bind"
        os.makedirs(cls.read_only_bind)
        mount("--bind", cls.b, cls.read_only_bind)
        mount("-o", "remount,bind,ro", cls.read_only_bind)
        cls.tmpfs = f"{MOUNT_ROOT}/tmpfs"
        os.makedirs(cls.tmpfs)
        mount("-t", "tmpfs", "none", cls.tmpfs)
        cls.all = [cls.a, cls.b, cls.nested, cls.blank]
        for kind in ("xfs", "btrfs"):
            if can_make(kind):
                cls.all.append(make_filesystem(kind, kind=kind))
        if can_make("btrfs"):
            cls.all.append(cls.make_of_two_disks())
        # The image of each is a file on the one before it. A request to one blocks while only the
        # one before it is frozen.
        lower = make_filesystem("lower")
        upper = make_filesystem("upper", image=lower + "/image", size=12)
        top = make_filesystem("top", image=upper + "/image", size=6)
        cls.stacked = [lower, upper, top]
        cls.count = len(cls.all) + len(cls.stacked)

    @classmethod
    def make_of_two_disks(cls):
        """A btrfs on two disks; the mount table names one of them."""
        images = [f"/images/disk{i}" for i in range(2)]
        disks = []
        try:
            for image in images:
                with open(image, "wb") as file:
                    file.truncate(freeze_world.SIZES["btrfs"])
                disks.append(subprocess.run(["losetup", "-f", "--show", image], check=True,
                                            capture_output=True, text=True).stdout.strip())
            subprocess.run(["mkfs.btrfs", "-q", "-f", *disks], check=True, capture_output=True,
                           text=True)
            cls.two_disks = f"{MOUNT_ROOT}/two-disks"
            os.makedirs(cls.two_disks)
            mount("-t", "btrfs", "-o", f"device={disks[1]}", disks[0], cls.two_disks)
        finally:
            for disk in disks:  # removed when unmounted
                subprocess.run(["losetup", "-d", disk], check=True)
        return cls.two_disks


class FilesystemTests(WorldTest):
    """What every agent must do. The classes below set PROGRAM."""

    def frozen(self):
        with concurrent.futures.ThreadPoolExecutor(len(Filesystems.all)) as pool:
            frozen = list(pool.map(is_frozen, Filesystems.all))
        return [path for path, is_one in zip(Filesystems.all, frozen) if is_one]

    def test_freezes_all(self):
        agent = self.start()
        self.assertEqual(agent.freeze_all(), Filesystems.count)
        self.assertEqual(agent.status(), "frozen")
        self.assertEqual(self.frozen(), Filesystems.all)
        self.assertTrue(all(map(is_frozen, Filesystems.stacked)))
        self.assertEqual(agent.thaw(), Filesystems.count)
        self.assertEqual(agent.status(), "thawed")
        self.assertEqual(self.frozen(), [])

    def test_freezes_all_without_a_list(self):
        agent = self.start()
        self.assertEqual(agent.call("guest-fsfreeze-freeze-list"), Filesystems.count)
        self.assertEqual(agent.thaw(), Filesystems.count)

    def assert_freezes(self, path):
        agent = self.start()
        self.assertEqual(agent.freeze(path), 1)
        self.assertEqual(self.frozen(), [path])
        self.assertEqual(agent.thaw(), 1)
        self.assertEqual(self.frozen(), [])

    def test_freezes_ext4(self):
        self.assert_freezes(Filesystems.a)

    def test_freezes_xfs(self):
        self.require("xfs")
        self.assert_freezes(f"{MOUNT_ROOT}/xfs")

    def test_freezes_btrfs(self):
        self.require("btrfs")
        self.assert_freezes(f"{MOUNT_ROOT}/btrfs")

    def test_freezes_btrfs_of_two_disks(self):
        self.require("btrfs")
        self.assert_freezes(Filesystems.two_disks)

    def test_freezes_stacked_filesystems(self):
        agent = self.start()
        self.assertEqual(agent.freeze(*Filesystems.stacked), 3)
        self.assertTrue(all(map(is_frozen, Filesystems.stacked)))
        self.assertEqual(agent.thaw(), 3)
        self.assertFalse(any(map(is_frozen, Filesystems.stacked)))

    def test_freezes_the_listed_filesystems(self):
        agent = self.start()
        for names, count in (
                ([Filesystems.a, Filesystems.b], 2),
                ([Filesystems.a, Filesystems.nested], 2),
                ([Filesystems.a, Filesystems.a], 1),
                ([Filesystems.b, Filesystems.bind], 1),
                ([Filesystems.blank], 1),
                ([Filesystems.a, "/nonexistent"], 1)):
            with self.subTest(names=names):
                self.assertEqual(agent.freeze(*names), count)
                self.assertEqual(agent.status(), "frozen")
                self.assertEqual(set(self.frozen()), set(names) & set(Filesystems.all))
                self.assertEqual(agent.thaw(), count)
                self.assertEqual(self.frozen(), [])

    def test_freezes_nothing_else(self):
        agent = self.start()
        for names in ([], ["/nonexistent"], [Filesystems.tmpfs], [Filesystems.bind],
                      [Filesystems.read_only_bind], [Filesystems.a + "/"], ["/"], ["/proc"],
                      [Filesystems.a + "/lost+found"]):
            with self.subTest(names=names):
                self.assertEqual(agent.freeze(*names), 0)
                self.assertEqual(agent.status(), "thawed")
                self.assertEqual(self.frozen(), [])
                self.assertFalse(os.path.exists(self.directory + "/qga.state.isfrozen"))

    def test_does_not_freeze_an_overlay_itself(self):
        for directory in ("upper", "work"):
            os.makedirs(f"{Filesystems.a}/{directory}", exist_ok=True)
        overlay = f"{MOUNT_ROOT}/overlay"
        os.makedirs(overlay, exist_ok=True)
        try:
            mount("-t", "overlay", "none", overlay, "-o", f"lowerdir={Filesystems.b},"
                  f"upperdir={Filesystems.a}/upper,workdir={Filesystems.a}/work")
        except subprocess.CalledProcessError as error:
            self.skipTest(f"no overlay can be mounted: {error.stderr}")
        try:
            agent = self.start()
            self.assertEqual(agent.freeze(overlay), 0)
            self.assertEqual(agent.freeze(overlay, Filesystems.a), 1)
            self.assertEqual(agent.thaw(), 1)
            self.assertEqual(agent.freeze_all(), Filesystems.count)
            self.assertEqual(agent.thaw(), Filesystems.count)
        finally:
            freeze_world.thaw_all()
            umount(overlay)

    def test_a_mountpoint_that_cannot_be_reached(self):
        hidden = make_filesystem("hidden", f"{MOUNT_ROOT}/over/hidden")
        try:
            mount("-t", "tmpfs", "none", f"{MOUNT_ROOT}/over")
            try:
                agent = self.start()
                error = f"failed to open {hidden}: No such file or directory"
                self.assertEqual(agent.freeze(Filesystems.a, hidden), error)
                self.assertEqual(agent.status(), "thawed")
                self.assertEqual(self.frozen(), [])
                self.assertEqual(agent.freeze_all(), error)
                self.assertEqual(agent.status(), "thawed")
                self.assertEqual(self.frozen(), [])
            finally:
                freeze_world.thaw_all()
                umount(f"{MOUNT_ROOT}/over")
        finally:
            umount(hidden)

    def test_a_covered_filesystem(self):
        covered = make_filesystem("covered")
        try:
            make_filesystem("cover", covered)
            try:
                agent = self.start()
                self.assertEqual(agent.freeze(covered), 1)
                self.assertTrue(is_frozen(covered))
                self.assertEqual(agent.thaw(), 1)
                self.assertEqual(agent.freeze_all(), Filesystems.count + 1)
                self.assertEqual(agent.thaw(), Filesystems.count + 1)
            finally:
                freeze_world.thaw_all()
                umount(covered)
        finally:
            umount(covered)

    def test_a_filesystem_that_another_process_froze(self):
        agent = self.start()
        freeze_ioctl(Filesystems.a, FIFREEZE)
        self.assertEqual(agent.freeze(Filesystems.a), 0)
        self.assertEqual(agent.status(), "thawed")
        self.assertEqual(agent.freeze(Filesystems.a, Filesystems.b), 1)
        self.assertEqual(agent.thaw(), 2)
        self.assertEqual(self.frozen(), [])
        freeze_ioctl(Filesystems.a, FIFREEZE)
        self.assertEqual(agent.thaw(), 1)
        self.assertEqual(self.frozen(), [])
        self.assertEqual(agent.thaw(), 0)


class Bellhop(FilesystemTests, unittest.TestCase):
    """Bellhop, with its intended differences from qemu-ga."""

    PROGRAM = BELLHOPD

    def test_freezes_each_before_the_one_that_holds_its_image(self):
        """In a copied mount namespace, as services have, the mount table is in tree order: a
        filesystem may come before the one that holds its image. qemu-ga freezes in reverse order,
        the holder first, and deadlocks."""
        below = make_filesystem("below")
        host = make_filesystem("host")
        guest = make_filesystem("guest", below + "/guest", image=host + "/image", size=12)
        try:
            agent = self.start(wrap=["unshare", "--mount"])
            order = [path for _, _, path, _ in freeze_world.mounts(agent.process.pid)
                     if path in (host, guest)]
            self.assertEqual(order, [guest, host], "the test's premise")
            self.assertEqual(agent.freeze(host, guest), 2)
            self.assertTrue(is_frozen(host) and is_frozen(guest))
            self.assertEqual(agent.thaw(), 2)
            self.assertFalse(is_frozen(host) or is_frozen(guest))
            agent.stop()
        finally:
            freeze_world.thaw_all()
            for path in (guest, host, below):
                umount(path)

    def test_leaves_read_only_filesystems_alone(self):
        path = make_filesystem("read-only", options="loop,ro")
        try:
            agent = self.start()
            self.assertEqual(agent.freeze(path), 0)
            self.assertEqual(agent.freeze_all(), Filesystems.count)
            self.assertFalse(is_frozen(path))
            agent.thaw()
        finally:
            freeze_world.thaw_all()
            umount(path)

    def test_reaches_a_hidden_filesystem_by_another_mountpoint(self):
        agent = self.start()
        mount("-t", "tmpfs", "none", Filesystems.b)
        try:
            self.assertEqual(agent.freeze(Filesystems.b), 1)
            self.assertTrue(is_frozen(Filesystems.bind))
            self.assertEqual(agent.thaw(), 1)
        finally:
            umount(Filesystems.b)
        self.assertFalse(is_frozen(Filesystems.b))

    def test_thaws_a_filesystem_that_was_hidden_meanwhile(self):
        agent = self.start()
        self.assertEqual(agent.freeze(Filesystems.blank), 1)
        mount("-t", "tmpfs", "none", Filesystems.blank)
        try:
            self.assertEqual(agent.thaw(), 1)
        finally:
            umount(Filesystems.blank)
        self.assertFalse(is_frozen(Filesystems.blank))

    def test_thaws_a_filesystem_that_was_lazily_unmounted_meanwhile(self):
        path = make_filesystem("lazy")
        agent = self.start()
        self.assertEqual(agent.freeze(path), 1)
        subprocess.run(["umount", "-l", path], check=True)
        self.assertEqual(agent.thaw(), 1)

    def test_replies_like_qemu_ga(self):
        """Both get the same requests on the same filesystems, one directly after the other."""
        if not QEMU_GA:
            self.skipTest(os.environ.get("FREEZE_TEST_NO_ORACLE", "there is no qemu-ga"))
        ours = self.start()
        theirs = Agent(QEMU_GA, tempfile.mkdtemp(prefix="state-", dir="/tmp"))
        self.agents.append(theirs)
        paths = [*Filesystems.all, Filesystems.bind, Filesystems.tmpfs, "/", "/dev", "/nonexistent"]
        requests = [("guest-fsfreeze-freeze", {}), ("guest-fsfreeze-freeze-list", {}),
                    ("guest-fsfreeze-freeze-list", {"mountpoints": []})]
        requests.append(("guest-fsfreeze-freeze-list", {"mountpoints": Filesystems.stacked}))
        requests += [("guest-fsfreeze-freeze-list", {"mountpoints": [path, paths[i - 1]]})
                     for i, path in enumerate(paths)]
        for command, arguments in requests:
            with self.subTest(command=command, arguments=arguments):
                answers = []
                for agent in (ours, theirs):
                    answers.append((agent.call(command, **arguments), agent.status(),
                                    self.frozen(), agent.thaw(), agent.status()))
                self.assertEqual(*answers)


class QemuGa(FilesystemTests, unittest.TestCase):
    """The oracle: the tests above must hold for it too."""

    PROGRAM = QEMU_GA


if __name__ == "__main__":
    freeze_world.main(Filesystems.make)
