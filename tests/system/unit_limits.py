"""What packaging/brumed.service takes from brumed and all it starts, taken without a service manager.

    python3 unit_limits.py COMMAND...      runs it so

The directives are read from the unit; those of system calls become the filters that systemd 252 makes of them
(src/shared/seccomp-util.c), with the groups as `systemd-analyze syscall-filter` shows them. A directive that is not known
here is an error, so that the unit does not get ahead of its tests.
"""

import ctypes
import os
import resource
import socket
import subprocess
import sys

UNIT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../packaging/brumed.service")

# What the service manager does, or what says nothing about what the process may do.
ELSEWHERE = {
    "Type", "ExecStart", "WatchdogSec", "TimeoutStartSec", "Restart", "RestartSec", "KillMode", "Delegate", "TasksMax",
    "OOMScoreAdjust", "StateDirectory", "StateDirectoryMode"}

ALLOW, ERRNO = 0x7fff0000, 0x00050000
NE, EQ, GT, LT, MASKED_EQ = 1, 4, 6, 2, 7
EPERM, EAFNOSUPPORT, ENOSYS = 1, 97, 38
LAST_CAPABILITY_FILE = "/proc/sys/kernel/cap_last_cap"
CAPABILITIES = (
    "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE "
    "NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN "
    "SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE "
    "MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE").split()
PR_SET_NO_NEW_PRIVS, PR_CAPBSET_DROP, KEYCTL_JOIN_SESSION_KEYRING, SYS_KEYCTL = 38, 24, 1, 250

libc = ctypes.CDLL(None, use_errno=True)


class Argument(ctypes.Structure):
    _fields_ = [("number", ctypes.c_uint), ("operation", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


class Filter:
    """Lets everything through but what is denied."""

    def __init__(self):
        self.library = ctypes.CDLL("libseccomp.so.2")
        self.library.seccomp_init.restype = ctypes.c_void_p
        self.library.seccomp_init.argtypes = [ctypes.c_uint32]
        self.library.seccomp_load.argtypes = [ctypes.c_void_p]
        self.library.seccomp_rule_add_array.argtypes = [
            ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint, ctypes.POINTER(Argument)]
        self.context = self.library.seccomp_init(ALLOW)
        assert self.context, "no filter of system calls"

    def deny(self, call, error, *conditions):
        """A call by its name, where all conditions (argument, operation, a[, b]) hold."""
        number = self.library.seccomp_syscall_resolve_name(call.encode())
        if number < 0:
            return  # of another architecture
        arguments = (Argument * max(1, len(conditions)))(*[Argument(*each) for each in conditions])
        result = self.library.seccomp_rule_add_array(self.context, ERRNO | error, number, len(conditions), arguments)
        assert result == 0, (call, os.strerror(-result))

    def load(self):
        result = self.library.seccomp_load(self.context)
        assert result == 0, os.strerror(-result)


def directives():
    """Those of [Service], by name; one that stands several times has all its values."""
    found, section = {}, None
    with open(UNIT) as unit:
        for line in unit:
            line = line.strip()
            if line.startswith("["):
                section = line
            elif section == "[Service]" and line and not line.startswith("#"):
                name, value = line.split("=", 1)
                found[name] = f"{found[name]} {value}" if name in found else value
    return found


def calls_of(group):
    """The system calls of a group, and of the groups in it."""
    shown = subprocess.run(["systemd-analyze", "--no-pager", "syscall-filter", group], check=True, stdout=subprocess.PIPE,
                           text=True).stdout
    calls = []
    for line in shown.splitlines()[1:]:
        word = line.strip()
        if word.startswith("@"):
            calls += calls_of(word)
        elif word and not word.startswith("#"):
            calls.append(word)
    assert calls, group
    return calls


def filter_calls(value, error):
    assert value.startswith("~"), "a list of what is allowed is another filter"
    made = Filter()
    for word in value[1:].split():
        for call in calls_of(word) if word.startswith("@") else [word]:
            made.deny(call, error)
    made.load()


def restrict_families(value):
    made = Filter()
    kept = sorted(getattr(socket, family) for family in value.split())
    made.deny("socket", EAFNOSUPPORT, (0, GT, kept[-1]))
    for family in range(kept[-1]):
        if family not in kept:
            made.deny("socket", EAFNOSUPPORT, (0, EQ, family))
    made.load()


def restrict_realtime(_):
    made = Filter()
    for policy in (os.SCHED_FIFO, os.SCHED_RR, 6):  # 6: SCHED_DEADLINE
        made.deny("sched_setscheduler", EPERM, (1, EQ, policy))
    made.deny("sched_setscheduler", EPERM, (1, GT, 6))
    made.load()


def restrict_set_id(_):
    made = Filter()
    for call, argument in (("chmod", 1), ("fchmod", 1), ("fchmodat", 2), ("mkdir", 1), ("mkdirat", 2), ("mknod", 1),
                           ("mknodat", 2), ("creat", 1)):
        for bit in (0o4000, 0o2000):
            made.deny(call, EPERM, (argument, MASKED_EQ, bit, bit))
    for call, flags in (("open", 1), ("openat", 2)):
        for bit in (0o4000, 0o2000):
            made.deny(call, EPERM, (flags, MASKED_EQ, os.O_CREAT, os.O_CREAT), (flags + 1, MASKED_EQ, bit, bit))
    made.deny("openat2", ENOSYS)
    made.load()


def lock_personality(_):
    made = Filter()
    made.deny("personality", EPERM, (0, NE, 0))
    made.load()


def bound_capabilities(value):
    kept = {name[len("CAP_"):] for name in value.split()}
    assert kept <= set(CAPABILITIES), kept - set(CAPABILITIES)
    with open(LAST_CAPABILITY_FILE) as file:
        last = int(file.read())
    for number, name in enumerate(CAPABILITIES[:last + 1]):
        if name not in kept:
            assert libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0) == 0, name


def set_limit(which):
    def take(value):
        # No higher than the one that may be given to others here.
        _, hard_limit = resource.getrlimit(which)
        limit = int(value) if hard_limit == resource.RLIM_INFINITY else min(int(value), hard_limit)
        resource.setrlimit(which, (limit, limit))
    return take


def set_keyring(value):
    assert value == "private"
    # A kernel without keyrings has none to share.
    assert libc.syscall(SYS_KEYCTL, KEYCTL_JOIN_SESSION_KEYRING, None) >= 0 or ctypes.get_errno() == ENOSYS


def forbid_new_privileges(_):
    assert libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0


# In this order; filters come last, for they may deny what the others do.
KNOWN = {
    "LimitNOFILE": set_limit(resource.RLIMIT_NOFILE),
    "LimitCORE": set_limit(resource.RLIMIT_CORE),
    "UMask": lambda value: os.umask(int(value, 8)),
    "KeyringMode": set_keyring,
    "CapabilityBoundingSet": bound_capabilities,
    "NoNewPrivileges": forbid_new_privileges,
    "LockPersonality": lock_personality,
    "RestrictRealtime": restrict_realtime,
    "RestrictSUIDSGID": restrict_set_id,
    "RestrictAddressFamilies": restrict_families,
}
# Said of the filter above.
OF_FILTER = {"SystemCallFilter", "SystemCallErrorNumber", "SystemCallArchitectures"}


def apply():
    given = directives()
    unknown = set(given) - ELSEWHERE - set(KNOWN) - OF_FILTER
    assert not unknown, f"the unit has what its test does not know: {unknown}"
    assert given["SystemCallErrorNumber"] == "EPERM" and given["SystemCallArchitectures"] == "native"
    # libseccomp's filters end who calls by another architecture's numbers, as native asks for.
    for name, take in KNOWN.items():
        if name in given:
            take(given[name])
    filter_calls(given["SystemCallFilter"], EPERM)


if __name__ == "__main__":
    apply()
    os.execv(sys.argv[1], sys.argv[1:])
