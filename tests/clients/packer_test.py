"""Packer's amazon-ebs, from Debian: a key, a group, a guest that is launched and stopped, an image of it; and everything
else is taken away again."""

import os
import re
import unittest

from client_host import ClientTest, SimulatedClientTest
from guest import Guest

TEMPLATE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "packer_template.json")
GUEST_TEMPLATE = os.path.join(os.path.dirname(TEMPLATE), "packer_guest_template.json")
# What it says that it does, in this order. A build that ends well says more.
STEPS = ("Prevalidating AMI Name: packed", "Found Image ID: ami-", "Creating temporary keypair",
         "Creating temporary security group", "Authorizing access to port", "Launching a source AWS instance",
         "Instance ID: i-", "Stopping the source instance", "Waiting for the instance to stop", "Creating AMI packed",
         "AMI: ami-", "Waiting for AMI to become ready", "Modifying attributes on AMI (ami-", "Modifying: description",
         "Modifying attributes on snapshot (snap-", "Adding tags to AMI (ami-", "Tagging snapshot: snap-",
         "Creating AMI tags", "Creating snapshot tags", "Terminating the source AWS instance", "Deleting temporary security group", "Deleting temporary keypair")


class PackerTest(SimulatedClientTest):
    def test_a_build_makes_an_image_and_takes_away_all_else_that_it_made(self):
        ec2 = self.client()
        before = self.left(ec2)
        key_id, secret = self.root_key()
        done = self.run_client(
            ["/usr/bin/packer", "build", "-color=false", "-var", f"endpoint={self.host.endpoint}", "-var",
             f"image={self.host.image_id}", TEMPLATE],
            {"AWS_ACCESS_KEY_ID": key_id, "AWS_SECRET_ACCESS_KEY": secret, "CHECKPOINT_DISABLE": "1",
             "PACKER_CONFIG_DIR": self.host.directory})
        steps = iter(re.findall(r"^(?:==>| +)\s*amazon-ebs: (.*)$", done.stdout, re.M))
        for step in STEPS:
            self.assertTrue(any(said.startswith(step) for said in steps), f"no '{step}' in\n{done.stdout}")
        made, = re.findall(r"^us-east-1: (ami-[0-9a-f]+)$", done.stdout, re.M)
        (image,) = ec2.describe_images(ImageIds=[made])["Images"]
        self.assertEqual((image["Name"], image["Description"], image["State"]), ("packed", "of packer", "available"))
        self.assertEqual(image["Tags"], [{"Key": "made", "Value": "by packer"}])
        snapshot = image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
        (shown,) = ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"]
        self.assertEqual(shown["Tags"], [{"Key": "made", "Value": "by packer"}])
        (permission,) = ec2.describe_image_attribute(ImageId=made, Attribute="launchPermission")["LaunchPermissions"]
        self.assertEqual(permission, {"UserId": "123456789012"})
        self.assertEqual(self.left(ec2), before)
        (reservation,) = ec2.describe_instances(Filters=[{"Name": "tag:Name", "Values": ["packer"]}])["Reservations"]
        self.assertEqual([instance["State"]["Name"] for instance in reservation["Instances"]], ["terminated"])

    @staticmethod
    def left(ec2):
        """The keys and groups that there are."""
        return ([key["KeyName"] for key in ec2.describe_key_pairs()["KeyPairs"]],
                [group["GroupName"] for group in ec2.describe_security_groups()["SecurityGroups"]])


class PackerGuestTest(ClientTest):
    """The whole build of a guest that boots: Packer's SSH reaches it, a provisioner changes it, and what boots from the image
    has the change."""

    ready = True

    def test_what_boots_from_the_image_of_a_build_has_what_the_build_changed(self):
        ec2 = self.client()
        key_id, secret = self.root_key()
        ssh = Guest(self.host, "").ssh_argv("nobody")[:-1]
        done = self.run_client(
            ["/usr/bin/packer", "build", "-color=false", "-var", f"endpoint={self.host.endpoint}", "-var",
             f"image={self.host.image_id}", "-var", f"key_name={self.host.key_name}", "-var", f"key_file={self.host.key_path}",
             "-var", f"ssh={' '.join(ssh)}", GUEST_TEMPLATE],
            {"AWS_ACCESS_KEY_ID": key_id, "AWS_SECRET_ACCESS_KEY": secret, "CHECKPOINT_DISABLE": "1",
             "PACKER_CONFIG_DIR": self.host.directory}, seconds=400)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("amazon-ebs: Connected to SSH!", done.stdout)
        made, = re.findall(r"^us-east-1: (ami-[0-9a-f]+)$", done.stdout, re.M)
        (reservation,) = ec2.describe_instances(Filters=[{"Name": "tag:Name", "Values": ["packer"]}])["Reservations"]
        (built,) = reservation["Instances"]
        self.assertEqual(built["State"]["Name"], "terminated")
        guest = self.host.launch(image_id=made)
        guest.wait_ready()
        self.assertEqual(guest.ssh("cat /data/baked").strip(), f"{built['InstanceId']} baked this")
        guest.terminate()


del SimulatedClientTest, ClientTest

if __name__ == "__main__":
    unittest.main()
