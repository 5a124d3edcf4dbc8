# SPDX-License-Identifier: Apache-2.0
"""Follows docs/changing-a-command.md: its edits must apply and build, all tests of the command pass,
and its member be in the reply and in the schema."""

import tempfile
import unittest

from harness.page_tree import PageTree


class ChangingACommand(unittest.TestCase):
    def test_the_edits_of_the_page_add_a_member_to_the_reply(self):
        with tempfile.TemporaryDirectory(prefix="bellhop-page-") as directory:
            tree = PageTree("changing-a-command.md", directory)
            self.assertEqual(tree.changed, ["src/platform/storage/mounted_filesystems.h",
                                            "src/platform/storage/mounted_filesystems_linux.cpp",
                                            "src/commands/guest-get-fsinfo.cpp",
                                            "tests/unit/commands/guest-get-fsinfo_test.cpp"])
            tree.build("bellhopd", "commands-tests")
            output = tree.run("tests/commands-tests", "--gtest_filter=GuestGetFsinfo.*")
            self.assertIn("GuestGetFsinfo.SaysWhatIsReadOnly", output)
            filesystem = tree.schema("guest-get-fsinfo")["returns"]["items"]
            self.assertEqual(filesystem["properties"]["read-only"]["type"], "boolean")
            self.assertNotIn("read-only", filesystem["required"])


if __name__ == "__main__":
    unittest.main()
