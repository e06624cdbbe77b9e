"""What a process gets at that is as another: with its user, its groups and its view of the files, without any privilege.

    python3 identity.py <JSON      {"pid": …, "attempts": [[kind, argument], …]} or {"user": …, "attempts": …}

With `pid` it becomes as that process is, which may have ended its guest's confinement as far as a break-in could: it keeps no
filter of system calls. Prints what became of each attempt: "" where it succeeded, otherwise the error's name.
"""

import ctypes
import errno
import json
import os
import pwd
import signal
import socket
import subprocess
import sys

CLONE_NEWNS, PR_SET_NO_NEW_PRIVS, PTRACE_ATTACH, PTRACE_DETACH = 0x20000, 38, 16, 17
libc = ctypes.CDLL(None, use_errno=True)


def call(function, *arguments):
    if function(*arguments) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def become(uid, gid, groups, namespace):
    if namespace is not None:
        call(libc.setns, namespace, CLONE_NEWNS)
        os.close(namespace)
    os.setgroups(groups)
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    call(libc.prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    with open("/proc/self/status", encoding="ascii") as file:
        fields = dict(line.split(":\t") for line in file.read().splitlines() if ":\t" in line)
    assert int(fields["CapEff"], 16) == 0 and int(fields["CapPrm"], 16) == 0, fields
    assert [int(each) for each in fields["Uid"].split()] == [uid] * 4, fields


def identity_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        fields = dict(line.split(":\t") for line in file.read().splitlines() if ":\t" in line)
    return (int(fields["Uid"].split()[0]), int(fields["Gid"].split()[0]), [int(each) for each in fields["Groups"].split()],
            os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY))


def attach(pid):
    call(libc.ptrace, PTRACE_ATTACH, pid, None, None)
    os.waitpid(pid, 0)
    call(libc.ptrace, PTRACE_DETACH, pid, None, None)


def connect(path):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)


KINDS = {
    "read": lambda path: os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK)),
    "write": lambda path: os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK)),
    "make": lambda path: os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)),
    "remove": os.unlink,
    "list": os.listdir,
    "follow": os.readlink,
    "connect": connect,
    "kill": lambda pid: os.kill(pid, signal.SIGCONT),
    "trace": attach,
}


def outcome(kind, argument):
    try:
        KINDS[kind](argument)
        return ""
    except OSError as error:
        return errno.errorcode[error.errno]


def attempt_as(attempts, **who):
    """What becomes of [kind, argument] each, tried as `pid` or `user`: by the attempt, as the text "kind argument"."""
    done = subprocess.run([sys.executable, "-B", os.path.abspath(__file__)], check=True, text=True, capture_output=True,
                          input=json.dumps({**who, "attempts": attempts}))
    return {f"{kind} {argument}": result for (kind, argument), result in zip(attempts, json.loads(done.stdout))}


def main():
    wanted = json.load(sys.stdin)
    if "pid" in wanted:
        become(*identity_of(wanted["pid"]))
    else:
        user = pwd.getpwnam(wanted["user"])
        become(user.pw_uid, user.pw_gid, os.getgrouplist(wanted["user"], user.pw_gid), None)
    print(json.dumps([outcome(kind, argument) for kind, argument in wanted["attempts"]]))


if __name__ == "__main__":
    main()
