# SPDX-License-Identifier: Apache-2.0
"""Plays the calls of known clients, clients/*.json, against bellhopd and a real qemu-ga.

Over a unix socket on this machine, with the commands blocked that change it.
tests/vm/client_profiles_test.py plays those too.
"""

import re
import unittest

from harness import agents, client_profiles
from harness.lifecycle import TEN_SECONDS, LoopFilesystem

CLIENTS = client_profiles.load()


class ClientsTest(unittest.TestCase):
    def program(self, suite):
        """The path of the qemu-ga of a suite. None: of bellhopd."""
        return agents.oracle(suite) if suite else agents.bellhopd()

    def agent(self, command, files=None, **options):
        def prepare(directory):
            (directory / "work").mkdir()
            for name, content in (files or {}).items():
                (directory / "work" / name).write_bytes(client_profiles.Variables().bytes(content))
        agent = agents.Agent(command, prepare=prepare, **options)
        self.addCleanup(agent.__exit__)
        return agent.__enter__()

    def player(self, client, agent):
        player = client_profiles.Player(client, agent.connect, agent.working_directory)
        self.addCleanup(player.close)
        return player

    def plays(self, client, suite=None):
        agent = self.agent(self.program(suite), client.get("files"))
        commands = client_profiles.commands(agent.connect())
        player = self.player(client, agent)
        missing = player.play(client["calls"], commands)
        if missing:
            self.skipTest(f"all but the calls for which it lacks {', '.join(sorted(missing))}")

    def is_answered_while_stuck(self, client):
        """An earlier command is blocked in the kernel; the client times out and calls another."""
        with LoopFilesystem() as loop:
            agent = self.agent(self.program(None), wrap=loop.wrap)
            with agent.connect() as first:
                first.call("guest-ping")
            loop.open_namespace(agent)
            loop.fsfreeze("-f")
            try:
                self.call_while_stuck(client, agent, loop.mountpoint / "new")
            finally:
                loop.fsfreeze("-u", check=False)
                agent.stop()

    def call_while_stuck(self, client, agent, path):
        stuck = agent.connect()
        self.addCleanup(stuck.close)
        stuck.send(agents.compact({"execute": "guest-file-open",
                                   "arguments": {"path": str(path), "mode": "w"}}) + b"\n")
        if client["protocol"] == "proxmox":
            stuck.close()  # it disconnects and connects again

        def connect():
            return agent.connect() if client["protocol"] == "proxmox" else stuck
        stuck.timeout = max(client["timeout"], TEN_SECONDS)
        player = client_profiles.Player(client, connect, agent.working_directory, stuck.timeout)
        self.addCleanup(player.close)
        player.call(client["while-stuck"])


def _add_tests():
    for name, client in CLIENTS.items():
        word = re.sub(r"\W", "_", name)
        for suite in (None, "sid", "trixie"):
            def plays(self, client=client, suite=suite):
                self.plays(client, suite)
            setattr(ClientsTest, f"test_{word}_with_{'qemu_ga_' + suite if suite else 'bellhopd'}",
                    plays)

        def stuck(self, client=client):
            self.is_answered_while_stuck(client)
        setattr(ClientsTest, f"test_{word}_while_a_command_is_stuck", stuck)


_add_tests()

if __name__ == "__main__":
    unittest.main()
