# SPDX-License-Identifier: Apache-2.0
"""An agent in a virtual machine of the tests, for the demonstration."""

import pathlib
import sys

import filesystem
from local_agent import LocalAgent
from output import note

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "tests" / "vm"))

from harness.vm import agents, guest  # noqa: E402  (found through the line above)

# A guest that cannot be started, and one that fails.
FAILURES = (agents.Unavailable, AssertionError)


class VmAgent(LocalAgent):
    """An agent in a virtual machine, called over virtio-serial."""

    def __init__(self, agent, bellhop, stack):
        self.bellhop = bellhop
        self.directory = pathlib.Path("/tmp")
        vm = guest.Guest(
            agents=[guest.agent_from_program(agent)], disks={"data": 64 << 20},
            start="mke2fs -q /dev/vda && mount -t ext4 /dev/vda /mnt")
        self.guest = stack.enter_context(vm)
        self.endpoint = f"unix:{vm.sockets}/agent"

    def introduction(self):
        return ("A virtual machine, just booted, is the guest, and this machine is its host. A "
                "virtio-serial port connects them.")

    def wait_until_up(self, timeout=30.0):
        self.guest.connect(timeout=timeout).close()

    def stop(self):
        self.guest.stop_agent("agent")

    def checksum(self, path):
        return self.guest.shell(f"sha256sum {path}").split()[0]

    def disk(self, stack):
        note("The guest has a disk for this.")
        return GuestDisk()

    def writer(self, disk, stack):
        return GuestWriter(self.guest, disk)


class GuestDisk:
    """A disk that needs no cleanup: it is removed with the guest."""

    mountpoint = pathlib.Path("/mnt")

    def thaw(self):
        pass


class GuestWriter(filesystem.Writer):
    """A process in the guest that writes a line to a new file."""

    def __init__(self, vm, disk):  # starts no process on this machine
        self.guest = vm
        self.path = disk.mountpoint / "file"
        self.pid = int(vm.shell(
            f"(echo 'a line' >{self.path}; echo $? >/tmp/status) >/dev/null 2>&1 & echo $!"))

    def read(self, name):
        return self.guest.shell(f"cat /proc/{self.pid}/{name} 2>/dev/null", check=False)

    def ended(self):
        return not self.read("stat")

    def wait(self, timeout):
        return int(self.guest.shell("while [ ! -s /tmp/status ]; do sleep 0.1; done; "
                                    "cat /tmp/status", timeout=timeout))

    def written(self):
        return self.guest.shell(f"cat {self.path}").strip()
