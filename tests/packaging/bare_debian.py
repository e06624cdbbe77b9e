"""A bare Debian in a directory, which is the root of a mount namespace of its own, and whose apt knows nothing but a directory of
packages. Not by chroot: libvirt enters guests' mount namespaces, and so would leave it. Below tests/isolated, where all processes
are the test's.
"""

import os
import shutil
import signal
import subprocess
import tempfile

from conditions import wait_until

ENTER = """set -e
mount --bind "$0" "$0"
cd "$0"
mount -t proc proc proc
mount --rbind /dev dev
mount --rbind /sys sys
mount -t tmpfs -o mode=755 tmpfs run
mkdir packages
mount --bind "$1" packages
pivot_root . .
umount -l .
cd /
exec sleep infinity
"""


class BareDebian:
    def __init__(self, packages):
        """`packages`: what tests/packaging/repository made."""
        self.root = tempfile.mkdtemp(prefix="bm.", dir="/tmp")
        os.chmod(self.root, 0o755)
        subprocess.run(["tar", "-xpf", os.path.join(packages, "root.tar"), "-C", self.root], check=True)
        self.holder = subprocess.Popen(["unshare", "--mount", "--propagation", "private", "bash", "-c", ENTER, self.root, packages])

        def entered():
            with open(f"/proc/{self.holder.pid}/comm") as name:
                return name.read().strip() == "sleep"
        wait_until(entered, 30, "the namespace to be made")
        self.write("/etc/apt/sources.list", "deb [trusted=yes] file:/packages ./\n")
        self.run("apt-get", "-q", "update")

    def path(self, name):
        """Of a file of its disk, not of what is mounted there."""
        return os.path.join(self.root, name.lstrip("/"))

    def write(self, name, text):
        with open(self.path(name), "w") as file:
            file.write(text)

    def read(self, name):
        with open(self.path(name)) as file:
            return file.read()

    def exists(self, name):
        return os.path.lexists(self.path(name))

    def argv(self, *argv):
        return ["nsenter", f"--target={self.holder.pid}", "--mount", "--wdns=/", "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                "HOME=/root", "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive", *argv]

    def run(self, *argv, check=True, timeout=400):
        """What it printed, on both ways."""
        done = subprocess.run(self.argv(*argv), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, errors="replace", timeout=timeout)
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(argv)}: exit code {done.returncode}\n{done.stdout[-4000:]}")
        return done.stdout

    @staticmethod
    def processes():
        """{pid: name} of what Brume starts."""
        found = {}
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/comm") as name:
                    found[int(pid)] = name.read().strip()
            except OSError:
                continue  # it has ended
        return {pid: name for pid, name in found.items() if name.startswith(("brumed", "dnsmasq", "qemu-"))}

    def close(self):
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue  # it has ended
        self.holder.kill()
        self.holder.wait()
        shutil.rmtree(self.root)
