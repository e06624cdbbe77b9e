"""The aws command line, against guests that boot: the life of an instance as a tutorial tells it."""

import json
import os
import subprocess
import unittest

from client_host import AwsError, ClientTest
from conditions import wait_until
from guest import Guest

USER_DATA = "#!/bin/sh\necho hello from the user data\n"


class AwsCliTest(ClientTest):
    @classmethod
    def prepare(cls):
        cls.host.image_id = cls.host.add_image()

    def refused(self, code, *argv):
        """The command fails with EC2's `code`; returns what it printed."""
        with self.assertRaises(AwsError) as caught:
            self.aws(*argv)
        self.assertEqual(caught.exception.code, code, caught.exception.said)
        return caught.exception.said

    def instance(self, instance_id):
        (reservation,) = self.aws("ec2", "describe-instances", "--instance-ids", instance_id)["Reservations"]
        (shown,) = reservation["Instances"]
        return shown

    def make_key(self, name):
        """create-key-pair, saved as the tutorial saves it."""
        self.host.key_path = os.path.join(self.host.directory, f"{name}.pem")
        material = self.aws("ec2", "create-key-pair", "--key-name", name, "--key-type", "ed25519", "--query",
                            "KeyMaterial", "--output", "text")
        with open(self.host.key_path, "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(material)

    def make_group(self, name):
        group = self.aws("ec2", "create-security-group", "--group-name", name, "--description", "SSH")["GroupId"]
        answer = self.aws("ec2", "authorize-security-group-ingress", "--group-id", group, "--protocol", "tcp",
                          "--port", "22", "--cidr", "0.0.0.0/0")
        self.assertTrue(answer["Return"])
        (rule,) = answer["SecurityGroupRules"]
        self.assertEqual((rule["FromPort"], rule["CidrIpv4"], rule["IsEgress"]), (22, "0.0.0.0/0", False))
        return group

    def launch(self, group):
        data = os.path.join(self.host.directory, "user-data")
        with open(data, "w") as file:
            file.write(USER_DATA)
        (launched,) = self.aws(
            "ec2", "run-instances", "--image-id", self.host.image_id, "--instance-type", "t3.nano", "--key-name", "me",
            "--security-group-ids", group, "--user-data", f"file://{data}", "--tag-specifications",
            "ResourceType=instance,Tags=[{Key=Name,Value=web},{Key=Team,Value=mist}]")["Instances"]
        self.assertEqual(launched["State"], {"Code": 0, "Name": "pending"})
        return Guest(self.host, launched["InstanceId"])

    def test_an_instance_lives_its_whole_life_by_the_commands_of_a_tutorial(self):
        self.make_key("me")
        group = self.make_group("ssh")
        guest = self.launch(group)

        self.aws("ec2", "wait", "instance-running", "--instance-ids", guest.id)
        shown = self.instance(guest.id)
        self.assertEqual((shown["State"]["Name"], shown["KeyName"], shown["InstanceType"]), ("running", "me", "t3.nano"))
        self.assertEqual(shown["SecurityGroups"], [{"GroupName": "ssh", "GroupId": group}])
        self.assertCountEqual(shown["Tags"], [{"Key": "Name", "Value": "web"}, {"Key": "Team", "Value": "mist"}])
        self.aws("ec2", "wait", "instance-status-ok", "--instance-ids", guest.id)
        boot = guest.wait_ssh()
        self.assertEqual(guest.imds("user-data", guest.imds_token()), (200, USER_DATA))
        console = self.aws("ec2", "get-console-output", "--instance-id", guest.id, "--output", "text")
        self.assertIn(f"brume-mini: instance {guest.id} address {shown['PrivateIpAddress']}", console)

        self.aws("ec2", "reboot-instances", "--instance-ids", guest.id)
        boot = guest.wait_ssh(other_boot_than=boot)

        (change,) = self.aws("ec2", "stop-instances", "--instance-ids", guest.id)["StoppingInstances"]
        self.assertEqual((change["PreviousState"]["Name"], change["CurrentState"]["Name"]), ("running", "stopping"))
        self.aws("ec2", "wait", "instance-stopped", "--instance-ids", guest.id)
        self.assertEqual(self.instance(guest.id)["StateReason"]["Code"], "Client.UserInitiatedShutdown")
        (change,) = self.aws("ec2", "start-instances", "--instance-ids", guest.id)["StartingInstances"]
        self.assertEqual((change["PreviousState"]["Name"], change["CurrentState"]["Name"]), ("stopped", "pending"))
        self.aws("ec2", "wait", "instance-running", "--instance-ids", guest.id)
        guest.wait_ssh(other_boot_than=boot)

        self.aws("ec2", "create-tags", "--resources", guest.id, "--tags", "Key=Name,Value=brume d’été")
        names = self.aws("ec2", "describe-instances", "--filters", "Name=tag:Name,Values=brume*", "--query",
                         "Reservations[].Instances[].Tags[?Key=='Name'].Value[]", "--output", "text")
        self.assertEqual(names, "brume d’été\n")
        self.aws("ec2", "delete-tags", "--resources", guest.id, "--tags", "Key=Team")
        self.assertEqual(self.instance(guest.id)["Tags"], [{"Key": "Name", "Value": "brume d’été"}])

        (change,) = self.aws("ec2", "terminate-instances", "--instance-ids", guest.id)["TerminatingInstances"]
        self.assertEqual(change["CurrentState"], {"Code": 32, "Name": "shutting-down"})
        self.aws("ec2", "wait", "instance-terminated", "--instance-ids", guest.id)
        self.assertEqual(self.instance(guest.id)["State"], {"Code": 48, "Name": "terminated"})
        self.aws("ec2", "delete-security-group", "--group-id", group)
        self.aws("ec2", "delete-key-pair", "--key-name", "me")
        self.refused("InvalidKeyPair.NotFound", "ec2", "describe-key-pairs", "--key-names", "me")

    def test_the_catalogue_is_there_to_choose_from(self):
        (region,) = self.aws("ec2", "describe-regions", "--query", "Regions[].RegionName")
        self.assertEqual(region, "us-east-1")
        zones = self.aws("ec2", "describe-availability-zones")["AvailabilityZones"]
        self.assertEqual([zone["ZoneName"] for zone in zones], ["us-east-1a", "us-east-1b", "us-east-1c"])
        (image,) = self.aws("ec2", "describe-images", "--owners", "self", "--filters", "Name=name,Values=mini")["Images"]
        self.assertEqual((image["ImageId"], image["State"]), (self.host.image_id, "available"))
        (kind,) = self.aws("ec2", "describe-instance-types", "--instance-types", "t3.micro")["InstanceTypes"]
        self.assertEqual((kind["VCpuInfo"]["DefaultVCpus"], kind["MemoryInfo"]["SizeInMiB"]), (2, 1024))

    def test_a_volume_is_made_attached_detached_and_deleted_with_its_waiters(self):
        (launched,) = self.aws("ec2", "run-instances", "--image-id", self.host.image_id, "--instance-type", "t3.nano",
                               "--block-device-mappings", "DeviceName=/dev/sdb,Ebs={VolumeSize=1}")["Instances"]
        instance, zone = launched["InstanceId"], launched["Placement"]["AvailabilityZone"]
        wait_until(lambda: self.host.api("describe-instances", instance_ids=[instance])
                   ["Reservations"][0]["Instances"][0]["State"]["Name"] == "running", 60, f"{instance} to run")
        volume = self.aws("ec2", "create-volume", "--availability-zone", zone, "--size", "1", "--tag-specifications",
                          "ResourceType=volume,Tags=[{Key=Name,Value=data}]")["VolumeId"]
        self.aws("ec2", "wait", "volume-available", "--volume-ids", volume)
        attached = self.aws("ec2", "attach-volume", "--volume-id", volume, "--instance-id", instance, "--device",
                            "/dev/sdf")
        self.assertEqual((attached["State"], attached["Device"]), ("attaching", "/dev/sdf"))
        self.aws("ec2", "wait", "volume-in-use", "--volume-ids", volume)
        (shown,) = self.aws("ec2", "describe-instances", "--instance-ids", instance, "--query",
                            "Reservations[0].Instances")
        self.assertEqual(sorted(mapping["DeviceName"] for mapping in shown["BlockDeviceMappings"]),
                         ["/dev/sdb", "/dev/sdf", "/dev/vda"])
        status = self.aws("ec2", "describe-volume-status", "--volume-ids", volume)["VolumeStatuses"]
        self.assertEqual(status[0]["VolumeStatus"]["Status"], "ok")
        self.refused("VolumeInUse", "ec2", "delete-volume", "--volume-id", volume)
        self.assertEqual(self.aws("ec2", "detach-volume", "--volume-id", volume)["State"], "detaching")
        # A waiter looks every fifteen seconds: let it find what it waits for.
        wait_until(lambda: self.host.api("describe-volumes", volume_ids=[volume])["Volumes"][0]["State"] == "available",
                   60, f"{volume} to be detached")
        self.aws("ec2", "wait", "volume-available", "--volume-ids", volume)
        self.aws("ec2", "delete-volume", "--volume-id", volume)
        self.aws("ec2", "wait", "volume-deleted", "--volume-ids", volume)
        self.aws("ec2", "terminate-instances", "--instance-ids", instance)

    def test_an_instance_is_launched_from_a_template(self):
        made = self.aws("ec2", "create-launch-template", "--launch-template-name", "tutorial", "--launch-template-data",
                        json.dumps({"ImageId": self.host.image_id, "InstanceType": "t3.nano"}))["LaunchTemplate"]
        template = made["LaunchTemplateId"]
        self.aws("ec2", "create-launch-template-version", "--launch-template-id", template, "--source-version", "1",
                 "--launch-template-data", "InstanceType=t3.micro")
        versions = self.aws("ec2", "describe-launch-template-versions", "--launch-template-id", template)
        self.assertEqual([each["LaunchTemplateData"]["InstanceType"] for each in versions["LaunchTemplateVersions"]],
                         ["t3.micro", "t3.nano"])
        (launched,) = self.aws("ec2", "run-instances", "--launch-template", f"LaunchTemplateId={template},Version=2",
                               "--instance-type", "t3.nano")["Instances"]
        instance = launched["InstanceId"]
        self.assertEqual((launched["InstanceType"], launched["ImageId"]), ("t3.nano", self.host.image_id))
        self.aws("ec2", "wait", "instance-running", "--instance-ids", instance)
        self.aws("ec2", "terminate-instances", "--instance-ids", instance)
        self.aws("ec2", "wait", "instance-terminated", "--instance-ids", instance)
        self.aws("ec2", "delete-launch-template", "--launch-template-name", "tutorial")
        self.refused("InvalidLaunchTemplateId.NotFound", "ec2", "describe-launch-templates", "--launch-template-ids",
                     template)

    def test_a_key_of_ones_own_is_imported_by_its_public_half(self):
        path = os.path.join(self.host.directory, "own")
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
        made = self.aws("ec2", "import-key-pair", "--key-name", "own", "--public-key-material", f"fileb://{path}.pub")
        (shown,) = self.aws("ec2", "describe-key-pairs", "--key-names", "own")["KeyPairs"]
        self.assertEqual(shown["KeyFingerprint"], made["KeyFingerprint"])
        self.refused("InvalidKeyPair.Duplicate", "ec2", "create-key-pair", "--key-name", "own")
        self.aws("ec2", "delete-key-pair", "--key-name", "own")

    def test_an_error_is_shown_with_its_code_and_words(self):
        said = self.refused("InvalidInstanceID.NotFound", "ec2", "describe-instances", "--instance-ids",
                            "i-0123456789abcdef0")
        # Some versions say in between that they did not try again.
        self.assertRegex(said, "when calling the DescribeInstances operation( [(]reached max retries: 0[)])?: "
                               "The instance ID 'i-0123456789abcdef0' does not exist")
        self.refused("DryRunOperation", "ec2", "run-instances", "--image-id", self.host.image_id, "--dry-run")

    def test_the_account_tells_who_calls(self):
        identity = self.aws("sts", "get-caller-identity")
        self.assertEqual(identity, {"UserId": "000000000000", "Account": "000000000000",
                                    "Arn": "arn:aws:iam::000000000000:root"})

    def test_a_wrong_secret_is_refused(self):
        key_id, _ = self.root_key()
        with self.assertRaises(AwsError) as caught:
            self.aws("ec2", "describe-regions",
                     environment={"AWS_ACCESS_KEY_ID": key_id, "AWS_SECRET_ACCESS_KEY": "x" * 40})
        self.assertEqual(caught.exception.code, "AuthFailure")


if __name__ == "__main__":
    unittest.main()
