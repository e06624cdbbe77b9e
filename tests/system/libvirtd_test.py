"""qemu:///system: a libvirtd that is not there yet, is there, dies and comes back."""

import os
import subprocess
import time
import unittest

from conditions import wait_until
from harness import Host, HostTest


class Libvirtd:
    """Started by hand, on file systems of its own."""

    def __init__(self):
        self.process = None
        for path in ("/run/libvirt", "/var/lib/libvirt", "/var/cache/libvirt", "/var/log/libvirt", "/etc/libvirt"):
            os.makedirs(path, exist_ok=True)
            subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", path], check=True)
        with open("/etc/libvirt/libvirtd.conf", "w") as file:
            file.write('auth_unix_rw = "none"\nlog_outputs = "3:stderr"\n')
        # The other handler is a daemon more.
        with open("/etc/libvirt/qemu.conf", "w") as file:
            # The user is who asks QEMU for its capabilities: root is let in whatever the mode of /dev/kvm.
            file.write('stdio_handler = "file"\nuser = "root"\ngroup = "root"\n')

    def start(self):
        self.process = subprocess.Popen(["/usr/sbin/libvirtd", "--pid-file", "/run/libvirt/libvirtd.pid"], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self.answers, 30, "libvirtd to answer")

    @staticmethod
    def answers():
        return subprocess.run(["virsh", "-c", "qemu:///system", "-q", "list"], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL).returncode == 0

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class SystemLibvirtTest(HostTest):
    flags = ("--libvirt-uri", "qemu:///system")

    @classmethod
    def setUpClass(cls):
        # Registered first, so it ends after the host that needs it.
        cls.libvirtd = Libvirtd()
        cls.addClassCleanup(cls.libvirtd.kill)
        super().setUpClass()

    @classmethod
    def prepare(cls):
        # libvirtd is not there yet: brumed has started all the same, imports images and takes launches.
        cls.early = cls.host.run_instances(1)[0]
        cls.waiting = wait_until(cls.complaint, 30, "the waiting launch to say why")
        cls.state_before = cls.early.state
        cls.doctor_before = subprocess.run(cls.host.brume_argv("doctor"), capture_output=True, text=True).stdout
        cls.libvirtd.start()
        cls.early.wait_state("running", 60)
        cls.early.wait_ready()

    @classmethod
    def complaint(cls):
        return cls.early.describe().get("StateReason", {}).get("Message")

    def setUp(self):
        if not self.libvirtd.answers():
            self.libvirtd.start()

    def test_a_launch_waits_for_libvirt_and_says_so(self):
        self.assertEqual(self.state_before, "pending")
        self.assertIn("libvirt", self.waiting.lower())
        self.assertIn("libvirt", self.doctor_before.lower())
        self.assertEqual(self.early.ssh("echo in"), "in\n")
        self.assertNotIn("StateReason", self.early.describe())

    def test_the_guest_is_a_domain_of_the_hosts_libvirt(self):
        listed = subprocess.run(["virsh", "-c", "qemu:///system", "-q", "list", "--name"], capture_output=True,
                                text=True, check=True).stdout
        self.assertIn(self.early.id, listed)

    def test_stop_start_and_terminate_work_through_it(self):
        guest = self.host.launch_ready()
        boot = guest.wait_ssh()
        guest.stop()
        guest.wait_state("stopped")
        guest.start()
        guest.wait_state("running")
        guest.wait_ssh(other_boot_than=boot)
        guest.terminate()
        guest.wait_state("terminated")

    def test_libvirtd_may_die_and_come_back_under_running_guests(self):
        pid, boot = self.early.qemu_pid(), self.early.boot_id()
        self.libvirtd.kill()
        self.assertTrue(self.early.pings())
        self.assertEqual(self.early.state, "running")
        waiting = self.host.run_instances(1)[0]
        time.sleep(1)  # long enough to meet the dead socket; there is no event to wait for
        self.assertEqual(waiting.state, "pending")
        self.assertEqual(self.early.state, "running")
        self.libvirtd.start()
        waiting.wait_state("running", 60)
        self.assertEqual((self.early.qemu_pid(), self.early.boot_id()), (pid, boot))
        # Events flow again on the new connection.
        waiting.wait_ready()
        waiting.ssh("poweroff", check=False)
        shown = waiting.wait_state("stopped", 20)
        self.assertEqual(shown["StateReason"]["Code"], "Client.InstanceInitiatedShutdown")
        waiting.terminate()

    def test_a_guest_that_dies_while_libvirtd_is_down_is_stopped_when_it_is_back(self):
        guest = self.host.launch()
        self.libvirtd.kill()
        guest.kill_qemu()
        self.libvirtd.start()
        shown = guest.wait_state("stopped", 60)
        self.assertEqual(shown["StateReason"]["Code"], "Server.InternalError")
        guest.terminate()

    def test_brumed_killed_and_back_finds_its_guests(self):
        boot = self.early.boot_id()
        self.host.kill()
        self.host.start()
        self.assertEqual(self.early.state, "running")
        self.assertEqual(self.early.boot_id(), boot)


class DeadSocketTest(unittest.TestCase):
    def test_a_launch_that_waits_in_vain_ends_with_the_reason(self):
        host = Host({"compute": {"launch_timeout_seconds": 5}},
                    flags=["--libvirt-uri", "qemu+unix:///system?socket=/nowhere/libvirt-sock"])
        self.addCleanup(host.close)
        host.start()
        host.image_id = host.add_image()
        guest = host.run_instances(1)[0]
        shown = guest.wait_state("shutting-down", 30) if guest.state != "terminated" else guest.describe()
        self.assertEqual(shown["StateReason"]["Code"], "Server.InternalError")
        self.assertTrue(host.api("describe-regions")["Regions"])
        # Whether there is a guest is not known without libvirt, so nothing it might hold is given back before.
        host.stop()
        host.flags.clear()
        host.start()
        guest.wait_state("terminated", 60)


if __name__ == "__main__":
    unittest.main()
