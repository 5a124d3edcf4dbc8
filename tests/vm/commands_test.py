"""Commands of bellhopd and of the real qemu-ga, asked in the same guest at the same moment."""

import time
import unittest

from vm import VmTest, agents, guest, short

# Asked without arguments, they tell about the guest and change nothing.
TELLS = ("guest-get-", "guest-network-get-")
# What they tell is different at every moment.
MOVES = {"guest-get-time"}

# Lists whose order means nothing, and what they are compared in the order of.
LISTS = {"guest-get-vcpus": "logical-id", "guest-get-memory-blocks": "phys-index"}

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


class Commands(VmTest):
    DIFFERS = {"guest-exec-status": "exec-status-pid"}  # rows of docs/compatibility.md

    def both(self):
        made = self.boot(
            agents=[self.agent(guest.bellhopd), self.agent(guest.qemu_ga)], disks={"a": 64 << 20},
            start="mke2fs -q /dev/vda && mount -t ext4 /dev/vda /mnt")
        return [made.connect(name) for name in made.agents]

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
            pair = ours.request(request), theirs.request(request)
            if request["execute"] in LISTS:
                for reply in pair:
                    reply["return"].sort(key=lambda entry: entry[LISTS[request["execute"]]])
            if request["execute"] in MOVES:
                return self.close(pair)
            if pair[0] == pair[1]:
                break
        return pair

    def close(self, pair):
        ours, theirs = (reply["return"] for reply in pair)
        return (0, 0) if abs(ours - theirs) < 5e9 else pair

    def tell(self, client, story):
        replies, value = [], None
        for name, arguments in story:
            if arguments is not None:
                arguments = {key: self.filled(argument, value)
                             for key, argument in arguments.items()}
            request = {"execute": name} if arguments is None else {
                "execute": name, "arguments": arguments}
            reply = client.request(request)
            deadline = time.monotonic() + agents.PATIENCE
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
