# SPDX-License-Identifier: Apache-2.0
"""Objects that a program does not expect in place of a small file."""

import contextlib
import os
import socket
import stat


def full_directory(path):
    os.makedirs(path + "/directory")


def link(path):
    with open(path + ".target", "w", encoding="utf-8") as file:
        file.write("target")
    os.symlink(path + ".target", path)


def unix_socket(path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)


def content(data):
    """A function that makes a file with this content."""
    def make(path):
        with open(path, "wb") as file:
            file.write(data)
    return make


def fill(path):
    """Makes a file that fills its filesystem."""
    with open(path, "wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))


def oversized(path):
    with open(path, "wb") as file:
        file.truncate(64 << 20)


OBJECTS = {
    "a_directory": os.mkdir,
    "a_full_directory": full_directory,
    "a_fifo": os.mkfifo,
    "a_link": link,
    "a_dangling_link": lambda path: os.symlink("nothing", path),
    "a_link_to_itself": lambda path: os.symlink(path, path),
    "a_socket": unix_socket,
    "an_endless_device": lambda path: os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, 5)),
    "a_full_device": lambda path: os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, 7)),
    "an_empty_file": content(b""),
    "a_damaged_file": content(b"\0\xff[global\nfd_counter=\n" * 20),
    "an_oversized_file": oversized,
}
