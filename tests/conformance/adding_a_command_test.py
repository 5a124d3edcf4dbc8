# SPDX-License-Identifier: Apache-2.0
"""Follows docs/adding-a-command.md: its files must build, its test pass, its command be served."""

import tempfile
import unittest

from harness.page_tree import PageTree


class AddingACommand(unittest.TestCase):
    def test_the_page_builds_and_its_command_is_served(self):
        with tempfile.TemporaryDirectory(prefix="bellhop-page-") as directory:
            tree = PageTree("adding-a-command.md", directory)
            self.assertEqual(tree.changed, ["src/commands/bellhop-get-variable.cpp",
                                            "tests/unit/commands/bellhop-get-variable_test.cpp"])
            tree.build("bellhopd", "commands-tests")
            tree.run("tests/commands-tests", "--gtest_filter=BellhopGetVariable.*")
            schema = tree.schema("bellhop-get-variable")
            self.assertEqual(schema["arguments"]["required"], ["name"])


if __name__ == "__main__":
    unittest.main()
