"""A whole Debian, with its own unmodified cloud-init: by UEFI and by BIOS from its own disk."""

import gzip
import os
import re
import subprocess
import unittest
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

from conditions import wait_until
from guest import Guest, SshError
from harness import HostTest

DEBIAN = os.environ["BRUME_DEBIAN"]
LONG = os.environ.get("BRUME_DEBIAN_TESTS") == "LONG"  # what needs a third boot, too
BOOT = 900  # seconds, where nothing accelerates the guest, another boots beside it, and a compiler is on both processors

CONFIG = """#cloud-config
write_files:
  - path: /run/from-config
    content: written by cloud-config
"""
SCRIPT = """#!/bin/sh
echo "ran as $(id -un) with {}" >/run/from-script
"""


def multipart(*parts):
    """User data of several parts, as cloud-init's own make-mime packs them."""
    message = MIMEMultipart()
    for subtype, text in parts:
        message.attach(MIMEText(text, subtype))
    return message.as_bytes()


class DebianTest(HostTest):
    ready = False

    @classmethod
    def prepare(cls):
        host = cls.host
        host.add_key()
        host.open_port("tcp", 22)
        uefi = host.add_image(DEBIAN, "debian-12")
        # The same disk as a file of its own, which says nothing of how it boots.
        bios = host.api("register-image", name="debian-12-bios", boot_mode="legacy-bios", root_device_name="/dev/vda",
                        image_location=os.path.join(host.state_dir, "import", "debian-12", "disk.qcow2"))["ImageId"]
        host.wait_image(bios)
        cls.uefi = cls.launch(uefi, gzip.compress(multipart(("cloud-config", CONFIG),
                                                            ("x-shellscript", SCRIPT.format("multipart")))))
        cls.bios = cls.launch(bios, SCRIPT.format("one script").encode())
        for guest in (cls.uefi, cls.bios):
            guest.wait_state("running")
        for guest in (cls.uefi, cls.bios):
            cls.wait_cloud_init(guest)

    @classmethod
    def launch(cls, image, user_data):
        path = os.path.join(cls.host.directory, f"user-data-{image}")
        with open(path, "wb") as file:
            file.write(user_data)
        answer = cls.host.api("run-instances", image_id=image, instance_type="t2.micro", key_name=cls.host.key_name,
                              user_data=f"fileb://{path}",
                              block_device_mappings=[{"DeviceName": "/dev/vda", "Ebs": {"VolumeSize": 5}}])
        return Guest(cls.host, answer["Instances"][0]["InstanceId"], user="debian", connect_seconds=60,
                     command_seconds=180)

    @classmethod
    def wait_cloud_init(cls, guest, seconds=BOOT):
        def done():
            try:
                # A file, as the guest would be busy for long with asking cloud-init itself.
                return guest.ssh_ok("test -e /run/cloud-init/result.json")
            except (SshError, subprocess.TimeoutExpired):
                return False
        wait_until(done, seconds, lambda: f"the end of cloud-init in {guest.id}; {guest.console()[-3000:]}", every=1)
        wait_until(lambda: "status: done" in guest.ssh("cloud-init status", check=False), 60, f"success of cloud-init in {guest}", every=5)

    def root_gib(self, guest):
        return int(guest.ssh("df --block-size=1M --output=size / | tail -n 1")) / 1024

    def check_names(self, guest):
        name = guest.describe()["PrivateDnsName"]
        self.assertEqual(guest.ssh("hostname --fqdn").strip(), name)
        self.assertEqual(guest.ssh("hostname").strip(), name.split(".")[0])

    def test_by_uefi_cloud_init_takes_name_key_and_the_parts_of_compressed_user_data(self):
        guest = self.uefi
        self.assertTrue(guest.ssh_ok("test -d /sys/firmware/efi"))
        self.check_names(guest)
        self.assertEqual(guest.ssh("cat /run/from-config").strip(), "written by cloud-config")
        self.assertEqual(guest.ssh("cat /run/from-script").strip(), "ran as root with multipart")
        self.assertIn(guest.ssh("cloud-id").strip(), ("aws", "ec2"))
        self.assertEqual(guest.ssh("cloud-init query v1.instance_id").strip(), guest.id)
        self.assertEqual(guest.ssh("systemctl --failed --no-legend").strip(), "")
        self.assertGreater(self.root_gib(guest), 4.5)

    def test_by_bios_cloud_init_takes_name_key_and_user_data(self):
        guest = self.bios
        self.assertFalse(guest.ssh_ok("test -d /sys/firmware/efi"))
        self.check_names(guest)
        self.assertEqual(guest.ssh("cat /run/from-script").strip(), "ran as root with one script")
        self.assertGreater(self.root_gib(guest), 4.5)

    @unittest.skipUnless(LONG, "BRUME_DEBIAN_TESTS=LONG reboots it")
    def test_the_root_grows_again_after_the_volume_did(self):
        guest = self.uefi
        boot = guest.boot_id()
        self.host.api("modify-volume", volume_id=guest.root_volume, size=7)
        wait_until(lambda: guest.ssh("cat /sys/block/vda/size").strip() == str(7 << 21), 30, "the guest sees 7 GiB")
        guest.ssh("sudo touch /var/lib/kept")
        guest.reboot()
        guest.wait_ssh(BOOT, other_boot_than=boot)
        self.wait_cloud_init(guest)
        self.assertGreater(self.root_gib(guest), 6.5)
        self.assertTrue(guest.ssh_ok("test -e /var/lib/kept && ! test -e /run/from-script"))

    def test_disks_have_the_names_that_their_volumes_tell(self):
        guest = self.bios
        serial = guest.root_volume.replace("-", "")
        self.assertEqual(guest.ssh(f"readlink -f /dev/disk/by-id/virtio-{serial}").strip(), "/dev/vda")
        self.assertRegex(guest.ssh("cloud-init query ds.meta_data.block_device_mapping.root").strip(),
                         re.compile("^/dev/vda"))


if __name__ == "__main__":
    unittest.main()
