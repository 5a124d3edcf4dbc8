# SPDX-License-Identifier: Apache-2.0
"""The base class of tests in a complete Debian with bellhopd as its service."""

from harness.vm import VmTest, agents, debian, guest

DEBIAN_TIMEOUT = 120.0  # seconds, for a step in an emulated Debian
# Packages for a Debian with sysvinit, for the tests of suspend and login.
ELOGIND = ("elogind", "openssh-server")


class SystemTest(VmTest):
    def system(self, suite, init, extra_packages=(), with_qemu_ga=False, archives=(), **arguments):
        """A running Debian with the agent as its service.

        extra_packages: packages to install. with_qemu_ga: installs qemu-ga, which start_agent()
        starts.
        """
        debian.require_compatible(suite, agents.bellhopd())
        root = debian.disk(suite, init, extra_packages)
        system_agents = [guest.Agent("bellhopd", "/usr/sbin/bellhopd", "bellhopd", None,
                                     starts=False)]
        if with_qemu_ga:
            system_agents.append(guest.qemu_ga(starts=False, into="add/"))
        return self.boot(f"{suite} with {'+'.join([init, *extra_packages])}",
                         agents=system_agents, root=root,
                         archives=[*archives, debian.installed(init)], memory="1024", **arguments)

    def assert_answers(self, vm):
        with vm.connect(timeout=DEBIAN_TIMEOUT) as client:
            self.assertEqual(client.call("guest-ping"), {})

    def wait_for_openrc(self, vm):
        """Waits for the end of the boot: OpenRC drops requests while it starts a runlevel."""
        starting = vm.shell(
            "n=0; until [ -e /run/openrc/started/bellhopd ] && ! pidof openrc >/dev/null && "
            "[ ! -e /run/openrc/rc.starting ]; do n=$((n + 1)); [ $n -lt 600 ] || "
            "exec ls /run/openrc/starting; sleep 0.5; done",
            timeout=10 * DEBIAN_TIMEOUT).split()
        if "bellhopd" in starting:
            self.fail("OpenRC hangs in the start of bellhopd")
        if starting:
            self.skipTest(f"the guest's OpenRC hangs in its own {', '.join(starting)}")
