# SPDX-License-Identifier: Apache-2.0
"""The minimal guest boots, and both agents answer."""

import unittest

from harness.vm import VmTest, guest, short


class Boot(VmTest):
    @short
    def test_both_agents_answer(self):
        vm = self.boot(agents=[guest.bellhopd(), guest.qemu_ga()])
        for name in vm.agents:
            client = vm.connect(name)
            self.assertEqual(client.call("guest-ping"), {})
            self.assertEqual(client.call("guest-get-osinfo")["id"], "minimal")

    @short
    def test_powers_off(self):
        vm = self.boot()
        vm.shell("poweroff")
        self.assertEqual(vm.qemu.wait(), 0)


if __name__ == "__main__":
    unittest.main()
