"""Follows docs/adding-a-command.md: its files must build, its test pass, its command be served."""

import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "adding-a-command.md"


def files_of_the_page():
    """Path and content of each file that the page shows."""
    return dict(re.findall(r"^`([^`\n]+)`:\n\n```cpp\n(.*?)^```$", PAGE.read_text(),
                           re.DOTALL | re.MULTILINE))


class AddingACommand(unittest.TestCase):
    def test_the_page_builds_and_its_command_is_served(self):
        files = files_of_the_page()
        self.assertEqual(sorted(files), ["src/commands/bellhop-get-variable.cpp",
                                         "tests/unit/commands/bellhop-get-variable_test.cpp"])
        with tempfile.TemporaryDirectory(prefix="bellhop-page-") as directory:
            tree = pathlib.Path(directory)
            for name in ("src", "client", "tests", "cmake", "packaging", "docs"):
                shutil.copytree(ROOT / name, tree / name,
                                ignore=shutil.ignore_patterns("__pycache__"))
            for name in ("CMakeLists.txt", "CMakePresets.json"):
                shutil.copy(ROOT / name, tree / name)
            for name, content in files.items():
                self.assertFalse((tree / name).exists(), f"{name} must be new")
                (tree / name).write_text(content)

            # Built like the release and in the same directory, so that ccache has the old files.
            build = tree / "build" / "release"
            self.run_tool(["cmake", "-S", tree, "--preset", "release", "-DBELLHOP_WERROR=ON"])
            self.run_tool(["cmake", "--build", build, "--target", "bellhopd", "commands-tests"])
            self.run_tool([build / "tests" / "commands-tests",
                           "--gtest_filter=BellhopGetVariable.*"])
            schema = json.loads(self.run_tool([build / "src" / "bellhopd", "--schema"]))
            self.assertEqual(
                schema["commands"]["bellhop-get-variable"]["arguments"]["required"], ["name"])

    def run_tool(self, command):
        process = subprocess.run([str(word) for word in command], text=True,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        self.assertEqual(process.returncode, 0, f"{command}:\n{process.stdout[-4000:]}")
        return process.stdout


if __name__ == "__main__":
    unittest.main()
