"""The ways in which known clients put requests on the wire and take replies from it.

Each class is one client's way, named as "wire" in clients/*.json: call() writes one request as that
client does, and returns the reply's text as that client's caller sees it.
"""

import itertools
import json
import re

from harness import agents


class ReplyRejected(AssertionError):
    """A reply that the client would not accept."""


def compact(value):
    """As libvirt and UTM write JSON; the order of members is the request's."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def decoded(request):
    return json.loads(request) if isinstance(request, str) else request


class Libvirt:
    """One long connection. A guest-sync before a command; lines before its reply are dropped."""

    MAX_LINE = 10 << 20

    def __init__(self, connect, timeout):
        self.connection = connect()
        self.timeout = timeout
        self.ids = itertools.count(1_700_000_000_000)

    def _line(self):
        line = self.connection.read_line(self.timeout)
        if len(line) > self.MAX_LINE:
            raise ReplyRejected(f"libvirt takes lines of 10 MiB, not of {len(line)}")
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
        # libvirt parses what its callers give, and writes it anew.
        self.connection.send(compact(decoded(request)).encode() + b"\n")
        reply = self._line()
        if not isinstance(reply, dict) or not ("return" in reply or "error" in reply):
            raise ReplyRejected(f"libvirt takes this for a broken agent: {reply}")
        return compact(reply)

    def close(self):
        self.connection.close()


class Proxmox:
    """A connection for each command: synchronization and command in one write, then one regular
    expression over all that has come, which wants exactly two lines that end in a brace."""

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
            came = b""
            while not (found := self.REPLY.match(came)):
                came += connection.read_line(self.timeout)
            if found.group(2):
                raise ReplyRejected(f"more came than the two replies: {found.group(2)[:200]!r}")
            first, second = found.group(1).split(b"\n")
            if json.loads(first) != {"return": number}:
                raise ReplyRejected(f"the answer to the synchronization is {first!r}")
            return second.decode()
        finally:
            connection.close()

    def close(self):
        pass


class Utm:
    """0xFF and the synchronization without a line feed; bytes up to 0xFF are dropped, then braces
    outside of strings are counted until an object is complete."""

    def __init__(self, connect, timeout):
        self.connection = connect()
        self.timeout = timeout
        self.connection.send(b"\xff" + compact({"execute": "guest-sync-delimited",
                                                "arguments": {"id": 3141592653}}).encode())
        self.connection.read_until(b"\xff", timeout)
        reply = json.loads(self._object())
        if reply != {"return": 3141592653}:
            raise ReplyRejected(f"the answer to the synchronization is {reply}")

    def _object(self):
        text, depth, in_string, escaped = bytearray(), 0, False, False
        while True:
            byte = self._byte()
            text += byte
            if escaped:
                escaped = False
            elif byte == b"\\":
                if not in_string:
                    raise ReplyRejected(f"a backslash outside of a string: {bytes(text)!r}")
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
            # The rest of what has come stays in the buffer.
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
    """connect: makes an agents.Connection."""
    return PROTOCOLS[name](connect, timeout)
