# SPDX-License-Identifier: Apache-2.0
"""Shutting down a guest: the events that the host sees, with bellhopd and the real qemu-ga."""

import unittest

from harness.vm import VmTest, agents, guest, short

# Removes BusyBox's programs that shut down a guest.
REMOVE_PROGRAMS = "rm -f /sbin/poweroff /sbin/halt /sbin/reboot; "


class Power(VmTest):
    def boot_one(self, make, **arguments):
        vm = self.boot(agents=[make()], **arguments)
        return vm, vm.connect()

    @staticmethod
    def send(client, command, **arguments):
        """Sends a request that has no reply if it succeeds."""
        request = {"execute": command}
        if arguments:
            request["arguments"] = arguments
        client.send(agents.compact(request) + b"\n")


class Shutdown(Power):
    def assert_ends(self, vm, client, reason, **arguments):
        self.send(client, "guest-shutdown", **arguments)
        event = vm.qmp.event("SHUTDOWN")
        self.assertEqual(event["data"], {"guest": True, "reason": reason})
        self.assertEqual(vm.qemu.wait(), 0)

    def assert_halts(self, vm, client):
        """The kernel prints it on the console, and the machine stays on."""
        self.send(client, "guest-shutdown", mode="halt")
        vm.wait_for_console("System halted")
        self.assertEqual(vm.qmp("query-status")["status"], "running")

    @short
    def test_powers_off_like_qemu_ga(self):
        for make in (guest.qemu_ga, guest.bellhopd):
            with self.subTest(make.__name__):
                self.assert_ends(*self.boot_one(make), "guest-shutdown")

    def test_reboots_like_qemu_ga(self):
        for make in (guest.qemu_ga, guest.bellhopd):
            with self.subTest(make.__name__):
                self.assert_ends(*self.boot_one(make), "guest-reset", mode="reboot")

    def test_halts_like_qemu_ga(self):
        for make in (guest.qemu_ga, guest.bellhopd):
            with self.subTest(make.__name__):
                self.assert_halts(*self.boot_one(make))

    def test_with_a_signal_to_init(self):
        vm, client = self.boot_one(guest.bellhopd, start=REMOVE_PROGRAMS)
        self.assert_ends(vm, client, "guest-shutdown", mode="powerdown")
        vm, client = self.boot_one(guest.bellhopd, start=REMOVE_PROGRAMS)
        self.assert_ends(vm, client, "guest-reset", mode="reboot")
        self.assert_halts(*self.boot_one(guest.bellhopd, start=REMOVE_PROGRAMS))

    def test_with_reboot_2_as_the_last_resort(self):
        """An init that is a script ignores signals. Written data is on the disk."""
        script = ". /etc/vm/boot\n/etc/vm/control &\nwhile :; do sleep 60; done\n"
        vm, client = self.boot_one(
            guest.bellhopd, files={"first-program": script}, disks={"a": 16 << 20},
            options=["-append", guest.KERNEL_LINE + " rdinit=/bin/sh -- /first-program"],
            start=REMOVE_PROGRAMS + "mke2fs -q /dev/vda; mount -t ext4 /dev/vda /mnt")
        vm.shell("echo the last words >/mnt/file")
        self.assert_ends(vm, client, "guest-shutdown")
        self.assertTrue(b"the last words\n" in vm.disk("a").read_bytes())

    def test_reports_a_failure(self):
        vm = self.boot(agents=[guest.bellhopd(), guest.qemu_ga()],
                       start="rm -f /sbin/poweroff /sbin/halt; "
                               "printf '#!/bin/sh\\necho not now; exit 3\\n' >/sbin/poweroff; "
                               "printf '#!/bin/sh\\nexit 4\\n' >/sbin/halt; "
                               "chmod 755 /sbin/poweroff /sbin/halt")
        clients = [vm.connect(name) for name in vm.agents]
        for arguments in ({}, {"mode": "halt"}, {"mode": "off"}):
            ours, theirs = (client.request({"execute": "guest-shutdown", "arguments": arguments})
                            for client in clients)
            self.assertEqual(ours, theirs)
            self.assertEqual(ours["error"]["class"], "GenericError")


if __name__ == "__main__":
    unittest.main()
