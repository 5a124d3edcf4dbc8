# SPDX-License-Identifier: Apache-2.0
"""What known clients send to an agent, and what they require of its replies.

A file in clients/ is a JSON object about one client:
  client, source   its name; where in its source the facts are from
  protocol         how it writes and reads: a key of client_protocols.PROTOCOLS
  timeout          seconds that it waits for an ordinary reply
  files            prepared in ${dir}: name -> BYTES (variables.py)
  while-stuck      a call that must be answered while an earlier one is blocked
  calls            run in order, anywhere
  guest-calls      run in order after these, only in a virtual machine: they change the system
A call has
  send             the request: JSON, or the exact text that the client writes
  why              what the client needs it for
  extract          the client's regular expression for the text of the reply; it uses the first
                   group, as JSON, or as text if "plain" is true
  expect           what the extracted value, or else the reply, must be (reply_matching.py)
  meanwhile        values that make the client ask again
  needs            commands without which the call is left out
"""

import json
import pathlib
import re
import time

from harness import agents, client_protocols
from harness.reply_matching import Matcher, Mismatch
from harness.variables import Variables

PROFILES_DIRECTORY = pathlib.Path(__file__).resolve().parent.parent / "clients"
MEMBERS = {"client", "source", "protocol", "timeout", "files", "while-stuck", "calls",
           "guest-calls"}
CALL_MEMBERS = {"send", "why", "extract", "plain", "expect", "meanwhile", "needs"}


def load():
    """The clients by the names of their files. Raises ValueError for a malformed file."""
    clients = {}
    for path in sorted(PROFILES_DIRECTORY.glob("*.json")):
        client = json.loads(path.read_text(encoding="utf-8"))
        _check_form(path.stem, client)
        clients[path.stem] = client
    return clients


def _check_form(name, client):
    calls = [*client["calls"], client["while-stuck"], *client.get("guest-calls", [])]
    wrong = set(client) - MEMBERS | {key for call in calls for key in set(call) - CALL_MEMBERS}
    if wrong or client["protocol"] not in client_protocols.PROTOCOLS:
        raise ValueError(f"clients/{name}.json: unknown {wrong or client['protocol']}")
    requests = json.dumps([client["calls"], client["while-stuck"]])
    for dangerous in agents.DANGEROUS:
        if re.search(rf"{dangerous}(?![a-z-])", requests):
            raise ValueError(f"clients/{name}.json: {dangerous} is for guest-calls only")


class Player:
    """Runs a client's calls.

    connect: makes an agents.Connection. directory: the value of ${dir}, where the agent runs.
    """

    def __init__(self, client, connect, directory, timeout=agents.TIMEOUT):
        self.protocol = client_protocols.open_protocol(client["protocol"], connect, timeout)
        self.variables = Variables(dir=str(directory))
        self.matcher = Matcher(self.variables, self.variables.bytes)

    def play(self, calls, commands):
        """Runs the calls for which the agent has the commands; returns the missing commands."""
        missing = set()
        for call in calls:
            lacks = set(call.get("needs", ())) - commands
            missing |= lacks
            if not lacks:
                self.call(call)
        return missing

    def call(self, call):
        try:
            self._call_until_expected(call)
        except (AssertionError, ValueError) as error:
            raise Mismatch(f"{call['send']} ({call.get('why', 'continued')}): {error}") from None

    def _call_until_expected(self, call):
        deadline, pause = time.monotonic() + agents.TIMEOUT, 0.001
        while True:
            value = self._send(call)
            expected = self.variables.expand(call["expect"])
            if "meanwhile" not in call or not self.matcher.matches(value, call["meanwhile"]):
                self.matcher.check(value, expected)
                return
            if time.monotonic() > deadline:
                raise Mismatch(f"still {value} after {agents.TIMEOUT} s")
            time.sleep(pause)
            pause = min(2 * pause, 0.1)

    def _send(self, call):
        reply = self.protocol.call(self.variables.expand(call["send"]))
        if "extract" not in call:
            return json.loads(reply)
        found = re.search(call["extract"], reply)
        if not found:
            raise Mismatch(f"its expression finds nothing in {reply[:500]}")
        return found.group(1) if call.get("plain") else json.loads(found.group(1))

    def close(self):
        self.protocol.close()


def commands(connection):
    """The names of the commands that an agent has. Closes the connection."""
    with connection:
        return {entry["name"] for entry in connection.call("guest-info")["supported_commands"]}
