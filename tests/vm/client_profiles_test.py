# SPDX-License-Identifier: Apache-2.0
"""Plays the calls of known clients over virtio-serial, with those that change a system.

The same data as in tests/conformance/client_profiles_test.py.
"""

import unittest

from harness import client_profiles, libvirtd
from harness.vm import VmTest, agents, guest, short

CLIENTS = client_profiles.load()


class ClientProfiles(VmTest):
    def plays(self, make):
        agent = make(port=guest.FIRST_PORT)
        vm = self.boot(agents=[agent], disks={"a": 64 << 20, "b": 64 << 20},
                       start=libvirtd.START, modules=["virtio_net"], files=libvirtd.FILES)
        vm.connect().close()
        commands = client_profiles.commands(vm.connect())
        missing = set()
        for name, client in CLIENTS.items():
            with self.subTest(name):
                missing |= self.play(vm, name, client, commands)
        if missing:
            self.skipTest(f"all but the calls for which it lacks {', '.join(sorted(missing))}")

    def play(self, vm, name, client, commands):
        directory = f"/tmp/{name}"
        vm.shell(f"mkdir {directory}")
        for file, content in client.get("files", {}).items():
            self.put(vm, f"{directory}/{file}", client_profiles.Variables().bytes(content))
        player = client_profiles.Player(client, vm.connect, directory)
        try:
            return player.play([*client["calls"], *client.get("guest-calls", [])], commands)
        finally:
            player.close()

    @staticmethod
    def put(vm, path, data):
        with vm.connect() as host:
            handle = host.call("guest-file-open", path=path, mode="w")
            for start in range(0, len(data), 1 << 20):
                host.call("guest-file-write", handle=handle,
                          buf_b64=agents.b64(data[start:start + (1 << 20)]))
            host.call("guest-file-close", handle=handle)

    @short
    def test_bellhopd_answers_them(self):
        self.plays(guest.bellhopd)

    def test_qemu_ga_answers_them(self):
        """The oracle: shows that the data are right."""
        self.plays(guest.qemu_ga)


if __name__ == "__main__":
    unittest.main()
