# SPDX-License-Identifier: Apache-2.0
"""Matches a decoded reply against the expectation of a case.

An expectation is JSON, compared exactly (1, 1.0 and true are different). Objects with one of these
members are matchers:
  {"$any": true}                 anything
  {"$int": {"min":, "max":}}     an integer, within bounds if given
  {"$number": true}, {"$string": true}, {"$bool": true}
  {"$regex": "…"}                a string that the expression matches as a whole
  {"$b64": BYTES}                base64 of these bytes (see cases.py for BYTES)
  {"$list": E}                   an array whose elements all match E
  {"$contains": E}               an array with an element that matches E
  {"$members": {…}}              an object with at least these members
  {"$or": [E, …]}                one of these
  {"$save": "name", "as": E}     matches E and becomes the variable ${name}
  {"$optional": E}               as a member's value: the member may be absent
"""

import base64
import json
import re


class Mismatch(AssertionError):
    pass


class Matcher:
    """Matches values against expectations. Stores the values of $save in `variables`."""

    def __init__(self, variables, expand_bytes):
        self.variables = variables
        self.expand_bytes = expand_bytes

    def check(self, actual, expected, where="reply"):
        if isinstance(expected, dict):
            kinds = [key for key in expected if key.startswith("$")]
            if kinds:
                getattr(self, "_" + kinds[0][1:].replace("-", "_"))(actual, expected, where)
            else:
                self._object(actual, expected, where)
        elif isinstance(expected, list):
            self._array(actual, expected, where)
        else:
            self._equal(actual, expected, where)

    def matches(self, actual, expected):
        try:
            self.check(actual, expected)
            return True
        except Mismatch:
            return False

    def _fail(self, actual, expected, where):
        raise Mismatch(f"{where}: expected {_short(expected)}, is {_short(actual)}")

    def _equal(self, actual, expected, where):
        if type(actual) is not type(expected) or actual != expected:
            self._fail(actual, expected, where)

    def _array(self, actual, expected, where):
        if not isinstance(actual, list) or len(actual) != len(expected):
            self._fail(actual, expected, where)
        for index, element in enumerate(expected):
            self.check(actual[index], element, f"{where}[{index}]")

    def _object(self, actual, expected, where, others_allowed=False):
        if not isinstance(actual, dict):
            self._fail(actual, expected, where)
        for key, member in expected.items():
            optional = isinstance(member, dict) and "$optional" in member
            if key in actual:
                self.check(actual[key], member["$optional"] if optional else member,
                           f"{where}.{key}")
            elif not optional:
                raise Mismatch(f"{where}: lacks '{key}', is {_short(actual)}")
        for key in actual:
            if key not in expected and not others_allowed:
                raise Mismatch(f"{where}: has '{key}', is {_short(actual)}")

    def _members(self, actual, expected, where):
        self._object(actual, expected["$members"], where, others_allowed=True)

    def _any(self, actual, expected, where):
        pass

    def _int(self, actual, expected, where):
        bounds = expected["$int"] if isinstance(expected["$int"], dict) else {}
        if (type(actual) is not int or actual < bounds.get("min", actual) or
                actual > bounds.get("max", actual)):
            self._fail(actual, expected, where)

    def _number(self, actual, expected, where):
        if type(actual) not in (int, float):
            self._fail(actual, expected, where)

    def _string(self, actual, expected, where):
        if not isinstance(actual, str):
            self._fail(actual, expected, where)

    def _bool(self, actual, expected, where):
        if not isinstance(actual, bool):
            self._fail(actual, expected, where)

    def _regex(self, actual, expected, where):
        if not isinstance(actual, str) or not re.fullmatch(expected["$regex"], actual, re.DOTALL):
            self._fail(actual, expected, where)

    def _b64(self, actual, expected, where):
        wanted = self.expand_bytes(expected["$b64"])
        if not isinstance(actual, str) or actual != base64.b64encode(wanted).decode():
            self._fail(actual, expected, where)

    def _list(self, actual, expected, where):
        if not isinstance(actual, list):
            self._fail(actual, expected, where)
        for index, element in enumerate(actual):
            self.check(element, expected["$list"], f"{where}[{index}]")

    def _contains(self, actual, expected, where):
        if (not isinstance(actual, list) or
                not any(self.matches(element, expected["$contains"]) for element in actual)):
            self._fail(actual, expected, where)

    def _or(self, actual, expected, where):
        if not any(self.matches(actual, choice) for choice in expected["$or"]):
            self._fail(actual, expected, where)

    def _save(self, actual, expected, where):
        self.check(actual, expected.get("as", {"$any": True}), where)
        self.variables[expected["$save"]] = actual

    def _optional(self, actual, expected, where):
        self.check(actual, expected["$optional"], where)


def _short(value):
    text = json.dumps(value)
    return text if len(text) < 1500 else f"{text[:700]} … {text[-300:]} ({len(text)} characters)"
