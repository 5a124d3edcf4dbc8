# SPDX-License-Identifier: Apache-2.0
"""The host's connection to an agent in a guest."""

import random
import time

from harness import agents


class Client(agents.Connection):
    """A connection whose errors name the guest, the agent and the last request."""

    def __init__(self, guest, agent, channel):
        super().__init__(guest.sockets / channel, agent.kind)
        self.guest = guest
        self.agent = agent
        guest.clients.append(self)
        self.last = None

    def send(self, data):
        self.last = (time.monotonic(), data[:300])
        super().send(data)

    def _receive(self, deadline):
        try:
            super()._receive(deadline)
        except agents.NoReply as error:
            request = self.last and self.last[1]
            raise agents.NoReply(
                f"{self.guest}, {self.agent.name}, after {request!r}: {error}") from None

    def synchronize(self, timeout=30.0):
        """Waits until the agent answers, so that the next line is the next request's reply."""
        deadline = time.monotonic() + timeout
        while True:
            number = random.randrange(1 << 31)
            self.send(b"\xff" + agents.compact({"execute": "guest-sync-delimited",
                                                "arguments": {"id": number}}) + b"\n")
            try:
                while True:
                    left = min(5.0, deadline - time.monotonic())
                    self.read_until(b"\xff", left)
                    if f'"return": {number}}}' in self.read_line(left).decode(errors="replace"):
                        return self
            except agents.NoReply:
                if time.monotonic() >= deadline:
                    raise
