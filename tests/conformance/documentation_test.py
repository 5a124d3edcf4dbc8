# SPDX-License-Identifier: Apache-2.0
"""The pages of the documentation: their links, and the files and messages that they name."""

import pathlib
import re
import subprocess
import unittest

from harness import agents

LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
# A path in `code` without placeholders, below a directory of the repository or of src/.
PATH = re.compile(r"`((?:src|docs|tests|tools|client|bench|packaging|cmake|base|wire|rpc|platform|"
                  r"state|channel|config|agent|commands)/[\w./-]+)`")


def pages():
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard",
                             "*.md"], cwd=agents.ROOT, text=True, check=True,
                            stdout=subprocess.PIPE).stdout
    return [agents.ROOT / name for name in listed.split()]


def prose(path):
    return FENCE.sub("", path.read_text(encoding="utf-8"))


def anchors(path):
    """The fragments of a page's headings, as Markdown renderers make them."""
    headings = re.findall(r"^#+ (.*)$", prose(path), re.MULTILINE)
    return {re.sub(r"[^\w-]", "", heading.lower().replace(" ", "-")) for heading in headings}


class Documentation(unittest.TestCase):
    def test_links_lead_to_files_and_headings(self):
        for page in pages():
            for link in LINK.findall(prose(page)):
                if re.match(r"[a-z]+:", link):
                    continue
                name, _, fragment = link.partition("#")
                target = page.parent / name if name else page
                self.assertTrue(target.exists(), f"{page.name}: {link}")
                if fragment:
                    self.assertIn(fragment, anchors(target), f"{page.name}: {link}")

    def test_paths_in_code_exist(self):
        for page in pages():
            if page.name == "CHANGELOG.md":
                continue
            shown = page.read_text(encoding="utf-8")
            for path in PATH.findall(prose(page)):
                # A platform topic is named without the suffix and the extension of its files.
                found = (f"`{path}`:\n" in shown or any(agents.ROOT.glob(path + "*"))
                         or any(agents.ROOT.glob(f"src/{path}*")))
                self.assertTrue(found, f"{page.name}: {path}")

    def test_each_page_is_linked(self):
        linked = {(page.parent / link.partition("#")[0]).resolve()
                  for page in pages() for link in LINK.findall(prose(page))
                  if not re.match(r"[a-z]+:", link)}
        for page in (agents.ROOT / "docs").rglob("*.md"):
            self.assertIn(pathlib.Path(page).resolve(), linked)

    def test_messages_of_the_page_on_freezes_are_those_of_the_agent(self):
        sources = (agents.ROOT / "src").rglob("*.[ch]*")
        source = "".join(path.read_text(encoding="utf-8") for path in sources)
        source = re.sub(r'"\s*\n\s*"', "", source)
        messages = re.findall(r"^\| `(.*?)` \|", prose(agents.ROOT / "docs" / "a-freeze-fails.md"),
                              re.MULTILINE)
        self.assertGreater(len(messages), 20)
        for message in messages:
            # The parts that one literal has: between placeholders, and where texts are joined.
            for part in re.split(r"…|: |'freeze' |(?<=failed to )(?=execute)", message):
                self.assertTrue(part.strip(" ,") in source, message)


if __name__ == "__main__":
    unittest.main()
