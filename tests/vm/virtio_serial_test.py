# SPDX-License-Identifier: Apache-2.0
"""The virtio-serial channel: hosts connect and disconnect, ports are plugged and unplugged."""

import base64
import json
import unittest

from harness.vm import VmTest, agents, guest, short

MEGABYTE = 1 << 20


def sync(number):
    """libvirt's synchronisation: no 0xFF, the next line is the reply."""
    return agents.compact({"execute": "guest-sync", "arguments": {"id": number}}) + b"\n"


class Hosts(VmTest):
    """Hosts connect one after the other, and disconnect at any time."""

    def setUp(self):
        self.guest = self.boot(agents=[guest.bellhopd()],
                               start="mount -t debugfs debugfs /sys/kernel/debug")
        with self.guest.connect():
            pass

    def wait_for_host_connected(self, connected):
        self.guest.shell("cd /sys/kernel/debug/virtio-ports; port=$(grep -l guest_agent *); "
                         f"while ! grep -q 'host_connected: {connected}' $port; do :; done")

    def connect_unsynchronized(self, number):
        """Connects after the guest has seen the previous host disconnect. So it needs no 0xFF.

        A host that connects earlier does: the guest cannot separate its bytes from the previous
        host's.
        """
        self.wait_for_host_connected(0)
        with self.guest.connect(synchronize=False) as client:
            client.send(sync(number))
            reply = json.loads(client.read_line())
            self.assertEqual(reply, {"return": number})

    @short
    def test_connect_in_sequence(self):
        for number in range(30):
            self.connect_unsynchronized(number)

    def test_connect_directly_after_another(self):
        for number in range(300):
            with self.guest.connect() as client:
                self.assertEqual(client.call("guest-sync", id=number), number)

    def test_disconnect_in_the_middle_of_a_request(self):
        message = sync(1)
        for length in range(1, len(message)):
            with self.guest.connect(synchronize=False) as client:
                client.send(message[:length])
                self.wait_for_host_connected(1)
            self.connect_unsynchronized(length)

    def test_disconnect_in_the_middle_of_a_large_request(self):
        message = agents.compact({"execute": "guest-ping", "id": "x" * (4 * MEGABYTE)})
        for size in (MEGABYTE, 2 * MEGABYTE, 3 * MEGABYTE):
            with self.guest.connect(synchronize=False) as client:
                client.send(message[:size])
            with self.guest.connect() as client:
                self.assertEqual(client.call("guest-ping"), {})

    def test_disconnect_in_the_middle_of_a_large_reply(self):
        for size in (1, 4096, 65536, MEGABYTE, 5 * MEGABYTE):
            with self.guest.connect() as client:
                handle = client.call("guest-file-open", path="/dev/zero")
                client.send(agents.compact({"execute": "guest-file-read", "arguments":
                                            {"handle": handle, "count": 8 * MEGABYTE}}) + b"\n")
                received = 0
                while received < size:
                    received += len(client.socket.recv(min(size - received, 65536)))
            with self.guest.connect() as client:
                self.assertEqual(client.call("guest-ping"), {})
                client.call("guest-file-close", handle=handle)

    def test_disconnect_before_a_large_reply(self):
        with self.guest.connect() as client:
            handle = client.call("guest-file-open", path="/dev/zero")
            client.send(agents.compact({"execute": "guest-file-read", "arguments":
                                        {"handle": handle, "count": 40 * MEGABYTE}}) + b"\n")
        with self.guest.connect() as client:
            reply = client.call("guest-file-read", handle=handle, count=MEGABYTE)
            self.assertEqual(base64.b64decode(reply["buf-b64"]), bytes(MEGABYTE))


class Ports(VmTest):
    """The port is unplugged and plugged; the agent keeps running."""

    def plug(self, vm, agent):
        vm.qmp("device_add", driver="virtserialport", bus="ports.0", chardev=agent.name,
               name=agent.port, id=f"port-{agent.name}")

    def unplug(self, vm, agent):
        vm.qmp("device_del", id=f"port-{agent.name}")
        vm.qmp.event("DEVICE_DELETED", device=f"port-{agent.name}")

    @short
    def test_unplugged_and_back(self):
        agent = guest.bellhopd(options=("-r",))
        vm = self.boot(agents=[agent])
        pid = vm.agent_pid(agent.name)
        for number in range(3):
            with vm.connect() as client:
                self.assertEqual(client.call("guest-sync", id=number), number)
            self.unplug(vm, agent)
            self.plug(vm, agent)
        with vm.connect() as client:
            handle = client.call("guest-file-open", path="/etc/passwd")
            self.unplug(vm, agent)
        vm.shell("while [ -e /dev/virtio-ports/org.qemu.guest_agent.0 ]; do sleep 0.05; done")
        self.plug(vm, agent)
        with vm.connect() as client:
            self.assertGreater(client.call("guest-file-read", handle=handle)["count"], 0)
        self.assertEqual(vm.agent_pid(agent.name), pid)
        vm.shell(f"kill -0 {pid}")

    def test_unplugged_in_the_middle_of_a_reply(self):
        agent = guest.bellhopd()
        vm = self.boot(agents=[agent])
        for _ in range(5):
            with vm.connect() as client:
                handle = client.call("guest-file-open", path="/dev/zero")
                client.send(agents.compact({"execute": "guest-file-read", "arguments":
                                            {"handle": handle, "count": 8 * MEGABYTE}}) + b"\n")
                client.socket.recv(65536)
                self.unplug(vm, agent)
            self.plug(vm, agent)
            with vm.connect() as client:
                client.call("guest-file-close", handle=handle)

    def test_its_controller_unplugged_and_back(self):
        agent = guest.bellhopd(channel=None, options=(
            "-m virtio-serial -p /dev/virtio-ports/org.qemu.guest_agent.0 -r",))
        vm = self.boot(agents=[agent], machine="pc", options=[
            "-chardev", "socket,id=bellhopd,path=${dir}/bellhopd,server=on,wait=off"])
        for _ in range(3):
            vm.qmp("device_add", driver="virtio-serial-pci", id="ports")
            self.plug(vm, agent)
            with vm.connect() as client:
                self.assertEqual(client.call("guest-ping"), {})
            vm.qmp("device_del", id="ports")
            vm.qmp.event("DEVICE_DELETED", device="ports")

    @short
    def test_agent_starts_before_the_port(self):
        agent = guest.bellhopd(channel=None, options=(
            "-m virtio-serial -p /dev/virtio-ports/org.qemu.guest_agent.0 -r",))
        vm = self.boot(agents=[agent], options=[
            "-device", "virtio-serial-pci,id=ports",
            "-chardev", "socket,id=bellhopd,path=${dir}/bellhopd,server=on,wait=off"])
        vm.shell(f"kill -0 {vm.agent_pid(agent.name)}")
        self.plug(vm, agent)
        with vm.connect() as client:
            self.assertEqual(client.call("guest-ping"), {})


class Idle(VmTest):
    """An idle agent makes no system call."""

    SECONDS = 60

    def context_switches(self, vm, name):
        """Voluntary context switches of all threads: a thread that wakes up blocks again."""
        return vm.shell(f"cat /proc/{vm.agent_pid(name)}/task/*/status | grep ^voluntary")

    def test_for_a_minute_with_and_without_a_host(self):
        names = ("never", "connected", "disconnected")
        vm = self.boot(agents=[guest.bellhopd(name=name, port=f"org.qemu.guest_agent.{number}")
                               for number, name in enumerate(names)])
        with vm.connect("disconnected"), vm.connect("connected") as client:
            client.call("guest-get-osinfo")
            vm.clients[0].call("guest-get-osinfo")
            vm.clients[0].close()
            vm.shell("sleep 2")
            before = {name: self.context_switches(vm, name) for name in names}
            vm.shell(f"sleep {self.SECONDS}", timeout=self.SECONDS + 30)
            after = {name: self.context_switches(vm, name) for name in names}
        self.assertEqual(after, before)


if __name__ == "__main__":
    unittest.main()
