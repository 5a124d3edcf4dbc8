# SPDX-License-Identifier: Apache-2.0
"""Files from the distribution's packages, unpacked without installing them."""

import contextlib
import fcntl
import functools
import lzma
import os
import pathlib
import platform
import re
import shutil
import subprocess
import tempfile

from harness.agents import ROOT, Unavailable

CACHE = pathlib.Path(os.environ.get("BELLHOP_VM_CACHE") or ROOT / "build" / "vm")


@contextlib.contextmanager
def build_once(directory):
    """Yields an empty directory that is renamed to `directory`, or None if `directory` exists.

    Concurrent processes wait for the one that builds it.
    """
    directory.parent.mkdir(parents=True, exist_ok=True)
    with open(f"{directory}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if directory.exists():
            yield None
            return
        staging = pathlib.Path(tempfile.mkdtemp(prefix=f".{directory.name}-",
                                                dir=directory.parent))
        try:
            yield staging
            staging.rename(directory)
        except BaseException:
            shutil.rmtree(staging, ignore_errors=True)
            raise


def run(*command, **options):
    """The output of a program. Raises Unavailable with its message if it fails."""
    try:
        done = subprocess.run([str(part) for part in command], text=True, check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, **options)
    except FileNotFoundError:
        raise Unavailable(f"needs {command[0]}: run tools/setup --vm") from None
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"{' '.join(map(str, command[:3]))} took {error.timeout:.0f} s") from None
    if done.returncode:
        lines = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise Unavailable(f"{' '.join(map(str, command[:3]))}: {lines[-1] if lines else 'failed'}")
    return done.stdout


def unpack(packages, into):
    """Downloads packages from apt's configured mirror and unpacks them."""
    with tempfile.TemporaryDirectory(prefix="bellhop-deb-") as directory:
        # apt downloads as another user.
        os.chmod(directory, 0o777)
        run("apt-get", "download", "-q", *packages, cwd=directory, timeout=300)
        for package in sorted(pathlib.Path(directory).glob("*.deb")):
            run("dpkg-deb", "--extract", package, into, timeout=120)


def _depends(package):
    found = re.findall(r"^\s*Depends: (\S+)", run("apt-cache", "depends", package), re.MULTILINE)
    if not found:
        raise Unavailable(f"apt has no package {package}")
    return found


def _kernel_packages(flavour):
    """The packages of the newest kernel. flavour: "cloud" (small), "all" (every driver)."""
    if "ubuntu" in pathlib.Path("/etc/os-release").read_text(encoding="utf-8").lower():
        names = {"cloud": "linux-image-virtual", "all": "linux-image-generic"}
    else:
        machine = run("dpkg", "--print-architecture").strip()
        names = {"cloud": f"linux-image-cloud-{machine}", "all": f"linux-image-{machine}"}
    packages = [name for name in _depends(names[flavour])
                if re.match(r"linux-(image|modules|modules-extra)-\d", name)]
    if not packages:
        raise Unavailable(f"{names[flavour]} depends on no kernel")
    # Ubuntu has a separate package of modules.
    return packages + [name for package in packages for name in _depends(package)
                       if re.match(r"linux-modules-\d", name) and name not in packages]


class Kernel:
    """A kernel and its modules. Raises Unavailable if they cannot be downloaded."""

    def __init__(self, flavour="cloud"):
        if platform.machine() != "x86_64":
            raise Unavailable(f"guests are made for x86-64 only, this is {platform.machine()}")
        directory = CACHE / f"kernel-{flavour}"
        with build_once(directory) as staging:
            if staging:
                unpack(_kernel_packages(flavour), staging)
                version = next(staging.glob("**/modules/*/kernel")).parent.name
                if not (staging / "lib").exists():  # a merged /usr
                    (staging / "lib").symlink_to("usr/lib")
                run("depmod", "-b", staging, version, timeout=120)
        self.image = next((directory / "boot").glob("vmlinu*"))
        self.modules = next((directory / "lib" / "modules").iterdir())
        self.version = self.modules.name

    @functools.cached_property
    def _index(self):
        """{module name: [its path, the paths of the modules that it needs…]}."""
        index = {}
        for line in (self.modules / "modules.dep").read_text(encoding="ascii").splitlines():
            path, needs = line.split(":")
            name = os.path.basename(path).split(".ko")[0].replace("-", "_")
            index[name] = [path] + needs.split()
        return index

    @functools.cached_property
    def _builtin(self):
        text = (self.modules / "modules.builtin").read_text(encoding="ascii")
        return {os.path.basename(line).split(".ko")[0].replace("-", "_")
                for line in text.splitlines()}

    def with_dependencies(self, names):
        """The paths, relative to self.modules, of modules and their dependencies."""
        paths = {}
        for name in (name.replace("-", "_") for name in names):
            if name in self._index:
                paths.update(dict.fromkeys(self._index[name]))
            elif name not in self._builtin:
                raise Unavailable(f"the kernel {self.version} has no module {name}")
        return list(paths)

    def add_modules(self, tree, names):
        """Adds uncompressed modules and their index to the tree of a guest."""
        directory = f"lib/modules/{self.version}"
        paths = self.with_dependencies(names)
        plain = {path: re.sub(r"\.(xz|zst|gz)$", "", path) for path in paths}
        index = []
        for path in paths:
            name = os.path.basename(path).split(".ko")[0].replace("-", "_")
            needs = [re.sub(r"\.(xz|zst|gz)$", "", need) for need in self._index[name][1:]]
            index.append(f"{plain[path]}: {' '.join(needs)}\n")
            tree.file(f"{directory}/{plain[path]}", _uncompressed(self.modules / path))
        tree.file(f"{directory}/modules.dep", "".join(index))
        for name in ("modules.builtin", "modules.order"):
            tree.file(f"{directory}/{name}", self.modules / name)
        for name in ("modules.alias", "modules.symbols"):
            tree.file(f"{directory}/{name}", "")


def _uncompressed(path):
    if path.suffix == ".xz":
        return lzma.decompress(path.read_bytes())
    if path.suffix == ".zst":
        return subprocess.run(["zstd", "-dcq", path], check=True, stdout=subprocess.PIPE).stdout
    return path


def busybox():
    """The path of a statically linked BusyBox."""
    directory = CACHE / "busybox"
    with build_once(directory) as staging:
        if staging:
            unpack(["busybox-static"], staging)
    for path in ("bin/busybox", "usr/bin/busybox"):
        if (directory / path).exists():
            return directory / path
    raise Unavailable("the package busybox-static has no busybox")
