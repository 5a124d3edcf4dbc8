"""Tests in whole systems with bellhopd as their service, and the real qemu-ga at hand."""

from vm import VmTest, agents, debian, guest
from shell import ShellError

BOOT_PATIENCE = 120.0  # a whole Debian, emulated
# What a Debian with sysvinit has beside it: for the tests of suspending and of logging in.
ELOGIND = ("elogind", "openssh-server")


class SystemTest(VmTest):
    def system(self, suite, init, more=(), beside=False, archives=(), **facts):
        """A running Debian with the agent as its service.

        more: further packages. beside: qemu-ga is there too, to be started by start_agent().
        """
        try:
            root = debian.disk(suite, init, more)
            found = [guest.Agent("bellhopd", "/usr/sbin/bellhopd", "bellhopd", None, starts=False)]
            added = [*archives, debian.installed(init)]
            if beside:
                found.append(guest.qemu_ga(starts=False, into="add/"))
        except agents.Unavailable as reason:
            self.skipTest(str(reason))
        return self.boot(f"{suite} with {'+'.join([init, *more])}", agents=found, root=root,
                         archives=added, memory="1024", **facts)

    def answers(self, made):
        with made.connect(patience=BOOT_PATIENCE) as client:
            self.assertEqual(client.call("guest-ping"), {})

    def until_openrc_is_through(self, made):
        """While it starts a runlevel, it forgets what is told to it."""
        try:
            made.shell("until [ -e /run/openrc/started/bellhopd ]; do sleep 0.5; done; "
                       "while pidof openrc || [ -e /run/openrc/rc.starting ]; do sleep 0.5; done",
                       patience=BOOT_PATIENCE)
        except ShellError:
            at = made.shell("ls /run/openrc/starting", check=False).split()
            if "bellhopd" in at or not at:
                raise
            self.skipTest(f"the guest's OpenRC does not get past its own {', '.join(at)}")
