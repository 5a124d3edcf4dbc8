# SPDX-License-Identifier: Apache-2.0
"""cpio archives ("newc") that the kernel unpacks as its initramfs.

A file may contain several: the kernel unpacks them in order, later ones over earlier ones.
The format: Documentation/driver-api/early-userspace/buffer-format.rst of the kernel.
"""

import os
import pathlib
import stat


class Tree:
    """Files by their path in the guest, without the leading slash. Adds missing parents."""

    def __init__(self):
        self._entries = {}  # path: (mode, content as bytes or as the path of a file here)

    def directory(self, path, mode=0o755):
        self._add(path, stat.S_IFDIR | mode, b"")

    def file(self, path, content, mode=0o644):
        """content: bytes, text, or the path of a file here."""
        if isinstance(content, str):
            content = content.encode()
        self._add(path, stat.S_IFREG | mode, content)

    def link(self, path, target):
        self._add(path, stat.S_IFLNK | 0o777, str(target).encode())

    def copy(self, source, path, contents=False):
        """Adds a file, a link, or a directory with its contents. contents: reads files now, because
        the source is removed before archive() is called."""
        source = pathlib.Path(source)
        if source.is_symlink():
            self.link(path, os.readlink(source))
        elif source.is_dir():
            self.directory(path)
            for entry in sorted(source.iterdir()):
                self.copy(entry, f"{path}/{entry.name}", contents)
        else:
            data = source.read_bytes() if contents else source
            self.file(path, data, stat.S_IMODE(source.stat().st_mode))

    def _add(self, path, mode, content):
        path = str(path).strip("/")
        parent = os.path.dirname(path)
        if parent and parent not in self._entries:
            self.directory(parent)
        self._entries[path] = (mode, content)

    def archive(self):
        """The archive as bytes. Equal trees give equal bytes."""
        parts = []
        # Directories were added before their contents.
        for number, (path, (mode, content)) in enumerate(self._entries.items(), 1):
            data = content.read_bytes() if isinstance(content, pathlib.Path) else content
            parts += _entry(number, path, mode, data)
        parts += _entry(0, "TRAILER!!!", 0, b"")
        return b"".join(parts)


def _entry(number, path, mode, data):
    name = os.fsencode(path) + b"\0"
    links = 2 if stat.S_ISDIR(mode) else 1
    fields = (number, mode, 0, 0, links, 0, len(data), 0, 0, 0, 0, len(name), 0)
    header = b"070701" + b"".join(b"%08X" % field for field in fields)
    yield header + name + b"\0" * (-(len(header) + len(name)) % 4)
    yield data + b"\0" * (-len(data) % 4)
