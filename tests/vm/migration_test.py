"""A guest that continues in another QEMU: nothing of what the agent knows is lost."""

import base64
import unittest

from vm import VmTest, agents, guest, short

MEGABYTE = 1 << 20


class Migration(VmTest):
    def setUp(self):
        self.guest = self.boot(agents=[self.agent(guest.bellhopd)])
        self.client = self.guest.connect()

    def continues(self, live):
        """Handles and jobs are as they were, for a host that comes to the new QEMU."""
        handle = self.client.call("guest-file-open", path="/tmp/file", mode="w+")
        self.client.call("guest-file-write", handle=handle, buf_b64=agents.b64(b"before"))
        job = self.client.call("guest-exec", path="/bin/sh", arg=["-c", "sleep 2; echo done"],
                               capture_output=True)["pid"]
        pid = self.guest.agent_pid("bellhopd")
        self.guest.migrate(live)
        with self.guest.connect() as client:
            client.call("guest-file-seek", handle=handle, offset=0, whence="set")
            self.assertEqual(client.call("guest-file-read", handle=handle)["buf-b64"],
                             agents.b64(b"before"))
            self.guest.shell(f"while ! grep -q 'State:.Z' /proc/{job}/status 2>/dev/null && "
                             f"[ -e /proc/{job} ]; do sleep 0.1; done")
            status = client.call("guest-exec-status", pid=job)
            self.assertEqual(base64.b64decode(status["out-data"]), b"done\n")
        self.assertEqual(self.guest.agent_pid("bellhopd"), pid)

    @short
    def test_live(self):
        self.continues(live=True)

    def test_by_way_of_a_file(self):
        self.continues(live=False)

    def second_host(self):
        """A port that has stopped because its host did not take the reply stays so in the next
        QEMU (seen with 7.2) until a host has come and gone: the first one hears nothing."""
        with self.guest.connect(synchronize=False) as client:
            client.send(b"\xff")
        return self.guest.connect()

    def in_a_reply(self, live):
        handle = self.client.call("guest-file-open", path="/dev/zero")
        self.client.send(agents.compact({"execute": "guest-file-read", "arguments": {
            "handle": handle, "count": 16 * MEGABYTE}}) + b"\n")
        self.client.socket.recv(4096)
        self.guest.migrate(live)
        with self.second_host() as client:
            reply = client.call("guest-file-read", handle=handle, count=MEGABYTE)
            self.assertEqual(base64.b64decode(reply["buf-b64"]), bytes(MEGABYTE))

    def test_live_in_the_middle_of_a_large_reply(self):
        self.in_a_reply(live=True)

    def test_by_way_of_a_file_in_the_middle_of_a_large_reply(self):
        self.in_a_reply(live=False)

    def test_live_in_the_middle_of_a_request(self):
        self.client.send(b'{"execute": "guest-ping", "id": "' + b"x" * MEGABYTE)
        self.guest.migrate(live=True)
        with self.guest.connect() as client:
            self.assertEqual(client.call("guest-ping"), {})


if __name__ == "__main__":
    unittest.main()
