"""The channel over virtio-serial: ports that come and go, hosts that come and go."""

import base64
import json
import unittest

from harness.vm import VmTest, agents, guest, short

MEGABYTE = 1 << 20


def sync(number):
    """As libvirt synchronizes: no 0xFF, the next line is the reply."""
    return agents.compact({"execute": "guest-sync", "arguments": {"id": number}}) + b"\n"


class Hosts(VmTest):
    """Hosts come one after the other, and leave whenever they like."""

    def setUp(self):
        self.guest = self.boot(agents=[guest.bellhopd()],
                               start="mount -t debugfs debugfs /sys/kernel/debug")
        with self.guest.connect():
            pass

    def until_host_is_seen(self, connected):
        self.guest.shell("cd /sys/kernel/debug/virtio-ports; port=$(grep -l guest_agent *); "
                         f"while ! grep -q 'host_connected: {connected}' $port; do :; done")

    def fresh(self, number):
        """A host that comes when the one before it was seen to leave, and does not synchronize.

        One that comes sooner must: a guest cannot tell its first bytes from those before.
        """
        self.until_host_is_seen(0)
        with self.guest.connect(synchronize=False) as client:
            client.send(sync(number))
            reply = json.loads(client.read_line())
            self.assertEqual(reply, {"return": number})

    @short
    def test_come_and_go(self):
        for number in range(30):
            self.fresh(number)

    def test_come_as_soon_as_another_has_left(self):
        for number in range(300):
            with self.guest.connect() as client:
                self.assertEqual(client.call("guest-sync", id=number), number)

    def test_leave_in_the_middle_of_a_request(self):
        message = sync(1)
        for length in range(1, len(message)):
            with self.guest.connect(synchronize=False) as client:
                client.send(message[:length])
                self.until_host_is_seen(1)
            self.fresh(length)

    def test_leave_in_the_middle_of_a_large_request(self):
        message = agents.compact({"execute": "guest-ping", "id": "x" * (4 * MEGABYTE)})
        for size in (MEGABYTE, 2 * MEGABYTE, 3 * MEGABYTE):
            with self.guest.connect(synchronize=False) as client:
                client.send(message[:size])
            with self.guest.connect() as client:
                self.assertEqual(client.call("guest-ping"), {})

    def test_leave_in_the_middle_of_a_large_reply(self):
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

    def test_stays_away_for_a_whole_reply(self):
        with self.guest.connect() as client:
            handle = client.call("guest-file-open", path="/dev/zero")
            client.send(agents.compact({"execute": "guest-file-read", "arguments":
                                        {"handle": handle, "count": 40 * MEGABYTE}}) + b"\n")
        with self.guest.connect() as client:
            reply = client.call("guest-file-read", handle=handle, count=MEGABYTE)
            self.assertEqual(base64.b64decode(reply["buf-b64"]), bytes(MEGABYTE))


class Ports(VmTest):
    """The port comes and goes; the agent stays."""

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
    """An agent that nobody asks makes no system call."""

    SECONDS = 60

    def switches(self, vm, name):
        """How often its threads have gone to sleep: every system call but the last ends in one."""
        return vm.shell(f"cat /proc/{vm.agent_pid(name)}/task/*/status | grep ^voluntary")

    def test_for_a_minute_whether_the_host_is_there_or_not(self):
        names = ("never", "there", "left")
        vm = self.boot(agents=[guest.bellhopd(name=name, port=f"org.qemu.guest_agent.{number}")
                               for number, name in enumerate(names)])
        with vm.connect("left"), vm.connect("there") as client:
            client.call("guest-get-osinfo")
            vm.clients[0].call("guest-get-osinfo")
            vm.clients[0].close()
            vm.shell("sleep 2")
            before = {name: self.switches(vm, name) for name in names}
            vm.shell(f"sleep {self.SECONDS}", timeout=self.SECONDS + 30)
            after = {name: self.switches(vm, name) for name in names}
        self.assertEqual(after, before)


if __name__ == "__main__":
    unittest.main()
