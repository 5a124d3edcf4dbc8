"""virsh and libvirt's daemon as the client: the same words for bellhopd as for qemu-ga."""

import contextlib
import json
import re
import unittest

from vm import VmTest, agents, guest, libvirtd

# Words of virsh after the domain's name, and the agent's commands that they need.
VERBS = (
    (("qemu-agent-command", '{"execute": "guest-sync", "arguments": {"id": 7}}'), "guest-sync"),
    (("qemu-agent-command", '{"execute": "guest-get-osinfo"}'), "guest-get-osinfo"),
    (("qemu-agent-command", '{"execute": "guest-nothing"}'), "guest-ping"),
    (("qemu-agent-command", "--pretty", '{"execute": "guest-get-host-name"}'),
     "guest-get-host-name"),
    (("domhostname", "--source", "agent"), "guest-get-host-name"),
    (("guestinfo", "--os"), "guest-get-osinfo"),
    (("guestinfo", "--timezone"), "guest-get-timezone"),
    (("guestinfo", "--hostname"), "guest-get-host-name"),
    (("guestinfo", "--user"), "guest-get-users"),
    (("guestinfo", "--filesystem"), "guest-get-fsinfo"),
    (("guestinfo", "--disk"), "guest-get-disks"),
    (("guestinfo", "--interface"), "guest-network-get-interfaces"),
    (("domfsinfo",), "guest-get-fsinfo"),
    (("domifaddr", "--source", "agent"), "guest-network-get-interfaces"),
    (("guestvcpus",), "guest-get-vcpus"),
    (("domtime", "--pretty"), "guest-get-time"),
    (("domfsfreeze", "--mountpoint", "/mnt"), "guest-fsfreeze-freeze-list"),
    (("domfsfreeze", "--mountpoint", "/mnt"), "guest-fsfreeze-freeze-list"),
    (("domfsthaw",), "guest-fsfreeze-thaw"),
    (("domfsthaw",), "guest-fsfreeze-thaw"),
    (("domfsfreeze",), "guest-fsfreeze-freeze"),
    (("domfsthaw",), "guest-fsfreeze-thaw"),
    (("domfstrim",), "guest-fstrim"),
    (("domtime", "--time", "1800000000"), "guest-set-time"),
    (("get-user-sshkeys", "guest"), "guest-ssh-get-authorized-keys"),
)


class Virsh(VmTest):
    def domain(self, daemon, agent):
        made = libvirtd.Domain(daemon, agent)
        made.boot()
        self.guests.append(made)
        return made

    @contextlib.contextmanager
    def domains(self, *makes):
        try:
            with contextlib.ExitStack() as stack:
                daemon = stack.enter_context(libvirtd.Libvirt())
                made = [self.domain(daemon, make()) for make in makes]
                for domain in made:
                    stack.callback(domain.stop)
                yield made
        except agents.Unavailable as reason:
            self.skipTest(str(reason))

    @staticmethod
    def without_what_moves(text):
        """The same but for times, what differs between two guests, and the order of members."""
        with contextlib.suppress(ValueError):
            return json.loads(text)
        text = re.sub(r"\n\S+\.serial +: .*", "", text)  # on purpose: disks-without-udev
        text = re.sub(r"Time: \d{4}-\d\d-\d\d [\d:]+", "Time: now", text)
        return re.sub(r"52:54:00(:[0-9a-f]{2}){3}", "a MAC address", text)

    def test_says_the_same(self):
        with self.domains(guest.bellhopd, guest.qemu_ga) as (ours, theirs):
            said, _ = ours.virsh("qemu-agent-command", '{"execute": "guest-info"}')
            names = {entry["name"] for entry in json.loads(said)["return"]["supported_commands"]}
            for words, needed in VERBS:
                if needed not in names:
                    continue  # not in this bellhopd
                with self.subTest(" ".join(words)):
                    mine, status = ours.virsh(*words)
                    other, expected = theirs.virsh(*words)
                    self.assertEqual((self.without_what_moves(mine), status),
                                     (self.without_what_moves(other), expected))

    def test_goes_on_after_an_agent_that_answered_late(self):
        with self.domains(guest.bellhopd) as (made,):
            made.shell("fsfreeze --freeze /mnt")  # by somebody else: the agent does not know
            said, status = made.virsh("qemu-agent-command", "--timeout", "1", json.dumps(
                {"execute": "guest-file-open", "arguments": {"path": "/mnt/new", "mode": "w"}}))
            self.assertIn("not responding", said)
            self.assertNotEqual(status, 0, said)
            self.assertEqual(made.virsh("domhostname", "--source", "agent"), ("minimal", 0))
            made.shell("fsfreeze --unfreeze /mnt")
            self.assertEqual(made.virsh("domhostname", "--source", "agent"), ("minimal", 0))

    def test_goes_on_after_the_agent_was_away(self):
        with self.domains(guest.bellhopd) as (made,):
            made.stop_agent("bellhopd")
            said, status = made.virsh("qemu-agent-command", "--timeout", "2",
                                      '{"execute": "guest-ping"}')
            self.assertNotEqual(status, 0, said)
            made.start_agent("bellhopd")
            made.until_connected()
            self.assertEqual(made.virsh("domhostname", "--source", "agent"), ("minimal", 0))


if __name__ == "__main__":
    unittest.main()
