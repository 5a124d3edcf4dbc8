# SPDX-License-Identifier: Apache-2.0
"""Validates the agents' replies against the schema that bellhopd prints.

Runs the conformance cases and the tests of freezes, trims and accounts again with BELLHOP_RECORD
set, and validates every recorded success, bellhopd's and qemu-ga's, with python3-jsonschema.
BELLHOP_RECORD=FILE: validates that record instead.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

from harness import agents, user_accounts
from harness.lifecycle import LoopFilesystem

try:
    import jsonschema
except ImportError:
    jsonschema = None

HERE = pathlib.Path(__file__).resolve().parent

# Commands that must not run on the tests' machine. tests/vm calls them in a guest and validates
# their replies, if any.
IN_GUESTS = {"guest-set-memory-blocks", "guest-set-time", "guest-set-vcpus", "guest-shutdown",
             "guest-suspend-disk", "guest-suspend-hybrid", "guest-suspend-ram"}
FREEZING = {"guest-fsfreeze-freeze", "guest-fsfreeze-freeze-list", "guest-fstrim",
            "bellhop-fsfreeze", "bellhop-fsfreeze-renew", "bellhop-fsfreeze-status",
            "bellhop-fsfreeze-thaw"}
ACCOUNTS = {"guest-set-user-password", "guest-ssh-add-authorized-keys",
            "guest-ssh-get-authorized-keys", "guest-ssh-remove-authorized-keys"}


def reason_not_to_freeze():
    try:
        with LoopFilesystem():
            return None
    except unittest.SkipTest as reason:
        return str(reason)


def schema():
    run = subprocess.run([agents.bellhopd(), "--schema"], stdout=subprocess.PIPE, check=True,
                         timeout=agents.TIMEOUT)
    return json.loads(run.stdout)


def recorded():
    """The recorded exchanges. Runs the tests that record them unless there is a record."""
    named = os.environ.get("BELLHOP_RECORD")
    if named:
        return _read(named)
    with tempfile.TemporaryDirectory() as directory:
        record = pathlib.Path(directory) / "record"
        environment = dict(os.environ, BELLHOP_RECORD=str(record))
        played = [("conformance_test.py", part) for part in ("bellhopd.", "qemu_ga_sid.")]
        played += [("accounts_test.py", ""), ("freeze_filesystems_test.py", "Bellhop"),
                   ("freeze_owner_test.py", ""), ("trim_test.py", "Bellhop")]
        for file, part in played:
            # Their own runs report whether these tests pass.
            subprocess.run([sys.executable, str(HERE / "run.py"), "-k", part, str(HERE / file)],
                           env=environment, stdout=subprocess.DEVNULL, check=False)
        return _read(record)


def _read(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


class Schema(unittest.TestCase):
    def setUp(self):
        if jsonschema is None:
            self.skipTest("needs python3-jsonschema")
        self.schema = schema()

    def validator(self, part):
        kind = jsonschema.validators.validator_for({"$schema": self.schema.get("$schema", "")},
                                                   default=jsonschema.validators.validator_for({}))
        kind.check_schema(part)
        return kind(part)

    def test_is_a_valid_schema(self):
        self.assertIn("guest-ping", self.schema["commands"])
        for name, command in self.schema["commands"].items():
            for part in ("arguments", "returns"):
                self.assertIn(part, command, name)
                self.validator(command[part])

    def test_rejects_wrong_replies(self):
        returns = self.validator(self.schema["commands"]["guest-file-read"]["returns"])
        good = {"count": 1, "buf-b64": "eA==", "eof": False}
        self.assertEqual(list(returns.iter_errors(good)), [])
        for wrong in (dict(good, count="1"), dict(good, more=1), {"count": 1, "eof": False}, []):
            self.assertTrue(list(returns.iter_errors(wrong)), wrong)

    def test_bellhop_schema_returns_the_same(self):
        with agents.Agent(agents.bellhopd()) as agent, agent.connect() as client:
            self.assertEqual(client.call("bellhop-schema"), self.schema)

    def test_replies_conform_and_every_command_was_called(self):
        validators = {name: (self.validator(command["arguments"]),
                             self.validator(command["returns"]))
                      for name, command in self.schema["commands"].items()}
        successes = {}
        wrong = []
        for exchange in recorded():
            name = exchange["request"].get("execute")
            if "return" not in exchange["reply"] or name not in validators:
                continue
            if exchange["agent"] == "bellhopd":
                successes[name] = successes.get(name, 0) + 1
            arguments, returns = validators[name]
            errors = list(arguments.iter_errors(exchange["request"].get("arguments", {})))
            errors += returns.iter_errors(exchange["reply"]["return"])
            if errors:
                wrong.append(f"{exchange['agent']}: {exchange}: {errors[0].message}"[:1000])
        self.assertEqual(wrong, [])
        missing = set(validators) - set(successes) - IN_GUESTS
        reasons = []
        for some, reason_to_skip in ((FREEZING, reason_not_to_freeze),
                                     (ACCOUNTS, user_accounts.reason_to_skip)):
            if missing & some and (reason := reason_to_skip()):
                missing -= some
                reasons.append(reason)
        self.assertEqual(missing, set(), "commands that no test called successfully")
        if reasons:
            self.skipTest("; ".join(reasons))


if __name__ == "__main__":
    unittest.main()
