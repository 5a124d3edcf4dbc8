#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""guest-fstrim on real filesystems, compared with qemu-ga.

Runs in the world of harness/freeze_world.py. Exits with status 77 if the machine does not allow it.
"""

import os
import tempfile
import unittest

from harness import freeze_world
from harness.freeze_world import (BELLHOPD, MOUNT_ROOT, QEMU_GA, Agent, WorldTest, can_make,
                                  make_filesystem, make_image, mount, umount)

SKIPPED = freeze_world.SKIPPED
IMAGE = "/images/filled"


class Filesystems:
    """Created again for each agent: ext4 and btrfs remember what they trimmed."""

    def __init__(self):
        self.mounted = [make_filesystem("ext4"),
                        make_filesystem("nested", f"{MOUNT_ROOT}/ext4/nested")]
        self.mounted += [make_filesystem(kind, kind=kind) for kind in ("xfs", "btrfs")
                         if can_make(kind)]
        make_image("/images/read-only")
        self.mounted.append(make_filesystem("read-only", image="/images/read-only", mkfs=False,
                                            options="loop,ro"))
        self.bind = f"{MOUNT_ROOT}/bind"
        os.makedirs(self.bind, exist_ok=True)
        mount("--bind", self.mounted[0], self.bind)

    def remove(self):
        umount(self.bind)
        for path in reversed(self.mounted):
            umount(path)


class TrimTests(WorldTest):
    HIDDEN = ""  # why a filesystem below another mount cannot be opened

    def test_lists_each_filesystem_once_the_last_mounted_first(self):
        filesystems = Filesystems()
        try:
            results = self.start().call("guest-fstrim")["paths"]
        finally:
            filesystems.remove()
        self.assertEqual([result["path"] for result in results],
                         list(reversed(filesystems.mounted)))

    def test_frees_blocks(self):
        """The image of a filesystem shrinks when its files are removed and it is trimmed."""
        path = make_filesystem("filled", image=IMAGE)
        try:
            with open(path + "/file", "wb") as file:
                file.write(b"x" * (6 << 20))
                file.flush()
                os.fsync(file.fileno())
            full = os.stat(IMAGE).st_blocks
            os.unlink(path + "/file")
            os.sync()
            results = self.start().call("guest-fstrim")["paths"]
            (result,) = [one for one in results if one["path"] == path]
            self.assertGreaterEqual(result["trimmed"], 6 << 20)
            self.assertLess(os.stat(IMAGE).st_blocks, full - (5 << 20) // 512)
        finally:
            umount(path)

    def test_a_disk_without_discard(self):
        """A loop device whose image is on ramfs, which cannot punch holes into files."""
        directory = f"{MOUNT_ROOT}/ramfs"
        os.makedirs(directory, exist_ok=True)
        mount("-t", "ramfs", "none", directory)
        path = make_filesystem("no-discard", image=directory + "/image")
        try:
            self.assertEqual(self.start().call("guest-fstrim"),
                             {"paths": [{"path": path, "error": "trim not supported"}]})
        finally:
            umount(path)
            umount(directory)

    def test_a_mountpoint_that_cannot_be_reached(self):
        path = make_filesystem("hidden", f"{MOUNT_ROOT}/over/hidden")
        mount("-t", "tmpfs", "none", f"{MOUNT_ROOT}/over")
        try:
            self.assertEqual(
                self.start().call("guest-fstrim"),
                {"paths": [{"path": path, "error": "failed to open: " + self.HIDDEN}]})
        finally:
            umount(f"{MOUNT_ROOT}/over")
            umount(path)

    def test_nothing_to_trim(self):
        self.assertEqual(self.start().call("guest-fstrim"), {"paths": []})


class Bellhop(TrimTests, unittest.TestCase):
    PROGRAM = BELLHOPD
    HIDDEN = "another filesystem is mounted over it"

    def test_replies_like_qemu_ga(self):
        if not QEMU_GA:
            self.skipTest(os.environ.get("FREEZE_TEST_NO_ORACLE", "there is no qemu-ga"))
        ours = self.start()
        theirs = Agent(QEMU_GA, tempfile.mkdtemp(prefix="state-", dir="/tmp"))
        self.agents.append(theirs)
        for arguments in ({}, {"minimum": 0}, {"minimum": 65536}, {"minimum": 1 << 40},
                          {"minimum": -1}, {"minimum": "x"}, {"x": 1}):
            with self.subTest(arguments=arguments):
                answers = []
                for agent in (ours, theirs):
                    filesystems = Filesystems()
                    try:
                        answers.append(agent.call("guest-fstrim", **arguments))
                    finally:
                        filesystems.remove()
                self.assertEqual(*answers)

    def test_a_covered_filesystem(self):
        """qemu-ga lists the path twice and trims the covering filesystem twice."""
        path = make_filesystem("covered")
        make_filesystem("cover", path)
        try:
            results = self.start().call("guest-fstrim")["paths"]
            top, covered = [one for one in results if one["path"] == path]
            self.assertIn("trimmed", top)
            self.assertEqual(covered["error"],
                             "failed to open: another filesystem is mounted over it")
        finally:
            umount(path)
            umount(path)


class QemuGa(TrimTests, unittest.TestCase):
    """The oracle: the tests above must hold for it too."""

    PROGRAM = QEMU_GA
    HIDDEN = "No such file or directory"


if __name__ == "__main__":
    freeze_world.main()
