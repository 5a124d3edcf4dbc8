"""Clients as they write to the wire, over virtio-serial, to bellhopd and to the real qemu-ga.

What each sends and relies on is known from its source; see the table of the protocol's clients.
"""

import base64
import json
import re
import unittest

from vm import VmTest, guest, short


def broken_every_76(data):
    """Base64 as MIME has it."""
    return base64.encodebytes(data).decode()


CONTENT = bytes(range(256)) * 3

# Client: what it writes at once, how many lines it waits for, and what these must match as a whole.
WIRE = {
    "libvirt": [
        (b'{"execute":"guest-sync", "arguments":{"id":1700000000000}}\n', 1,
         rb'\{"return": 1700000000000\}\n'),
        (b'{"execute":"guest-get-host-name"}\n', 1, rb'\{"return": \{"host-name": "minimal"\}\}\n'),
        (b'{"execute":"guest-get-devices"}\n', 1, rb'\{"error": .*"CommandNotFound".*\}\n'),
    ],
    "Proxmox VE": [
        # Two lines that each end in a bracket, nothing between them.
        (b'{"execute":"guest-sync-delimited","arguments":{"id":4711}}\n'
         b'{"arguments":{},"execute":"guest-ping"}\n', 2, rb'\xff\{"return": 4711\}\n\{.*\}\n'),
        (b'{"execute":"guest-sync-delimited","arguments":{"id":4712}}\n'
         b'{"arguments":{"path":"/nonexistent/x"},"execute":"guest-file-open"}\n', 2,
         rb'\xff\{"return": 4712\}\n\{.*"desc": "[^"]*No such file or directory"\}\}\n'),
        (b'{"execute":"guest-sync-delimited","arguments":{"id":4713}}\n'
         b'{"arguments":{"mode":"wb","path":"/tmp/proxmox"},"execute":"guest-file-open"}\n', 2,
         rb'\xff\{"return": 4713\}\n\{"return": 1000\}\n'),
        (b'{"execute":"guest-sync-delimited","arguments":{"id":4714}}\n'
         + json.dumps({"arguments": {"handle": 1000, "buf-b64": broken_every_76(CONTENT)},
                       "execute": "guest-file-write"}).encode() + b"\n", 2,
         rb'\xff\{"return": 4714\}\n\{"return": \{.*"count": 768.*\}\}\n'),
        (b'{"execute":"guest-sync-delimited","arguments":{"id":4715}}\n'
         b'{"arguments":{"handle":1000},"execute":"guest-file-close"}\n', 2,
         rb'\xff\{"return": 4715\}\n\{"return": \{\}\}\n'),
        (b'{"execute":"guest-sync-delimited","arguments":{"id":4716}}\n'
         b'{"arguments":{"path":"/tmp/proxmox"},"execute":"guest-file-open"}\n', 2,
         rb'\xff\{"return": 4716\}\n\{"return": 1001\}\n'),
        (b'{"execute":"guest-sync-delimited","arguments":{"id":4717}}\n'
         b'{"arguments":{"count":1048576,"handle":1001},"execute":"guest-file-read"}\n', 2,
         rb'\xff\{"return": 4717\}\n\{.*"' + re.escape(base64.b64encode(CONTENT)) + rb'".*\}\n'),
    ],
    "UTM": [
        # No line feeds; it skips to the delimiter and counts brackets.
        (b'\xff{"execute":"guest-sync-delimited","arguments":{"id":99}}', 2,
         rb'\{"error": .*\}\n\xff\{"return": 99\}\n'),
        (b'{"execute":"guest-ping"}', 1, rb'\{"return": \{\}\}\n'),
    ],
    "KubeVirt": [
        # The reply's only member is "return".
        (b'{"execute":"guest-fsfreeze-status"}\n', 1, rb'\{"return": "thawed"\}\n'),
        (b'{"execute": "guest-exec", "arguments": {"path": "true", "arg": [], '
         b'"capture-output": true}}\n', 1, rb'\{"return": \{"pid": [1-9]\d*\}\}\n'),
        (b'{"execute":"guest-file-open", "arguments": {"path": "/nonexistent/x", "mode":"r"}}\n', 1,
         rb'\{"error": .*No such file or directory.*\}\n'),
    ],
    "CloudStack": [
        (b'{"execute":"guest-fsfreeze-status"}\n', 1, rb'\{"return": "thawed"\}\n'),
        (b'{"execute":"guest-fsfreeze-thaw"}\n', 1, rb'\{"return": 0\}\n'),
    ],
}


class Wire(VmTest):
    def boot_with(self, make):
        return self.boot(agents=[self.agent(make, port=guest.FIRST_PORT)])

    def converse(self, made):
        for name, steps in WIRE.items():
            with self.subTest(name), made.connect() as client:
                for sent, lines, expected in steps:
                    client.send(sent)
                    received = b"".join(client.read_line() for _ in range(lines))
                    self.assertRegex(received, rb"\A" + expected + rb"\Z", sent)

    @short
    def test_bellhopd_answers_them(self):
        self.converse(self.boot_with(guest.bellhopd))

    def test_qemu_ga_answers_them_so(self):
        """That the table is right."""
        self.converse(self.boot_with(guest.qemu_ga))

    def test_entries_of_guest_info_are_those_that_ansible_compares(self):
        with self.boot_with(guest.bellhopd).connect() as client:
            for entry in client.call("guest-info")["supported_commands"]:
                if entry["name"] in ("guest-exec", "guest-exec-status", "guest-file-close",
                                     "guest-file-open", "guest-file-read", "guest-file-write"):
                    self.assertEqual(entry, {"enabled": True, "name": entry["name"],
                                             "success-response": True})


if __name__ == "__main__":
    unittest.main()
