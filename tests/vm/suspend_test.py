# SPDX-License-Identifier: Apache-2.0
"""Suspending and waking a guest: the events that the host sees, with bellhopd and the real qemu-ga.

Each guest has a running program and a job of its agent; both continue.
"""

import time
import unittest

from harness.debian_vm import DEBIAN_TIMEOUT, ELOGIND, SystemTest
from harness.vm import agents, guest, short

SWAP = 1 << 30  # bytes, enough for the memory image
# Resumes from this disk if the guest was suspended to it.
MINIMAL_SWAP = "echo 254:0 >/sys/power/resume; mkswap /dev/vda >/dev/null; swapon /dev/vda"


class SuspendTest(SystemTest):
    sleep_time = 0  # seconds before the host wakes the guest
    settle = ":"  # a script that waits until the guest has completed its work after a wake-up

    def send(self, client, command):
        """Sends a request that has no reply if it succeeds."""
        client.guest.shell(self.settle, timeout=DEBIAN_TIMEOUT)
        client.send(agents.compact({"execute": command}) + b"\n")

    def assert_silent(self, client):
        """Asserts that the next line is the reply to a new request."""
        client.send(agents.compact({"execute": "guest-ping", "id": "after"}) + b"\n")
        self.assertEqual(client.read_line(DEBIAN_TIMEOUT), b'{"return": {}, "id": "after"}\n')

    def start_programs(self, vm, client):
        """Starts a program of the guest and a job of the agent. Returns the job's pid."""
        vm.shell("echo of the first start >/run/marker; sleep 100000 </dev/null >/dev/null 2>&1 "
                 "& echo $! >/run/sleeper")
        return client.call("guest-exec", path="/bin/sleep", arg=["100000"])["pid"]

    def assert_programs_run(self, vm, client, job, timeout=DEBIAN_TIMEOUT):
        self.assertEqual(vm.shell("cat /run/marker && kill -0 $(cat /run/sleeper)",
                                  timeout=timeout), "of the first start\n")
        self.assertEqual(client.call("guest-exec-status", pid=job), {"exited": False})

    def sleep_and_wake(self, vm, client, command="guest-suspend-ram"):
        """Suspends the guest to memory, which QEMU reports, and wakes it."""
        self.send(client, command)
        vm.qmp.event("SUSPEND", timeout=DEBIAN_TIMEOUT)
        self.assertEqual(vm.qmp("query-status")["status"], "suspended")
        time.sleep(self.sleep_time)
        vm.qmp("system_wakeup")
        vm.qmp.event("WAKEUP")
        self.assert_silent(client)

    def sleep_on_disk(self, vm, client):
        """Suspends the guest to disk, which ends QEMU, and boots it again with its disks."""
        self.send(client, "guest-suspend-disk")
        vm.qmp.event("SUSPEND_DISK", timeout=DEBIAN_TIMEOUT)
        self.assertEqual(vm.qmp.event("SHUTDOWN")["data"], {"guest": True,
                                                            "reason": "guest-shutdown"})
        self.assertEqual(vm.qemu.wait(), 0)
        vm.restart()

    def to_memory(self, vm, name):
        with vm.connect(name, timeout=DEBIAN_TIMEOUT) as client:
            job = self.start_programs(vm, client)
            self.sleep_and_wake(vm, client)
            self.assert_programs_run(vm, client, job)

    def to_disk(self, vm, name):
        client = vm.connect(name, timeout=DEBIAN_TIMEOUT)
        job = self.start_programs(vm, client)
        self.sleep_on_disk(vm, client)
        with vm.connect(name, timeout=DEBIAN_TIMEOUT) as client:
            self.assert_programs_run(vm, client, job)
            self.assert_silent(client)

    def to_both(self, vm, name):
        """Resumes from memory, and from the disk after QEMU was killed."""
        client = vm.connect(name, timeout=DEBIAN_TIMEOUT)
        job = self.start_programs(vm, client)
        self.sleep_and_wake(vm, client, "guest-suspend-hybrid")
        self.assert_programs_run(vm, client, job)
        self.send(client, "guest-suspend-hybrid")
        vm.qmp.event("SUSPEND", timeout=DEBIAN_TIMEOUT)
        vm.restart()
        with vm.connect(name, timeout=DEBIAN_TIMEOUT) as client:
            self.assert_programs_run(vm, client, job)


class Minimal(SuspendTest):
    """BusyBox as init: the agent uses the kernel directly."""

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
        """qemu-ga does not support it: `suspend-means` in docs/compatibility.md."""
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

    def test_reports_a_failure(self):
        """Without swap space the memory image cannot be stored."""
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

    def check_all_modes(self, vm):
        self.to_memory(vm, "bellhopd")
        self.to_both(vm, "bellhopd")
        self.to_disk(vm, "bellhopd")  # powers off, even after a hybrid suspend that did not

    def check_both_agents(self, vm):
        self.to_memory(vm, "qemu-ga")
        self.to_disk(vm, "qemu-ga")
        self.check_all_modes(vm)

    def test_systemd(self):
        vm = self.system_with_swap("bookworm", "systemd")
        self.to_both(vm, "qemu-ga")
        self.check_both_agents(vm)
        output = vm.shell("journalctl --quiet -o cat", timeout=DEBIAN_TIMEOUT)
        for verb in ("suspend", "hibernate", "hybrid-sleep"):
            self.assertIn(f"Entering sleep state '{verb}'", output)

    def test_sysvinit(self):
        self.check_both_agents(self.system_with_swap("bookworm", "sysvinit"))

    def test_openrc(self):
        self.check_both_agents(self.system_with_swap("bookworm", "openrc"))

    def test_elogind(self):
        """qemu-ga does not support elogind and uses the kernel directly."""
        vm = self.system_with_swap("bookworm", "sysvinit", extra_packages=ELOGIND)
        vm.shell("printf '#!/bin/sh\\necho $@ >>/run/elogind-output\\n' "
                 ">/lib/elogind/system-sleep/note; chmod 755 /lib/elogind/system-sleep/note")
        self.check_both_agents(vm)
        output = vm.shell("cat /run/elogind-output").splitlines()
        for verb in ("suspend", "hybrid-sleep", "hibernate"):
            self.assertIn(f"post {verb}", output)

    def test_pm_utils(self):
        """A hook fails after each wake-up for lack of a program; qemu-ga then suspends again.

        bellhopd detects the suspend by a clock with a resolution of a second.
        """
        self.sleep_time = 3
        self.settle = "while pidof -x pm-suspend pm-hibernate pm-suspend-hybrid; do sleep 0.2; done"
        vm = self.system_with_swap("bookworm", "sysvinit", extra_packages=("pm-utils", "procps"))
        self.check_all_modes(vm)
        output = vm.shell("cat /var/log/pm-suspend.log")
        for verb, times in (("suspend", 1), ("hibernate", 1), ("suspend_hybrid", 2)):
            self.assertEqual(output.count(f"performing {verb}\n"), times, output)


if __name__ == "__main__":
    unittest.main()
