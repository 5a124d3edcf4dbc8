# SPDX-License-Identifier: Apache-2.0
"""Logs in with passwords and keys that an agent has set: on a serial console, and by ssh.

With bellhopd and with the real qemu-ga in the same guest.
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

# The equivalent of a line in /etc/inittab.
GETTY = """
setsid sh -c 'while :; do /sbin/agetty --noclear 115200 ttyS2 vt100; done' </dev/null \
>/dev/null 2>&1 &
"""
SSH_OPTIONS = ("-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no",
               "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-o",
               "IdentitiesOnly=yes", "-o", "ConnectTimeout=60", "-l", "alice")


class Terminal:
    """A terminal at a serial line of the guest."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))
        self.output = ""

    def type(self, text):
        self.socket.sendall(text.encode())

    def read_until(self, pattern, timeout=DEBIAN_TIMEOUT):
        """Reads up to the first match of a pattern. Returns the matching text."""
        deadline = time.monotonic() + timeout
        while not (found := re.search(pattern, self.output)):
            self.socket.settimeout(max(deadline - time.monotonic(), 0.001))
            try:
                data = self.socket.recv(4096)
            except TimeoutError:
                raise AssertionError(
                    f"no '{pattern}' on the terminal in {timeout} s: {self.output!r}") from None
            self.output += data.decode(errors="replace")
        self.output = self.output[found.end():]
        return found.group()

    def log_in(self, user, password):
        """Whether the password is accepted. Leaves the terminal at the next login prompt."""
        self.read_until("login: ")
        self.type(f"{user}\n")
        self.read_until("Password: ")
        self.type(f"{password}\n")
        if self.read_until(r"Login incorrect|\$ ") == "Login incorrect":
            return False
        self.type("echo I am $(id -un)\n")
        self.read_until(f"\nI am {user}")
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
        """The hash of crypt(3) in the guest, with SHA-512."""
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
        """Creates a key pair. Returns the public key."""
        if not shutil.which("ssh-keygen"):
            self.skipTest("needs ssh: run tools/setup --vm")
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name,
                        "-f", f"{directory}/{name}"], check=True, stdin=subprocess.DEVNULL)
        return pathlib.Path(f"{directory}/{name}.pub").read_text(encoding="ascii").strip()

    @staticmethod
    def ssh(port, key):
        """The output of a program run over ssh, or the error."""
        done = subprocess.run(
            ["ssh", *SSH_OPTIONS, "-i", str(key), "-p", str(port), "127.0.0.1", "id", "-un"],
            text=True, check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=DEBIAN_TIMEOUT)
        return done.stdout.strip()

    @staticmethod
    def forwarded_port(vm):
        """The port of this machine that QEMU forwards to the guest's port 22."""
        for line in vm.qmp.human("info usernet").splitlines():
            if found := re.search(r"TCP\[HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)\s", line):
                return int(found.group(1))
        raise AssertionError("QEMU forwards no port")

    def ip(self):
        """A tree with the program ip, which the Debian lacks."""
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
                    self.check_keys(client, port, pathlib.Path(directory), first, second)
                vm.shell("rm -rf /home/alice/.ssh")

    def check_keys(self, client, port, directory, first, second):
        def change(verb, *keys, **arguments):
            client.call(f"guest-ssh-{verb}-authorized-keys", username="alice", keys=list(keys),
                        timeout=DEBIAN_TIMEOUT, **arguments)

        refused = "alice@127.0.0.1: Permission denied (publickey,password)."

        def assert_logins(*expected):
            self.assertEqual([self.ssh(port, directory / name) for name in ("first", "second")],
                             list(expected))
        assert_logins(refused, refused)
        change("add", first)
        assert_logins("alice", refused)
        change("add", second)
        assert_logins("alice", "alice")
        change("remove", first)
        assert_logins(refused, "alice")
        change("add", first, reset=True)
        assert_logins("alice", refused)


if __name__ == "__main__":
    unittest.main()
