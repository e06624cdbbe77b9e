"""What a brumed keeps on its host: to see that nothing is left of it."""

import os
import re
import signal
import subprocess


def processes(state_dir):
    """{pid: command line} of what has the state directory on its command line, and is not us."""
    found = {}
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) in (os.getpid(), os.getppid()):
            continue
        try:
            with open(f"/proc/{name}/cmdline", "rb") as file:
                words = file.read().decode(errors="replace").split("\0")
        except OSError:
            continue  # it has ended meanwhile
        if any(state_dir in word for word in words):
            found[int(name)] = " ".join(words)
    return found


def qemu_pids(state_dir):
    return [pid for pid, line in processes(state_dir).items() if "qemu-system" in line.split(" ", 1)[0]]


def namespaces():
    try:
        return [name for name in os.listdir("/run/netns") if name.startswith("brume-")]
    except FileNotFoundError:
        return []


def _lines(*argv):
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def links(netns=None):
    """Interfaces named as brumed names them, in the host's namespace or a named one."""
    prefix = ["ip"] if netns is None else ["ip", "-n", netns]
    names = (re.match(r"\d+: ([^:@]+)", line) for line in _lines(*prefix, "-o", "link", "show"))
    return [name[1] for name in names if name and name[1].startswith("bm")]


def taps():
    found = [name for name in links() if not name.startswith("bmv")]
    for netns in namespaces():
        found += [name for name in links(netns) if not name.startswith("bmv")]
    return found


def tables():
    return [line for line in _lines("nft", "list", "tables") if re.search(r" brume", line)]


def routes():
    """Routes that are not the kernel's own: in a test's namespace all of them are brumed's."""
    return [line for line in _lines("ip", "route", "show", "table", "all") if "proto kernel" not in line]


def files(state_dir):
    found = []
    for directory in ("volumes", "instances", "layers", "imports", "records", "uploads", "exports"):
        try:
            found += [f"{directory}/{name}" for name in os.listdir(os.path.join(state_dir, directory))]
        except FileNotFoundError:
            pass
    return found


def on_host(state_dir):
    """One line for each thing there is."""
    found = [f"process {pid}: {line[:200]}" for pid, line in processes(state_dir).items()]
    found += [f"network namespace {name}" for name in namespaces()]
    found += [f"link {name}" for name in links()]
    found += [f"nftables {line}" for line in tables()]
    found += [f"route {line}" for line in routes()]
    return found


def end_processes(state_dir):
    for pid in processes(state_dir):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
