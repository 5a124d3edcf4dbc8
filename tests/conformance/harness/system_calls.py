# SPDX-License-Identifier: Apache-2.0
"""Traces the system calls of an agent and its guard, and makes one of them fail.

A separate process traces with ptrace(2). When it ends, for any reason, the kernel detaches it and
the agent continues. Only x86-64: the injection changes the registers of that architecture.
"""

import contextlib
import ctypes
import errno
import json
import os
import signal
import tempfile

from harness import freeze_world

SUPPORTED = os.uname().machine == "x86_64"

_SETREGS, _GETREGS, _SYSCALL, _DETACH = 13, 12, 24, 17
_SEIZE, _INTERRUPT, _LISTEN, _GET_SYSCALL_INFO = 0x4206, 0x4207, 0x4208, 0x420E
_OPTIONS = 0x01 | 0x02 | 0x04 | 0x08 | 0x10  # SYSGOOD, FORK, VFORK, CLONE, EXEC
_EVENT_EXEC, _EVENT_STOP = 4, 128
_WALL = 0x40000000
_ENTRY, _EXIT = 1, 2
_RAX, _ORIG_RAX, _REGISTERS = 10, 15, 27  # positions in user_regs_struct, and its size
_STOP_SIGNALS = (signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)

# The calls that are named in results; others have their number as name.
_NAMES = {
    0: "read", 1: "write", 2: "open", 3: "close", 4: "stat", 5: "fstat", 6: "lstat", 7: "poll",
    8: "lseek", 9: "mmap", 10: "mprotect", 11: "munmap", 12: "brk", 13: "rt_sigaction",
    14: "rt_sigprocmask", 15: "rt_sigreturn", 16: "ioctl", 17: "pread64", 18: "pwrite64",
    19: "readv", 20: "writev", 21: "access", 22: "pipe", 24: "sched_yield", 25: "mremap",
    28: "madvise", 32: "dup", 33: "dup2", 35: "nanosleep", 39: "getpid", 41: "socket",
    42: "connect", 43: "accept", 44: "sendto", 45: "recvfrom", 46: "sendmsg", 47: "recvmsg",
    48: "shutdown", 49: "bind", 50: "listen", 51: "getsockname", 52: "getpeername",
    53: "socketpair", 54: "setsockopt", 55: "getsockopt", 56: "clone", 57: "fork", 58: "vfork",
    59: "execve", 60: "exit", 61: "wait4", 62: "kill", 63: "uname", 72: "fcntl", 73: "flock",
    74: "fsync", 75: "fdatasync", 77: "ftruncate", 78: "getdents", 79: "getcwd", 80: "chdir",
    82: "rename", 83: "mkdir", 84: "rmdir", 86: "link", 87: "unlink", 89: "readlink",
    90: "chmod", 91: "fchmod", 92: "chown", 95: "umask", 96: "gettimeofday", 97: "getrlimit",
    102: "getuid", 107: "geteuid", 109: "setpgid", 110: "getppid", 112: "setsid", 118: "getresuid",
    131: "sigaltstack", 137: "statfs", 138: "fstatfs", 141: "setpriority", 144:
    "sched_setscheduler", 149: "mlock", 151: "mlockall", 152: "munlockall", 157: "prctl",
    158: "arch_prctl", 160: "setrlimit", 186: "gettid", 201: "time", 202: "futex",
    204: "sched_getaffinity", 213: "epoll_create", 217: "getdents64", 218: "set_tid_address",
    219: "restart_syscall", 228: "clock_gettime", 230: "clock_nanosleep", 231: "exit_group",
    232: "epoll_wait", 233: "epoll_ctl", 234: "tgkill", 247: "waitid", 257: "openat",
    258: "mkdirat", 262: "newfstatat", 263: "unlinkat", 264: "renameat", 265: "linkat",
    267: "readlinkat", 269: "faccessat", 270: "pselect6", 271: "ppoll", 273: "set_robust_list",
    281: "epoll_pwait", 283: "timerfd_create", 284: "eventfd", 285: "fallocate",
    286: "timerfd_settime", 287: "timerfd_gettime", 288: "accept4", 289: "signalfd4",
    290: "eventfd2", 291: "epoll_create1", 292: "dup3", 293: "pipe2", 299: "recvmmsg",
    302: "prlimit64", 307: "sendmmsg", 316: "renameat2", 318: "getrandom", 319: "memfd_create",
    332: "statx", 334: "rseq", 424: "pidfd_send_signal", 434: "pidfd_open", 435: "clone3",
    436: "close_range", 437: "openat2", 438: "pidfd_getfd", 439: "faccessat2", 441: "epoll_pwait2",
}
_IOCTLS = {freeze_world.FIFREEZE: "FIFREEZE", freeze_world.FITHAW: "FITHAW", 0xC0185879: "FITRIM"}

# Calls that do not fail, or whose failure the C library treats as a bug of the program.
NEVER_FAIL = frozenset((
    "exit", "exit_group", "rt_sigreturn", "restart_syscall", "futex", "rseq", "set_robust_list",
    "set_tid_address", "arch_prctl", "getpid", "getppid", "gettid", "getuid", "geteuid", "umask",
    "sched_yield", "rt_sigprocmask", "rt_sigaction", "sigaltstack", "clock_gettime",
    "gettimeofday", "time", "brk", "uname", "execve:new"))

_NO_DESCRIPTOR = (errno.EMFILE, errno.ENOMEM)
_ON_DISK = (errno.ENOSPC, errno.EIO)
_ERRORS = {
    "clone": (errno.EAGAIN,), "clone3": (errno.EAGAIN,), "fork": (errno.EAGAIN,),
    "vfork": (errno.EAGAIN,), "execve": (errno.ENOMEM, errno.EACCES),
    "mmap": (errno.ENOMEM,), "mprotect": (errno.ENOMEM,), "mremap": (errno.ENOMEM,),
    "munmap": (errno.ENOMEM,), "madvise": (errno.ENOMEM,),
    "openat": (errno.EMFILE, errno.EIO, errno.EPERM, errno.ENOSPC),
    "socket": _NO_DESCRIPTOR, "socketpair": _NO_DESCRIPTOR, "pipe2": _NO_DESCRIPTOR,
    "eventfd2": _NO_DESCRIPTOR, "epoll_create1": _NO_DESCRIPTOR, "accept4": _NO_DESCRIPTOR,
    "timerfd_create": _NO_DESCRIPTOR, "memfd_create": _NO_DESCRIPTOR, "dup": (errno.EMFILE,),
    "dup2": (errno.EMFILE,), "dup3": (errno.EMFILE,), "pidfd_open": _NO_DESCRIPTOR,
    "fcntl": _NO_DESCRIPTOR, "signalfd4": _NO_DESCRIPTOR, "bind": (errno.EACCES, errno.ENOSPC),
    "write": _ON_DISK, "writev": _ON_DISK, "pwrite64": _ON_DISK, "ftruncate": _ON_DISK,
    "rename": _ON_DISK, "renameat": _ON_DISK, "unlink": (errno.EIO, errno.EPERM),
    "unlinkat": (errno.EIO, errno.EPERM), "link": _ON_DISK, "mkdir": _ON_DISK,
    "fsync": _ON_DISK, "fdatasync": _ON_DISK, "close": (errno.EIO,),
    "ioctl:FIFREEZE": (errno.EIO, errno.EPERM, errno.ENOMEM),
    "ioctl:FITHAW": (errno.EIO, errno.EPERM, errno.ENOMEM),
    "setsid": (errno.EPERM,), "setpriority": (errno.EPERM,), "mlockall": (errno.EPERM,),
    "prctl": (errno.EPERM,), "epoll_ctl": (errno.ENOMEM, errno.ENOSPC),
    "poll": (errno.ENOMEM,), "ppoll": (errno.ENOMEM,), "epoll_wait": (errno.EIO,),
    "epoll_pwait": (errno.EIO,), "wait4": (errno.ECHILD,), "waitid": (errno.ECHILD,),
}


def errors_of(name):
    """The errors to inject into a call, the most likely one first."""
    return () if name in NEVER_FAIL else _ERRORS.get(name, (errno.EIO, errno.ENOMEM))


class Rule:
    """What happens at the n-th call of a name by a role since the trace began. name: "" counts all
    calls. error: the call fails with it. kill: the roles whose processes are killed instead; or
    "itself", only the process that calls."""

    def __init__(self, role, name, number, error=0, kill=()):
        self.role, self.name, self.number, self.error, self.kill = role, name, number, error, kill

    def __str__(self):
        effect = errno.errorcode[self.error] if self.error else "kills " + " and ".join(self.kill)
        return f"{self.role} {self.name or 'call'} {self.number}: {effect}"


class Trace:
    """Traces an agent and the processes that it starts, until stop(). Roles: "agent"; "guard";
    "child", a process that was forked and has not executed a program. Others are not traced."""

    def __init__(self, pid, rules=()):
        handle, self.path = tempfile.mkstemp(dir="/tmp")
        ready, child_ready = os.pipe()
        self.tracer = os.fork()
        if self.tracer == 0:
            try:
                freeze_world.close_all_but(handle, child_ready)
                _Tracer(pid, rules, handle).run(child_ready)
            finally:
                os._exit(1)
        os.close(handle)
        os.close(child_ready)
        with os.fdopen(ready, "rb") as pipe:
            assert pipe.read(), f"cannot trace the process {pid}"

    def stop(self):
        """Ends the trace. Returns the calls: (role, name, detail, whether a rule applied)."""
        if self.tracer:
            os.kill(self.tracer, signal.SIGKILL)
            os.waitpid(self.tracer, 0)
            self.tracer = 0
        with open(self.path, encoding="utf-8") as file:
            # The last line may be incomplete.
            return [tuple(json.loads(line)) for line in file if line.endswith("\n")]


class _Thread:
    def __init__(self, process, role):
        self.process, self.role = process, role
        self.result = None  # what the call that it is in returns instead of its own result


class _Tracer:
    """The tracing process."""

    def __init__(self, pid, rules, output):
        self.agent, self.rules, self.output = pid, list(rules), output
        self.threads = {}
        self.counts = {}
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p,
                                     ctypes.c_void_p]
        self.libc.ptrace.restype = ctypes.c_long

    def ptrace(self, request, tid, address=0, data=0):
        if self.libc.ptrace(request, tid, address, data) == -1:
            raise OSError(ctypes.get_errno(), f"ptrace {request:#x}")

    def run(self, ready):
        seized = set()
        while new := {int(tid) for tid in os.listdir(f"/proc/{self.agent}/task")} - seized:
            for tid in new:
                self.ptrace(_SEIZE, tid, 0, _OPTIONS)
                self.ptrace(_INTERRUPT, tid)
            seized |= new
        # Ready when each thread has stopped once: from then on, its calls are seen.
        waiting = set(seized)
        while True:
            tid, status = os.waitpid(-1, _WALL)
            if os.WIFSTOPPED(status):
                with contextlib.suppress(ProcessLookupError):  # it was killed
                    self.handle_stop(tid, os.WSTOPSIG(status), status >> 16)
            else:
                self.threads.pop(tid, None)
            if waiting:
                waiting.discard(tid)
                if not waiting:
                    os.write(ready, b".")
                    os.close(ready)

    def thread(self, tid):
        if tid not in self.threads:
            try:
                with open(f"/proc/{tid}/status", encoding="utf-8", errors="replace") as file:
                    process = next(int(line.split()[1]) for line in file
                                   if line.startswith("Tgid:"))
            except (OSError, StopIteration):
                process = tid
            role = ("agent" if process == self.agent else
                    "guard" if freeze_world.is_guard(process) else "child")
            self.threads[tid] = _Thread(process, role)
        return self.threads[tid]

    def handle_stop(self, tid, number, event):
        if event == _EVENT_STOP:
            self.ptrace(_LISTEN if number in _STOP_SIGNALS else _SYSCALL, tid)
        elif event == _EVENT_EXEC:
            self.threads.pop(tid, None)
            if self.thread(tid).role == "child":
                del self.threads[tid]
                self.ptrace(_DETACH, tid)
            else:
                self.ptrace(_SYSCALL, tid)
        elif event:
            self.ptrace(_SYSCALL, tid)
        elif number == signal.SIGTRAP | 0x80:
            self.handle_call(tid, self.thread(tid))
            self.ptrace(_SYSCALL, tid)
        else:
            self.ptrace(_SYSCALL, tid, 0, number)

    def handle_call(self, tid, thread):
        info = (ctypes.c_ubyte * 88)()
        self.ptrace(_GET_SYSCALL_INFO, tid, ctypes.sizeof(info), ctypes.addressof(info))
        if info[0] == _EXIT:
            if thread.result is not None:
                self.set_register(tid, _RAX, thread.result)
                thread.result = None
            return
        if info[0] != _ENTRY:
            return
        number, *arguments = (ctypes.c_uint64 * 7).from_buffer(info, 24)
        name = _NAMES.get(number, str(number))
        if name == "ioctl" and arguments[1] & 0xFFFFFFFF in _IOCTLS:
            name += ":" + _IOCTLS[arguments[1] & 0xFFFFFFFF]
        rule = self.matching_rule(thread.role, name)
        if rule and rule.error:
            if name != "close":  # one that fails has closed all the same
                self.set_register(tid, _ORIG_RAX, -1)
            thread.result = -rule.error
        self.record(thread.role, name, self.detail(tid, name, arguments), bool(rule))
        if rule:
            for process in {one.process for one in self.threads.values() if one.role in rule.kill}:
                os.kill(process, signal.SIGKILL)
            if "itself" in rule.kill:
                os.kill(thread.process, signal.SIGKILL)

    def matching_rule(self, role, name):
        found = None
        for key in ((role, name), (role, "")):
            self.counts[key] = self.counts.get(key, 0) + 1
            for rule in self.rules:
                if (rule.role, rule.name, rule.number) == (*key, self.counts[key]):
                    found = rule
        return found

    def set_register(self, tid, position, value):
        registers = (ctypes.c_uint64 * _REGISTERS)()
        self.ptrace(_GETREGS, tid, 0, ctypes.addressof(registers))
        registers[position] = value & 0xFFFFFFFFFFFFFFFF
        self.ptrace(_SETREGS, tid, 0, ctypes.addressof(registers))

    @staticmethod
    def detail(tid, name, arguments):
        """The path that a call names, or the descriptor."""
        path = {"openat": 1, "unlink": 0, "unlinkat": 1, "execve": 0, "rename": 1, "renameat": 3,
                "mkdir": 0, "newfstatat": 1, "readlink": 0, "statx": 1}.get(name)
        if path is None:
            return str(arguments[0] & 0xFFFFFFFF)
        try:
            with open(f"/proc/{tid}/mem", "rb", buffering=0) as memory:
                memory.seek(arguments[path])
                return memory.read(200).split(b"\0")[0].decode(errors="replace")
        except (OSError, OverflowError, ValueError):
            return "?"

    def record(self, *call):
        os.write(self.output, json.dumps(call).encode() + b"\n")
