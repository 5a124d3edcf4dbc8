#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which filesystems an agent freezes, in which order, and the number that it reports.

Runs in the world of harness/freeze_world.py. Exits with status 77 if the machine does not allow it.
"""

import concurrent.futures
import contextlib
import ctypes
import os
import socket
import subprocess
import tempfile
import unittest

from harness import freeze_world
from harness.freeze_world import (BELLHOPD, FIFREEZE, MOUNT_ROOT, QEMU_GA, Agent, WorldTest,
                                  can_make, freeze_ioctl, is_frozen, make_filesystem, make_image,
                                  mount, umount)

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
        cls.disks = disks = []
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
                ([Filesystems.a, Filesystems.tmpfs, "/proc"], 1)):
            with self.subTest(names=names):
                self.assertEqual(agent.freeze(*names), count)
                self.assertEqual(agent.status(), "frozen")
                self.assertEqual(set(self.frozen()), set(names) & set(Filesystems.all))
                self.assertEqual(agent.thaw(), count)
                self.assertEqual(self.frozen(), [])

    def test_freezes_nothing_else(self):
        agent = self.start()
        for names in ([], [Filesystems.tmpfs], ["/"], ["/proc"]):
            with self.subTest(names=names):
                self.assertEqual(agent.freeze(*names), 0)
                self.assert_nothing_is_frozen(agent)

    def assert_nothing_is_frozen(self, agent):
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

    @contextlib.contextmanager
    def hidden(self):
        """A filesystem at a mountpoint below a directory that another one covers."""
        with self.mounted("hidden", f"{MOUNT_ROOT}/over/hidden") as path:
            mount("-t", "tmpfs", "none", f"{MOUNT_ROOT}/over")
            try:
                yield path
            finally:
                freeze_world.thaw_all()
                umount(f"{MOUNT_ROOT}/over")

    @contextlib.contextmanager
    def mounted(self, *arguments, **options):
        """A filesystem as make_filesystem() makes it."""
        path = make_filesystem(*arguments, **options)
        try:
            yield path
        finally:
            freeze_world.thaw_all()
            umount(path)

    @contextlib.contextmanager
    def bound(self, kind):
        """A filesystem of which only a file or a socket is mounted."""
        with self.mounted("inside") as path:
            target = f"{MOUNT_ROOT}/bound-{kind}"
            with open(target, "wb"):
                pass
            if kind == "socket":
                with socket.socket(socket.AF_UNIX) as listener:
                    listener.bind(path + "/entry")
            else:
                with open(path + "/entry", "wb"):
                    pass
            mount("--bind", path + "/entry", target)
            try:
                subprocess.run(["umount", "-l", path], check=True)
                yield target
            finally:
                freeze_world.thaw_all()
                mount(f"/dev/loop{os.minor(os.stat(target).st_dev)}", path)
                umount(target)
                os.unlink(target)

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

    WARNING = "the filesystem at '{}' is not frozen: {}"

    def configured(self, *lines):
        """An agent with these lines in the group [freeze]."""
        return self.start("-v", configuration="\n".join(("[freeze]", *lines, "")))

    def assert_freezes_all_but(self, agent, *left_out):
        """Freezes all of Filesystems except these; others may exist."""
        self.assertGreaterEqual(agent.freeze_all(), Filesystems.count - len(left_out))
        self.assertEqual(self.frozen(), [path for path in Filesystems.all if path not in left_out])
        agent.thaw()
        self.assertEqual(self.frozen(), [])

    def test_freezes_by_any_name_of_a_filesystem(self):
        agent = self.start()
        b = Filesystems.b
        for name in (Filesystems.bind, Filesystems.read_only_bind, b + "/", b + "//", b + "/.",
                     "/" + b, b.replace("/fs/", "/fs/./"), Filesystems.bind + "/"):
            for names in ([name], [b, name]):
                with self.subTest(names=names):
                    self.assertEqual(agent.freeze(*names), 1)
                    self.assertEqual(self.frozen(), [b])
                    self.assertEqual(agent.thaw(), 1)

    def test_refuses_a_name_that_is_no_mountpoint(self):
        agent = self.start()
        directory = f"{Filesystems.a}/lost+found"
        for name in ("/nonexistent", directory, "fs/a", "", Filesystems.a + "/../b"):
            for names in ([name], [Filesystems.a, name], [name, Filesystems.a]):
                with self.subTest(names=names):
                    self.assertEqual(agent.freeze(*names),
                                     f"cannot freeze '{name}': no filesystem is mounted there; "
                                     "guest-get-fsinfo lists the mountpoints")
                    self.assert_nothing_is_frozen(agent)

    def test_skips_a_filesystem_below_another_mount(self):
        with self.hidden() as hidden:
            agent = self.start("-v")
            self.assertEqual(agent.freeze(Filesystems.a, hidden), 1)
            self.assertEqual(self.frozen(), [Filesystems.a])
            self.assertIn(self.WARNING.format(hidden, "another one is mounted over it"),
                          agent.log())
            self.assertEqual(agent.thaw(), 1)
            self.assertEqual(agent.freeze_all(), Filesystems.count)
            self.assertEqual(agent.thaw(), Filesystems.count)

    def test_fails_for_a_filesystem_below_another_mount_if_configured(self):
        with self.hidden() as hidden:
            agent = self.configured("on-unreachable=fail")
            error = f"cannot freeze the filesystem at '{hidden}': another one is mounted over it"
            self.assertEqual(agent.freeze_all(), error)
            self.assert_nothing_is_frozen(agent)
            self.assertEqual(agent.freeze(Filesystems.a, hidden), error)
            self.assert_nothing_is_frozen(agent)
            self.assertEqual(agent.freeze(Filesystems.a), 1)
            self.assertEqual(agent.thaw(), 1)

    def test_is_not_misled_by_a_filesystem_in_place_of_a_hidden_one(self):
        """A mount of the same path, in the filesystem that hides it."""
        with self.hidden() as hidden:
            with self.mounted("decoy", hidden):
                agent = self.start()
                self.assertEqual(agent.freeze(hidden), 1)
                self.assertTrue(is_frozen(hidden))
                self.assertEqual(agent.thaw(), 1)
                self.assertEqual(agent.freeze_all(), Filesystems.count + 1)
                self.assertEqual(agent.thaw(), Filesystems.count + 1)

    def test_skips_a_filesystem_of_which_only_a_file_is_mounted(self):
        reason = "only a file or socket of it is mounted"
        for kind in ("file", "socket"):
            with self.subTest(kind=kind), self.bound(kind) as target:
                agent = self.start("-v")
                self.assertEqual(agent.freeze_all(), Filesystems.count)
                self.assertIn(self.WARNING.format(target, reason), agent.log())
                agent.thaw()
                self.assertEqual(agent.freeze(target), 0)
                agent.stop()
                agent = self.configured("on-unreachable=fail")
                self.assertEqual(agent.freeze_all(),
                                 f"cannot freeze the filesystem at '{target}': {reason}")
                self.assert_nothing_is_frozen(agent)
                agent.stop()

    @contextlib.contextmanager
    def dead(self):
        """A filesystem that cannot be opened: a FUSE filesystem on a disk, without its server."""
        if not os.path.exists("/dev/fuse"):
            self.skipTest("the kernel has no FUSE")
        path = f"{MOUNT_ROOT}/dead"
        os.makedirs(path, exist_ok=True)
        device = subprocess.run(["losetup", "-f", "--show", make_image("/images/dead")], check=True,
                                capture_output=True, text=True).stdout.strip()
        try:
            server = os.open("/dev/fuse", os.O_RDWR)
            options = f"fd={server},rootmode=40000,user_id=0,group_id=0,blksize=512"
            libc = ctypes.CDLL(None, use_errno=True)
            failed = libc.mount(device.encode(), path.encode(), b"fuseblk", 0, options.encode())
            reason = os.strerror(ctypes.get_errno())
            os.close(server)
            if failed:
                self.skipTest(f"cannot mount fuse here: {reason}")
            try:
                yield path
            finally:
                umount(path)
        finally:
            subprocess.run(["losetup", "-d", device], check=True)

    def test_fails_for_a_filesystem_that_cannot_be_opened_unless_configured(self):
        with self.dead() as path:
            agent = self.start()
            error = f"failed to open {path}: Transport endpoint is not connected"
            self.assertEqual(agent.freeze_all(), error)
            self.assert_nothing_is_frozen(agent)
            agent.stop()
            agent = self.configured("on-unreachable=fail")
            self.assertEqual(agent.freeze(Filesystems.a, path), error)
            self.assert_nothing_is_frozen(agent)
            agent.stop()
            agent = self.configured("on-unreachable=skip")
            self.assertEqual(agent.freeze(Filesystems.a, path), 1)
            self.assertEqual(self.frozen(), [Filesystems.a])
            self.assertIn(self.WARNING.format(path, "it cannot be opened: Transport endpoint is "
                                              "not connected"), agent.log())
            self.assertEqual(agent.thaw(), 1)
            self.assert_freezes_all_but(agent)
            agent.stop()
            agent = self.configured(f"skip-mountpoints={path}")
            self.assert_freezes_all_but(agent)

    def test_leaves_out_a_type(self):
        self.require("xfs")
        agent = self.configured("skip-types = vfat, x?s")
        self.assert_freezes_all_but(agent, f"{MOUNT_ROOT}/xfs")
        self.assertNotIn("is not frozen", agent.log())
        self.assertEqual(agent.freeze(f"{MOUNT_ROOT}/xfs", Filesystems.a), 1)
        self.assertEqual(self.frozen(), [Filesystems.a])
        self.assertIn(self.WARNING.format(f"{MOUNT_ROOT}/xfs", "skip-types of [freeze] has 'x?s'"),
                      agent.log())

    def test_leaves_out_mountpoints(self):
        agent = self.configured(f"skip-mountpoints={MOUNT_ROOT}/a*,{MOUNT_ROOT}/with\\sblank")
        self.assert_freezes_all_but(agent, Filesystems.a, Filesystems.nested, Filesystems.blank)
        self.assertNotIn("is not frozen", agent.log())

    def test_leaves_out_a_filesystem_by_a_bind_mount_with_a_warning(self):
        agent = self.configured(f"skip-mountpoints={Filesystems.bind}")
        self.assert_freezes_all_but(agent, Filesystems.b)
        self.assertIn(self.WARNING.format(
            Filesystems.b, f"skip-mountpoints of [freeze] has '{Filesystems.bind}', and "
            f"'{Filesystems.bind}' is a mount of it"), agent.log())

    def test_leaves_out_devices(self):
        number = os.minor(os.stat(Filesystems.blank).st_dev)
        agent = self.configured(f"skip-devices=/dev/sd*,/dev/loop{number}")
        self.assert_freezes_all_but(agent, Filesystems.blank)
        agent.stop()
        agent = self.configured("skip-devices=/dev/loop*")
        self.assertEqual(agent.freeze_all(), 0)
        self.assertEqual(agent.status(), "thawed")

    def test_leaves_out_a_btrfs_by_each_of_its_disks(self):
        self.require("btrfs")
        for disk in Filesystems.disks:
            agent = self.configured(f"skip-devices={disk}")
            self.assert_freezes_all_but(agent, Filesystems.two_disks)
            agent.stop()

    def test_uses_the_mount_of_the_root(self):
        """Not that of a directory, though it was mounted before."""
        with self.mounted("root") as path:
            os.mkdir(path + "/sub")
            first = f"{MOUNT_ROOT}/first"
            os.makedirs(first, exist_ok=True)
            mount("--bind", path + "/sub", first)
            device = f"/dev/loop{os.minor(os.stat(first).st_dev)}"
            try:
                subprocess.run(["umount", path], check=True)
                mount(device, path)
                self.assertEqual([at for _, _, at, _ in freeze_world.mounts()
                                  if at in (first, path)], [first, path], "the test's premise")
                agent = self.start()
                info = {one["name"]: one for one in agent.call("guest-get-fsinfo")}
                self.assertEqual(info[os.path.basename(device)]["mountpoint"], path)
                trimmed = [one["path"] for one in agent.call("guest-fstrim")["paths"]]
                self.assertIn(path, trimmed)
                self.assertNotIn(first, trimmed)
                for name in (path, first):
                    self.assertEqual(agent.freeze(name), 1)
                    self.assertTrue(is_frozen(path))
                    self.assertEqual(agent.thaw(), 1)
            finally:
                freeze_world.thaw_all()
                umount(first)

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
        paths = [*Filesystems.all, Filesystems.tmpfs, "/", "/dev"]
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
    """The oracle: the tests above must hold for it too. Its own are the differences."""

    PROGRAM = QEMU_GA

    def test_ignores_all_names_but_the_first_mountpoint(self):
        agent = self.start()
        for name in ("/nonexistent", Filesystems.bind, Filesystems.read_only_bind,
                     Filesystems.a + "/", Filesystems.a + "/lost+found"):
            with self.subTest(name=name):
                self.assertEqual(agent.freeze(name), 0)
                self.assert_nothing_is_frozen(agent)

    def test_fails_for_a_filesystem_below_another_mount(self):
        with self.hidden() as hidden:
            agent = self.start()
            error = f"failed to open {hidden}: No such file or directory"
            self.assertEqual(agent.freeze(Filesystems.a, hidden), error)
            self.assert_nothing_is_frozen(agent)
            self.assertEqual(agent.freeze_all(), error)
            self.assert_nothing_is_frozen(agent)

    def test_fails_for_a_filesystem_of_which_only_a_socket_is_mounted(self):
        with self.bound("socket") as target:
            agent = self.start()
            self.assertEqual(agent.freeze_all(),
                             f"failed to open {target}: No such device or address")
            self.assert_nothing_is_frozen(agent)


if __name__ == "__main__":
    freeze_world.main(Filesystems.make)
