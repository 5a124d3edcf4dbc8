# SPDX-License-Identifier: Apache-2.0
"""Disks with a complete Debian, and the installation of bellhopd in it."""

import os
import pathlib
import platform
import re
import shutil
import subprocess
import tempfile

from harness import agents, initramfs, packages
from harness.agents import ROOT, Unavailable

# Packages that debootstrap installs for an init system.
INIT_PACKAGES = {
    "systemd": ["systemd-sysv", "dbus"],
    "sysvinit": ["sysvinit-core"],
    "openrc": ["sysvinit-core"],
}
# Packages that replace others, which debootstrap cannot install.
REPLACEMENT_PACKAGES = {"openrc": ["openrc"]}

# Commands that enable the service where its installation does not.
ENABLE = {
    "systemd": "",
    "sysvinit": "update-rc.d bellhopd defaults",
    "openrc": "rc-update add bellhopd default",
}


# The newest symbol versions in the C and C++ libraries of a suite.
SYMBOLS = {
    "bookworm": {"GLIBC": (2, 36), "GLIBCXX": (3, 4, 30)},
    "trixie": {"GLIBC": (2, 41), "GLIBCXX": (3, 4, 33)},
}


def require_compatible(suite, program):
    """Raises Unavailable if a program needs newer libraries than a suite has."""
    content = pathlib.Path(program).read_bytes()
    for library, newest in SYMBOLS[suite].items():
        found = re.findall(rb"\0" + library.encode() + rb"_([\d.]+)(?=\0)", content)
        needed = max((tuple(map(int, version.split(b"."))) for version in found), default=newest)
        if needed > newest:
            raise Unavailable(f"bellhopd needs {library} {'.'.join(map(str, needed))} of the "
                              f"system that built it, {suite} has {'.'.join(map(str, newest))}")


def disk(suite, init, extra_packages=()):
    """The image of a disk with Debian. Created once, in about two minutes. Raises Unavailable.

    extra_packages: packages to install in addition to the init system.
    """
    if os.geteuid() != 0:
        raise Unavailable("creating a Debian needs root")
    if platform.machine() != "x86_64":
        raise Unavailable("guests are made for x86-64 only")
    directory = packages.CACHE / "-".join(["debian", suite, init, *extra_packages])
    with packages.build_once(directory) as staging:
        if staging:
            tree = staging / "tree"
            _debootstrap(suite, ["udev", "kmod", *INIT_PACKAGES[init]], tree)
            if afterwards := [*REPLACEMENT_PACKAGES.get(init, ()), *extra_packages]:
                _install(tree, afterwards)
            _prepare(tree)
            packages.run("mkfs.ext4", "-q", "-d", tree, staging / "disk.raw", "1500M", timeout=300)
            shutil.rmtree(tree)
    return directory / "disk.raw"


def _debootstrap(suite, wanted, tree):
    log = tree.parent / "debootstrap.log"
    command = ["debootstrap", "--variant=minbase", f"--include={','.join(wanted)}", suite, tree]
    try:
        # In a mount namespace: its mounts are removed with it.
        with open(log, "wb") as output:
            done = subprocess.run(["unshare", "--mount", *map(str, command)], check=False,
                                  stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                  timeout=900)
    except FileNotFoundError:
        raise Unavailable("needs unshare: run tools/setup --vm") from None
    except subprocess.TimeoutExpired:
        raise Unavailable(f"debootstrap {suite} took more than 15 minutes") from None
    if done.returncode:
        lines = log.read_text(errors="replace").strip().splitlines()
        raise Unavailable(f"debootstrap {suite}: {lines[-1] if lines else done.returncode}")


def _install(tree, wanted):
    (tree / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n", encoding="ascii")
    (tree / "usr/sbin/policy-rc.d").chmod(0o755)  # starts no service here
    packages.run("unshare", "--mount", "chroot", tree, "apt-get", "install", "-y",
                 "--no-install-recommends", *wanted, timeout=600,
                 env=dict(os.environ, DEBIAN_FRONTEND="noninteractive",
                          PATH="/usr/sbin:/usr/bin:/sbin:/bin"))
    (tree / "usr/sbin/policy-rc.d").unlink()


def _prepare(tree):
    """Configures the system: no mounts to wait for, and root without a password."""
    shutil.rmtree(tree / "var/cache/apt", ignore_errors=True)
    shutil.rmtree(tree / "var/lib/apt/lists", ignore_errors=True)
    (tree / "etc/fstab").write_text("", encoding="ascii")
    (tree / "etc/hostname").write_text("debian\n", encoding="ascii")
    packages.run("chroot", tree, "passwd", "-d", "root")
    _label(tree)


def _label(tree):
    """Labels all files if there is an SELinux policy. In an emulated guest that takes minutes."""
    contexts = "etc/selinux/default/contexts/files/file_contexts"
    if (tree / contexts).exists():
        # setfiles uses /proc/self/fd.
        packages.run("unshare", "--mount", "sh", "-ec",
                     'mount -t proc proc "$1/proc"; exec chroot "$1" setfiles -Fm -e /proc "$2" /',
                     "sh", tree, f"/{contexts}", timeout=600)


def installed(init):
    """A tree with the files that `cmake --install` installs for an init system, below /add."""
    program = agents.bellhopd()
    tree = initramfs.Tree()
    with tempfile.TemporaryDirectory(prefix="bellhop-install-") as directory:
        # A separate build of packaging/ only: the build's own choice of init system is kept.
        packages.run("cmake", "-G", "Ninja", "-S", ROOT / "tests" / "vm" / "install",
                     "-B", f"{directory}/build", f"-DBELLHOP_INIT={init}",
                     "-DCMAKE_INSTALL_PREFIX=/usr")
        packages.run("cmake", "--install", f"{directory}/build",
                     env=dict(os.environ, DESTDIR=f"{directory}/files"))
        tree.copy(f"{directory}/files", "add", contents=True)
    tree.file("etc/vm/enable", ENABLE[init] + "\n")
    tree.file("add/usr/sbin/bellhopd", initramfs.stripped(program), 0o755)
    for library in initramfs.libraries(program):
        tree.file(f"missing/{library.name}", library.resolve(), 0o755)
    return tree
