"""bellhopd as a service of whole systems, as `cmake --install` installs it."""

import base64
import unittest

from harness.debian_vm import DEBIAN_TIMEOUT, SystemTest
from harness.vm import agents, guest

PORT = "/dev/virtio-ports/org.qemu.guest_agent.0"


class ServiceTest(SystemTest):
    def plug(self, made):
        made.qmp("device_add", driver="virtserialport", bus="ports.0", chardev="bellhopd",
                 name=guest.FIRST_PORT, id="port-bellhopd")

    def unplug(self, made):
        made.qmp("device_del", id="port-bellhopd")
        made.qmp.event("DEVICE_DELETED", device="port-bellhopd")

    def is_replaced(self, made, reload):
        """By the service's reload: the process, what it holds and its port stay."""
        with made.connect(timeout=DEBIAN_TIMEOUT) as client:
            before = client.call("bellhop-info")["replaced"]
            pid = made.shell("pidof bellhopd").strip()
            made.shell("echo 0123456789 >/run/read")
            handle = client.call("guest-file-open", path="/run/read")
            client.call("guest-file-read", handle=handle, count=2)
            job = client.call("guest-exec", path="/bin/sh", capture_output=True,
                              arg=["-c", "echo before; until [ -e /run/go-on ]; do sleep 0.1; "
                                   "done; echo after; exit 3"])["pid"]
            made.qmp("query-status")
            made.qmp.events.clear()
            client.send(b'{"execute": "guest-sync", "arg')
            # What an upgrade does: another file has the program's name.
            made.shell("cp /usr/sbin/bellhopd /usr/sbin/bellhopd.new && "
                       "mv /usr/sbin/bellhopd.new /usr/sbin/bellhopd")
            made.shell(reload, timeout=DEBIAN_TIMEOUT)
            made.shell(f"until [ /proc/{pid}/exe -ef /usr/sbin/bellhopd ]; do sleep 0.1; done",
                       timeout=DEBIAN_TIMEOUT)
            client.send(b'uments": {"id": 31}}')
            reply = client.read_line(DEBIAN_TIMEOUT)
            self.assertEqual(reply, b'{"return": 31}\n')
            self.assertEqual(client.call("bellhop-info")["replaced"], before + 1)
            rest = client.call("guest-file-read", handle=handle, count=100)
            self.assertEqual(base64.b64decode(rest["buf-b64"]), b"23456789\n")
            made.shell("touch /run/go-on")
            status = {}
            while not status.get("exited"):
                status = client.call("guest-exec-status", pid=job)
            self.assertEqual((status["exitcode"], base64.b64decode(status["out-data"])),
                             (3, b"before\nafter\n"))
            made.qmp("query-status")
            self.assertEqual([event for event in made.qmp.events
                              if event["event"] == "VSERPORT_CHANGE"], [])
        self.assertEqual(made.shell("pidof bellhopd").strip(), pid)
        made.shell("rm /run/go-on")

    def shuts_down(self, made):
        """By guest-shutdown, through whatever the system has for it."""
        with made.connect(timeout=DEBIAN_TIMEOUT) as client:
            client.call("guest-ping")
            client.send(agents.compact({"execute": "guest-shutdown"}) + b"\n")
            made.qmp.event("SHUTDOWN", timeout=DEBIAN_TIMEOUT)

    def comes_back_with_the_port(self, made):
        self.unplug(made)
        made.shell(f"while [ -e {PORT} ]; do sleep 0.1; done")
        self.plug(made)
        self.answers(made)


class Systemd(ServiceTest):
    def until(self, made, state):
        made.shell(f'until [ "$(systemctl is-active bellhopd)" = {state} ]; do sleep 0.2; done',
                   timeout=DEBIAN_TIMEOUT)

    def is_replaced_while_everything_is_frozen(self, made):
        """Even the filesystem that its program is on."""
        pid = made.shell("pidof bellhopd").strip()
        with made.connect(timeout=DEBIAN_TIMEOUT) as client:
            before = client.call("bellhop-info")["replaced"]
            frozen = client.call("guest-fsfreeze-freeze", DEBIAN_TIMEOUT)
            self.assertGreater(frozen, 0)
            made.shell(f"kill -USR2 {pid}")
            while client.call("bellhop-info", DEBIAN_TIMEOUT)["replaced"] == before:
                pass
            self.assertEqual(client.call("guest-fsfreeze-status"), "frozen")
            self.assertEqual(client.call("guest-fsfreeze-thaw", DEBIAN_TIMEOUT), frozen)
        made.shell("echo written >/var/tmp/written && sync", timeout=DEBIAN_TIMEOUT)

    def lives(self, suite):
        made = self.system(suite, "systemd")
        self.answers(made)
        self.until(made, "active")
        self.unplug(made)
        self.until(made, "inactive")
        self.plug(made)
        self.answers(made)
        self.until(made, "active")
        self.is_replaced(made, "systemctl reload bellhopd")
        self.is_replaced_while_everything_is_frozen(made)
        self.until(made, "active")
        self.assertEqual(made.shell("systemctl show -P MainPID bellhopd").strip(),
                         made.shell("pidof bellhopd").strip())
        made.shell("kill -9 $(systemctl show -P MainPID bellhopd)")
        self.answers(made)
        with made.connect() as client:
            job = client.call("guest-exec", path="/bin/sleep", arg=["1000"])["pid"]
        made.shell(f"systemctl restart bellhopd; kill -0 {job}", timeout=DEBIAN_TIMEOUT)
        self.answers(made)
        made.shell("systemctl stop bellhopd", timeout=DEBIAN_TIMEOUT)
        self.assertIn("inactive", made.shell("systemctl is-failed bellhopd", check=False))
        made.shell("systemd-analyze verify --man=no bellhopd.service", timeout=DEBIAN_TIMEOUT)
        self.assertIn("guest-exec called", made.shell("journalctl --quiet -o cat -t bellhopd",
                                                      timeout=DEBIAN_TIMEOUT))
        self.logs_to_the_journal(made)
        self.shuts_down(made)

    def logs_to_the_journal(self, made):
        """With fields, by its native protocol."""
        made.shell("mkdir -p /etc/bellhop; printf '[log]\\ntarget=journal\\n' "
                   ">/etc/bellhop/bellhop.conf; systemctl start bellhopd", timeout=DEBIAN_TIMEOUT)
        with made.connect(timeout=DEBIAN_TIMEOUT) as client:
            client.call("guest-file-open", path="/etc/hostname")
        said = made.shell("journalctl --sync; journalctl --quiet -o cat COMMAND=guest-file-open",
                          timeout=DEBIAN_TIMEOUT)
        self.assertEqual(said.strip(), "guest-file-open called, path: /etc/hostname")

    def test_debian_12(self):
        self.lives("bookworm")

    def test_debian_13(self):
        self.lives("trixie")


class Sysvinit(ServiceTest):
    def test_lives(self):
        made = self.system("bookworm", "sysvinit")
        self.answers(made)
        script = "/etc/init.d/bellhopd"
        self.assertIn("is running", made.shell(f"{script} status"))
        made.shell(f"{script} start")
        self.assertEqual(len(made.shell("pidof bellhopd").split()), 1)
        self.is_replaced(made, f"{script} reload")
        self.assertIn("is running", made.shell(f"{script} status"))
        self.comes_back_with_the_port(made)
        made.shell(f"{script} restart")
        self.answers(made)
        made.shell(f"{script} stop")
        self.assertIn("not running", made.shell(f"{script} status", check=False))
        self.unplug(made)
        made.shell(f"{script} start")
        self.plug(made)
        self.answers(made)
        self.shuts_down(made)


class OpenRc(ServiceTest):
    def test_lives(self):
        made = self.system("bookworm", "openrc")
        self.until_openrc_is_through(made)
        self.answers(made)
        made.shell("rc-service bellhopd status")
        self.is_replaced(made, "rc-service bellhopd reload")
        made.shell("kill -9 $(pidof bellhopd)")
        self.answers(made)
        self.comes_back_with_the_port(made)
        made.shell("rc-service bellhopd restart", timeout=DEBIAN_TIMEOUT)
        self.answers(made)
        made.shell("rc-service bellhopd stop; while pidof bellhopd; do sleep 0.2; done",
                   timeout=DEBIAN_TIMEOUT)
        made.shell("rc-service bellhopd start", timeout=DEBIAN_TIMEOUT)
        self.shuts_down(made)


if __name__ == "__main__":
    unittest.main()
