"""A guest that continues in another QEMU: nothing of what the agent knows is lost."""

import base64
import hashlib
import os
import tempfile
import unittest

from harness import packages
from harness.vm import VmTest, agents, guest, short

MEGABYTE = 1 << 20


class Migration(VmTest):
    def setUp(self):
        self.guest = self.boot(agents=[guest.bellhopd()])
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

    def test_live_between_the_pieces_of_a_file(self):
        """What was acknowledged is in the file; the piece that was on its way is sent again."""
        pieces = [os.urandom(64 * 1024) for _ in range(8)]
        handle = self.client.call("guest-file-open", path="/tmp/file", mode="w+")
        for piece in pieces[:4]:
            self.client.call("guest-file-write", handle=handle, buf_b64=agents.b64(piece))
        fifth = agents.compact({"execute": "guest-file-write", "arguments": {
            "handle": handle, "buf-b64": agents.b64(pieces[4])}})
        self.client.send(fifth[:len(fifth) // 2])
        self.guest.migrate(live=True)
        with self.guest.connect() as client:
            self.assertEqual(client.call("guest-file-seek", handle=handle, offset=0,
                                         whence="cur")["position"], 4 * 64 * 1024)
            for piece in pieces[4:]:
                client.call("guest-file-write", handle=handle, buf_b64=agents.b64(piece))
            client.call("guest-file-close", handle=handle)
        sums = self.guest.shell("sha256sum /tmp/file").split()[0]
        self.assertEqual(sums, hashlib.sha256(b"".join(pieces)).hexdigest())


class FrozenTest(VmTest):

    MOUNT = "mkdir -p /mnt; e2fsck -p /dev/vda >/dev/null || mke2fs -q /dev/vda; " \
        "mount -t ext4 /dev/vda /mnt"
    # A file that is being written from a frozen guest waits.
    WRITES = "echo now >/mnt/file && sync && cat /mnt/file"

    def boot_frozen(self, make, **arguments):
        vm = self.boot(agents=[make()], start=self.MOUNT, **arguments)
        with vm.connect() as client:
            self.assertEqual(client.call("guest-fsfreeze-freeze"), 1)
        return vm

    def assert_frozen_until_thaw(self, vm):
        with vm.connect() as client:
            self.assertEqual(client.call("guest-fsfreeze-status"), "frozen")
            self.assertIn("disabled", client.request({"execute": "guest-get-host-name"})
                          ["error"]["desc"])
            self.assertEqual(client.call("guest-fsfreeze-thaw"), 1)
            self.assertEqual(client.call("guest-fsfreeze-status"), "thawed")
        self.assertEqual(vm.shell(self.WRITES), "now\n")


class Frozen(FrozenTest):
    """A guest that is frozen while it is moved or killed."""

    def is_moved(self, make, live):
        vm = self.boot_frozen(make, disks={"a": 64 << 20})
        vm.migrate(live)
        self.assert_frozen_until_thaw(vm)

    def test_live(self):
        for make in (guest.qemu_ga, guest.bellhopd):
            with self.subTest(make.__name__):
                self.is_moved(make, live=True)

    def test_by_way_of_a_file(self):
        self.is_moved(guest.bellhopd, live=False)

    def is_killed(self, make):
        vm = self.boot_frozen(make, disks={"a": 64 << 20})
        vm.qemu.kill()
        vm.restart()
        with vm.connect() as client:
            self.assertEqual(client.call("guest-fsfreeze-status"), "thawed")
            self.assertEqual(client.call("guest-get-host-name"), {"host-name": "minimal"})
        self.assertEqual(vm.shell(self.WRITES), "now\n")

    def test_is_thawed_when_it_was_killed_and_started_again(self):
        for make in (guest.qemu_ga, guest.bellhopd):
            with self.subTest(make.__name__):
                self.is_killed(make)


class Snapshots(FrozenTest):
    """savevm and loadvm: the guest as it was, with clients of today."""

    def setUp(self):
        self.directory = tempfile.TemporaryDirectory(prefix="bellhop-snapshots-")
        self.addCleanup(self.directory.cleanup)

    def with_disk(self):
        """Facts of a guest whose disk can keep it all."""
        image = f"{self.directory.name}/disk.qcow2"
        packages.run("qemu-img", "create", "-q", "-f", "qcow2", image, "1G")
        return {"options": ["-drive", f"file={image},format=qcow2,if=none,id=disk",
                            "-device", "virtio-blk-pci,drive=disk"]}

    def monitor(self, vm, line):
        self.assertEqual(vm.qmp.human(line), "")

    def test_is_as_it_was(self):
        vm = self.boot(agents=[guest.bellhopd()], **self.with_disk())
        client = vm.connect()
        handle = client.call("guest-file-open", path="/tmp/file", mode="w+")
        client.call("guest-file-write", handle=handle, buf_b64=agents.b64(b"before"))
        self.monitor(vm, "savevm then")
        client.call("guest-file-write", handle=handle, buf_b64=agents.b64(b" and after"))
        client.call("guest-file-close", handle=handle)
        for _ in range(2):
            self.monitor(vm, "loadvm then")
            client.synchronize()
            client.call("guest-file-seek", handle=handle, offset=0, whence="set")
            self.assertEqual(client.call("guest-file-read", handle=handle)["buf-b64"],
                             agents.b64(b"before"))
            client.call("guest-file-close", handle=handle)
        self.monitor(vm, "delvm then")
        self.assertIn("no snapshot available", vm.qmp.human("info snapshots"))

    def test_in_the_middle_of_a_large_reply(self):
        vm = self.boot(agents=[guest.bellhopd()], **self.with_disk())
        client = vm.connect()
        handle = client.call("guest-file-open", path="/dev/zero")
        read = {"execute": "guest-file-read", "arguments": {"handle": handle,
                                                            "count": 16 * MEGABYTE}}
        client.send(agents.compact(read) + b"\n")
        client.socket.recv(4096)
        self.monitor(vm, "savevm then")
        client.read_line(120.0)
        for _ in range(2):
            self.monitor(vm, "loadvm then")
            client.synchronize(120.0)
            reply = client.call("guest-file-read", handle=handle, count=MEGABYTE)
            self.assertEqual(base64.b64decode(reply["buf-b64"]), bytes(MEGABYTE))

    def test_while_frozen(self):
        vm = self.boot_frozen(guest.bellhopd, **self.with_disk())
        self.monitor(vm, "savevm then")
        self.assert_frozen_until_thaw(vm)
        for _ in range(2):
            self.monitor(vm, "loadvm then")
            self.assert_frozen_until_thaw(vm)


if __name__ == "__main__":
    unittest.main()
