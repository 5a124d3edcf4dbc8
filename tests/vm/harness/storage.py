# SPDX-License-Identifier: Apache-2.0
"""Storage in a guest: udev, and the programs that create filesystems, volumes, arrays and encrypted
disks.

In a guest with archive() and rules(), after start(), a disk is /dev/d/NAME as soon as udev has its
serial number, independent of its bus and of the order in which the disks appear.
"""

import dataclasses
import functools
import pathlib
import re
import shutil

from harness import initramfs, packages
from harness.agents import Unavailable

# Unpacked, not installed: some of them would change this machine.
PACKAGES = ("udev", "dmsetup", "lvm2", "mdadm", "cryptsetup-bin", "dosfstools")
PROGRAMS = ("udevadm", "dmsetup", "lvm", "mdadm", "cryptsetup", "mkfs.vfat", "mkfs.ext4", "e2fsck",
            "dumpe2fs", "mkfs.xfs", "xfs_repair", "mkfs.btrfs", "btrfs", "strace")
HELPERS = ("ata_id", "scsi_id")  # of udev's rules
# udev rules that are left out: they assemble arrays and volumes, which the tests do themselves.
EXCLUDED_RULES = ("64-md-raid-assembly.rules", "69-")

# Kernel modules for filesystems and for the layers below them.
MODULES = ("sd_mod", "crc32c_generic", "ext4", "xfs", "btrfs", "vfat", "nls_cp437", "nls_ascii",
           "dm_mod", "dm_crypt", "xts", "ecb", "raid1")

_START = """killall mdev
ln -s /sbin/udevadm /sbin/udevd
ln -s /proc/mounts /etc/mtab
udevd --daemon
udevadm trigger --action=add --type=subsystems
udevadm trigger --action=add
"""


def _unpacked():
    """The directory of the unpacked packages and of their dependencies that this machine lacks."""
    directory = packages.CACHE / "storage-programs"
    with packages.build_once(directory) as staging:
        if staging:
            plan = packages.run("apt-get", "install", "--simulate", "--no-install-recommends",
                                *PACKAGES, timeout=120)
            needed = re.findall(r"^Inst (\S+)", plan, re.MULTILINE)
            packages.unpack(sorted({*PACKAGES, *needed}), staging)
    return directory


def _program(unpacked, name):
    for directory in ("sbin", "bin", "usr/sbin", "usr/bin"):
        if (unpacked / directory / name).exists():
            return unpacked / directory / name
    found = shutil.which(name)
    if not found:
        raise Unavailable(f"needs {name}: run tools/setup --vm")
    return pathlib.Path(found)


@functools.lru_cache(maxsize=None)
def archive():
    """The archive with the programs and their libraries."""
    unpacked = _unpacked()
    libraries = sorted({str(path.parent) for path in unpacked.glob("**/lib*.so.*")})
    paths = {f"sbin/{name}": _program(unpacked, name) for name in PROGRAMS}
    for name in HELPERS:
        paths[f"lib/udev/{name}"] = next(unpacked.glob(f"**/udev/{name}"))
    return initramfs.programs(paths, tuple(libraries))


@functools.lru_cache(maxsize=None)
def rules(names):
    """The tree with udev's rules, and one that names each disk. No name may be part of another:
    udev embeds the serial number in a longer string."""
    tree = initramfs.Tree()
    for path in sorted(_unpacked().glob("**/udev/rules.d/*.rules")):
        if not path.name.startswith(EXCLUDED_RULES):
            tree.file(f"lib/udev/rules.d/{path.name}", path)
    links = [f'SUBSYSTEM=="block", ENV{{DEVTYPE}}=="disk", ENV{{ID_SERIAL}}=="*{name}*", '
             f'SYMLINK+="d/{name}"\n' for name in names]
    tree.file("etc/udev/rules.d/99-names.rules", "".join(links))
    return tree


def guest_arguments(disks, drivers=()):
    """Keyword arguments for a Guest with storage. Call start() after its boot."""
    return {"disks": disks, "memory": "1024", "extra_modules": (*MODULES, *drivers),
            "archives": [archive(), rules(tuple(disks))]}


def start(vm, drivers=()):
    """Loads the modules, starts udev, and waits until the guest's disks have names. Not part of the
    boot, because it is slow in an emulated guest."""
    for module in (*drivers, *MODULES):
        vm.shell(f"modprobe {module}", timeout=120)
    vm.shell(_START, timeout=120)
    wait_for_disks(vm, vm.disks)


def wait_for_disks(vm, names):
    """Waits until udev has named the disks and has handled all events."""
    for name in names:
        vm.shell(f"until [ -e /dev/d/{name} ]; do sleep 0.1; done", timeout=120)
    vm.shell("udevadm settle", timeout=120)


@dataclasses.dataclass(frozen=True)
class Layer:
    """A layer between a filesystem and its disks. Scripts, with the variables of Filesystem."""
    create: str = ""  # leaves it open
    open: str = ""  # in a guest that did not create it
    device: str = "$1"  # the filesystem's block device


_PASSWORD = "printf secret | cryptsetup --batch-mode --key-file=-"
# The fewest iterations that LUKS allows: an emulated processor is slow.
_ENCRYPT = f"{_PASSWORD} luksFormat --pbkdf pbkdf2 --pbkdf-force-iterations 1000 $1\n"
_OPEN = f"{_PASSWORD} luksOpen $1 $name"
_OPEN_WITH_DISCARDS = f"{_PASSWORD} --allow-discards luksOpen $1 $name"
_SECTORS = "sectors=$(cat /sys/block/$(basename $1)/size)\n"

LAYERS = {
    "": Layer(),
    "partitions": Layer(r"printf 'n\np\n1\n\n+40M\nn\np\n2\n\n\nw\n' | fdisk $1", "", "${1}1"),
    "lvm": Layer("lvm vgcreate -q $name $disks\nlvm lvcreate -q -y -l 100%FREE -n data $name",
                 "lvm vgchange -q -ay $name", "/dev/mapper/$name-data"),
    "luks": Layer(_ENCRYPT + _OPEN, _OPEN, "/dev/mapper/$name"),
    "luks with discards": Layer(_ENCRYPT + _OPEN_WITH_DISCARDS, _OPEN_WITH_DISCARDS,
                                "/dev/mapper/$name"),
    "md": Layer("mdadm --create /dev/md/$name --quiet --run --assume-clean --level=1 "
                "--metadata=1.2 --raid-devices=2 $disks",
                "mdadm --assemble --quiet /dev/md/$name $disks", "$(readlink -f /dev/md/$name)"),
    # The disks are paths to the same disk.
    "multipath": Layer(
        _SECTORS + 'dmsetup create $name --table "0 $sectors multipath 0 0 1 1 round-robin 0 '
        '$# 1 $(for disk; do echo -n "$disk 1000 "; done)"', "", "/dev/mapper/$name"),
    # A volume on two volumes of the same disk, like thin pools and snapshots.
    "halves": Layer(
        _SECTORS + r"""half=$((sectors / 2))
for i in 0 1; do dmsetup create $name-$i --table "0 $half linear $1 $((half * i))"; done
printf "0 $half linear /dev/mapper/$name-0 0\n$half $half linear /dev/mapper/$name-1 0\n" |
  dmsetup create $name""", "", "/dev/mapper/$name"),
}

MKFS = {
    "ext4": "mkfs.ext4 -q -F $device",
    "xfs": "mkfs.xfs -q -f $device",
    "btrfs": "mkfs.btrfs -q -f $disks",
    "vfat": "mkfs.vfat --mbr=n $device",
}


@dataclasses.dataclass(frozen=True)
class Filesystem:
    """A filesystem to create in a guest. kind: "ext4", or with one of LAYERS "ext4 on lvm".
    disks: their names, separated by spaces. at: the mountpoint.

    Its methods return scripts. In these, $disks and $1, $2 … are the device nodes of the disks,
    $name is a unique name, and $device is the filesystem's device node.
    """
    kind: str
    disks: str
    at: str

    @property
    def type(self):
        return self.kind.partition(" on ")[0]

    @property
    def layer(self):
        return LAYERS[self.kind.partition(" on ")[2]]

    @property
    def name(self):
        return self.at.strip("/").replace("/", "_")

    def _prepared(self):
        nodes = " ".join(f"$(readlink -f /dev/d/{name})" for name in self.disks.split())
        return f"set -e\nname={self.name}\nset -- {nodes}\ndisks=$*\n"

    def script(self, script):
        """A script that uses the open device."""
        return f"{self._prepared()}device={self.layer.device}\n{script}\n"

    def make(self):
        """Creates and mounts it."""
        return (f"{self._prepared()}{self.layer.create}\nudevadm settle\n" +
                self.script(f"{MKFS[self.type]}\nudevadm settle\n") + self.mount())

    def open(self):
        """Opens the device in a guest that did not create it."""
        return f"{self._prepared()}{self.layer.open}\nudevadm settle\n"

    def mount(self, options="rw"):
        scan = "btrfs device scan $disks\n" if self.type == "btrfs" else ""
        return self.script(f"{scan}mkdir -p {self.at}\n"
                           f"mount -t {self.type} -o {options} $device {self.at}")
