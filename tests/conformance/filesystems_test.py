#!/usr/bin/env python3
"""Compares what bellhopd and a real qemu-ga tell about filesystems, disks and processors.

The filesystems are made for the test, on loop devices, in a mount namespace of its own. Both agents
look at the same machine: qemu-ga is asked before and after bellhopd, and when its two replies are
the same, bellhopd's must be the same too. Ends with status 77 when the machine does not allow the
test, and says why.
"""

import contextlib
import ctypes
import functools
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

import agents
from living import TEN_SECONDS, LifeTest, wait_for

SKIPPED = 77
ROOT = os.environ.get("FILESYSTEMS_TEST_ROOT", "")
MEGABYTE = 1 << 20
NOBODY = 65534
MNT_FORCE, MNT_DETACH = 1, 2
STATFS = {"x86_64": "137", "aarch64": "43"}  # the system call's number
# Members whose values change between two questions, of filesystems that the test did not make.
LIVELY = ("used-bytes", "total-bytes", "total-bytes-privileged")


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True,
                          timeout=agents.PATIENCE).stdout.strip()


@functools.lru_cache(maxsize=None)
def kernel_knows(filesystem):
    with open("/proc/filesystems", encoding="ascii") as known:
        return any(line.split()[-1] == filesystem for line in known)


def need(test, *programs, filesystem=None):
    for program in programs:
        if not shutil.which(program):
            test.skipTest(f"needs {program}")
    if filesystem and not kernel_knows(filesystem):
        test.skipTest(f"the kernel has no {filesystem}")


class Machine:
    """Devices and mounts of one test, which are gone at its end."""

    def __init__(self, test):
        self.test = test
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=ROOT))
        test.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def image(self, name, megabytes=16):
        path = self.folder / name
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
        mountpoint = at if isinstance(at, bytes) else bytes(self.folder / at)
        os.makedirs(mountpoint, exist_ok=True)
        subprocess.run(["mount", *arguments, mountpoint], check=True, capture_output=True,
                       timeout=agents.PATIENCE)
        self.test.addCleanup(subprocess.run, ["umount", "--lazy", mountpoint], check=False,
                             capture_output=True)
        return mountpoint.decode(errors="replace")

    def ext4(self, device, at="mnt"):
        run("mkfs.ext4", "-q", "-F", device)
        return self.mount(device, at=at)


def by(key, entries):
    found = {entry[key]: entry for entry in entries}
    assert len(found) == len(entries), entries
    return found


def without_serials(disk, other):
    """Without the difference `disks-without-udev`: serial numbers of virtio disks."""
    if disk.get("bus-type") == "virtio" and "serial" not in other:
        return {key: value for key, value in disk.items() if key != "serial"}
    return disk


class CompareTest(LifeTest):
    """Tests with both agents."""

    def setUp(self):
        self.machine = Machine(self)

    def both(self, ours=None):
        """Starts both agents, unless `ours` is a bellhopd that is running."""
        try:
            oracle = agents.oracle("sid")
        except agents.Unavailable as reason:
            self.skipTest(str(reason))
        real = agents.Agent(oracle)
        self.addCleanup(real.__exit__)
        self.real = self.client(real.__enter__())
        self.ours = self.client(ours or self.agent())

    def asked(self, command, steady=lambda reply: reply):
        """(qemu-ga's reply, bellhopd's) while qemu-ga's `steady` part did not change."""
        for _ in range(100):
            before = steady(self.real.call(command))
            ours = steady(self.ours.call(command))
            if steady(self.real.call(command)) == before:
                return before, ours
        self.skipTest(f"the machine is too busy: {command} has a new answer each time")

    def fsinfo(self):
        """Both replies, whole, but for the sizes of what others made."""
        def steady(reply):
            for filesystem in reply:
                if not filesystem["mountpoint"].startswith(ROOT):
                    for key in LIVELY:
                        filesystem.pop(key, None)
            return reply
        return self.asked("guest-get-fsinfo", steady)

    def compare_fsinfo(self):
        real, ours = self.fsinfo()
        for theirs, filesystem in zip(real, ours):
            filesystem["disk"] = [without_serials(disk, other) for disk, other in
                                  zip(filesystem["disk"], theirs["disk"], strict=True)]
        self.assertEqual(ours, real)
        return by("mountpoint", ours)

    def compare_disks(self):
        real, ours = self.asked("guest-get-disks")
        for theirs, disk in zip(real, ours):
            if "address" in disk and "address" in theirs:
                disk["address"] = without_serials(disk["address"], theirs["address"])
            if disk["name"].startswith("/dev/dm-") and "alias" not in theirs:
                disk.pop("alias", None)  # disks-without-udev
        self.assertEqual(ours, real)
        return by("name", ours)


class Filesystems(CompareTest):
    def test_this_machine(self):
        self.both()
        self.compare_fsinfo()
        self.compare_disks()

    def test_kinds(self):
        made = {}
        for kind, make, size in (("ext4", ("mkfs.ext4", "-q", "-F"), 16),
                                 ("xfs", ("mkfs.xfs", "-q", "-f"), 320),
                                 ("btrfs", ("mkfs.btrfs", "-q", "-f"), 128)):
            if shutil.which(make[0]) and kernel_knows(kind):
                device = self.machine.loop(kind + ".image", size)
                run(*make, device)
                made[self.machine.mount(device, at=kind)] = kind
        if not made:
            self.skipTest("none of the kinds can be made here")
        self.both()
        found = self.compare_fsinfo()
        self.assertEqual({at: found[at]["type"] for at in made}, made)
        self.assertGreater(found[next(iter(made))]["total-bytes"], MEGABYTE)

    def test_squashfs(self):
        need(self, "mksquashfs", filesystem="squashfs")
        tree = self.machine.folder / "tree"
        tree.mkdir()
        (tree / "file").write_text("content", encoding="ascii")
        image = self.machine.folder / "image"
        run("mksquashfs", str(tree), str(image), "-quiet")
        mountpoint = self.machine.mount(self.machine.attach(image, "--read-only"), at="snap")
        self.both()
        self.assertEqual(self.compare_fsinfo()[mountpoint]["type"], "squashfs")

    def test_btrfs_with_several_devices(self):
        need(self, "mkfs.btrfs", "btrfs", filesystem="btrfs")
        devices = [self.machine.loop(name, 128) for name in ("a", "b")]
        run("mkfs.btrfs", "-q", "-f", *devices)
        run("btrfs", "device", "scan", *devices)
        mountpoint = self.machine.mount(devices[0], at="both")
        run("btrfs", "subvolume", "create", mountpoint + "/sub")
        self.machine.mount("-o", "subvol=sub", devices[0], at="sub")
        self.both()
        found = self.compare_fsinfo()
        self.assertIn(mountpoint, found)
        self.assertNotIn(str(self.machine.folder / "sub"), found)

    def test_mountpoints_with_odd_bytes(self):
        names = [b"sp ace", b"line\nfeed", b"tab\t", b"back\\slash\\040", b"#hash", b'"quoted"',
                 "ä€😀".encode(), b"\xff\xfe", b"\x01\x7f"]
        for number, name in enumerate(names):
            device = self.machine.loop(f"image{number}")
            run("mkfs.ext4", "-q", "-F", device)
            self.machine.mount(device, at=bytes(self.machine.folder) + b"/" + name)
        self.both()
        found = self.compare_fsinfo()
        for name in names[:-2]:
            self.assertIn(str(self.machine.folder / name.decode()), found)

    def test_bind_mounts_overlays_and_memory(self):
        device = self.machine.loop()
        first = self.machine.ext4(device, "first")
        os.mkdir(first + "/sub")
        self.machine.mount("--bind", first + "/sub", at="bind")
        self.machine.mount(device, at="again")
        self.machine.mount("-t", "tmpfs", "none", at="memory")
        if kernel_knows("overlay"):
            for name in ("upper", "work"):
                os.mkdir(self.machine.folder / "memory" / name)
            self.machine.mount("-t", "overlay", "overlay", "-o", "lowerdir={0}/sub,upperdir={1}"
                               "/upper,workdir={1}/work".format(
                                   first, self.machine.folder / "memory"), at="overlay")
        self.both()
        found = self.compare_fsinfo()
        ours = [at for at in found if at.startswith(str(self.machine.folder))]
        self.assertEqual(ours, [first])

    def test_partitions(self):
        need(self, "addpart")
        device = self.machine.loop("disk", 64, "--partscan")
        for number in (1, 2):  # without a table, which not every kernel can read
            run("addpart", device, str(number), str(number * 32768), "32768")
        mountpoint = self.machine.ext4(device + "p2")
        self.both()
        self.assertEqual(self.compare_fsinfo()[mountpoint]["name"],
                         os.path.basename(device) + "p2")
        disks = self.compare_disks()
        self.assertEqual(disks[device + "p1"]["dependencies"], [device])
        self.assertTrue(disks[device + "p1"]["partition"])

    def test_memory_as_a_disk(self):
        control = pathlib.Path("/sys/class/zram-control/hot_add")
        if not control.exists():
            self.skipTest("the kernel has no zram")
        number = control.read_text(encoding="ascii").strip()
        self.addCleanup(pathlib.Path("/sys/class/zram-control/hot_remove").write_text, number,
                        encoding="ascii")
        pathlib.Path(f"/sys/block/zram{number}/disksize").write_text("16M", encoding="ascii")
        self.addCleanup(pathlib.Path(f"/sys/block/zram{number}/reset").write_text, "1",
                        encoding="ascii")
        mountpoint = self.machine.ext4(f"/dev/zram{number}")
        self.addCleanup(run, "umount", mountpoint)
        self.both()
        self.assertEqual(self.compare_fsinfo()[mountpoint]["name"], f"zram{number}")
        self.assertIn(f"/dev/zram{number}", self.compare_disks())

    def test_device_mapper(self):
        need(self, "dmsetup")
        if subprocess.run(["dmsetup", "targets"], capture_output=True, check=False).returncode:
            self.skipTest("the kernel has no device mapper")
        device = self.machine.loop("disk", 32)
        name = self.machine.folder.name
        for number, below in enumerate((device, f"/dev/mapper/{name}-0")):
            run("dmsetup", "create", f"{name}-{number}", "--table", f"0 65536 linear {below} 0")
            self.addCleanup(run, "dmsetup", "remove", "--retry", f"{name}-{number}")
            run("dmsetup", "mknodes")
        mountpoint = self.machine.ext4(f"/dev/mapper/{name}-1")
        self.addCleanup(run, "umount", mountpoint)
        self.both()
        node = os.path.realpath(f"/dev/mapper/{name}-1")
        below = os.path.realpath(f"/dev/mapper/{name}-0")
        self.compare_fsinfo()
        disks = self.compare_disks()
        self.assertEqual(disks[below]["dependencies"], [device])
        self.assertEqual(disks[node]["dependencies"], [below])

    def test_without_privileges(self):
        # Only bellhopd is without them: it tells what others tell with them.
        need(self, "setpriv")
        mountpoint = self.machine.ext4(self.machine.loop())
        os.chmod(ROOT, 0o755)
        os.chmod(self.machine.folder, 0o755)
        program = self.machine.folder / "bellhopd"
        shutil.copy(agents.bellhopd(), program)
        agent = agents.Agent(
            str(program), prepare=lambda folder: os.chown(folder, NOBODY, NOBODY),
            wrap=["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"])
        self.addCleanup(agent.__exit__)
        self.both(agent.__enter__())
        self.assertIn(mountpoint, self.compare_fsinfo())
        self.compare_disks()

    def test_mounts_that_come_and_go(self):
        device = self.machine.loop()
        mountpoint = self.machine.ext4(device)
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
        image = self.machine.image("disk")
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


class DeadFilesystems(LifeTest):
    def setUp(self):
        self.machine = Machine(self)

    @contextlib.contextmanager
    def dead(self, *, at="dead"):
        """A filesystem on a disk whose program never answers."""
        need(self, filesystem="fuseblk")
        device = self.machine.loop("dead.image")
        run("mkfs.ext4", "-q", "-F", device)
        mountpoint = self.machine.folder / at
        mountpoint.mkdir()
        libc = ctypes.CDLL(None, use_errno=True)
        descriptor = os.open("/dev/fuse", os.O_RDWR)
        options = f"fd={descriptor},rootmode=40000,user_id=0,group_id=0,blksize=512"
        if libc.mount(device.encode(), bytes(mountpoint), b"fuseblk", 0, options.encode()) != 0:
            reason = os.strerror(ctypes.get_errno())
            os.close(descriptor)
            self.skipTest(f"cannot mount fuse here: {reason}")
        closed = False

        def give_up():
            nonlocal closed
            if not closed:
                os.close(descriptor)
            closed = True

        try:
            yield str(mountpoint), give_up
        finally:
            give_up()
            libc.umount2(bytes(mountpoint), MNT_FORCE | MNT_DETACH)

    def asking(self, agent):
        """How many of an agent's threads are asking a filesystem for its size."""
        number = STATFS.get(os.uname().machine)
        if not number or not os.path.exists("/proc/self/syscall"):
            self.skipTest("the kernel does not tell what a thread is doing")
        count = 0
        for task in pathlib.Path(f"/proc/{agent.process.pid}/task").iterdir():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has ended
                count += (task / "syscall").read_text(encoding="ascii").split()[0] == number
        return count

    def test_does_not_hold_up_the_reply(self):
        with self.dead() as (mountpoint, _):
            alive = self.machine.ext4(self.machine.loop("alive.image"), "alive")
            agent = self.agent()
            client = self.client(agent)
            found = by("mountpoint", client.call("guest-get-fsinfo", TEN_SECONDS))
            self.assertEqual(found[mountpoint]["type"], "fuseblk")
            self.assertEqual(found[mountpoint]["disk"], [])
            self.assertNotIn("used-bytes", found[mountpoint])
            self.assertNotIn("total-bytes", found[mountpoint])
            self.assertIn("used-bytes", found[alive])
            agent.stop()
            self.assertEqual(agent.status, 0)

    def test_costs_one_thread(self):
        with self.dead() as (mountpoint, give_up):
            agent = self.agent()
            client = self.client(agent)
            for _ in range(20):
                found = by("mountpoint", client.call("guest-get-fsinfo", TEN_SECONDS))
                self.assertNotIn("used-bytes", found[mountpoint])
                self.assertEqual(self.asking(agent), 1)
            give_up()  # fails what waits for the program
            wait_for("the thread is given back", lambda: self.asking(agent) == 0)

    def test_does_not_hide_what_is_mounted_on_it(self):
        with self.dead() as (mountpoint, _):
            device = self.machine.loop("alive.image")
            run("mkfs.ext4", "-q", "-F", device)
            libc = ctypes.CDLL(None, use_errno=True)
            if libc.mount(device.encode(), mountpoint.encode(), b"ext4", 0, b"") != 0:
                self.skipTest(f"cannot mount on it: {os.strerror(ctypes.get_errno())}")
            self.addCleanup(libc.umount2, mountpoint.encode(), MNT_DETACH)
            reply = self.client(self.agent()).call("guest-get-fsinfo", TEN_SECONDS)
            types = {entry["type"]: entry for entry in reply if entry["mountpoint"] == mountpoint}
            self.assertIn("used-bytes", types["ext4"])


class Statistics(CompareTest):
    """Counters that grow: bellhopd's value lies between two of qemu-ga."""

    # Those that may go back, because the kernel only estimates them or they are no sums.
    FREE = ("idle", "iowait", "ios-pgr")

    def between(self, before, ours, after, where):
        self.assertEqual(sorted(ours), sorted(before), where)
        for key, value in ours.items():
            if isinstance(value, dict):
                self.between(before[key], value, after[key], f"{where}.{key}")
            elif isinstance(value, str) or key in ("cpu", "major", "minor"):
                self.assertEqual(value, before[key], f"{where}.{key}")
            elif key not in self.FREE:
                self.assertLessEqual(before[key], value, f"{where}.{key}")
                self.assertLessEqual(value, after[key], f"{where}.{key}")

    def compare(self, command, key):
        self.both()
        for _ in range(100):
            before, ours, after = (client.call(command) for client in
                                   (self.real, self.ours, self.real))
            order = [entry[key] for entry in before]
            if order == [entry[key] for entry in after]:
                break
        else:
            self.skipTest(f"the machine is too busy: {command} has a new answer each time")
        self.assertEqual([entry[key] for entry in ours], order)
        for first, middle, last in zip(before, ours, after, strict=True):
            self.between(first, middle, last, f"{command} {first[key]}")

    def test_processors(self):
        self.compare("guest-get-cpustats", "cpu")

    def test_disks(self):
        self.machine.ext4(self.machine.loop())
        self.compare("guest-get-diskstats", "name")


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


def outer():
    """Checks what the test needs and runs it in a mount namespace of its own."""
    if os.geteuid() != 0:
        skip("only root can make filesystems")
    for program in ("losetup", "mkfs.ext4", "mount", "unshare"):
        if not shutil.which(program):
            skip(f"there is no {program}")
    root = tempfile.mkdtemp(prefix="bellhop-filesystems-", dir="/tmp")
    environment = dict(os.environ, FILESYSTEMS_TEST_ROOT=root)
    try:
        return subprocess.run(
            ["unshare", "--mount", "--propagation", "private", sys.executable,
             os.path.abspath(__file__), *sys.argv[1:]], env=environment, check=False).returncode
    finally:
        os.rmdir(root)


def inner():
    """Finds out whether filesystems can be made here, and runs the tests."""
    run("mount", "-t", "tmpfs", "none", ROOT)
    image = pathlib.Path(ROOT) / "trial"
    with open(image, "wb") as file:
        file.truncate(MEGABYTE)
    trial = subprocess.run(["losetup", "--find", "--show", str(image)], capture_output=True,
                           text=True, check=False)
    if trial.returncode:
        skip(f"no loop device can be had: {trial.stderr.strip()}")
    run("losetup", "--detach", trial.stdout.strip())
    unittest.main(verbosity=2)


if __name__ == "__main__":
    if ROOT:
        inner()
    else:
        sys.exit(outer())
