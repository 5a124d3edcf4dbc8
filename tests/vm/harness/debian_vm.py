"""Tests in whole systems with bellhopd as their service, and the real qemu-ga at hand."""

from harness.vm import VmTest, agents, debian, guest

DEBIAN_TIMEOUT = 120.0  # a whole Debian, emulated
# What a Debian with sysvinit has beside it: for the tests of suspending and of logging in.
ELOGIND = ("elogind", "openssh-server")


class SystemTest(VmTest):
    def system(self, suite, init, extra_packages=(), with_qemu_ga=False, archives=(), **arguments):
        """A running Debian with the agent as its service.

        more: further packages. beside: qemu-ga is there too, to be started by start_agent().
        """
        debian.require_compatible(suite, agents.bellhopd())
        root = debian.disk(suite, init, extra_packages)
        found = [guest.Agent("bellhopd", "/usr/sbin/bellhopd", "bellhopd", None, starts=False)]
        added = [*archives, debian.installed(init)]
        if with_qemu_ga:
            found.append(guest.qemu_ga(starts=False, into="add/"))
        return self.boot(f"{suite} with {'+'.join([init, *extra_packages])}", agents=found,
                         root=root, archives=added, memory="1024", **arguments)

    def assert_answers(self, vm):
        with vm.connect(timeout=DEBIAN_TIMEOUT) as client:
            self.assertEqual(client.call("guest-ping"), {})

    def wait_for_openrc(self, vm):
        """While it starts a runlevel, it forgets what is told to it."""
        at = vm.shell(
            "n=0; until [ -e /run/openrc/started/bellhopd ] && ! pidof openrc >/dev/null && "
            "[ ! -e /run/openrc/rc.starting ]; do n=$((n + 1)); [ $n -lt 600 ] || "
            "exec ls /run/openrc/starting; sleep 0.5; done",
            timeout=10 * DEBIAN_TIMEOUT).split()
        if "bellhopd" in at:
            self.fail("OpenRC does not get past the start of bellhopd")
        if at:
            self.skipTest(f"the guest's OpenRC does not get past its own {', '.join(at)}")
