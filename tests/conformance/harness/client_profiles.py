"""What known clients say to an agent, and what they make of its replies.

A file in clients/ is a JSON object about one client:
  client, source   its name; where in its source the facts are from
  wire             how it writes and reads: a name of client_protocols.WIRES
  timeout          seconds that it waits for an ordinary reply
  files            prepared in ${dir}: name -> BYTES (variables.py)
  while-stuck      the call that must be answered while an older one does not end
  calls            played in order, in any place
  guest-calls      played in order after these, in a virtual machine only: they change the system
A call has
  say              the request: JSON, or its text just as the client writes it
  why              what the client wants of it
  take             the client's regular expression over the text of the reply; its first group is
                   what it takes. It is JSON, unless "plain" is true
  expect           what that, or the reply, must be (reply_matching.py)
  meanwhile        what it may be before; then the client asks again
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
MEMBERS = {"client", "source", "wire", "timeout", "files", "while-stuck", "calls", "guest-calls"}
CALL_MEMBERS = {"say", "why", "take", "plain", "expect", "meanwhile", "needs"}


def load():
    """The clients by the name of their file, checked for form."""
    clients = {}
    for path in sorted(PROFILES_DIRECTORY.glob("*.json")):
        client = json.loads(path.read_text(encoding="utf-8"))
        _check_form(path.stem, client)
        clients[path.stem] = client
    return clients


def _check_form(name, client):
    calls = [*client["calls"], client["while-stuck"], *client.get("guest-calls", [])]
    wrong = set(client) - MEMBERS | {key for call in calls for key in set(call) - CALL_MEMBERS}
    if wrong or client["wire"] not in client_protocols.PROTOCOLS:
        raise ValueError(f"clients/{name}.json: unknown {wrong or client['wire']}")
    said = json.dumps([client["calls"], client["while-stuck"]])
    for dangerous in agents.DANGEROUS:
        if re.search(rf"{dangerous}(?![a-z-])", said):
            raise ValueError(f"clients/{name}.json: {dangerous} is for guest-calls only")


class Player:
    """Plays a client's calls. connect: makes an agents.Connection; directory: ${dir}, in the guest."""

    def __init__(self, client, connect, directory, timeout=agents.TIMEOUT):
        self.protocol = client_protocols.open_protocol(client["wire"], connect, timeout)
        self.variables = Variables(dir=str(directory))
        self.matcher = Matcher(self.variables, self.variables.bytes)

    def play(self, calls, commands):
        """The calls for which the agent has the commands; those that it lacks."""
        missing = set()
        for call in calls:
            lacks = set(call.get("needs", ())) - commands
            missing |= lacks
            if not lacks:
                self.call(call)
        return missing

    def call(self, call):
        try:
            self._until_expected(call)
        except (AssertionError, ValueError) as error:
            raise Mismatch(f"{call['say']} ({call.get('why', 'and on')}): {error}") from None

    def _until_expected(self, call):
        deadline, pause = time.monotonic() + agents.TIMEOUT, 0.001
        while True:
            value = self._ask(call)
            expected = self.variables.expand(call["expect"])
            if "meanwhile" not in call or not self.matcher.matches(value, call["meanwhile"]):
                self.matcher.check(value, expected)
                return
            if time.monotonic() > deadline:
                raise Mismatch(f"still {value} after {agents.TIMEOUT} s")
            time.sleep(pause)
            pause = min(2 * pause, 0.1)

    def _ask(self, call):
        reply = self.protocol.call(self.variables.expand(call["say"]))
        if "take" not in call:
            return json.loads(reply)
        found = re.search(call["take"], reply)
        if not found:
            raise Mismatch(f"its expression finds nothing in {reply[:500]}")
        return found.group(1) if call.get("plain") else json.loads(found.group(1))

    def close(self):
        self.protocol.close()


def commands(connection):
    """The names of the commands that an agent has."""
    with connection:
        return {entry["name"] for entry in connection.call("guest-info")["supported_commands"]}
