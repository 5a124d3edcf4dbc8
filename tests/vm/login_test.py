"""Passwords and keys that an agent set, used to log in: on the console, and by ssh.

By bellhopd and, in the same guest, by the real qemu-ga.
"""

import base64
import pathlib
import re
import shlex
import shutil
import socket
import subprocess
import tempfile
import time
import unittest

from harness import packages
from harness.debian_vm import DEBIAN_TIMEOUT, ELOGIND, SystemTest
from harness.vm import guest

# What /etc/inittab would have for such a line.
GETTY = """
setsid sh -c 'while :; do /sbin/agetty --noclear 115200 ttyS2 vt100; done' </dev/null \
>/dev/null 2>&1 &
"""
KNOWN_SSH = ("-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no",
             "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-o",
             "IdentitiesOnly=yes", "-o", "ConnectTimeout=60", "-l", "alice")


class Terminal:
    """What a person at a serial line of the guest sees and types."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))
        self.seen = ""

    def type(self, text):
        self.socket.sendall(text.encode())

    def until(self, pattern, timeout=DEBIAN_TIMEOUT):
        """Reads up to the first match of a pattern; which it was."""
        deadline = time.monotonic() + timeout
        while not (found := re.search(pattern, self.seen)):
            self.socket.settimeout(max(deadline - time.monotonic(), 0.001))
            try:
                data = self.socket.recv(4096)
            except TimeoutError:
                raise AssertionError(
                    f"no '{pattern}' on the terminal in {timeout} s: {self.seen!r}") from None
            self.seen += data.decode(errors="replace")
        self.seen = self.seen[found.end():]
        return found.group()

    def log_in(self, user, password):
        """Whether the password is good. It ends at the prompt for the next log-in."""
        self.until("login: ")
        self.type(f"{user}\n")
        self.until("Password: ")
        self.type(f"{password}\n")
        if self.until(r"Login incorrect|\$ ") == "Login incorrect":
            return False
        self.type("echo I am $(id -un)\n")
        self.until(f"\nI am {user}")
        self.type("exit\n")
        return True


class LogIn(SystemTest):
    def boot_with_users(self, **arguments):
        vm = self.system("bookworm", "sysvinit", extra_packages=ELOGIND, with_qemu_ga=True,
                         **arguments)
        self.assert_answers(vm)
        vm.shell("useradd --create-home --shell /bin/sh alice", timeout=DEBIAN_TIMEOUT)
        vm.start_agent("qemu-ga")
        return vm, [vm.connect(name, timeout=DEBIAN_TIMEOUT) for name in vm.agents]


class OnTheConsole(LogIn):
    @staticmethod
    def set(client, password, crypted=False):
        client.call("guest-set-user-password", username="alice", crypted=crypted,
                    password=base64.b64encode(password.encode()).decode(),
                    timeout=DEBIAN_TIMEOUT)

    @staticmethod
    def crypted(vm, password):
        """By crypt(3) of the guest, with SHA-512."""
        return vm.shell("perl -e 'print crypt($ARGV[0], q($6$salt$))' " + shlex.quote(password))

    def test_with_passwords(self):
        vm, clients = self.boot_with_users(
            options=["-chardev", "socket,id=terminal,path=${dir}/terminal,server=on,wait=off",
                     "-device", "isa-serial,chardev=terminal"])
        terminal = Terminal(vm.sockets / "terminal")
        vm.shell(GETTY)
        self.assertFalse(terminal.log_in("alice", "no password yet"))
        old = "no password yet"
        for number, client in enumerate(clients):
            for crypted in (False, True):
                new = f"Grüße: {number} {crypted} $&'\"\\"
                sent = self.crypted(vm, new) if crypted else new
                self.set(client, sent, crypted)
                with self.subTest(client.agent.name, crypted=crypted):
                    self.assertFalse(terminal.log_in("alice", old))
                    self.assertTrue(terminal.log_in("alice", new))
                old = new


class BySsh(LogIn):
    def key(self, directory, name):
        """Makes a pair of keys; the public one."""
        if not shutil.which("ssh-keygen"):
            self.skipTest("needs ssh: run tools/setup --vm")
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name,
                        "-f", f"{directory}/{name}"], check=True, stdin=subprocess.DEVNULL)
        return pathlib.Path(f"{directory}/{name}.pub").read_text(encoding="ascii").strip()

    @staticmethod
    def ssh(port, key):
        """What a program says that is run by ssh, or the error."""
        done = subprocess.run(
            ["ssh", *KNOWN_SSH, "-i", str(key), "-p", str(port), "127.0.0.1", "id", "-un"],
            text=True, check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=DEBIAN_TIMEOUT)
        return done.stdout.strip()

    @staticmethod
    def forwarded_port(vm):
        """The port here that QEMU chose for the guest's 22."""
        for line in vm.qmp.human("info usernet").splitlines():
            if found := re.search(r"TCP\[HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)\s", line):
                return int(found.group(1))
        raise AssertionError("QEMU forwards no port")

    def ip(self):
        """A program that the Debian does not have."""
        tree = guest.initramfs.Tree()
        tree.file("add/usr/bin/ip", packages.busybox(), 0o755)
        return tree

    def test_with_keys(self):
        with tempfile.TemporaryDirectory(prefix="bellhop-keys-") as directory:
            first, second = (self.key(directory, name) for name in ("first", "second"))
            vm, clients = self.boot_with_users(
                modules=["virtio_net"], archives=[self.ip()],
                options=["-netdev", "user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:0-:22",
                         "-device", "virtio-net-pci,netdev=net"])
            vm.shell("device=$(ls /sys/class/net | grep -v lo) && ip link set $device up && "
                     "ip address add 10.0.2.15/24 dev $device && "
                     "until grep -q ':0016 .* 0A ' /proc/net/tcp; do sleep 0.2; done",
                     timeout=DEBIAN_TIMEOUT)
            port = self.forwarded_port(vm)
            for client in clients:
                with self.subTest(client.agent.name):
                    self.lets_in(client, port, pathlib.Path(directory), first, second)
                vm.shell("rm -rf /home/alice/.ssh")

    def lets_in(self, client, port, directory, first, second):
        def change(what, *keys, **more):
            client.call(f"guest-ssh-{what}-authorized-keys", username="alice", keys=list(keys),
                        timeout=DEBIAN_TIMEOUT, **more)

        refused = "alice@127.0.0.1: Permission denied (publickey,password)."

        def come_in(*expected):
            self.assertEqual([self.ssh(port, directory / name) for name in ("first", "second")],
                             list(expected))
        come_in(refused, refused)
        change("add", first)
        come_in("alice", refused)
        change("add", second)
        come_in("alice", "alice")
        change("remove", first)
        come_in(refused, "alice")
        change("add", first, reset=True)
        come_in("alice", refused)


if __name__ == "__main__":
    unittest.main()
