"""Plays every case of cases/ against bellhopd and against each real qemu-ga.

AGENT=PATH or --agent PATH: only this agent (bellhopd or a qemu-ga). A case counts as a fact only if
the real qemu-ga passes it too; docs/compatibility.md documents where bellhopd differs on purpose.
"""

import os
import sys
import unittest

from harness import agents, cases

CASES = cases.load()


class Documented(unittest.TestCase):
    def test_each_marked_difference_is_in_the_compatibility_page(self):
        page = (agents.ROOT / "docs" / "compatibility.md").read_text(encoding="utf-8")
        for case in CASES:
            if "differs" in case:
                self.assertIn(f"`{case['differs']['id']}`", page, case["name"])


def _test(case, command):
    def test(self):
        if case.get("thaws"):
            agents.skip_unless_thaw_allowed()
        cases.run(case, command)
    test.__doc__ = case["why"]
    return test


class _Conformance(unittest.TestCase):
    maxDiff = None

    def shortDescription(self):
        return None


def _make(name, find):
    """A test class with one test per case, or with one skipped test if there is no such agent."""
    try:
        command = find()
    except agents.Unavailable as error:
        def test(self, reason=str(error)):
            self.skipTest(reason)
        return type(name, (_Conformance,), {"test_all_cases": test})
    # Cases that an older qemu-ga cannot pass are left out; newer ones and bellhopd play them.
    tests = {f"test_{case['file']}_{case['name']}": _test(case, command) for case in CASES
             if not cases.applies(case, *agents.version(command))}
    return type(name, (_Conformance,), tests)


def load_tests(loader, _, __):
    suite = unittest.TestSuite([loader.loadTestsFromTestCase(Documented)])
    if os.environ.get("AGENT"):
        classes = [_make("bellhopd", agents.bellhopd)]
    else:
        classes = [_make("bellhopd", agents.bellhopd)]
        classes += [_make("qemu_ga_" + suite_name, lambda name=suite_name: agents.oracle(name))
                    for suite_name in agents.SUITES]
    for tests in classes:
        suite.addTests(loader.loadTestsFromTestCase(tests))
    return suite


if __name__ == "__main__":
    if "--agent" in sys.argv:
        at = sys.argv.index("--agent")
        os.environ["AGENT"] = sys.argv[at + 1]
        del sys.argv[at:at + 2]
    unittest.main()
