# SPDX-License-Identifier: Apache-2.0
"""Thaws filesystems after a timeout, unless it is stopped before.

usage: watchdog.py SECONDS FD…   descriptors of directories on the filesystems

Prints "ready" when it is loaded. The line "done" on standard input stops it. At the end of standard
input without that line, or after the timeout, it thaws all of them.
"""

import fcntl
import select
import signal
import sys

FITHAW = 0xC0045878  # linux/fs.h; EINVAL for a filesystem that is not frozen


def thaw(descriptor):
    """Returns whether the filesystem was frozen."""
    try:
        fcntl.ioctl(descriptor, FITHAW, 0)
        return True
    except OSError:
        return False


def main():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    seconds, descriptors = float(sys.argv[1]), [int(text) for text in sys.argv[2:]]
    print("ready", flush=True)
    readable, _, _ = select.select([sys.stdin], [], [], seconds)
    if readable and sys.stdin.readline() == "done\n":
        return
    thawed = [descriptor for descriptor in descriptors if thaw(descriptor)]
    if thawed:
        print(f"watchdog: thawed {len(thawed)} filesystems", file=sys.stderr)


if __name__ == "__main__":
    main()
