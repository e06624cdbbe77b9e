"""packaging/install, on a copy of this host that a mount namespace has over the real one: what it writes goes into memory. The host
has what is installed from the network already, so it needs none.
"""

import os
import subprocess
import tempfile
import unittest

from conditions import wait_until

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
INSTALL = os.path.join(ROOT, "packaging", "install")
BUILD = os.environ["BRUME_BUILD"]
CONFIGURATION = "/etc/brume/brumed.toml"
ENABLED = "/etc/systemd/system/multi-user.target.wants/brumed.service"
FILES = f"""/usr/bin/brume /usr/bin/brumed /lib/systemd/system/brumed.service {ENABLED} {CONFIGURATION}
/usr/share/man/man1/brume.1.gz /usr/share/man/man1/brume-run-instances.1.gz /usr/share/man/man8/brumed.8.gz
/usr/share/man/man5/brumed.toml.5.gz /usr/share/bash-completion/completions/brume /usr/share/zsh/vendor-completions/_brume
/usr/share/fish/vendor_completions.d/brume.fish /usr/share/brume/images/catalogue.toml""".split()
# $1: an empty directory; the others: mount points, those that contain others first.
ENTER = """set -e
layers=$1
shift
mount -t tmpfs tmpfs "$layers"
mkdir "$layers/root"
for point; do
  number=$((number + 1))
  mkdir "$layers/upper$number" "$layers/work$number"
  mount -t overlay overlay -o "lowerdir=$point,upperdir=$layers/upper$number,workdir=$layers/work$number" "$layers/root${point%/}"
done
cd "$layers/root"
mount -t proc proc proc
mount --rbind /dev dev
mount -t tmpfs -o mode=755 tmpfs run
mkdir -p /tmp/was && pivot_root . tmp/was
umount -l /tmp/was
cd /
exec sleep infinity
"""


def mount_points(*paths):
    found = {subprocess.run(["findmnt", "--noheadings", "--output", "TARGET", "--target", path], check=True, stdout=subprocess.PIPE,
                            text=True).stdout.strip() for path in paths}
    return sorted(found, key=len)


class InstallTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        layers = tempfile.TemporaryDirectory(prefix="bm.", dir="/tmp")
        cls.addClassCleanup(layers.cleanup)
        cls.holder = subprocess.Popen(["unshare", "--mount", "--propagation", "private", "bash", "-c", ENTER, "enter", layers.name,
                                       *mount_points("/", ROOT, BUILD)])
        cls.addClassCleanup(cls.holder.wait)
        cls.addClassCleanup(cls.holder.kill)

        def entered():
            with open(f"/proc/{cls.holder.pid}/comm") as name:
                return name.read().strip() == "sleep" or cls.holder.poll() is not None
        wait_until(entered, 30, "the namespace to be made")

    def run_there(self, *argv, code=0):
        """What it printed, on both ways."""
        done = subprocess.run(["nsenter", f"--target={self.holder.pid}", "--mount", "--wdns=/", "env", "-i", "HOME=/root", "LC_ALL=C",
                               "PATH=/usr/sbin:/usr/bin:/sbin:/bin", *argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace", timeout=400)
        self.assertEqual(done.returncode, code, f"{argv}: {done.stdout[-4000:]}")
        return done.stdout

    def missing(self):
        return [name for name in FILES if subprocess.run(
            ["nsenter", f"--target={self.holder.pid}", "--mount", "test", "-e", name, "-o", "-L", name]).returncode != 0]

    def install(self):
        return self.run_there(INSTALL, "--build-dir", BUILD)

    def times(self):
        return self.run_there("stat", "-c", "%n %i %z", *FILES)

    def test_it_installs_repairs_and_leaves_no_trace_when_it_is_removed(self):
        self.assertEqual(self.missing(), FILES, "this host has the package installed")
        # What is refused changes nothing.
        for wrong in (["--build-dir"], ["--build-dir", "/etc"], ["--no-such"], ["somewhere"]):
            self.run_there(INSTALL, *wrong, code=1)
        self.assertEqual(self.missing(), FILES)

        said = self.install()
        self.assertEqual(self.missing(), [], said)
        self.assertIn("systemd does not run here; start brumed by hand", said)
        self.assertEqual(self.run_there("dpkg", "--verify", "brume"), "")
        self.run_there("brumed", "--check-config", "--config", CONFIGURATION)
        self.assertIn("brume launch", self.run_there("brume"))

        before = self.times()
        self.assertIn("is installed already", self.install())
        self.assertEqual(self.times(), before)

        # A broken installation is mended, and what the administrator changed is kept.
        self.run_there("rm", "/usr/bin/brume")
        self.run_there("sh", "-c", f"echo '[network]\nuplink = \"none\"' >{CONFIGURATION}")
        self.install()
        self.assertEqual(self.missing(), [])
        self.assertIn('uplink = "none"', self.run_there("cat", CONFIGURATION))

        self.run_there("apt-get", "-q", "-y", "purge", "brume")
        self.assertEqual(self.missing(), FILES)
        self.run_there("test", "!", "-e", "/etc/brume", "-a", "!", "-e", "/var/lib/brume")


if __name__ == "__main__":
    unittest.main()
