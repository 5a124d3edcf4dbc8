# SPDX-License-Identifier: Apache-2.0
"""A freeze ends at its limit, whatever happens to the agent, its service or the guest.

The thaw is observed without the agent: a process that writes to the frozen filesystem continues.
"""

import pathlib
import tempfile
import time
import unittest

from harness import packages
from harness.debian_vm import DEBIAN_TIMEOUT, SystemTest
from harness.vm import VmTest, guest, short

LIMIT = 15  # seconds; how long each test waits for the thaw
LONG_LIMIT = 60  # for a guest that sleeps as long
MOUNTPOINT = "/mnt"


def configuration(limit=LIMIT):
    return f"[freeze]\nlimit={limit}\n"


class FreezeFaultTest(VmTest):
    """A test that freezes a guest and waits for the thaw."""

    def uptime(self, vm):
        """The guest's CLOCK_BOOTTIME, in seconds."""
        return float(vm.shell("cat /proc/uptime", timeout=DEBIAN_TIMEOUT).split()[0])

    def freeze(self, vm):
        """Returns the guest's uptime before the filesystems were frozen."""
        before = self.uptime(vm)
        with vm.connect(timeout=DEBIAN_TIMEOUT) as client:
            self.assertGreater(client.call("guest-fsfreeze-freeze", DEBIAN_TIMEOUT), 0)
            self.assertEqual(client.call("guest-fsfreeze-status"), "frozen")
        return before

    def start_writer(self, vm):
        """Starts a process that is blocked until the thaw, and then notes the uptime."""
        vm.shell("rm -f /run/written; "
                 f"(echo now >>{MOUNTPOINT}/file && cat /proc/uptime >/run/written.new && "
                 "mv /run/written.new /run/written) </dev/null >/dev/null 2>&1 &")

    def assert_thawed_at_the_limit(self, vm, frozen, limit=LIMIT):
        """Waits until the writer has written. `frozen`: the uptime before the freeze."""
        vm.shell("until [ -e /run/written ]; do sleep 0.2; done", timeout=DEBIAN_TIMEOUT + limit)
        written = float(vm.shell("cat /run/written").split()[0])
        self.assertGreater(written - frozen, limit - 1, "thawed before the limit")

    def assert_frozen_before_the_limit(self, vm, frozen, limit=LIMIT):
        """An agent that serves before the limit reports the freeze."""
        with vm.connect(timeout=DEBIAN_TIMEOUT) as client:
            status = client.call("guest-fsfreeze-status")
        if self.uptime(vm) - frozen < limit - 1:  # else this machine is too slow to see it
            self.assertEqual(status, "frozen")

    def assert_thaw_reports_the_limit(self, vm):
        """The next thaw fails, once: the host must not trust the copy."""
        with vm.connect(timeout=DEBIAN_TIMEOUT) as client:
            self.assertEqual(client.call("guest-fsfreeze-status"), "thawed")
            reply = client.request({"execute": "guest-fsfreeze-thaw"}, DEBIAN_TIMEOUT)
            self.assertIn("ended by itself", reply.get("error", {}).get("desc", ""), reply)
            self.assertEqual(client.call("guest-fsfreeze-thaw", DEBIAN_TIMEOUT), 0)
            self.assertIn("host-name", client.call("guest-get-host-name"))


class Service(FreezeFaultTest, SystemTest):
    """A Debian whose systemd runs the agent. All filesystems are frozen, also the root."""

    MAIN = "$(systemctl show -P MainPID bellhopd)"
    CONTROL_GROUP = "/sys/fs/cgroup$(systemctl show -P ControlGroup bellhopd)"

    def system_with_disk(self, suite):
        directory = tempfile.TemporaryDirectory(prefix="bellhop-disk-")
        self.addCleanup(directory.cleanup)
        image = pathlib.Path(directory.name) / "image"
        packages.run("mkfs.ext4", "-q", image, "64M")
        vm = self.system(suite, "systemd", disks={"a": guest.Disk(image=image)},
                         files={"add/etc/bellhop/bellhop.conf": configuration()})
        self.assert_answers(vm)
        vm.shell(f"mount /dev/vdb {MOUNTPOINT}", timeout=DEBIAN_TIMEOUT)
        return vm

    def check_fault(self, vm, fault):
        """The fault ends the agent and its guard; the service manager starts the agent again."""
        pid = vm.shell(f"echo {self.MAIN}").strip()
        frozen = self.freeze(vm)
        self.start_writer(vm)
        vm.shell(fault, timeout=DEBIAN_TIMEOUT)
        vm.shell(f"while [ {self.MAIN} = {pid} ]; do sleep 0.2; done", timeout=DEBIAN_TIMEOUT)
        self.assert_frozen_before_the_limit(vm, frozen)
        self.assert_thawed_at_the_limit(vm, frozen)
        self.assert_thaw_reports_the_limit(vm)
        self.assertEqual(vm.shell("systemctl is-active bellhopd"), "active\n")

    def check_stopped(self, vm):
        """Nothing starts an agent that the administrator has stopped. Its guard thaws."""
        frozen = self.freeze(vm)
        self.start_writer(vm)
        vm.shell("systemctl stop --no-block bellhopd; "
                 "systemctl kill -s KILL --kill-whom=main bellhopd; "
                 f"until [ {self.MAIN} = 0 ]; do sleep 0.2; done", timeout=DEBIAN_TIMEOUT)
        self.assert_thawed_at_the_limit(vm, frozen)
        self.assertIn(vm.shell("systemctl show -P ActiveState bellhopd").strip(),
                      ("inactive", "failed"))
        vm.shell("systemctl start bellhopd", timeout=DEBIAN_TIMEOUT)
        self.assert_thaw_reports_the_limit(vm)

    def check_port_away(self, vm):
        """The unit is bound to the port, and is not started without it."""
        frozen = self.freeze(vm)
        self.start_writer(vm)
        vm.qmp("device_del", id="port-bellhopd")
        vm.qmp.event("DEVICE_DELETED", device="port-bellhopd")
        vm.shell('while [ "$(systemctl is-active bellhopd)" = active ]; do sleep 0.2; done; '
                 "systemctl kill -s KILL --kill-whom=main bellhopd; "
                 f"until [ {self.MAIN} = 0 ]; do sleep 0.2; done", timeout=DEBIAN_TIMEOUT)
        self.assert_thawed_at_the_limit(vm, frozen)
        vm.qmp("device_add", driver="virtserialport", bus="ports.0", chardev="bellhopd",
               name=guest.FIRST_PORT, id="port-bellhopd")
        self.assert_thaw_reports_the_limit(vm)

    def check_service(self, suite):
        vm = self.system_with_disk(suite)
        kill_all = "systemctl kill -s KILL --kill-whom=all bellhopd"
        self.check_fault(vm, kill_all)
        self.check_fault(vm, f'echo 1 >"{self.CONTROL_GROUP}/cgroup.kill"')
        # More often than systemd's default limit of starts permits.
        self.check_fault(vm, "for i in 1 2 3 4 5 6 7; do "
                         f"until [ {self.MAIN} != 0 ]; do sleep 0.1; done; pid={self.MAIN}; "
                         f"{kill_all}; while [ {self.MAIN} = $pid ]; do sleep 0.1; done; done")
        self.check_stopped(vm)
        self.check_port_away(vm)

    def test_debian_12(self):
        self.check_service("bookworm")

    def test_debian_13(self):
        self.check_service("trixie")


class Fault(FreezeFaultTest):
    """A minimal guest, in which nothing starts the agent again."""

    def boot_one(self, limit=LIMIT, start="", **arguments):
        arguments.setdefault("agents", [guest.bellhopd()])
        mount = f"mount -t ext4 /dev/vda {MOUNTPOINT}"
        return self.boot(disks={"a": 64 << 20}, start=(
            f"{mount} || {{ mke2fs -q /dev/vda >/dev/null; {mount}; }}\n{start}"),
            files={"etc/bellhop/bellhop.conf": configuration(limit)}, **arguments)

    def kill_by_memory_shortage(self, vm):
        """Makes the kernel kill the agent, as if memory were short."""
        vm.shell("pid=$(cat /run/bellhopd.pid); echo 1000 >/proc/$pid/oom_score_adj; "
                 "echo f >/proc/sysrq-trigger; while [ -e /proc/$pid ]; do sleep 0.1; done")
        self.assertIn("Out of memory: Killed process", vm.shell("dmesg"))

    @short
    def test_killed_for_memory(self):
        vm = self.boot_one()
        frozen = self.freeze(vm)
        self.start_writer(vm)
        self.kill_by_memory_shortage(vm)
        self.assert_thawed_at_the_limit(vm, frozen)
        vm.start_agent("bellhopd")
        self.assert_thaw_reports_the_limit(vm)

    def test_killed_for_memory_and_started_again(self):
        vm = self.boot_one()
        frozen = self.freeze(vm)
        self.start_writer(vm)
        self.kill_by_memory_shortage(vm)
        vm.start_agent("bellhopd")
        self.assert_frozen_before_the_limit(vm, frozen)
        self.assert_thawed_at_the_limit(vm, frozen)
        self.assert_thaw_reports_the_limit(vm)

    def monotonic(self, vm):
        """The guest's CLOCK_MONOTONIC, in seconds: without the time in which it slept."""
        return int(vm.shell("sed -n 's/^now at \\([0-9]*\\) .*/\\1/p' /proc/timer_list")) / 1e9

    def suspend_and_wake(self, vm, seconds):
        """Not with guest-suspend-ram, which is disabled while filesystems are frozen."""
        vm.shell("(echo mem >/sys/power/state) </dev/null >/dev/null 2>&1 &")
        vm.qmp.event("SUSPEND", timeout=DEBIAN_TIMEOUT)
        time.sleep(seconds)
        vm.qmp("system_wakeup")
        vm.qmp.event("WAKEUP")

    def check_suspended(self, kill):
        """The time in which the guest sleeps counts."""
        vm = self.boot_one(LONG_LIMIT, machine="pc")
        frozen = self.freeze(vm)
        begin = self.monotonic(vm)
        if kill:
            vm.stop_agent("bellhopd", "KILL")
        self.suspend_and_wake(vm, LONG_LIMIT)
        # A process that waits for the thaw would have prevented the suspend.
        self.start_writer(vm)
        self.assert_thawed_at_the_limit(vm, frozen, LONG_LIMIT)
        self.assertLess(self.monotonic(vm) - begin, LONG_LIMIT,
                        "the time in which the guest slept does not count")
        if kill:
            vm.start_agent("bellhopd")
        self.assert_thaw_reports_the_limit(vm)

    def test_suspended(self):
        self.check_suspended(kill=False)

    def test_suspended_without_an_agent(self):
        self.check_suspended(kill=True)

    def check_migrated(self, live, kill):
        vm = self.boot_one()
        frozen = self.freeze(vm)
        self.start_writer(vm)
        if kill:
            vm.stop_agent("bellhopd", "KILL")
        vm.migrate(live)
        self.assert_thawed_at_the_limit(vm, frozen)
        if kill:
            vm.start_agent("bellhopd")
        self.assert_thaw_reports_the_limit(vm)

    def test_migrated(self):
        self.check_migrated(live=True, kill=False)

    def test_migrated_without_an_agent(self):
        self.check_migrated(live=True, kill=True)

    def test_migrated_through_a_file_without_an_agent(self):
        self.check_migrated(live=False, kill=True)

    @short
    def test_power_cut(self):
        """The freeze state file is on a disk. After the next boot nothing is frozen."""
        state = f"{MOUNTPOINT}/state"
        vm = self.boot_one(start=f"mkdir -p {state}", agents=[
            guest.bellhopd(options=("-t", state, "-v"))])
        self.freeze(vm)
        vm.shell(f"[ -e {state}/qga.state.isfrozen ]")
        vm.restart()
        with vm.connect() as client:
            self.assertEqual(client.call("guest-fsfreeze-status"), "thawed")
            self.assertIn("host-name", client.call("guest-get-host-name"))
            self.assertEqual(client.call("guest-fsfreeze-thaw"), 0)
        vm.shell(f"[ ! -e {state}/qga.state.isfrozen ]")
        log = (vm.sockets / "agents.log").read_text(encoding="utf-8", errors="replace")
        self.assertIn(f"warning: '{state}/qga.state.isfrozen' is left over from before the restart",
                      log)


if __name__ == "__main__":
    unittest.main()
