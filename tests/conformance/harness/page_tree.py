# SPDX-License-Identifier: Apache-2.0
"""A copy of the source tree with the changes that a page of docs/ shows, to build and to call.

A page shows a change as a line with the file's name, "`FILE`:", an empty line, and a block:
    ```cpp    a new file with this content
    ```diff   an edit: lines that begin with " ", "-" and "+", without line numbers. The lines with
              " " and "-" must occur in the file exactly once, in this order.
"""

import json
import pathlib
import re
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent.parent

_CHANGE = re.compile(r"^`([^`\n]+)`:\n\n```(cpp|diff)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_DIRECTORIES = ("src", "client", "tests", "cmake", "packaging", "docs")
_FILES = ("CMakeLists.txt", "CMakePresets.json")


class PageTree:
    def __init__(self, page, directory):
        """Copies the tree to `directory` and applies the changes of docs/`page`."""
        self._tree = pathlib.Path(directory)
        self._build = self._tree / "build" / "release"
        for name in _DIRECTORIES:
            shutil.copytree(ROOT / name, self._tree / name,
                            ignore=shutil.ignore_patterns("__pycache__"))
        for name in _FILES:
            shutil.copy(ROOT / name, self._tree / name)
        changes = _CHANGE.findall((ROOT / "docs" / page).read_text(encoding="utf-8"))
        self.changed = [name for name, _, _ in changes]
        for name, kind, text in changes:
            if kind == "cpp":
                self._create(name, text)
            else:
                self._edit(name, text)

    def build(self, *targets):
        # Built like the release and in the same directory, so that ccache has the old files.
        self._run(["cmake", "-S", self._tree, "--preset", "release", "-DBELLHOP_WERROR=ON"])
        self._run(["cmake", "--build", self._build, "--target", *targets])

    def run(self, program, *arguments):
        """Runs a program that was built; returns its output."""
        return self._run([self._build / program, *arguments])

    def schema(self, command):
        """The schema of one command of the bellhopd that was built."""
        return json.loads(self.run("src/bellhopd", "--schema"))["commands"][command]

    def _create(self, name, text):
        path = self._tree / name
        assert not path.exists(), f"{name} must be new"
        path.write_text(text, encoding="utf-8")

    def _edit(self, name, text):
        path = self._tree / name
        lines = text.splitlines(keepends=True)
        before = "".join(line[1:] for line in lines if line[0] != "+")
        after = "".join(line[1:] for line in lines if line[0] != "-")
        content = path.read_text(encoding="utf-8")
        assert content.count(before) == 1, f"{name} must have once:\n{before}"
        path.write_text(content.replace(before, after), encoding="utf-8")

    @staticmethod
    def _run(command):
        process = subprocess.run([str(word) for word in command], text=True,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        assert process.returncode == 0, f"{command}:\n{process.stdout[-4000:]}"
        return process.stdout
