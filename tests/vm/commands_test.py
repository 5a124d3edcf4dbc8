# SPDX-License-Identifier: Apache-2.0
"""Commands of bellhopd and of the real qemu-ga, called in the same guest at the same time."""

import time
import unittest

from harness.vm import VmTest, agents, guest, short

# Commands without arguments that report on the guest and change nothing.
READ_ONLY = ("guest-get-", "guest-network-get-")
# Their values change continuously: only the types are compared.
VOLATILE = {"guest-get-time", "guest-get-cpustats", "guest-get-diskstats"}

# Members with an intended difference, disks-without-udev in docs/compatibility.md.
IGNORED_MEMBERS = {"guest-get-disks": {"serial"}, "guest-get-fsinfo": {"serial"}}
# Lists that qemu-ga returns in arbitrary order, and the member to sort them by: list-numbers.
SORTED_BY = {"guest-get-vcpus": "logical-id", "guest-get-memory-blocks": "phys-index"}


# Requests that each agent gets in order. "$" is replaced by the previous return value, "$pid" by
# its member pid.
SEQUENCES = {
    "a file": [
        ("guest-file-open", {"path": "/tmp/story", "mode": "w+"}),
        ("guest-file-write", {"handle": "$", "buf-b64": "SGVsbG8sIHdvcmxk"}),
        ("guest-file-write", {"handle": 1000, "buf-b64": "SGVsbG8sIHdvcmxk", "count": 5}),
        ("guest-file-flush", {"handle": 1000}),
        ("guest-file-seek", {"handle": 1000, "offset": 2, "whence": "set"}),
        ("guest-file-seek", {"handle": 1000, "offset": 3, "whence": 1}),
        ("guest-file-read", {"handle": 1000, "count": 4}),
        ("guest-file-read", {"handle": 1000}),
        ("guest-file-close", {"handle": 1000}),
        ("guest-file-read", {"handle": 1000}),
        ("guest-file-open", {"path": "/nonexistent/file"}),
    ],
    "a program": [
        ("guest-exec", {"path": "/bin/sh", "arg": ["-c", "cat; echo error >&2; exit 3"],
                        "input-data": "aW5wdXQ=", "capture-output": True}),
        ("guest-exec-status", {"pid": "$pid"}),
        ("guest-exec", {"path": "/nonexistent/program"}),
        ("guest-exec-status", {"pid": 1}),
    ],
    "a freeze": [
        ("guest-fsfreeze-status", None),
        ("guest-fsfreeze-freeze-list", {"mountpoints": ["/mnt"]}),
        ("guest-fsfreeze-status", None),
        ("guest-file-open", {"path": "/tmp/story"}),
        ("guest-ping", None),
        ("guest-fsfreeze-thaw", None),
        ("guest-fsfreeze-status", None),
        ("guest-fsfreeze-thaw", None),
    ],
    "the envelope": [
        ("guest-sync", {"id": 42}),
        ("guest-sync", {"id": "x"}),
        ("guest-nothing", None),
        ("guest-ping", {"x": 1}),
    ],
}


def shape(value):
    """The value with its numbers replaced by the name of their type."""
    if isinstance(value, dict):
        return {name: shape(member) for name, member in value.items()}
    if isinstance(value, list):
        return [shape(element) for element in value]
    return type(value).__name__ if isinstance(value, (int, float)) else value


def without_members(value, names):
    if isinstance(value, dict):
        return {name: without_members(member, names) for name, member in value.items()
                if name not in names}
    if isinstance(value, list):
        return [without_members(element, names) for element in value]
    return value


def unsigned(reply):
    """The routes without qemu-ga's sign extension of 32-bit numbers: route-numbers."""
    for route in reply["return"]:
        for member in ("metric", "flags"):
            route[member] &= 0xFFFFFFFF
    return reply


def normalized(name, reply):
    """The part of a reply that must be the same."""
    if name in VOLATILE:
        return shape(reply)
    if name == "guest-network-get-route" and "return" in reply:
        return unsigned(reply)
    reply = without_members(reply, IGNORED_MEMBERS.get(name, ()))
    if name in SORTED_BY and "return" in reply:
        reply["return"].sort(key=lambda entry: entry[SORTED_BY[name]])
    return reply


class Commands(VmTest):
    DIFFERS = {"guest-exec-status": "exec-status-pid"}  # rows of docs/compatibility.md

    def both(self):
        vm = self.boot(
            agents=[guest.bellhopd(), guest.qemu_ga()], disks={"a": 64 << 20},
            start="mke2fs -q /dev/vda && mount -t ext4 /dev/vda /mnt")
        return [vm.connect(name) for name in vm.agents]

    @short
    def test_read_only_commands_have_the_same_replies(self):
        ours, theirs = self.both()
        names = {command["name"] for command in ours.call("guest-info")["supported_commands"]}
        asked = sorted(name for name in names if name.startswith(READ_ONLY))
        self.assertGreater(len(asked), 5)
        for name in asked:
            with self.subTest(name):
                self.assertEqual(*self.replies(ours, theirs, {"execute": name}))

    def replies(self, ours, theirs, request):
        """Both replies. Repeated while they differ, because the guest may change in between."""
        for _ in range(10):
            pair = [normalized(request["execute"], agent.request(request))
                    for agent in (ours, theirs)]
            if pair[0] == pair[1]:
                break
        return pair

    def play(self, client, sequence):
        """Sends the requests. Returns [(command, the comparable part of its reply)]."""
        replies, value = [], None
        for name, arguments in sequence:
            if arguments is not None:
                arguments = {key: self.filled(argument, value)
                             for key, argument in arguments.items()}
            request = {"execute": name} if arguments is None else {
                "execute": name, "arguments": arguments}
            reply = client.request(request)
            deadline = time.monotonic() + agents.TIMEOUT
            while reply.get("return") == {"exited": False} and time.monotonic() < deadline:
                reply = client.request(request)
            value = reply.get("return")
            replies.append((name, self.comparable(name, reply)))
        return replies

    @staticmethod
    def filled(argument, value):
        if argument == "$":
            return value
        return value[argument[1:]] if isinstance(argument, str) and argument[0] == "$" else argument

    def comparable(self, name, reply):
        if name == "guest-exec" and "return" in reply:
            return {"return": sorted(reply["return"])}  # without the pid
        if "error" in reply:  # row frozen-reason
            desc = reply["error"]["desc"].removesuffix(" while filesystems are frozen")
            reply = {"error": {**reply["error"], "desc": desc}}
        if name in self.DIFFERS and "error" in reply:
            return {"error": reply["error"]["class"]}
        return reply

    @short
    def test_sequences_have_the_same_replies(self):
        ours, theirs = self.both()
        for name, sequence in SEQUENCES.items():
            with self.subTest(name):
                self.assertEqual(self.play(ours, sequence), self.play(theirs, sequence))


if __name__ == "__main__":
    unittest.main()
