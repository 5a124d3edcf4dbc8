# SPDX-License-Identifier: Apache-2.0
"""How known clients write requests to an agent and read its replies.

Each class does it as one client does; clients/*.json name it as "protocol". call() sends one
request and returns the text of the reply as the client's caller gets it.
"""

import itertools
import json
import re

from harness import agents


class ReplyRejected(AssertionError):
    """The client would not accept this reply."""


def compact(value):
    """JSON as libvirt and UTM write it; members keep the order that they have in the request."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def decoded(request):
    return json.loads(request) if isinstance(request, str) else request


class Libvirt:
    """One persistent connection. Sends guest-sync before each command and drops the lines before
    its reply."""

    MAX_LINE = 10 << 20

    def __init__(self, connect, timeout):
        self.connection = connect()
        self.timeout = timeout
        self.ids = itertools.count(1_700_000_000_000)

    def _line(self):
        line = self.connection.read_line(self.timeout)
        if len(line) > self.MAX_LINE:
            raise ReplyRejected(f"libvirt accepts lines of up to 10 MiB, not of {len(line)} bytes")
        return json.loads(line)

    def _synchronize(self):
        number = next(self.ids)
        self.connection.send(compact({"execute": "guest-sync",
                                      "arguments": {"id": number}}).encode() + b"\n")
        while True:
            reply = self._line()
            if "return" in reply and reply["return"] == number:
                return

    def call(self, request):
        self._synchronize()
        # libvirt parses what its callers pass and serialises it again.
        self.connection.send(compact(decoded(request)).encode() + b"\n")
        reply = self._line()
        if not isinstance(reply, dict) or not ("return" in reply or "error" in reply):
            raise ReplyRejected(f"libvirt regards this as a broken agent: {reply}")
        return compact(reply)

    def close(self):
        self.connection.close()


class Proxmox:
    """A connection per command. Writes synchronisation and command at once, then matches all
    received bytes with one regular expression: exactly two lines that end in a brace."""

    REPLY = re.compile(rb"^.*\xff([^\n]+}\r?\n[^\n]+})\r?\n(.*)$", re.DOTALL)

    def __init__(self, connect, timeout):
        self.connect = connect
        self.timeout = timeout
        self.ids = itertools.count(4711001)

    def call(self, request):
        connection = self.connect()
        try:
            number = next(self.ids)
            sync = {"arguments": {"id": number}, "execute": "guest-sync-delimited"}
            connection.send((compact(sync) + "\n" + compact(decoded(request)) + "\n").encode())
            received = b""
            while not (found := self.REPLY.match(received)):
                received += connection.read_line(self.timeout)
            if found.group(2):
                raise ReplyRejected(f"more than the two replies: {found.group(2)[:200]!r}")
            first, second = found.group(1).split(b"\n")
            if json.loads(first) != {"return": number}:
                raise ReplyRejected(f"the reply to the synchronisation is {first!r}")
            return second.decode()
        finally:
            connection.close()

    def close(self):
        pass


class Utm:
    """Sends 0xFF and the synchronisation without a line feed, drops the bytes up to 0xFF, then
    counts braces outside strings until an object is complete."""

    def __init__(self, connect, timeout):
        self.connection = connect()
        self.timeout = timeout
        self.connection.send(b"\xff" + compact({"execute": "guest-sync-delimited",
                                                "arguments": {"id": 3141592653}}).encode())
        self.connection.read_until(b"\xff", timeout)
        reply = json.loads(self._object())
        if reply != {"return": 3141592653}:
            raise ReplyRejected(f"the reply to the synchronisation is {reply}")

    def _object(self):
        text, depth, in_string, escaped = bytearray(), 0, False, False
        while True:
            byte = self._byte()
            text += byte
            if escaped:
                escaped = False
            elif byte == b"\\":
                if not in_string:
                    raise ReplyRejected(f"a backslash outside a string: {bytes(text)!r}")
                escaped = True
            elif byte == b'"':
                in_string = not in_string
            elif not in_string and byte in b"{}":
                depth += 1 if byte == b"{" else -1
                if depth == 0:
                    return text.decode()

    def _byte(self):
        buffer = self.connection.buffer
        while not buffer:
            # Bytes received after the brace stay in the buffer.
            buffer[:0] = self.connection.read_until(b"}", self.timeout)
        byte = bytes(buffer[:1])
        del buffer[:1]
        return byte

    def call(self, request):
        self.connection.send(compact(decoded(request)).encode())
        return self._object()

    def close(self):
        self.connection.close()


PROTOCOLS = {"libvirt": Libvirt, "proxmox": Proxmox, "utm": Utm}


def open_protocol(name, connect, timeout=agents.TIMEOUT):
    """An instance of the class that PROTOCOLS has for the name. connect: makes an
    agents.Connection."""
    return PROTOCOLS[name](connect, timeout)
