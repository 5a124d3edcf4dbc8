# SPDX-License-Identifier: Apache-2.0
"""The base class of the tests in virtual machines."""

import pathlib
import sys
import unittest

# `harness` has no __init__.py: the package spans this directory and the one of conformance.
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "conformance"))

from harness import agents, debian, guest, libvirtd  # noqa: E402,F401


class VmTest(unittest.TestCase):
    """A test that boots guests. It stops them when it ends, and reports on them if it fails."""

    def boot(self, name="minimal", **arguments):
        """A running guest.Guest. Raises agents.Unavailable if this machine cannot run guests."""
        vm = guest.Guest(name, **arguments)
        vm.boot()
        self.guests.append(vm)
        return vm

    def run(self, result=None):
        result = result or self.defaultTestResult()
        self.guests = []
        before = len(result.failures), len(result.errors)
        try:
            super().run(result)
        finally:
            for found, count in zip((result.failures, result.errors), before):
                if len(found) > count:
                    test, text = found[-1]
                    found[-1] = (test, text + "\n" + self._report())
            for vm in self.guests:
                vm.stop()
        return result

    def _report(self):
        return "\n".join(f"{vm.report()}\n  kept in {vm.save_logs(self.id().split('.', 1)[-1])}"
                         for vm in self.guests)


def short(test):
    """Marks a test that tools/test runs even without --all."""
    test.short = True
    return test
