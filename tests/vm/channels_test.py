# SPDX-License-Identifier: Apache-2.0
"""Channels other than a single virtio-serial port, in a guest."""

import unittest

from harness.channel_checks import ask, carry, socat
from harness.vm import VmTest, agents, guest, short

MEGABYTE = 1 << 20


class Serial(VmTest):
    @short
    def test_isa_serial_carries_every_byte(self):
        vm = self.boot(agents=[guest.bellhopd(channel="isa-serial")])
        for _ in range(3):
            with vm.connect() as client:
                self.assertEqual(client.call("guest-ping"), {})
                carry(self, client, 64 * 1024)

    def test_isa_serial_after_a_host_disconnected_in_a_request(self):
        vm = self.boot(agents=[guest.bellhopd(channel="isa-serial")])
        for part in (b'{"execute": "guest-', b'\xff{"exec', b'{"execute": "guest-ping", "id": "' +
                     b"x" * 20000):
            with vm.connect(synchronize=False) as client:
                client.send(part)
            with vm.connect() as client:
                self.assertEqual(client.call("guest-ping"), {})


class Several(VmTest):
    CONFIGURATION = """[channels]
channels=virtio-serial:/dev/virtio-ports/first;virtio-serial:/dev/virtio-ports/second;\
isa-serial:/dev/ttyS2;unix-listen:/run/agent.sock
"""

    def test_are_served_at_the_same_time(self):
        """A blocked command on one channel does not delay the others."""
        agent = guest.bellhopd(channel=None,
                               options=("--bellhop-config", "/etc/bellhop.conf"))
        vm = self.boot(
            agents=[agent], files={"etc/bellhop.conf": self.CONFIGURATION},
            channels={"one": "first", "two": "second"}, disks={"a": 64 << 20},
            start="mke2fs -q /dev/vda && mount -t ext4 /dev/vda /mnt",
            archives=[socat()],
            options=["-chardev", "socket,id=line,path=${dir}/line,server=on,wait=off",
                     "-device", "isa-serial,chardev=line"])
        one, two, line = (vm.connect(channel=name)
                          for name in ("one", "two", "line"))
        vm.shell("fsfreeze --freeze /mnt")  # the agent does not know of this freeze
        one.send(agents.compact({"execute": "guest-file-open", "arguments":
                                 {"path": "/mnt/new", "mode": "w"}}) + b"\n")
        for client in (two, line):
            self.assertEqual(client.call("guest-ping"), {})
            carry(self, client, 16 * 1024)
        self.assertEqual(ask(vm, "UNIX-CONNECT:/run/agent.sock", "guest-ping"), {"return": {}})
        vm.shell("fsfreeze --unfreeze /mnt")
        self.assertIn(b'"return"', one.read_line())
        self.assertEqual(one.call("guest-ping"), {})


class Vsock(VmTest):
    """Inside the guest: its loopback has the CID 1."""

    @short
    def test_answers_over_vsock(self):
        vm = self.boot(
            agents=[guest.bellhopd(channel=None,
                                   options=("-m", "vsock-listen", "-p", "4294967295:1024"))],
            modules=["vsock_loopback"], archives=[socat()], channels={"bridge": "bridge"})
        # Retries: the agent may not listen yet, and nothing in the guest shows when it does.
        address = "VSOCK-CONNECT:1:1024,retry=600,interval=0.1"
        for _ in range(3):
            self.assertEqual(ask(vm, address, "guest-ping"), {"return": {}})
        vm.shell("socat /dev/virtio-ports/bridge VSOCK-CONNECT:1:1024 >/dev/null 2>&1 &")
        with vm.connect(channel="bridge") as client:
            carry(self, client, 2 * MEGABYTE)


if __name__ == "__main__":
    unittest.main()
