# SPDX-License-Identifier: Apache-2.0
"""Processors and memory blocks: bellhopd and the real qemu-ga, called at the same time.

On this machine, and in mount namespaces with a generated sysfs tree for hardware that it lacks.
Read-only commands; tests/vm tests those that make changes.
"""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from harness import agents

VCPUS = "guest-get-vcpus"
BLOCKS = "guest-get-memory-blocks"
BLOCK_INFO = "guest-get-memory-block-info"
SYSFS = "/sys/devices/system"  # a generated tree is mounted over it

MACHINE = ("guest-shutdown", "guest-suspend-disk", "guest-suspend-ram", "guest-suspend-hybrid",
           "guest-set-time", VCPUS, "guest-set-vcpus", BLOCKS, "guest-set-memory-blocks",
           BLOCK_INFO)


def ordered(reply):
    """The reply with its list sorted by number: qemu-ga's order is arbitrary."""
    if isinstance(reply.get("return"), list):
        reply["return"].sort(key=lambda entry: entry.get("logical-id", entry.get("phys-index")))
    return reply


class Tree:
    """A generated /sys/devices/system: path -> text of a file, None for a directory, or a Path for
    the target of a symbolic link."""

    def __init__(self, files):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="bellhop-tree-"))
        self.directory.chmod(0o755)
        for name, content in files.items():
            path = self.directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                path.mkdir(parents=True, exist_ok=True)
            elif isinstance(content, pathlib.Path):
                path.symlink_to(content)
            else:
                path.write_text(content, encoding="ascii")

    def close(self):
        shutil.rmtree(self.directory)

    @property
    def wrap(self):
        return ["unshare", "-m", "sh", "-c", f'mount --bind "$0" {SYSFS} && exec "$@"',
                str(self.directory)]


class MachineTest(unittest.TestCase):
    def start(self, command, tree=None):
        agent = agents.Agent(command, wrap=tree.wrap if tree else ())
        self.addCleanup(agent.__exit__)
        connection = agent.__enter__().connect()
        self.addCleanup(connection.close)
        return connection

    def both(self, tree=None):
        oracle = agents.oracle("sid")
        return self.start(agents.bellhopd(), tree), self.start(oracle, tree)

    def tree(self, files):
        if os.geteuid() != 0:
            self.skipTest("mounting needs root")
        tree = Tree(files)
        self.addCleanup(tree.close)
        trial = subprocess.run([*tree.wrap, "true"], stdin=subprocess.DEVNULL, text=True,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
        if trial.returncode:
            self.skipTest(f"cannot mount over {SYSFS}: {trial.stderr.strip()}")
        return tree

    def replies(self, connections, command):
        return [ordered(connection.request({"execute": command})) for connection in connections]


class ThisMachine(MachineTest):
    def test_processors_and_memory_are_reported_alike(self):
        connections = self.both()
        for command in (VCPUS, BLOCKS, BLOCK_INFO):
            ours, theirs = self.replies(connections, command)
            self.assertEqual(ours, theirs, command)

    def test_processors_and_blocks_are_in_order(self):
        connection = self.start(agents.bellhopd())
        for command, member in ((VCPUS, "logical-id"), (BLOCKS, "phys-index")):
            numbers = [entry[member] for entry in connection.call(command)]
            self.assertEqual(numbers, sorted(set(numbers)))

    def test_guest_info_has_the_same_entries(self):
        entries = [{entry["name"]: entry for entry in connection.call("guest-info")
                    ["supported_commands"]} for connection in self.both()]
        for name in MACHINE:
            self.assertEqual(entries[0].get(name), entries[1][name])


class GeneratedTrees(MachineTest):
    def assert_alike(self, files, *commands):
        connections = self.both(self.tree(files))
        for command in commands:
            ours, theirs = self.replies(connections, command)
            self.assertEqual(ours, theirs, command)

    def assert_differ(self, files, command, ours, theirs):
        connections = self.both(self.tree(files))
        self.assertEqual(self.replies(connections, command), [ours, theirs])

    def test_processors_in_and_out_of_service(self):
        self.assert_alike({"cpu/cpu0": None, "cpu/cpu1/online": "1\n", "cpu/cpu2/online": "0\n",
                           "cpu/cpu10/online": "1", "cpu/cpufreq": None, "cpu/online": "0-1\n"},
                          VCPUS)

    def test_blocks_in_and_out_of_service(self):
        self.assert_alike({"memory/memory0/state": "online\n", "memory/memory0/removable": "0\n",
                           "memory/memory5/state": "offline\n", "memory/memory5/removable": "1\n",
                           "memory/memory32/state": "going-offline\n", "memory/memory33": None,
                           "memory/power": None, "memory/block_size_bytes": "80000000\n"},
                          BLOCKS, BLOCK_INFO)

    def test_neither_processors_nor_blocks(self):
        self.assert_alike({}, VCPUS, BLOCKS, BLOCK_INFO)
        self.assert_alike({"memory": None}, BLOCKS, BLOCK_INFO)
        self.assert_alike({"memory": "", "cpu": ""}, VCPUS, BLOCKS, BLOCK_INFO)

    def test_all_states_unreadable(self):
        self.assert_alike({"cpu/cpu0/online": "", "memory/memory0/state": "",
                           "memory/block_size_bytes": ""}, VCPUS, BLOCKS, BLOCK_INFO)
        self.assert_alike({"cpu/cpu0/online": pathlib.Path("/"), "memory/block_size_bytes": None,
                           "memory/memory0/state": pathlib.Path("/")}, VCPUS, BLOCKS, BLOCK_INFO)

    def test_one_that_vanishes_or_cannot_be_read_is_left_out(self):
        ours = {"return": [{"logical-id": 0, "online": True, "can-offline": True}]}
        self.assert_differ({"cpu/cpu0/online": "1\n", "cpu/cpu1": pathlib.Path("gone")}, VCPUS,
                           ours, {"error": {"class": "GenericError", "desc":
                                  "Could not open '/sys/devices/system/cpu/cpu1/': "
                                  "No such file or directory"}})
        self.assert_differ({"cpu/cpu0/online": "1\n", "cpu/cpu1/online": ""}, VCPUS,
                           ours, {"error": {"class": "GenericError", "desc":
                                  'pread("/sys/devices/system/cpu/cpu1//online"): unexpected EOF'}})
        self.assert_differ({"memory/memory0/state": "online\n", "memory/memory1/state": ""}, BLOCKS,
                           {"return": [{"phys-index": 0, "online": True, "can-offline": False}]},
                           {"error": {"class": "GenericError", "desc":
                                      'pread sysfs file "state": unexpected EOF'}})


if __name__ == "__main__":
    unittest.main()
