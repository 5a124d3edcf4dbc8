# SPDX-License-Identifier: Apache-2.0
"""The initramfs of the minimal guest: BusyBox, kernel modules, agents."""

import hashlib
import os
import pathlib
import re
import subprocess
import tempfile

from harness import packages
from harness.agents import Unavailable
from harness.cpio import Tree

HERE = pathlib.Path(__file__).resolve().parent.parent

# Modules that every guest loads at boot.
MODULES = ("virtio_pci", "virtio_console", "virtio_blk")

# mdev sets owner and mode of a device node only if a rule matches. A script names the ports.
MDEV = "vport[0-9]+p[0-9]+ 0:0 600 */etc/vm/port\n.* 0:0 660\n"
INITTAB = """::sysinit:/etc/vm/boot
::respawn:/etc/vm/control
::ctrlaltdel:/sbin/reboot
::shutdown:/bin/umount -a -r
"""
ACCOUNTS = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n"
                  "guest:x:1000:1000:A guest:/home/guest:/bin/sh\n"
                  "nobody:x:65534:65534:nobody:/nonexistent:/bin/false\n",
    "etc/group": "root:x:0:\ntty:x:5:\ndisk:x:6:\nguest:x:1000:\nnogroup:x:65534:\n",
    "etc/hostname": "minimal\n",
    "etc/hosts": "127.0.0.1 localhost minimal\n",
    "etc/os-release": 'ID=minimal\nNAME="Minimal guest"\nPRETTY_NAME="Minimal guest 1"\n'
                      'VERSION_ID=1\nVERSION="1"\n',
    "etc/fstab": "",
}


def cached(name, inputs, make):
    """The path of the archive of the tree that `make` returns. Created once for the same inputs.

    inputs: paths of the files and texts that determine the archive.
    """
    digest = hashlib.sha256()
    for item in inputs:
        data = item.read_bytes() if isinstance(item, pathlib.Path) else item.encode()
        digest.update(b"%d:" % len(data) + data)
    directory = packages.CACHE / "images" / f"{name}-{digest.hexdigest()[:16]}"
    with packages.build_once(directory) as staging:
        if staging:
            (staging / "archive").write_bytes(make().archive())
            _remove_older(directory)
    return directory / "archive"


def _remove_older(directory, keep=6):
    """Removes all but the newest archives of the same kind."""
    kind = directory.name.rpartition("-")[0]
    older = sorted(directory.parent.glob(f"{kind}-*/archive"),
                   key=lambda path: path.stat().st_mtime)
    for archive in older[:-keep]:
        archive.unlink(missing_ok=True)
        archive.parent.rmdir()


def base(kernel, modules):
    """The archive without agents. modules: kernel modules to install in addition to MODULES."""
    names = sorted({*MODULES, *modules})
    busybox = packages.busybox()
    scripts = sorted((HERE / "minimal").iterdir())
    # This file determines the archive too.
    inputs = [busybox, *scripts, pathlib.Path(__file__), kernel.version, *names]

    def make():
        tree = Tree()
        tree.copy(busybox, "bin/busybox")
        for applet in packages.run(busybox, "--list-full").split():
            if applet != "bin/busybox":
                tree.link(applet, "/bin/busybox")
        tree.link("init", "/sbin/init")
        for path, content in {**ACCOUNTS, "etc/inittab": INITTAB, "etc/mdev.conf": MDEV}.items():
            tree.file(path, content)
        tree.file("etc/shadow", "root:*:19000:0:99999:7:::\nguest:*:19000:0:99999:7:::\n", 0o640)
        for script in scripts:
            tree.copy(script, f"etc/vm/{script.name}")
        for directory in ("proc", "sys", "dev", "run", "mnt", "var/run", "var/lock",
                          "usr/local/var/run"):
            tree.directory(directory)
        tree.directory("tmp", 0o1777)
        tree.directory("root", 0o700)
        tree.directory("home/guest")
        kernel.add_modules(tree, names)
        return tree

    return cached("base", inputs, make)


def libraries(program, directories=()):
    """The libraries and the dynamic linker of a program of this machine. directories: additional
    library directories."""
    output = subprocess.run(["ldd", program], text=True, check=False, stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL,
                            env=dict(os.environ, LD_LIBRARY_PATH=":".join(directories))).stdout
    if "not found" in output:
        raise Unavailable(f"ldd {program}: a library is not found")
    return [pathlib.Path(path) for path in re.findall(r"(/\S+) \(0x", output)]


def programs(paths, directories=()):
    """The archive with programs of this machine and their libraries. paths: {path in the guest:
    path here}. directories: of libraries that are not installed here; the guest has them in /lib.
    """
    paths = {target: pathlib.Path(path) for target, path in paths.items()}
    needed = sorted({library for path in paths.values()
                     for library in libraries(path, directories)})
    inputs = [*paths, *map(str, needed), *paths.values(), *needed]

    def make():
        tree = Tree()
        for library in needed:
            target = f"lib/{library.name}" if str(library.parent) in directories else library
            tree.file(target, library.resolve(), 0o755)
        for target, path in paths.items():
            tree.file(target, stripped(path), 0o755)
        return tree

    return cached("programs", inputs, make)


def stripped(path):
    """The program without debug information, which is most of its size."""
    with tempfile.NamedTemporaryFile() as stripped:
        try:
            done = subprocess.run(["strip", "-o", stripped.name, path], check=False,
                                  stderr=subprocess.DEVNULL)
        except FileNotFoundError:
            return path
        return path if done.returncode else pathlib.Path(stripped.name).read_bytes()


def qemu_ga(command, into=""):
    """The archive with a real qemu-ga of tools/get-qemu-ga, at /opt/qemu-ga.

    into: the directory in the archive that becomes the guest's / ("add/": see minimal/root).
    """
    command = pathlib.Path(command)
    top = command.parent
    text = command.read_text(encoding="utf-8")
    loader, directories, binary = re.search(
        r'exec "(\S+?)" --library-path "(\S+?)" "(\S+?)"', text.replace("$here", str(top))).groups()
    output = packages.run(loader, "--library-path", directories, "--list", binary)
    libraries = [pathlib.Path(path) for path in re.findall(r"=> (/\S+) \(0x", output)]
    inputs = [command, pathlib.Path(binary), pathlib.Path(loader), *libraries]

    def make():
        tree = Tree()
        for path in inputs:
            tree.file(f"{into}opt/qemu-ga/{path.relative_to(top)}", path.resolve(), 0o755)
        tree.directory(f"{into}etc/qemu")
        return tree

    return cached("qemu-ga", [*inputs, into], make)
