"""Thaws filesystems when nobody says in time that it is not needed.

usage: watchdog.py SECONDS FD…   the descriptors are of directories on the filesystems

Prints "ready" when all it needs is in memory. The line "done" on standard input ends it. When
standard input ends without it, or the time is over, it thaws them all.
"""

import fcntl
import select
import signal
import sys

FITHAW = 0xC0045878  # linux/fs.h; of no effect but EINVAL on a filesystem that is not frozen


def thaw(descriptor):
    """True when the filesystem was frozen."""
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
