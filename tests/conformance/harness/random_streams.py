# SPDX-License-Identifier: Apache-2.0
"""Random byte streams for the differential test: harmless requests, intact and corrupted."""

import json
import random
import re

from harness import agents

INTEGERS = (0, 1, -1, 2, 7, 127, 128, 255, 256, 4095, 4096, 4097, 65535, 2147483647, 2147483648,
            4294967295, 9007199254740993, 9223372036854775807, 9223372036854775808,
            -9223372036854775808, -9223372036854775809, 18446744073709551615,
            18446744073709551616, 10 ** 25)
NUMBERS = ("0", "-0", "1.0", "-0.0", "0.1", "1e2", "1E+2", "1e-7", "0.0e1", "1.5", "1e308",
           "1e-320", "123456789.125", "3.141592653589793", "01", "1.", ".5", "-", "+1", "0e1",
           "1e", "0x1", "1e400", "-1e400", "Infinity", "NaN")
GOOD_NUMBERS = NUMBERS[:14]
CHARACTERS = (" !#$%&()*+,-.:;<=>?@AZ[]^_`az{|}~0189'\"\\\b\f\n\r\t\0\x01\x1f\x7f\x80\xe9"
              "\xff\u0100\u07ff\u0800\u20ac\ud7ff\ue000\ufdcf\ufdf0\ufffd\U00010000\U0001f600"
              "\U0010fffd")
ODD_ESCAPES = (r"\ud800", r"\udc00", r"\ud83d\ude00", r"\uffff", r"\ufffe", r"\ufdd0", r"\u0000",
               r"\u12", r"\uXYZW", r"\a", r"\0", r"\'", r"\b", r"\ud800\n", r"\ud83f\udfff", r"\u")
ODD_BYTES = (b"\xc0\x80", b"\xc1\xbf", b"\xe0\x80\x80", b"\xed\xa0\x80", b"\xef\xbf\xbf", b"\x80",
             b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80", b"\xbf", b"\xc3", b"\xe2\x82",
             b"\xf0\x9f\x98", b"\xfd", b"\xef\xb7\x90", b"\xf0\x9f\xbf\xbe")
PIECES = tuple(bytes([byte]) for byte in
               b"\xff\xfe\0\x01\x0b\x0c\x1f\x7f\t\n\r {}[],:\"'\\09-+.ex@#")
PIECES += (b"\\u", b"true", b"false", b"null", b"nul", b"{}", b"[]", b'""', b"''", b"1", b"1e",
           b'"id":1', b',"id":1', b'"a"', b"\xef\xbb\xbf") + ODD_BYTES

READABLE = {"r0": b"", "r1": b"0123456789", "r2": bytes(range(256)) * 20, "r3": b"x" * 4096}
READ_MODES = ("r", "rb")
BAD_MODES = ("", "x", "R", "rx", "br", "r ", "re", "rt", "r\0")
WRITE_MODES = ("w", "wb", "w+", "w+b", "wb+", "a", "ab", "a+", "a+b", "ab+")


class Generator:
    """Generates streams from a seed. The caller sets `handle` to the next file handle that the
    agents will return, as far as it is known."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.handle = 1000
        self.names = 0

    def batch(self, count):
        """`count` streams. Those that write come first: only there is the handle known."""
        writing = sum(self.random.random() < 0.04 for _ in range(count))
        batch = []
        for _ in range(writing):
            batch.append(self._writing())
            self.handle += 1
        return batch + [self._stream() for _ in range(count - writing)]

    def _stream(self):
        r = self.random
        messages = [self._request() for _ in range(r.choice((1, 1, 1, 2, 2, 3, 5)))]
        separators = (b"", b"\n", b" ", b"\r\n", b"\t", b"\n\n", b",", b"\xff")
        whole = b"".join(message + r.choice(separators[:5] if r.random() < 0.9 else separators)
                         for message in messages)
        stream = whole
        if r.random() < 0.65:
            for _ in range(r.choice((1, 1, 1, 2, 3, 6))):
                stream = self._damage(stream)
        return stream if harmless(stream) else whole if harmless(whole) else b"{}"

    # --- values and their text

    def _space(self):
        r = self.random
        return r.choice((b" ", b"\n", b"\t", b"\r", b"  ")) if r.random() < 0.05 else b""

    def _string(self, text):
        r = self.random
        quote = "'" if r.random() < 0.1 else '"'
        out = []
        for character in text:
            if character in ("\\", quote) or ord(character) < 32:
                short = {"\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t"}
                out.append(short.get(character) or ("\\" + character if ord(character) >= 32
                                                    else f"\\u{ord(character):04x}"))
            elif r.random() < 0.02:
                units = character.encode("utf-16-be").hex()
                out.extend("\\u" + units[at:at + 4] for at in range(0, len(units), 4))
            else:
                out.append(character)
        return (quote + "".join(out) + quote).encode("utf-8", "surrogatepass")

    def _text(self):
        r = self.random
        return "".join(r.choice(CHARACTERS) for _ in range(r.choice((0, 1, 2, 3, 5, 8, 20))))

    def _number(self):
        r = self.random
        choice = r.random()
        if choice < 0.4:
            return str(r.randint(-1000, 100000)).encode()
        if choice < 0.8:
            return str(r.choice(INTEGERS)).encode()
        if choice < 0.95:
            return r.choice(GOOD_NUMBERS).encode()
        return r.choice(NUMBERS).encode()

    def _value(self, depth=0):
        r = self.random
        choice = r.random()
        if choice < 0.3:
            return self._number()
        if choice < 0.55:
            return self._odd_string() if r.random() < 0.1 else self._string(self._text())
        if choice < 0.7 or depth > 4:
            return r.choice((b"null", b"true", b"false"))
        if choice < 0.85:
            return self._array([self._value(depth + 1) for _ in range(r.randint(0, 4))])
        if choice < 0.995 or depth:
            keys = {self._text() for _ in range(r.randint(0, 4))}
            return self._object([(key, self._value(depth + 1)) for key in sorted(keys)])
        return self._large()

    def _odd_string(self):
        r = self.random
        odd = [r.choice((b"a", b"bc", r.choice(ODD_BYTES), r.choice(ODD_ESCAPES).encode()))
               for _ in range(r.randint(1, 4))]
        return b'"' + b"".join(odd) + b'"'

    def _large(self):
        r = self.random
        choice = r.random()
        if choice < 0.4:
            depth = r.choice((10, 100, 1000, 1022, 1023, 1024, 1025, 1100))
            return b"[" * depth + b"]" * depth
        if choice < 0.8:
            return b'"' + b"0123456789abcdef" * r.choice((256, 1000, 4096)) + b'"'
        return b"[" + b",".join([b"1"] * r.choice((100, 5000))) + b"]"

    def _array(self, elements):
        comma = self._space() + b"," + self._space()
        return b"[" + self._space() + comma.join(elements) + self._space() + b"]"

    def _object(self, members):
        comma = self._space() + b"," + self._space()
        return (b"{" + self._space() +
                comma.join(self._string(key) + self._space() + b":" + self._space() + value
                           for key, value in members) + self._space() + b"}")

    # --- requests

    def _request(self):
        r = self.random
        if r.random() < 0.03:
            return self._value()
        command, arguments = self._command()
        members = [("execute", self._string(command))]
        if arguments or r.random() < 0.3:
            members.append(("arguments", self._object(arguments)))
        if r.random() < 0.4:
            members.append(("id", self._value()))
        if r.random() < 0.03:
            unexpected = r.choice(("control", "exec-oob", "x", "", "Id", "return"))
            members.append((unexpected, self._value()))
        if r.random() < 0.03:
            at = r.randrange(len(members))
            members[at] = (members[at][0], self._value())
        if r.random() < 0.02:
            members.append(r.choice(members))
        if r.random() < 0.02:
            members.pop(r.randrange(len(members)))
        r.shuffle(members)
        return self._object(members)

    def _command(self):
        r = self.random
        kind = r.choice(("sync", "sync", "delimited", "ping", "ping", "ping", "none", "fact",
                         "open", "handle", "handle", "handle", "handle", "status", "exec"))
        if kind in ("sync", "delimited"):
            name = "guest-sync" if kind == "sync" else "guest-sync-delimited"
            return name, self._arguments([("id", self._integer())])
        if kind == "ping":
            return "guest-ping", self._arguments([])
        if kind == "none":
            return r.choice(("nosuch", "", "guest", "guest-pin", "Guest-ping", self._text())), \
                self._arguments([])
        if kind == "fact":
            return r.choice(("guest-get-host-name", "guest-get-timezone", "guest-get-osinfo")), \
                self._arguments([])
        if kind == "status":
            return "guest-fsfreeze-status", self._arguments([])
        if kind == "exec":
            return "guest-exec-status", self._arguments([("pid", self._integer())])
        if kind == "open":
            members = [("path", self._string(r.choice((*READABLE, "none", "r1\0", "none.d"))))]
            if r.random() < 0.7:
                mode = r.choice(READ_MODES) if r.random() < 0.8 else r.choice(BAD_MODES)
                members.append(("mode", self._string(mode)))
            return "guest-file-open", self._arguments(members)
        return self._on_handle()

    def _integer(self):
        r = self.random
        return str(r.choice(INTEGERS)).encode() if r.random() < 0.5 else \
            str(r.randint(-5, 10 ** 9)).encode()

    def _on_handle(self):
        r = self.random
        handle = ("handle", str(self.handle - r.randint(-4, 12)).encode())
        what = r.choice(("read", "read", "read", "seek", "seek", "write", "flush", "close"))
        if what == "read":
            members = [handle]
            if r.random() < 0.8:
                count = r.choice((0, 1, 2, 3, 7, 10, 11, 100, 4096, 5000, -1, 50331649,
                                  2 ** 63 - 1))
                members.append(("count", str(count).encode()))
            return "guest-file-read", self._arguments(members)
        if what == "seek":
            offset = r.choice((0, 1, 3, 5, 9, 10, 11, 4095, 4096, 6000, -1, -3, -10, -(2 ** 63)))
            whence = r.choice((b'"set"', b'"cur"', b'"end"', b"0", b"1", b"2", b"3", b'"x"',
                               b"true"))
            return "guest-file-seek", self._arguments([handle, ("offset", str(offset).encode()),
                                                       ("whence", whence)])
        if what == "write":
            return "guest-file-write", self._write_arguments(handle)
        return "guest-file-" + what, self._arguments([handle])

    def _write_arguments(self, handle):
        r = self.random
        letters = "ABCDwxyz0189+"
        text = "".join(r.choice(letters) for _ in range(r.choice((0, 1, 2, 3, 4, 5, 8, 16, 40))))
        text += r.choice(("", "", "=", "==", "\n", "===="))
        if r.random() < 0.1:
            at = r.randint(0, len(text))
            text = text[:at] + r.choice(("\n", "=", "!", "-", " ", "\0", "\xe9", "\r")) + text[at:]
        members = [handle, ("buf-b64", self._string(text))]
        if r.random() < 0.3:
            members.append(("count", str(r.choice((0, 1, 2, 3, 100, -1))).encode()))
        return self._arguments(members)

    def _arguments(self, members):
        r = self.random
        members = list(members)
        if r.random() < 0.05 and members:
            at = r.randrange(len(members))
            members[at] = (members[at][0], self._value())
        if r.random() < 0.03 and members:
            members.pop(r.randrange(len(members)))
        if r.random() < 0.03:
            members.append((r.choice(("x", "", "Id", "idx", "handle")), self._value()))
        if r.random() < 0.1:
            r.shuffle(members)
        return members

    def _writing(self):
        """Writes, reads and closes a new file. Never corrupted: with two handles of one file, the
        buffering of the agents would show."""
        r = self.random
        self.names += 1
        handle = ("handle", str(self.handle).encode())
        requests = [("guest-file-open", [("path", self._string(f"n{self.names}")),
                                         ("mode", self._string(r.choice(WRITE_MODES)))])]
        for _ in range(r.randint(1, 8)):
            what = r.choice(("write", "write", "read", "seek", "flush"))
            if what == "write":
                requests.append(("guest-file-write", self._write_arguments(handle)))
            elif what == "read":
                count = ("count", str(r.randint(0, 60)).encode())
                requests.append(("guest-file-read", [handle, count]))
            elif what == "seek":
                requests.append(("guest-file-seek", [
                    handle, ("offset", str(r.randint(-20, 50)).encode()),
                    ("whence", r.choice((b'"set"', b'"cur"', b'"end"')))]))
            else:
                requests.append(("guest-file-flush", [handle]))
        requests.append(("guest-file-close", [handle]))
        return b"\n".join(self._object([("execute", self._string(name)),
                                        ("arguments", self._object(arguments))])
                          for name, arguments in requests)

    # --- corruption

    def _damage(self, stream):
        r = self.random
        if not stream:
            return r.choice(PIECES)
        at = r.randrange(len(stream))
        to = min(len(stream), at + r.choice((1, 1, 1, 2, 3, 8, 40)))
        kind = r.randrange(9)
        if kind == 0:
            return stream[:at] + bytes([stream[at] ^ (1 << r.randrange(8))]) + stream[at + 1:]
        if kind == 1:
            return stream[:at] + bytes([r.randrange(256)]) + stream[at + 1:]
        if kind in (2, 3):
            return stream[:at] + r.choice(PIECES) + stream[at:]
        if kind == 4:
            return stream[:at] + r.choice(PIECES) + stream[to:]
        if kind == 5:
            return stream[:at] + stream[to:]
        if kind == 6:
            return stream[:at]
        if kind == 7:
            return stream[:at] + stream[at:to] * r.choice((2, 2, 3, 30)) + stream[to:]
        other = r.randrange(len(stream))
        return stream[:at] + stream[other:other + to - at] + stream[to:]


def unescaped(stream):
    """The stream with \\u escapes of ASCII characters decoded, for harmless()."""
    return re.sub(rb"\\u00([0-7][0-9a-fA-F])",
                  lambda found: bytes([int(found.group(1), 16)]), stream)


def harmless(stream):
    """Whether the stream names no dangerous command, opens nothing outside its directory and
    writes only the files of _writing()."""
    plain = unescaped(stream)
    folded = re.sub(rb"[^a-z-]", b"", plain.lower())
    if any(name.encode() in folded for name in agents.DANGEROUS) or b"guest-exec\"" in plain:
        return False
    if b"open" not in plain:
        return True
    modes = re.findall(rb"mode(.{0,12})", plain, re.DOTALL)
    return b"/" not in plain and not any(re.search(rb"[wa+]", mode) for mode in modes)


if __name__ == "__main__":
    generator = Generator(1)
    for line in generator.batch(20):
        print(json.dumps(line.decode("latin-1")))
