# SPDX-License-Identifier: Apache-2.0
"""The SELinux labels of authorized keys, with an enforced policy.

Of keys that bellhopd and, in the same guest, the real qemu-ga add.
"""

import unittest

from harness.debian_vm import DEBIAN_TIMEOUT, SystemTest

SELINUX = ("selinux-policy-default", "policycoreutils")
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 key"
SSHD = "system_u:system_r:sshd_t:s0"


class Labels(SystemTest):
    def boot_with_selinux(self):
        """A guest in which both agents are services and the policy is enforced."""
        vm = self.system("bookworm", "systemd", extra_packages=SELINUX, with_qemu_ga=True,
                         kernel_options="security=selinux")
        self.assert_answers(vm)
        # Files that were not on the disk image have no labels: without a label, bellhopd does not
        # run in the domain of a service either.
        vm.shell("find / -xdev -context '*:unlabeled_t:*' -exec restorecon -F '{}' + && "
                 "systemctl restart bellhopd && mkdir -p /run/qemu-ga /usr/local/var/run && "
                 f"systemd-run --quiet {vm.agents['qemu-ga'].command()} && setenforce 1",
                 timeout=DEBIAN_TIMEOUT)
        return vm

    @staticmethod
    def user(vm, name):
        vm.shell(f"useradd --create-home {name} && restorecon -R /home/{name}",
                 timeout=DEBIAN_TIMEOUT)

    @staticmethod
    def add_key(vm, agent, user):
        """Adds a key. Returns type, mode and owner of .ssh and of authorized_keys."""
        with vm.connect(agent, timeout=DEBIAN_TIMEOUT) as client:
            client.call("guest-ssh-add-authorized-keys", username=user, keys=[KEY],
                        timeout=DEBIAN_TIMEOUT)
        found = []
        for path in (".ssh", ".ssh/authorized_keys"):
            context, *attributes = vm.shell(f"stat -c '%C %a %U:%G' ~{user}/{path}").split()
            found.append([context.split(":")[2], *attributes])
        return found

    @staticmethod
    def sshd_may_read(vm, user):
        """Whether the loaded policy permits it."""
        return vm.shell(f"file=~{user}/.ssh/authorized_keys; selinux_check_access {SSHD} "
                        "$(stat -c %C $file) file read >/dev/null && echo yes || echo no"
                        ).strip() == "yes"

    def test_of_keys(self):
        vm = self.boot_with_selinux()
        self.user(vm, "alice")
        for user in ("alice", "root"):
            vm.shell(f"rm -rf ~{user}/.ssh")
            with self.subTest(user):
                self.assertEqual(self.add_key(vm, "bellhopd", user),
                                 [["ssh_home_t", "700", f"{user}:{user}"],
                                  ["ssh_home_t", "600", f"{user}:{user}"]])
                self.assertTrue(self.sshd_may_read(vm, user))
        vm.shell("chcon -t user_home_t ~alice/.ssh ~alice/.ssh/authorized_keys")
        with self.subTest("existing files"):
            self.assertEqual([kind for kind, *_ in self.add_key(vm, "bellhopd", "alice")],
                             ["ssh_home_t", "ssh_home_t"])
        self.user(vm, "bob")
        with self.subTest("qemu-ga"):  # key-labels in docs/compatibility.md
            self.assertEqual(self.add_key(vm, "qemu-ga", "bob"),
                             [["user_home_dir_t", "700", "bob:bob"],
                              ["user_home_dir_t", "600", "bob:bob"]])
            self.assertFalse(self.sshd_may_read(vm, "bob"))


if __name__ == "__main__":
    unittest.main()
