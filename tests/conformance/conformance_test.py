# SPDX-License-Identifier: Apache-2.0
"""Plays every case of cases/ against bellhopd and against each real qemu-ga.

AGENT=PATH or --agent PATH: only this agent (bellhopd or a qemu-ga). A case counts as a fact only if
the real qemu-ga passes it too; docs/compatibility.json has a row for each deliberate difference.
"""

import json
import os
import sys
import unittest

from harness import agents, cases

CASES = cases.load()


class Documented(unittest.TestCase):
    """The differences that tests expect have rows, and the rows have tests."""

    def setUp(self):
        data = agents.ROOT / "docs" / "compatibility.json"
        self.rows = {row["id"]: row for row in json.loads(data.read_text(encoding="utf-8"))}

    def test_each_difference_that_a_test_marks_has_a_row(self):
        marked = [(case["name"], case["differs"]) for case in CASES if "differs" in case]
        for path in (agents.ROOT / "tests" / "recorded").glob("*.json"):
            recorded = json.loads(path.read_text(encoding="utf-8"))
            marked += [(path.name, differs) for differs in recorded.get("differs", [])]
        for name, differs in marked:
            self.assertIn(differs["id"], self.rows, name)

    def test_the_test_of_each_row_exists(self):
        for row in self.rows.values():
            if row["test"]:
                self.assertTrue((agents.ROOT / "tests" / row["test"]).is_file(), row)


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
