"""Plays what known clients do, as in clients/*.json, against bellhopd and a real qemu-ga.

No virtual machine: over a unix socket on this machine, with the commands blocked that change it.
tests/vm/wire_test.py plays those too.
"""

import os
import re
import unittest

import agents
import clients

CLIENTS = clients.load()
TEN_SECONDS = 10.0  # as in living.py: only a stuck agent reaches it


class ClientsTest(unittest.TestCase):
    def find(self, suite):
        """The command of bellhopd (None) or of the qemu-ga of a suite."""
        try:
            return agents.oracle(suite) if suite else agents.bellhopd()
        except agents.Unavailable as reason:
            if suite:
                self.skipTest(str(reason))
            raise

    def agent(self, command, files=None):
        def prepare(folder):
            (folder / "work").mkdir()
            for name, content in (files or {}).items():
                (folder / "work" / name).write_bytes(clients.Variables().bytes(content))
        agent = agents.Agent(command, prepare=prepare)
        self.addCleanup(agent.__exit__)
        return agent.__enter__()

    def player(self, client, agent):
        player = clients.Player(client, agent.connect, agent.working)
        self.addCleanup(player.close)
        return player

    def plays(self, client, suite=None):
        agent = self.agent(self.find(suite), client.get("files"))
        commands = clients.commands(agent.connect())
        player = self.player(client, agent)
        missing = player.play(client["calls"], commands)
        if missing:
            self.skipTest(f"all but the calls for which it lacks {', '.join(sorted(missing))}")

    def is_answered_while_stuck(self, client):
        """The host's earlier command does not end; the client gives up and goes on."""
        agent = self.agent(self.find(None))
        fifo = agent.working / "fifo"
        os.mkfifo(fifo)
        stuck = agent.connect()
        self.addCleanup(stuck.close)
        handle = stuck.call("guest-file-open", path=str(fifo), mode="r+")
        stuck.send(agents.compact({"execute": "guest-file-read",
                                   "arguments": {"handle": handle}}) + b"\n")
        if client["wire"] == "proxmox":
            connect = agent.connect  # it hangs up
            stuck.close()
        else:
            def connect():
                return stuck  # it keeps the connection
        player = clients.Player(client, connect, agent.working)
        self.addCleanup(player.close)
        player.wire.patience = max(client["patience"], TEN_SECONDS)
        player.call(client["while-stuck"])
        with open(fifo, "wb") as end:
            end.write(b"x")


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
