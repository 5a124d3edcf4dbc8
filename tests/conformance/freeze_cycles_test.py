#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Freezes and thaws repeatedly while programs write, and compares the disks while frozen.

BELLHOP_ALL=1: 500 cycles instead of 20. Runs in the world of harness/freeze_world.py. Exits with
status 77 if the machine does not allow it.
"""

import hashlib
import os
import signal
import unittest

from harness import freeze_world
from harness.freeze_world import BELLHOPD, QEMU_GA, WorldTest, can_make, make_filesystem, wait_until

SKIPPED = freeze_world.SKIPPED
CYCLES = 500 if os.environ.get("BELLHOP_ALL") else 20


class Filesystems:
    @classmethod
    def make(cls):
        cls.kinds = [kind for kind in ("ext4", "xfs", "btrfs") if can_make(kind)]
        cls.paths = {kind: make_filesystem(kind, kind=kind) for kind in cls.kinds}
        # Its image is a file on ext4, which also has a writer.
        cls.paths["nested"] = make_filesystem("nested", image=cls.paths["ext4"] + "/image", size=8)


class Writer:
    """A process that overwrites, appends to and renames files, and writes a counter."""

    def __init__(self, directory):
        self.counter = directory + "/count"
        self.pid = os.fork()
        if self.pid:
            return
        try:
            number = 0
            while True:
                number += 1
                with open(self.counter, "w", encoding="utf-8") as file:
                    file.write(f"{number}\n")
                    if number % 8 == 0:
                        os.fsync(file.fileno())
                with open(directory + "/data", "ab" if number % 100 else "wb") as file:
                    file.write(b"x" * 5000)
                os.rename(self.counter, self.counter + ".old")
                os.rename(self.counter + ".old", self.counter)
        finally:
            os._exit(1)

    def stop(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def image_digest(kind):
    """A digest of the filesystem's disk, as a host that copies it reads it."""
    descriptor = os.open(f"/images/{kind}", os.O_RDONLY)
    digest = hashlib.blake2b()
    try:
        at = 0
        while True:
            try:  # holes are always zeros
                at = os.lseek(descriptor, at, os.SEEK_DATA)
            except OSError:
                return digest.digest()
            end = os.lseek(descriptor, at, os.SEEK_HOLE)
            digest.update(b"%d" % at)
            while at < end:
                piece = os.pread(descriptor, min(1 << 20, end - at), at)
                digest.update(piece)
                at += len(piece)
    finally:
        os.close(descriptor)


class CycleTests(WorldTest):
    def test_cycles_with_writers(self):
        agent = self.start()
        writers = [Writer(path) for path in Filesystems.paths.values()]
        try:
            for writer in writers:
                self.assertTrue(wait_until(lambda writer=writer: os.path.exists(writer.counter)))
            for cycle in range(CYCLES):
                freeze_world.watchdog.reset()
                self.assertEqual(agent.freeze_all(), len(Filesystems.paths), cycle)
                if cycle % 10 == 0:
                    before = [image_digest(kind) for kind in Filesystems.kinds]
                    self.assertEqual(agent.status(), "frozen")
                    after = [image_digest(kind) for kind in Filesystems.kinds]
                    self.assertEqual(before, after, "a frozen disk changed")
                self.assertEqual(agent.thaw(), len(Filesystems.paths), cycle)
            self.assertEqual(agent.status(), "thawed")
        finally:
            freeze_world.thaw_all()
            for writer in writers:
                writer.stop()

    def test_a_copy_of_a_frozen_disk_is_complete(self):
        """A copy taken while frozen has everything that was written before the freeze."""
        # Mounted without replaying the journal. Not btrfs: two with the same UUID cannot be mounted
        # at the same time.
        for kind, options in (("ext4", "loop,ro,noload"), ("xfs", "loop,ro,norecovery,nouuid")):
            with self.subTest(kind=kind):
                self.require(kind)
                self.assert_copy_is_complete(kind, options)

    def assert_copy_is_complete(self, kind, options):
        path = Filesystems.paths[kind]
        with open(path + "/before", "w", encoding="utf-8") as file:
            file.write(kind)  # no fsync
        agent = self.start()
        self.assertEqual(agent.freeze(path), 1)
        copy = f"/images/copy-of-{kind}"
        freeze_world.copy_sparse(f"/images/{kind}", copy)
        self.assertEqual(agent.thaw(), 1)
        agent.stop()
        copied = make_filesystem(f"copied-{kind}", image=copy, kind=kind, options=options,
                                 mkfs=False)
        try:
            with open(copied + "/before", encoding="utf-8") as file:
                self.assertEqual(file.read(), kind)
        finally:
            freeze_world.umount(copied)
            os.unlink(copy)


class Bellhop(CycleTests, unittest.TestCase):
    PROGRAM = BELLHOPD


class QemuGa(CycleTests, unittest.TestCase):
    """The oracle: the tests above must hold for it too."""

    PROGRAM = QEMU_GA


if __name__ == "__main__":
    freeze_world.main(Filesystems.make)
