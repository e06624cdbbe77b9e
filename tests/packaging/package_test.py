"""The Debian package, from its making to its purge: in a bare Debian without systemd's daemon, with a guest that boots there."""

import filecmp
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from bare_debian import BareDebian
from conditions import wait_until

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CACHE = os.environ.get("BRUME_CACHE_DIR") or os.path.join(ROOT, "build", "cache")
BUILD, MINI, PACKAGES = os.environ["BRUME_BUILD"], os.environ["BRUME_MINI"], os.environ["BRUME_PACKAGES"]
CONFIGURATION = "/etc/brume/brumed.toml"
FILES = """/usr/bin/brume /usr/bin/brumed /usr/share/man/man1/brume.1.gz /usr/share/man/man5/brumed.toml.5.gz
/usr/share/man/man8/brumed.8.gz /usr/share/bash-completion/completions/brume
/usr/share/zsh/vendor-completions/_brume /usr/share/fish/vendor_completions.d/brume.fish
/usr/share/man/man1/brume-run-instances.1.gz /usr/lib/sysusers.d/brume.conf
/usr/lib/tmpfiles.d/brume.conf /lib/systemd/system/brumed.service /etc/brume/brumed.toml /usr/share/brume/images/catalogue.toml
/usr/share/brume/images/mini/build /usr/share/doc/brume/docs/user-guide.md""".split()
ENABLED = "/etc/systemd/system/multi-user.target.wants/brumed.service"


def build(directory, version=None):
    """Makes the package; returns its path."""
    asked = ["--version", version] if version else []
    done = subprocess.run([os.path.join(ROOT, "packaging", "build-deb"), "--build-dir", BUILD, *asked, directory],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout.strip()


def field(package, name):
    return subprocess.run(["dpkg-deb", "--field", package, name], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


class MadeTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="bm.", dir="/tmp")
        self.addCleanup(directory.cleanup)
        self.directory = directory.name

    def test_the_same_programs_make_the_same_package_byte_for_byte(self):
        first, second = (build(os.path.join(self.directory, name)) for name in ("first", "second"))
        self.assertTrue(filecmp.cmp(first, second, shallow=False))
        self.assertRegex(field(first, "Version"), r"^0\.1\.0\+\d{14}\.[0-9a-f]{8}$")

    def test_what_the_package_depends_on_is_what_install_deps_installs(self):
        with open(os.path.join(ROOT, "packaging", "install-deps")) as file:
            installed = set(re.findall(r"[a-z0-9][a-z0-9+.-]+", re.search(r"build=\(.*?\n\)\n.*?\n\)", file.read(), re.DOTALL)[0]))
        with open(os.path.join(ROOT, "packaging", "debian", "control")) as file:
            asked = re.findall(r"^(?:Depends|Recommends):(.*(?:\n .*)*)", file.read(), re.MULTILINE)
        names = {name.strip() for line in asked for name in line.split(",") if not name.strip().startswith("$")}
        self.assertEqual(names - installed - {"bash-completion"}, set())


class LifeTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="bm.", dir="/tmp")
        self.addCleanup(shutil.rmtree, self.directory)
        self.host = BareDebian(PACKAGES)
        self.addCleanup(self.host.close)

    def install(self, version):
        package = build(self.directory, version)
        shutil.copy(package, self.host.path("/root"))
        said = self.host.run("apt-get", "-q", "-y", "--no-install-recommends", "-o", "Dpkg::Use-Pty=0", "install",
                             f"/root/{os.path.basename(package)}", timeout=900)
        self.assertEqual(self.status(), f"install ok installed {version}")
        return said

    def status(self):
        return self.host.run("dpkg-query", "-W", "-f", "${Status} ${Version}", "brume", check=False).strip()

    def brume(self, *argv):
        done = subprocess.run(self.host.argv("brume", *argv, "--output", "json"), stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=600)
        self.assertEqual(done.returncode, 0, f"{argv}: {done.stderr}\n{self.log()}")
        return json.loads(done.stdout or "{}")

    def start(self):
        with open(os.path.join(self.directory, "brumed.log"), "ab") as log:
            daemon = subprocess.Popen(self.host.argv("brumed", "--config", CONFIGURATION), stdin=subprocess.DEVNULL, stdout=log,
                                      stderr=log, start_new_session=True)

        def answers():
            self.assertIsNone(daemon.poll(), self.log())
            return subprocess.run(self.host.argv("brume", "describe-regions"), stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
        wait_until(answers, 60, lambda: f"brumed to answer: {self.log()}")
        return daemon

    def log(self):
        with open(os.path.join(self.directory, "brumed.log"), errors="replace") as log:
            return log.read()[-3000:]

    def stop(self, daemon):
        daemon.terminate()
        self.assertEqual(daemon.wait(timeout=30), 0)

    def guests(self):
        """QEMUs of guests; libvirt asks others for what they can do."""
        found = []
        for pid in self.host.processes():
            with open(f"/proc/{pid}/cmdline") as words:
                if "guest=" in words.read():
                    found.append(pid)
        return sorted(found)

    def launch(self):
        shutil.copytree(MINI, self.host.path("/var/lib/brume/import/mini"), ignore=shutil.ignore_patterns(".*"))
        image = self.brume("register-image", "--name", "mini", "--image-location", "/var/lib/brume/import/mini")["ImageId"]
        self.host.run("brume", "wait", "image-available", "--image-ids", image)
        (instance,) = self.brume("run-instances", "--image-id", image, "--instance-type", "b1.tiny", "--wait")["Instances"]
        return instance["InstanceId"]

    def state(self, instance):
        (reservation,) = self.brume("describe-instances", "--instance-ids", instance)["Reservations"]
        return reservation["Instances"][0]["State"]["Name"]

    def test_it_is_installed_configured_upgraded_with_a_guest_removed_and_purged(self):
        self.install("1.0")
        for name in FILES:
            self.assertTrue(self.host.exists(name), name)
        self.assertTrue(self.host.exists(ENABLED))
        self.assertEqual(self.host.run("dpkg-query", "-W", "-f", "${Conffiles}", "brume").split()[::2], [CONFIGURATION])
        self.assertIn("kvm", self.host.run("id", "-nG", "brume-qemu").split())
        self.assertEqual(self.host.run("stat", "-c", "%a %U", "/var/lib/brume").split(), ["711", "root"])
        self.host.run("brumed", "--check-config", "--config", CONFIGURATION)

        self.host.write(CONFIGURATION, '[network]\nuplink = "none"\n[compute]\nacceleration = "tcg"\n')
        daemon = self.start()
        instance = self.launch()  # of a guest that runs, whether or not it has booted
        before = self.guests()
        self.assertEqual(len(before), 1)

        # Nobody restarts brumed here, as nothing manages services; tests/packaging/systemd has that.
        self.install("2.0")
        self.assertIn('uplink = "none"', self.host.read(CONFIGURATION))
        self.stop(daemon)
        daemon = self.start()
        self.assertEqual((self.guests(), self.state(instance)), (before, "running"))
        self.stop(daemon)

        said = self.host.run("apt-get", "-q", "-y", "remove", "brume")
        self.assertIn("brume: guests, or what brumed made on this host, stay", said)
        self.assertEqual(self.guests(), before)
        self.assertFalse(self.host.exists("/usr/bin/brumed"))
        self.assertTrue(self.host.exists(CONFIGURATION) and self.host.exists("/var/lib/brume/brume.db"))

        self.install("2.0")
        daemon = self.start()
        self.assertEqual((self.guests(), self.state(instance)), (before, "running"))
        self.stop(daemon)

        said = self.host.run("apt-get", "-q", "-y", "purge", "brume")
        self.assertIn("/var/lib/brume holds disks, images, exports or files to import, and stays", said)
        self.assertEqual(self.host.processes(), {})
        self.assertFalse(self.host.exists("/etc/brume") or self.host.exists(ENABLED))
        self.assertTrue(self.host.exists("/var/lib/brume/volumes"))
        self.assertEqual(self.host.run("ls", "/run/netns").split(), [])

        # What was there is found again by a new installation, and is gone with a purge once it is the owner's wish.
        self.install("2.0")
        self.host.write(CONFIGURATION, '[network]\nuplink = "none"\n[ec2]\nterminated_visible_seconds = 0\n')
        daemon = self.start()
        self.assertIn(self.state(instance), ("stopped", "running"))
        self.host.run("brume", "terminate-instances", "--instance-ids", instance)
        image = self.brume("describe-images")["Images"][0]["ImageId"]
        self.host.run("brume", "deregister-image", "--image-id", image)
        for name in ("layers", "volumes"):
            wait_until(lambda name=name: not os.listdir(self.host.path(f"/var/lib/brume/{name}")), 60, f"the end of {name}")
        self.stop(daemon)
        shutil.rmtree(self.host.path("/var/lib/brume/import/mini"))
        said = self.host.run("apt-get", "-q", "-y", "purge", "brume")
        self.assertNotIn("brume: ", said)
        self.assertFalse(self.host.exists("/var/lib/brume"))

    def test_quickstart_needs_no_compiler_where_it_is_given_the_package(self):
        for name in ("packaging", "images"):
            shutil.copytree(os.path.join(ROOT, name), self.host.path(f"/root/brume/{name}"))
        shutil.copytree(os.path.join(CACHE, "mini"), self.host.path("/root/cache/mini"))
        package = shutil.copy(build(self.directory), self.host.path("/root"))
        quickstart = ["env", "BRUME_CACHE_DIR=/root/cache", "BRUME_UPLINK=none", "/root/brume/packaging/quickstart"]
        said = self.host.run(*quickstart, "--deb", f"/root/{os.path.basename(package)}", timeout=1200)
        self.assertIn("    brume ssh quickstart\n", said)
        self.assertRegex(self.host.run("brume", "ssh", "quickstart", "--", "hostname"), r"(?m)^ip-172-31-\d+-\d+$")
        self.assertFalse(self.host.exists("/usr/bin/c++"))
        said = self.host.run(*quickstart, "--down")
        self.assertIn("So does the package brume", said)
        self.assertEqual(self.host.processes(), {})
        self.host.run("apt-get", "-q", "-y", "purge", "brume")
        self.assertFalse(self.host.exists("/var/lib/brume"))


if __name__ == "__main__":
    sys.exit(unittest.main())
