"""Suspending a guest, and waking it: what the host sees of it, with bellhopd and the real qemu-ga.

Each guest has a program that ran before and a job of its agent; both go on.
"""

import time
import unittest

from harness.debian_vm import DEBIAN_TIMEOUT, ELOGIND, SystemTest
from harness.vm import agents, guest, short

SWAP = 1 << 30  # bytes, for what is in memory
# What was suspended to this disk goes on from there, where there is something.
MINIMAL_SWAP = "echo 254:0 >/sys/power/resume; mkswap /dev/vda >/dev/null; swapon /dev/vda"


class SuspendTest(SystemTest):
    asleep = 0  # seconds before it is woken
    settle = ":"  # what waits in the guest until it has done all that it does after a wake-up

    def send(self, client, command):
        """Sends a request that is not answered when it succeeds."""
        client.guest.shell(self.settle, timeout=DEBIAN_TIMEOUT)
        client.send(agents.compact({"execute": command}) + b"\n")

    def assert_silent(self, client):
        """Nothing came but the reply to what is asked now."""
        client.send(agents.compact({"execute": "guest-ping", "id": "after"}) + b"\n")
        self.assertEqual(client.read_line(DEBIAN_TIMEOUT), b'{"return": {}, "id": "after"}\n')

    def begin(self, vm, client):
        """A program of the guest's and one of the agent's; what they are told to goes on."""
        vm.shell("echo of the first start >/run/marker; sleep 100000 </dev/null >/dev/null 2>&1 "
                 "& echo $! >/run/sleeper")
        return client.call("guest-exec", path="/bin/sleep", arg=["100000"])["pid"]

    def goes_on(self, vm, client, job, timeout=DEBIAN_TIMEOUT):
        self.assertEqual(vm.shell("cat /run/marker && kill -0 $(cat /run/sleeper)",
                                  timeout=timeout), "of the first start\n")
        self.assertEqual(client.call("guest-exec-status", pid=job), {"exited": False})

    def sleep_and_wake(self, vm, client, command="guest-suspend-ram"):
        """The guest sleeps in memory: QEMU says so. The host wakes it."""
        self.send(client, command)
        vm.qmp.event("SUSPEND", timeout=DEBIAN_TIMEOUT)
        self.assertEqual(vm.qmp("query-status")["status"], "suspended")
        time.sleep(self.asleep)
        vm.qmp("system_wakeup")
        vm.qmp.event("WAKEUP")
        self.assert_silent(client)

    def sleep_on_disk(self, vm, client):
        """The machine is off, and its disks are all that is left. It is switched on again."""
        self.send(client, "guest-suspend-disk")
        vm.qmp.event("SUSPEND_DISK", timeout=DEBIAN_TIMEOUT)
        self.assertEqual(vm.qmp.event("SHUTDOWN")["data"], {"guest": True,
                                                            "reason": "guest-shutdown"})
        self.assertEqual(vm.qemu.wait(), 0)
        vm.restart()

    def to_memory(self, vm, name):
        with vm.connect(name, timeout=DEBIAN_TIMEOUT) as client:
            job = self.begin(vm, client)
            self.sleep_and_wake(vm, client)
            self.goes_on(vm, client, job)

    def to_disk(self, vm, name):
        client = vm.connect(name, timeout=DEBIAN_TIMEOUT)
        job = self.begin(vm, client)
        self.sleep_on_disk(vm, client)
        with vm.connect(name, timeout=DEBIAN_TIMEOUT) as client:
            self.goes_on(vm, client, job)
            self.assert_silent(client)

    def to_both(self, vm, name):
        """It wakes from memory; and once its power was lost meanwhile, from the disk."""
        client = vm.connect(name, timeout=DEBIAN_TIMEOUT)
        job = self.begin(vm, client)
        self.sleep_and_wake(vm, client, "guest-suspend-hybrid")
        self.goes_on(vm, client, job)
        self.send(client, "guest-suspend-hybrid")
        vm.qmp.event("SUSPEND", timeout=DEBIAN_TIMEOUT)
        vm.restart()
        with vm.connect(name, timeout=DEBIAN_TIMEOUT) as client:
            self.goes_on(vm, client, job)


class Minimal(SuspendTest):
    """BusyBox as init: by the kernel."""

    def boot_one(self, make, swap=True):
        return self.boot(agents=[make()], machine="pc",
                         disks={"swap": SWAP} if swap else {}, start=MINIMAL_SWAP if swap else "")

    @short
    def test_to_memory_and_back(self):
        vm = self.boot_one(guest.bellhopd, swap=False)
        for _ in range(3):
            self.to_memory(vm, "bellhopd")

    def test_to_memory_and_back_with_qemu_ga(self):
        self.to_memory(self.boot_one(guest.qemu_ga, swap=False), "qemu-ga")

    def test_to_disk_and_back(self):
        self.to_disk(self.boot_one(guest.bellhopd), "bellhopd")

    def test_to_disk_and_back_with_qemu_ga(self):
        self.to_disk(self.boot_one(guest.qemu_ga), "qemu-ga")

    def test_to_both_and_back(self):
        """qemu-ga cannot: `suspend-means` in docs/compatibility.md."""
        vm = self.boot(agents=[guest.qemu_ga(), guest.bellhopd()],
                       machine="pc", disks={"swap": SWAP}, start=MINIMAL_SWAP)
        reply = vm.connect("qemu-ga").request({"execute": "guest-suspend-hybrid"})
        self.assertEqual(reply["error"]["desc"],
                         "the requested suspend mode is not supported by the guest")
        self.to_both(vm, "bellhopd")

    def test_is_not_supported_where_the_kernel_does_not(self):
        vm = self.boot(agents=[guest.bellhopd(), guest.qemu_ga()])
        vm.shell("mkdir /tmp/power; mount --bind /tmp/power /sys/power")
        clients = [vm.connect(name) for name in vm.agents]
        for command in ("guest-suspend-ram", "guest-suspend-disk", "guest-suspend-hybrid"):
            for client in clients:
                self.assertEqual(client.request({"execute": command}), {"error": {
                    "class": "GenericError",
                    "desc": "the requested suspend mode is not supported by the guest"}})

    def test_says_why_not(self):
        """Without swap space there is no place for what is in memory."""
        vm = self.boot(agents=[guest.bellhopd(), guest.qemu_ga()])
        ours, theirs = (vm.connect(name).request({"execute": "guest-suspend-disk"})
                        for name in vm.agents)
        self.assertEqual(ours, theirs)
        self.assertTrue(ours["error"]["desc"].startswith(
            "suspend: cannot write to '/sys/power/state': "), ours)


class WholeSystem(SuspendTest):
    """A Debian with swap space, and both agents."""

    def system_with_swap(self, suite, init, **arguments):
        vm = self.system(suite, init, with_qemu_ga=True, machine="pc", disks={"swap": SWAP},
                         kernel_options="resume=/dev/vdb", **arguments)
        if init == "openrc":
            self.wait_for_openrc(vm)
        self.assert_answers(vm)
        vm.shell("mkswap /dev/vdb && swapon /dev/vdb && "
                 "cat /sys/class/block/vdb/dev >/sys/power/resume", timeout=DEBIAN_TIMEOUT)
        vm.start_agent("qemu-ga")
        return vm

    def sleeps(self, vm):
        """In every way."""
        self.to_memory(vm, "bellhopd")
        self.to_both(vm, "bellhopd")
        self.to_disk(vm, "bellhopd")  # off, although it was not just before

    def sleeps_as_with_qemu_ga(self, vm):
        self.to_memory(vm, "qemu-ga")
        self.to_disk(vm, "qemu-ga")
        self.sleeps(vm)

    def test_systemd(self):
        vm = self.system_with_swap("bookworm", "systemd")
        self.to_both(vm, "qemu-ga")
        self.sleeps_as_with_qemu_ga(vm)
        output = vm.shell("journalctl --quiet -o cat", timeout=DEBIAN_TIMEOUT)
        for verb in ("suspend", "hibernate", "hybrid-sleep"):
            self.assertIn(f"Entering sleep state '{verb}'", output)

    def test_sysvinit(self):
        self.sleeps_as_with_qemu_ga(self.system_with_swap("bookworm", "sysvinit"))

    def test_openrc(self):
        self.sleeps_as_with_qemu_ga(self.system_with_swap("bookworm", "openrc"))

    def test_elogind(self):
        """qemu-ga does not know it and goes to the kernel by itself."""
        vm = self.system_with_swap("bookworm", "sysvinit", extra_packages=ELOGIND)
        vm.shell("printf '#!/bin/sh\\necho $@ >>/run/elogind-said\\n' "
                 ">/lib/elogind/system-sleep/note; chmod 755 /lib/elogind/system-sleep/note")
        self.sleeps_as_with_qemu_ga(vm)
        output = vm.shell("cat /run/elogind-said").splitlines()
        for verb in ("suspend", "hybrid-sleep", "hibernate"):
            self.assertIn(f"post {verb}", output)

    def test_pm_utils(self):
        """A hook fails after each wake-up, for lack of a program: qemu-ga sleeps once more then.

        The clock by which bellhopd knows that the guest has slept counts in seconds.
        """
        self.asleep = 3
        self.settle = "while pidof -x pm-suspend pm-hibernate pm-suspend-hybrid; do sleep 0.2; done"
        vm = self.system_with_swap("bookworm", "sysvinit", extra_packages=("pm-utils", "procps"))
        self.sleeps(vm)
        output = vm.shell("cat /var/log/pm-suspend.log")
        for verb, times in (("suspend", 1), ("hibernate", 1), ("suspend_hybrid", 2)):
            self.assertEqual(output.count(f"performing {verb}\n"), times, output)


if __name__ == "__main__":
    unittest.main()
