"""The minimal guest comes up, and both agents answer in it."""

import unittest

from harness.vm import VmTest, guest, short


class Boot(VmTest):
    @short
    def test_both_agents_answer(self):
        made = self.boot(agents=[guest.bellhopd(), guest.qemu_ga()])
        for name in made.agents:
            client = made.connect(name)
            self.assertEqual(client.call("guest-ping"), {})
            self.assertEqual(client.call("guest-get-osinfo")["id"], "minimal")

    @short
    def test_powers_off(self):
        made = self.boot()
        made.shell("poweroff")
        self.assertEqual(made.qemu.wait(), 0)


if __name__ == "__main__":
    unittest.main()
