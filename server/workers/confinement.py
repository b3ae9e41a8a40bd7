"""A worker gives up all that it does not need before it looks at the first picture.

Decoders of pictures are where hostile data takes programs over. What is left to a worker: its memory, its
threads, the processor, the clock, and the socket to its parent. It can open no file, make no socket, start no
program and no process, look into no other process, and make no memory executable; what it asks for beyond is
denied (EPERM). Its memory is limited, and no core is dumped, which would hold faces. What took it over can
still give wrong answers about faces, and see those that it is given, as long as this worker lives.

By seccomp, through libseccomp, which every Debian and Ubuntu has (apt needs it). Elsewhere there are the
limits alone, and the server says so.
"""

import ctypes
import errno
import os
import sys
from pathlib import Path

if sys.platform != "win32":
    import resource

MEMORY_BYTES = 2 << 30
"""What a worker may hold beyond its models. The largest picture that it is given has 64 Mpixel: 0.6 GB."""

ALLOWED = """
read readv write writev recvfrom recvmsg sendto sendmsg close fstat lseek poll ppoll select pselect6 shutdown
mmap2 munmap mremap madvise brk membarrier
futex futex_time64 futex_waitv set_robust_list get_robust_list rseq sched_yield
sched_getaffinity sched_getparam sched_getscheduler getpriority getcpu
clock_gettime clock_gettime64 clock_getres clock_nanosleep clock_nanosleep_time64 nanosleep gettimeofday time
getrandom getpid gettid getppid getuid geteuid getgid getegid getrusage times sysinfo uname
rt_sigaction rt_sigprocmask rt_sigreturn rt_sigtimedwait sigaltstack sigreturn restart_syscall
exit exit_group arch_prctl set_tid_address
""".split()  # noqa: SIM905 - it is read by people
"""System calls that a loaded worker may make as it likes. Beside them: threads, but no processes (`clone`),
memory that is not executable (`mmap`, `mprotect`), and who goes first, of itself alone: the server is of the
same user (`sched_setscheduler`, `setpriority`)."""

_ALLOW = 0x7FFF0000
_ERRNO = 0x00050000
_TSYNC = 4
_MASKED_EQ = 7
_CLONE_THREAD = 0x00010000
_PROT_EXEC = 4


class ConfinementError(Exception):
    """The system does not offer it; the message says why."""


class _Comparison(ctypes.Structure):
    """`scmp_arg_cmp`: the argument's number, how it is compared, and with what."""

    _fields_ = (
        ("arg", ctypes.c_uint),
        ("op", ctypes.c_int),
        ("datum_a", ctypes.c_uint64),
        ("datum_b", ctypes.c_uint64),
    )


def confine() -> None:
    """For ever, in all threads of this process. Raises ConfinementError: only the limits hold."""
    _limit_memory()
    if sys.platform != "linux":
        raise ConfinementError("this system has no seccomp")
    try:
        library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    except OSError as error:
        raise ConfinementError("libseccomp2 is not installed") from error
    _Filter(library).load()


class _Filter:
    """What is not allowed is denied with EPERM."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library
        library.seccomp_init.restype = ctypes.c_void_p
        library.seccomp_init.argtypes = (ctypes.c_uint32,)
        library.seccomp_syscall_resolve_name.argtypes = (ctypes.c_char_p,)
        library.seccomp_attr_set.argtypes = (ctypes.c_void_p, ctypes.c_int, ctypes.c_uint32)
        library.seccomp_rule_add_array.argtypes = (
            ctypes.c_void_p,
            ctypes.c_uint32,
            ctypes.c_int,
            ctypes.c_uint,
            ctypes.POINTER(_Comparison),
        )
        library.seccomp_load.argtypes = (ctypes.c_void_p,)
        self._context = library.seccomp_init(_ERRNO | errno.EPERM)
        if not self._context:
            raise ConfinementError("seccomp cannot be used")

    def load(self) -> None:
        """Raises ConfinementError."""
        _done(self._library.seccomp_attr_set(self._context, _TSYNC, 1))
        for name in ALLOWED:
            self._add(_ALLOW, name)
        self._add(_ALLOW, "clone", _Comparison(0, _MASKED_EQ, _CLONE_THREAD, _CLONE_THREAD))
        self._add(_ERRNO | errno.ENOSYS, "clone3")  # its flags cannot be looked at; glibc then takes clone
        self._add(_ALLOW, "sched_setscheduler", _only(0, 0))
        self._add(_ALLOW, "setpriority", _only(0, os.PRIO_PROCESS), _only(1, 0))
        for name in ("mmap", "mprotect"):
            self._add(_ALLOW, name, _Comparison(2, _MASKED_EQ, _PROT_EXEC, 0))
        _done(self._library.seccomp_load(self._context))

    def _add(self, action: int, name: str, *comparisons: _Comparison) -> None:
        number = self._library.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:  # else this processor has no such call
            array = (_Comparison * len(comparisons))(*comparisons)
            _done(
                self._library.seccomp_rule_add_array(self._context, action, number, len(comparisons), array)
            )


def _only(argument: int, value: int) -> _Comparison:
    return _Comparison(argument, _MASKED_EQ, 0xFFFFFFFF, value)


def _done(status: int) -> None:
    if status < 0:
        raise ConfinementError(f"seccomp cannot be used: {errno.errorcode.get(-status, status)}")


def _limit_memory() -> None:
    if sys.platform != "win32":
        _lower(resource.RLIMIT_CORE, 0)
    if sys.platform == "linux":
        _lower(resource.RLIMIT_DATA, _data_bytes() + MEMORY_BYTES)


def _data_bytes() -> int:
    """Private memory that this process can write to, bytes."""
    status = Path("/proc/self/status").read_text()
    (size,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmData:"))
    return int(size) << 10


if sys.platform != "win32":

    def _lower(limit: int, value: int) -> None:
        _, hard = resource.getrlimit(limit)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (value, value))
