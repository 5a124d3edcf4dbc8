# SPDX-License-Identifier: Apache-2.0
"""The distribution's Python for a guest: interpreter and standard library."""

import functools
import pathlib
import re

from harness import initramfs, packages
from harness.agents import Unavailable


def _packages():
    """(python3.X, the packages with its interpreter and library)."""
    version = re.search(r"^\s*(?:Pre)?Depends: (python3\.\d+)-minimal",
                        packages.run("apt-cache", "depends", "python3-minimal"), re.MULTILINE)
    if not version:
        raise Unavailable("apt has no python3-minimal")
    name = version.group(1)
    return name, [f"{name}-minimal", f"lib{name}-minimal", f"lib{name}-stdlib"]


@functools.lru_cache(maxsize=None)
def archive():
    """The archive with /usr/bin/python3, its modules, and this machine's libraries for them."""
    name, wanted = _packages()
    directory = packages.CACHE / name
    with packages.build_once(directory) as staging:
        if staging:
            packages.unpack(wanted, staging)
    return initramfs.cached("python3", [str(directory), pathlib.Path(__file__)],
                            lambda: _tree(name, directory / "usr"))


def _tree(name, usr):
    tree = initramfs.Tree()
    binary = usr / "bin" / name
    extensions = sorted((usr / "lib" / name / "lib-dynload").glob("*.so"))
    libraries = set(initramfs.libraries(binary))
    for extension in extensions:
        try:
            libraries.update(initramfs.libraries(extension))
        except Unavailable:
            continue  # its library is missing here; importing the module fails in the guest
    for library in sorted(libraries):
        tree.file(library, library.resolve(), 0o755)
    tree.file(f"usr/bin/{name}", binary, 0o755)
    tree.link("usr/bin/python3", name)
    tree.copy(usr / "lib" / name, f"usr/lib/{name}")
    return tree
