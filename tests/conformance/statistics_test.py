#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the counters of processors and disks that bellhopd and a real qemu-ga report.

Runs in the namespace of harness/loop_devices.py. Exits with status 77 if the machine does not
allow it.
"""

from harness import loop_devices
from harness.loop_devices import CompareTest

SKIPPED = loop_devices.SKIPPED


class Statistics(CompareTest):
    """Counters grow: bellhopd's value lies between two of qemu-ga."""

    # Values that may decrease: the kernel estimates them, or they are not sums.
    FREE = ("idle", "iowait", "ios-pgr")

    def between(self, before, ours, after, where):
        self.assertEqual(sorted(ours), sorted(before), where)
        for key, value in ours.items():
            if isinstance(value, dict):
                self.between(before[key], value, after[key], f"{where}.{key}")
            elif isinstance(value, str) or key in ("cpu", "major", "minor"):
                self.assertEqual(value, before[key], f"{where}.{key}")
            elif key not in self.FREE:
                self.assertLessEqual(before[key], value, f"{where}.{key}")
                self.assertLessEqual(value, after[key], f"{where}.{key}")

    def compare(self, command, key):
        self.both()
        for _ in range(100):
            before, ours, after = (client.call(command) for client in
                                   (self.real, self.ours, self.real))
            order = [entry[key] for entry in before]
            if order == [entry[key] for entry in after]:
                break
        else:
            self.skipTest(f"the machine is too busy: {command} has a different reply each time")
        self.assertEqual([entry[key] for entry in ours], order)
        for first, middle, last in zip(before, ours, after, strict=True):
            self.between(first, middle, last, f"{command} {first[key]}")

    def test_processors(self):
        self.compare("guest-get-cpustats", "cpu")

    def test_disks(self):
        self.devices.ext4(self.devices.loop())
        self.compare("guest-get-diskstats", "name")


if __name__ == "__main__":
    loop_devices.main(__file__)
