# SPDX-License-Identifier: Apache-2.0
"""The random differential test with a fixed number of streams (harness/differential.py).

BELLHOP_STREAMS: the number of streams (default 10000). BELLHOP_SEED: the seed (default: random).
"""

import io
import os
import unittest

from harness import agents, differential, random_streams


class Differential(unittest.TestCase):
    def play(self, left, right, count, seed):
        output = io.StringIO()
        played, differences = differential.run(left, right, seed, count, 0,
                                               differential.Reporter(left, right, output))
        self.assertEqual((played, differences), (count, 0), f"seed {seed}\n{output.getvalue()}")

    def test_random_streams_are_answered_as_by_qemu_ga(self):
        other = agents.oracle("sid")
        count = int(os.environ.get("BELLHOP_STREAMS", "10000"))
        seed = int(os.environ.get("BELLHOP_SEED") or int.from_bytes(os.urandom(4), "big"))
        self.play(agents.bellhopd(), other, count, seed)

    def test_random_streams_do_not_stop_bellhopd(self):
        """Without an oracle: both sides are bellhopd."""
        self.play(agents.bellhopd(), agents.bellhopd(), 2000,
                  int.from_bytes(os.urandom(4), "big"))


class SameAnswers(unittest.TestCase):
    """Only documented differences are ignored."""

    def same(self, left, right, stream=b""):
        return differential.same(left, right, stream)

    def errors(self, left, right, stream=b""):
        return self.same(*(b'{"error": {"class": "GenericError", "desc": "%s"}}\n' % text
                           for text in (left, right)), stream)

    def test_equal(self):
        self.assertTrue(self.same(b'{"return": {}}\n', b'{"return": {}}\n'))

    def test_order_of_members(self):
        self.assertTrue(self.same(b'{"return": {}, "id": {"a": 1, "b": inf}}\n',
                                  b'{"return": {}, "id": {"b": inf, "a": 1}}\n'))

    def test_numbers_as_written(self):
        self.assertFalse(self.same(b'{"return": {}, "id": {"a": 1.0}}\n',
                                   b'{"return": {}, "id": {"a": 1}}\n'))

    def test_an_extra_reply(self):
        self.assertFalse(self.same(b'{"return": {}}\n', b'{"return": {}}\n' * 2))

    def test_first_of_several_errors(self):
        self.assertTrue(self.errors(b"Parameter 'x' is unexpected", b"Parameter 'y' is unexpected",
                                    b'{"x":1,"\\u0079":2}'))

    def test_an_error_about_a_missing_member(self):
        self.assertFalse(self.errors(b"Parameter '[0]' is unexpected",
                                     b"Parameter '' is unexpected",
                                     b'{"":1}'))

    def test_another_message(self):
        self.assertFalse(self.errors(b"1:1: JSON parse error, expecting value",
                                     b"1:2: JSON parse error, expecting value"))

    def test_delimiter(self):
        self.assertFalse(self.same(b'\xff{"return": 1}\n', b'{"return": 1}\n'))


class Streams(unittest.TestCase):
    def test_dangerous_streams_are_recognised(self):
        for stream in (b'{"execute":"guest-shutdown"}', b'{"execute":"guest-shutdow\\u006e"}',
                       b'{"execute":"guest-file-open","arguments":{"path":"/x"}}',
                       b'{"execute":"guest-file-open","arguments":{"path":"x","mode":"w"}}',
                       b'{"execute":"guest-file-open","arguments":{"path":"x","m\\u006fde":"r+"}}'):
            self.assertFalse(random_streams.harmless(stream), stream)

    def test_shrinking_keeps_the_difference(self):
        smallest = differential.shrink(b"abc{xyz}def" * 5, lambda stream: b"xyz" in stream)
        self.assertEqual(smallest, b"xyz")


if __name__ == "__main__":
    unittest.main()
