# SPDX-License-Identifier: Apache-2.0
"""Follows docs/adding-a-channel-kind.md: its edits must apply and build, its test pass, and an agent
serve a client on the new kind."""

import json
import os
import socket
import subprocess
import tempfile
import time
import unittest

from harness import agents
from harness.page_tree import PageTree


class AddingAChannelKind(unittest.TestCase):
    def test_an_agent_serves_a_client_on_the_new_kind(self):
        with tempfile.TemporaryDirectory(prefix="bellhop-page-") as directory:
            tree = PageTree("adding-a-channel-kind.md", directory)
            self.assertEqual(tree.changed, ["src/platform/io/channel_kinds.h",
                                            "src/platform/io/channel_kinds_posix.cpp",
                                            "src/platform/io/abstract_socket.h",
                                            "src/platform/io/abstract_socket_linux.cpp",
                                            "src/platform/io/abstract_socket_fallback.cpp",
                                            "src/channel/channel_factory_posix.cpp",
                                            "src/channel/channel_factory_posix.cpp",
                                            "tests/unit/platform/io/abstract_socket_test.cpp"])
            tree.build("bellhopd", "platform-tests")
            output = tree.run("tests/platform-tests", "--gtest_filter=AbstractSocket.*")
            self.assertIn("AbstractSocket.HasOneListener", output)
            name = f"bellhop-page-{os.getpid()}"
            self.assertIn("method=abstract-listen\n",
                          tree.run("src/bellhopd", "-D", "-m", "abstract-listen", "-p", name))
            self.assertEqual(self.ping(directory, name), {"return": {}})

    def ping(self, directory, name):
        program = f"{directory}/build/release/src/bellhopd"
        blocked = ",".join(agents.DANGEROUS)
        with subprocess.Popen([program, "-m", "abstract-listen", "-p", name, "-t", directory,
                               "-b", blocked]) as agent:
            try:
                with self.connect("\0" + name) as client:
                    client.sendall(b'{"execute": "guest-ping"}\n')
                    return json.loads(client.makefile("rb").readline())
            finally:
                agent.terminate()

    @staticmethod
    def connect(address):
        deadline = time.monotonic() + agents.TIMEOUT
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        client.settimeout(agents.TIMEOUT)
        while True:
            try:
                client.connect(address)
                return client
            except ConnectionRefusedError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)


if __name__ == "__main__":
    unittest.main()
