# SPDX-License-Identifier: Apache-2.0
"""bellhopd as a service of a complete Debian, installed by `cmake --install`."""

import base64
import unittest

from harness.debian_vm import DEBIAN_TIMEOUT, SystemTest
from harness.vm import agents, guest

MISSING = "there is no directory for /missing/x"
PORT = "/dev/virtio-ports/org.qemu.guest_agent.0"


class ServiceTest(SystemTest):
    def plug(self, vm):
        vm.qmp("device_add", driver="virtserialport", bus="ports.0", chardev="bellhopd",
               name=guest.FIRST_PORT, id="port-bellhopd")

    def unplug(self, vm):
        vm.qmp("device_del", id="port-bellhopd")
        vm.qmp.event("DEVICE_DELETED", device="port-bellhopd")

    def check_upgrade(self, vm, reload):
        """A live upgrade by the service's reload keeps the process, its state and its port."""
        with vm.connect(timeout=DEBIAN_TIMEOUT) as client:
            before = client.call("bellhop-info")["replaced"]
            pid = vm.shell("pidof bellhopd").strip()
            vm.shell("echo 0123456789 >/run/read")
            handle = client.call("guest-file-open", path="/run/read")
            client.call("guest-file-read", handle=handle, count=2)
            job = client.call("guest-exec", path="/bin/sh", capture_output=True,
                              arg=["-c", "echo before; until [ -e /run/continue ]; do sleep 0.1; "
                                   "done; echo after; exit 3"])["pid"]
            vm.qmp("query-status")
            vm.qmp.events.clear()
            # Like a package upgrade: another file replaces the program.
            vm.shell("cp /usr/sbin/bellhopd /usr/sbin/bellhopd.new && "
                     "mv /usr/sbin/bellhopd.new /usr/sbin/bellhopd")
            vm.shell(f"{reload} && [ /proc/{pid}/exe -ef /usr/sbin/bellhopd ]",
                     timeout=DEBIAN_TIMEOUT)
            self.assertEqual(client.call("bellhop-info")["replaced"], before + 1)
            rest = client.call("guest-file-read", handle=handle, count=100)
            self.assertEqual(base64.b64decode(rest["buf-b64"]), b"23456789\n")
            vm.shell("touch /run/continue")
            status = {}
            while not status.get("exited"):
                status = client.call("guest-exec-status", pid=job)
            self.assertEqual((status["exitcode"], base64.b64decode(status["out-data"])),
                             (3, b"before\nafter\n"))
            vm.qmp("query-status")
            self.assertEqual([event for event in vm.qmp.events
                              if event["event"] == "VSERPORT_CHANGE"], [])
        self.assertEqual(vm.shell("pidof bellhopd").strip(), pid)
        vm.shell("rm /run/continue")

    def check_refused_upgrade(self, vm, reload):
        """The reload fails, the agent continues. Returns what the reload printed."""
        vm.shell("mkdir -p /etc/bellhop; printf '[channels]\\nchannels=unix-listen:/missing/x\\n' "
                 ">/etc/bellhop/bellhop.conf")
        output = vm.shell(f"{reload} 2>&1; echo status $?", timeout=DEBIAN_TIMEOUT)
        vm.shell("rm /etc/bellhop/bellhop.conf")
        self.assertNotEqual(output.split()[-1], "0", output)
        self.assert_answers(vm)
        return output

    def check_shutdown(self, vm):
        """guest-shutdown, by the means of the system."""
        with vm.connect(timeout=DEBIAN_TIMEOUT) as client:
            client.call("guest-ping")
            client.send(agents.compact({"execute": "guest-shutdown"}) + b"\n")
            vm.qmp.event("SHUTDOWN", timeout=DEBIAN_TIMEOUT)

    def check_replug(self, vm):
        self.unplug(vm)
        vm.shell(f"while [ -e {PORT} ]; do sleep 0.1; done")
        self.plug(vm)
        self.assert_answers(vm)


class Systemd(ServiceTest):
    def wait_until(self, vm, state):
        vm.shell(f'until [ "$(systemctl is-active bellhopd)" = {state} ]; do sleep 0.2; done',
                 timeout=DEBIAN_TIMEOUT)

    def check_upgrade_while_frozen(self, vm):
        """All filesystems are frozen, even the one with the program."""
        pid = vm.shell("pidof bellhopd").strip()
        with vm.connect(timeout=DEBIAN_TIMEOUT) as client:
            before = client.call("bellhop-info")["replaced"]
            frozen = client.call("guest-fsfreeze-freeze", DEBIAN_TIMEOUT)
            self.assertGreater(frozen, 0)
            vm.shell(f"kill -USR2 {pid}")
            while client.call("bellhop-info", DEBIAN_TIMEOUT)["replaced"] == before:
                pass
            self.assertEqual(client.call("guest-fsfreeze-status"), "frozen")
            self.assertEqual(client.call("guest-fsfreeze-thaw", DEBIAN_TIMEOUT), frozen)
        vm.shell("echo written >/var/tmp/written && sync", timeout=DEBIAN_TIMEOUT)

    def check_service(self, suite):
        vm = self.system(suite, "systemd")
        self.assert_answers(vm)
        self.wait_until(vm, "active")
        self.unplug(vm)
        self.wait_until(vm, "inactive")
        self.plug(vm)
        self.assert_answers(vm)
        self.wait_until(vm, "active")
        self.assertIn(f"serving virtio-serial {PORT}",
                      vm.shell("systemctl show -P StatusText bellhopd"))
        self.check_upgrade(vm, "systemctl reload bellhopd")
        self.wait_until(vm, "active")
        self.check_refused_upgrade(vm, "systemctl reload bellhopd")
        self.assertIn(MISSING, vm.shell("journalctl --quiet -o cat -t bellhopd"))
        self.assertIn(MISSING, vm.shell("systemctl status bellhopd"))
        self.check_upgrade_while_frozen(vm)
        self.wait_until(vm, "active")
        self.assertEqual(vm.shell("systemctl show -P MainPID bellhopd").strip(),
                         vm.shell("pidof bellhopd").strip())
        vm.shell("kill -9 $(systemctl show -P MainPID bellhopd)")
        self.assert_answers(vm)
        with vm.connect() as client:
            job = client.call("guest-exec", path="/bin/sleep", arg=["1000"])["pid"]
        vm.shell(f"systemctl restart bellhopd; kill -0 {job}", timeout=DEBIAN_TIMEOUT)
        self.assert_answers(vm)
        vm.shell("systemctl stop bellhopd", timeout=DEBIAN_TIMEOUT)
        self.assertIn("inactive", vm.shell("systemctl is-failed bellhopd", check=False))
        vm.shell("systemd-analyze verify --man=no bellhopd.service", timeout=DEBIAN_TIMEOUT)
        self.assertIn("guest-exec called", vm.shell("journalctl --quiet -o cat -t bellhopd",
                                                    timeout=DEBIAN_TIMEOUT))
        self.check_failed_start(vm)
        self.check_journal(vm)
        self.check_shutdown(vm)

    def check_failed_start(self, vm):
        """systemctl fails and shows the reason."""
        vm.shell("mkdir -p /etc/bellhop; printf '[channels]\\nchannels=unix-listen:/missing/x\\n' "
                 ">/etc/bellhop/bellhop.conf")
        output = vm.shell("systemctl start bellhopd || systemctl status bellhopd; "
                          "systemctl stop bellhopd; rm /etc/bellhop/bellhop.conf",
                          timeout=DEBIAN_TIMEOUT)
        self.assertIn("cannot listen at '/missing/x'", output)

    def check_journal(self, vm):
        """Logs with fields, over journald's native protocol."""
        vm.shell("mkdir -p /etc/bellhop; printf '[log]\\ntarget=journal\\n' "
                 ">/etc/bellhop/bellhop.conf; systemctl start bellhopd", timeout=DEBIAN_TIMEOUT)
        with vm.connect(timeout=DEBIAN_TIMEOUT) as client:
            client.call("guest-file-open", path="/etc/hostname")
        output = vm.shell("journalctl --sync; journalctl --quiet -o cat COMMAND=guest-file-open",
                          timeout=DEBIAN_TIMEOUT)
        self.assertRegex(output.strip(), r'^guest-file-open called on virtio-serial \S+, '
                         r'path: "/etc/hostname": succeeded after \S+ ms$')

    def test_debian_12(self):
        self.check_service("bookworm")

    def test_debian_13(self):
        self.check_service("trixie")


class Sysvinit(ServiceTest):
    def test_service(self):
        vm = self.system("bookworm", "sysvinit")
        self.assert_answers(vm)
        script = "/etc/init.d/bellhopd"
        self.assertIn("is running", vm.shell(f"{script} status"))
        vm.shell(f"{script} start")
        self.assertEqual(len(vm.shell("pidof bellhopd").split()), 1)
        self.check_upgrade(vm, f"{script} reload")
        self.assertIn(MISSING, self.check_refused_upgrade(vm, f"{script} reload"))
        self.assertIn("is running", vm.shell(f"{script} status"))
        self.check_replug(vm)
        vm.shell(f"{script} restart")
        self.assert_answers(vm)
        vm.shell(f"{script} stop")
        self.assertIn("not running", vm.shell(f"{script} status", check=False))
        self.unplug(vm)
        vm.shell(f"{script} start")
        self.plug(vm)
        self.assert_answers(vm)
        self.check_shutdown(vm)


class OpenRc(ServiceTest):
    def test_service(self):
        vm = self.system("bookworm", "openrc")
        self.wait_for_openrc(vm)
        self.assert_answers(vm)
        vm.shell("rc-service bellhopd status")
        self.check_upgrade(vm, "rc-service bellhopd reload")
        self.assertIn(MISSING, self.check_refused_upgrade(vm, "rc-service bellhopd reload"))
        vm.shell("kill -9 $(pidof bellhopd)")
        self.assert_answers(vm)
        self.check_replug(vm)
        vm.shell("rc-service bellhopd restart", timeout=DEBIAN_TIMEOUT)
        self.assert_answers(vm)
        vm.shell("rc-service bellhopd stop; while pidof bellhopd; do sleep 0.2; done",
                 timeout=DEBIAN_TIMEOUT)
        vm.shell("rc-service bellhopd start", timeout=DEBIAN_TIMEOUT)
        self.check_shutdown(vm)


if __name__ == "__main__":
    unittest.main()
