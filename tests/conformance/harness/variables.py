# SPDX-License-Identifier: Apache-2.0
"""Variables in the data of tests, "${name}", and a notation for bytes."""

import re


class Variables(dict):
    """The values by name. "${name}" in a text is replaced by the value; a JSON string that contains
    nothing else becomes the value with its type."""

    def text(self, string):
        return re.sub(r"\$\{([a-z0-9-]+)\}", lambda found: str(self[found.group(1)]), string)

    def bytes(self, spec):
        """The bytes of BYTES: a string whose characters U+0000 to U+00FF are the bytes, or an array
        of such strings and {"repeat": "…", "times": n}."""
        if isinstance(spec, str):
            return self.text(spec).encode("latin-1")
        if isinstance(spec, dict):
            return self.bytes(spec["repeat"]) * spec["times"]
        return b"".join(self.bytes(piece) for piece in spec)

    def expand(self, value):
        if isinstance(value, str):
            alone = re.fullmatch(r"\$\{([a-z0-9-]+)\}", value)
            return self[alone.group(1)] if alone else self.text(value)
        if isinstance(value, list):
            return [self.expand(element) for element in value]
        if isinstance(value, dict):
            if set(value) == {"$repeat", "times"}:
                return self.expand(value["$repeat"]) * value["times"]
            return {key: self.expand(member) for key, member in value.items()}
        return value
