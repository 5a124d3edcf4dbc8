"""Commands of bellhopd and of the real qemu-ga, asked in the same guest at the same moment."""

import time
import unittest

from harness.vm import VmTest, agents, guest, short

# Asked without arguments, they tell about the guest and change nothing.
TELLS = ("guest-get-", "guest-network-get-")
# What they tell is different at every moment: only its shape is compared.
MOVES = {"guest-get-time", "guest-get-cpustats", "guest-get-diskstats"}

# Members that differ on purpose, as docs/compatibility.md says: disks-without-udev.
WITHOUT = {"guest-get-disks": {"serial"}, "guest-get-fsinfo": {"serial"}}
# What qemu-ga lists in no order, and by what it is to be listed: list-numbers.
LISTED_BY = {"guest-get-vcpus": "logical-id", "guest-get-memory-blocks": "phys-index"}


# What each agent is told in turn, by itself. "$" stands for the value of the reply before it that
# is no object, "$pid" for what an object had there.
STORIES = {
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
    """A value with its numbers replaced by their type's name."""
    if isinstance(value, dict):
        return {name: shape(member) for name, member in value.items()}
    if isinstance(value, list):
        return [shape(element) for element in value]
    return type(value).__name__ if isinstance(value, (int, float)) else value


def without(value, names):
    if isinstance(value, dict):
        return {name: without(member, names) for name, member in value.items() if name not in names}
    return [without(element, names) for element in value] if isinstance(value, list) else value


def unsigned(reply):
    """Routes whose 32-bit numbers are not taken for negative ones: route-numbers."""
    for route in reply["return"]:
        for member in ("metric", "flags"):
            route[member] &= 0xFFFFFFFF
    return reply


def told(name, reply):
    """What of a reply is to be the same."""
    if name in MOVES:
        return shape(reply)
    if name == "guest-network-get-route" and "return" in reply:
        return unsigned(reply)
    reply = without(reply, WITHOUT.get(name, ()))
    if name in LISTED_BY and "return" in reply:
        reply["return"].sort(key=lambda entry: entry[LISTED_BY[name]])
    return reply


class Commands(VmTest):
    DIFFERS = {"guest-exec-status": "exec-status-pid"}  # rows of docs/compatibility.md

    def both(self):
        vm = self.boot(
            agents=[guest.bellhopd(), guest.qemu_ga()], disks={"a": 64 << 20},
            start="mke2fs -q /dev/vda && mount -t ext4 /dev/vda /mnt")
        return [vm.connect(name) for name in vm.agents]

    @short
    def test_tell_the_same(self):
        ours, theirs = self.both()
        names = {command["name"] for command in ours.call("guest-info")["supported_commands"]}
        asked = sorted(name for name in names if name.startswith(TELLS))
        self.assertGreater(len(asked), 5)
        for name in asked:
            with self.subTest(name):
                self.assertEqual(*self.at_the_same_moment(ours, theirs, {"execute": name}))

    def at_the_same_moment(self, ours, theirs, request):
        """Their replies; asked again while they differ, for a moment may fall in between."""
        for _ in range(10):
            pair = [told(request["execute"], agent.request(request)) for agent in (ours, theirs)]
            if pair[0] == pair[1]:
                break
        return pair

    def tell(self, client, story):
        replies, value = [], None
        for name, arguments in story:
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
            return {"return": sorted(reply["return"])}  # the process's number
        if name in self.DIFFERS and "error" in reply:
            return {"error": reply["error"]["class"]}
        return reply

    @short
    def test_stories_go_the_same_way(self):
        ours, theirs = self.both()
        for name, story in STORIES.items():
            with self.subTest(name):
                self.assertEqual(self.tell(ours, story), self.tell(theirs, story))


if __name__ == "__main__":
    unittest.main()
