"""What a guest needs for storage of every kind: udev, and the programs that make filesystems,
volumes, arrays and encrypted disks.

In a guest with archive() and rules(), after start(), a disk is found as /dev/d/NAME once udev knows
its serial number, whatever bus it is on and in whatever order the disks appeared.
"""

import functools
import pathlib
import re
import shutil

import image
import packages
from agents import Unavailable

# Not installed here: some of them would change this machine.
PACKAGES = ("udev", "dmsetup", "lvm2", "mdadm", "cryptsetup-bin", "dosfstools")
PROGRAMS = ("udevadm", "dmsetup", "lvm", "mdadm", "cryptsetup", "mkfs.vfat", "mkfs.ext4", "e2fsck",
            "dumpe2fs", "mkfs.xfs", "xfs_repair", "mkfs.btrfs", "btrfs", "strace")
HELPERS = ("ata_id", "scsi_id")  # of udev's rules
# What assembles arrays and volumes by itself; the tests do that when they want it.
NOT_RULES = ("64-md-raid-assembly.rules", "69-")

# For filesystems, and what lies between them and a disk.
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
    """Where the packages lie, with those that they need and this machine lacks."""
    place = packages.CACHE / "storage-programs"
    with packages.making(place) as made:
        if made:
            plan = packages.run("apt-get", "install", "--simulate", "--no-install-recommends",
                                *PACKAGES, timeout=120)
            needed = re.findall(r"^Inst (\S+)", plan, re.MULTILINE)
            packages.unpack(sorted({*PACKAGES, *needed}), made)
    return place


def _program(place, name):
    for folder in ("sbin", "bin", "usr/sbin", "usr/bin"):
        if (place / folder / name).exists():
            return place / folder / name
    found = shutil.which(name)
    if not found:
        raise Unavailable(f"needs {name}: run tools/setup --vm")
    return pathlib.Path(found)


@functools.lru_cache(maxsize=None)
def archive():
    """The archive with the programs, their libraries, and udev's rules."""
    place = _unpacked()
    libraries = sorted({str(path.parent) for path in place.glob("**/lib*.so.*")})
    paths = {f"sbin/{name}": _program(place, name) for name in PROGRAMS}
    for name in HELPERS:
        paths[f"lib/udev/{name}"] = next(place.glob(f"**/udev/{name}"))
    return image.programs(paths, tuple(libraries))


@functools.lru_cache(maxsize=None)
def rules(names):
    """The tree with udev's rules, and one that gives each disk its name. No name may be part of
    another one: what udev makes of a serial number has more in it."""
    tree = image.Tree()
    for path in sorted(_unpacked().glob("**/udev/rules.d/*.rules")):
        if not path.name.startswith(NOT_RULES):
            tree.file(f"lib/udev/rules.d/{path.name}", path)
    links = [f'SUBSYSTEM=="block", ENV{{DEVTYPE}}=="disk", ENV{{ID_SERIAL}}=="*{name}*", '
             f'SYMLINK+="d/{name}"\n' for name in names]
    tree.file("etc/udev/rules.d/99-names.rules", "".join(links))
    return tree


def guest_facts(disks, drivers=()):
    """Arguments for Guest with storage, to be passed on by **; then start() it."""
    return {"disks": disks, "memory": "1024", "patience": 90, "at_hand": (*MODULES, *drivers),
            "archives": [archive(), rules(tuple(disks))]}


def start(made, drivers=()):
    """Loads what a guest has at hand, starts udev, and waits until the guest's disks have names.
    Not as a part of its start, because an emulated guest takes its time for that."""
    for module in (*drivers, *MODULES):
        made.shell(f"modprobe {module}", patience=120)
    made.shell(_START, patience=120)
    wait_for_disks(made, made.disks)


def wait_for_disks(made, names):
    """Waits until udev has named the disks and is done with what it knows of."""
    for name in names:
        made.shell(f"until [ -e /dev/d/{name} ]; do sleep 0.1; done", patience=120)
    made.shell("udevadm settle", patience=120)


# Each makes a filesystem of disks by their names, and mounts it. "{at}" is the mountpoint.
MKFS = {
    "ext4": "mkfs.ext4 -q -F",
    "xfs": "mkfs.xfs -q -f",
    "btrfs": "mkfs.btrfs -q -f",
    "vfat": "mkfs.vfat --mbr=n",
}
_PASSWORD = "printf secret | cryptsetup --batch-mode --key-file=-"
# As few rounds as LUKS allows: an emulated processor takes long for what is usual.
_FORMAT = f"{_PASSWORD} luksFormat --pbkdf pbkdf2 --pbkdf-force-iterations 1000"


def node(names):
    return " ".join(f"$(readlink -f /dev/d/{name})" for name in names.split())


def make(kind, disks, at):
    """A script that makes a filesystem and mounts it. kind: "ext4", or "ext4 on lvm" (luks,
    luks with discards, md, multipath, halves, partitions). disks: their names, with blanks
    between them."""
    filesystem, _, layer = kind.partition(" on ")
    label = at.strip("/").replace("/", "_")
    create = {"": "", "lvm": f"lvm vgcreate -q {label} {node(disks)}\n"
                             f"lvm lvcreate -q -y -l 100%FREE -n data {label}\n",
              "luks": f"{_FORMAT} {node(disks)}\n",
              "luks with discards": f"{_FORMAT} {node(disks)}\n",
              "md": f"mdadm --create /dev/md/{label} --quiet --run --assume-clean --level=1 "
                    f"--metadata=1.2 --raid-devices=2 {node(disks)}\n",
              "multipath": _multipath(label, disks),
              "halves": _halves(label, disks),
              "partitions": f"printf 'n\\np\\n1\\n\\n+40M\\nn\\np\\n2\\n\\n\\nw\\n' | "
                            f"fdisk {node(disks)}\n"}[layer]
    opened = open_layer(kind, disks, at) if layer.startswith("luks") else "udevadm settle\n"
    return (f"set -e\n{create}{opened}{MKFS[filesystem]} {device(kind, disks, at)}\n"
            f"udevadm settle\n{mount(kind, disks, at)}")


def _sectors(disk):
    return f"cat /sys/block/$(basename {node(disk)})/size"


def _halves(label, disk):
    """A volume of two volumes of the same disk, as thin pools and snapshots are."""
    return (f"half=$(($({_sectors(disk)}) / 2))\n"
            f"for i in 0 1; do dmsetup create {label}_$i --table "
            f"\"0 $half linear {node(disk)} $((half * i))\"; done\n"
            f"printf \"0 $half linear /dev/mapper/{label}_0 0\\n"
            f"$half $half linear /dev/mapper/{label}_1 0\\n\" | dmsetup create {label}\n")


def _multipath(label, disks):
    """Of paths that all lead to the same disk."""
    paths = disks.split()
    rest = " ".join(f"{node(path)} 1000" for path in paths)
    return (f"dmsetup create {label} --table \"0 $({_sectors(paths[0])}) multipath 0 0 1 1 "
            f"round-robin 0 {len(paths)} 1 {rest}\"\n")


def open_layer(kind, disks, at):
    """A script that makes a layer accessible in a guest that did not make it."""
    layer = kind.partition(" on ")[2]
    label = at.strip("/").replace("/", "_")
    return {"": "", "lvm": f"lvm vgchange -q -ay {label}\n",
            "luks": f"{_PASSWORD} luksOpen {node(disks)} {label}\n",
            "luks with discards": f"{_PASSWORD} --allow-discards luksOpen {node(disks)} {label}\n",
            "md": f"mdadm --assemble --quiet /dev/md/{label} {node(disks)}\n",
            "partitions": ""}[layer] + "udevadm settle\n"


def device(kind, disks, at):
    """The device, for a shell, that the filesystem is on; several for a btrfs of several."""
    label = at.strip("/").replace("/", "_")
    return {"": node(disks), "lvm": f"/dev/mapper/{label}-data", "luks": f"/dev/mapper/{label}",
            "luks with discards": f"/dev/mapper/{label}", "multipath": f"/dev/mapper/{label}",
            "halves": f"/dev/mapper/{label}",
            "md": f"$(readlink -f /dev/md/{label})",
            "partitions": f"{node(disks)}1"}[kind.partition(" on ")[2]]


def mount(kind, disks, at, options="rw"):
    filesystem = kind.partition(" on ")[0]
    first = device(kind, disks.split()[0] if filesystem == "btrfs" else disks, at)
    scan = f"btrfs device scan {node(disks)}\n" if filesystem == "btrfs" else ""
    return f"{scan}mkdir -p {at}\nmount -t {filesystem} -o {options} {first} {at}\n"
