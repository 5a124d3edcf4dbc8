# SPDX-License-Identifier: Apache-2.0
"""The host's shell in the guest, on a separate virtio-serial port."""

import re
import shlex
import socket
import time


class ShellError(AssertionError):
    """A script failed in the guest, or did not finish in time."""


class Shell:
    """Runs scripts in the guest, one at a time, as root. It has no terminal."""

    def __init__(self, guest, path):
        self.guest = guest
        self._buffer = b""
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))

    def __call__(self, script, timeout=90.0, check=True):
        """Runs a script. Returns its output, standard output and error.

        Raises ShellError if it does not finish in time or, with `check`, if it fails. Background
        processes must redirect their output.
        """
        line = f"sh -c {shlex.quote(script)} </dev/null 2>&1; printf '\\036%d\\036' $?\n"
        deadline = time.monotonic() + timeout
        self._socket.settimeout(timeout)
        self._socket.sendall(line.encode())
        while not (end := re.search(rb"\x1e(\d+)\x1e", self._buffer)):
            self._socket.settimeout(max(deadline - time.monotonic(), 0.001))
            try:
                data = self._socket.recv(1 << 16)
            except TimeoutError:
                raise ShellError(f"{self.guest}: '{script}' did not finish in {timeout} s, printed "
                                 f"{self._buffer[-500:]!r}") from None
            except ConnectionResetError:
                data = b""
            if not data:
                raise ShellError(f"{self.guest}: QEMU closed the shell's port during '{script}'")
            self._buffer += data
        text = self._buffer[:end.start()].decode(errors="replace")
        self._buffer = self._buffer[end.end():]
        if check and end.group(1) != b"0":
            status = end.group(1).decode()
            raise ShellError(f"{self.guest}: '{script}' exited with {status}: {text}")
        return text

    def close(self):
        self._socket.close()
