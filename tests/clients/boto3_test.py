"""boto3: a program's work with instances, from a guest that boots to pages of many."""

import base64
import unittest
import uuid

from botocore.exceptions import ClientError, WaiterError
from client_host import ClientTest, SimulatedClientTest
from guest import Guest

SOON = {"Delay": 1, "MaxAttempts": 60}


def given(version):
    """What a launch template's version has; lists that were not given are shown empty."""
    return {name: value for name, value in version["LaunchTemplateData"].items() if value != []}


class ProgramTest(ClientTest):
    @classmethod
    def prepare(cls):
        cls.host.prepare()

    def test_a_program_launches_a_guest_and_finds_it_by_what_it_knows(self):
        ec2 = self.client()
        (launched,) = ec2.run_instances(
            ImageId=self.host.image_id, InstanceType="b1.tiny", KeyName=self.host.key_name, MinCount=1, MaxCount=1,
            UserData="from boto3", TagSpecifications=[
                {"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "web"}]},
                {"ResourceType": "volume", "Tags": [{"Key": "Name", "Value": "root"}]}])["Instances"]
        guest = Guest(self.host, launched["InstanceId"])
        ec2.get_waiter("instance_running").wait(InstanceIds=[guest.id], WaiterConfig=SOON)
        (page,) = ec2.get_paginator("describe_instances").paginate(
            Filters=[{"Name": "tag:Name", "Values": ["web"]}, {"Name": "instance-state-name", "Values": ["running"]}])
        (shown,) = page["Reservations"][0]["Instances"]
        self.assertEqual((shown["InstanceId"], shown["PublicIpAddress"]), (guest.id, guest.public_ip))
        self.assertEqual(shown["LaunchTime"].tzname(), "UTC")
        guest.wait_ssh()
        self.assertEqual(guest.imds("user-data", guest.imds_token()), (200, "from boto3"))
        ec2.get_waiter("instance_status_ok").wait(InstanceIds=[guest.id], WaiterConfig=SOON)
        ec2.terminate_instances(InstanceIds=[guest.id])
        ec2.get_waiter("instance_terminated").wait(InstanceIds=[guest.id], WaiterConfig=SOON)


class CallsTest(SimulatedClientTest):
    @classmethod
    def prepare(cls):
        super().prepare()
        cls.ec2 = cls.client()

    def launch(self, count=1, **more):
        launched = self.ec2.run_instances(ImageId=self.host.image_id, MinCount=count, MaxCount=count, **more)
        ids = [instance["InstanceId"] for instance in launched["Instances"]]
        self.ec2.get_waiter("instance_running").wait(InstanceIds=ids, WaiterConfig=SOON)
        return ids

    def found(self, *filters):
        pages = self.ec2.get_paginator("describe_instances").paginate(Filters=list(filters))
        return sorted(pages.search("Reservations[].Instances[].InstanceId"))

    def refusal(self, call, **arguments):
        with self.assertRaises(ClientError) as caught:
            call(**arguments)
        return caught.exception.response

    def test_pages_show_each_instance_once_in_any_size_of_page(self):
        name = [{"Key": "Name", "Value": "paged"}]
        ids = sorted(self.launch(23, TagSpecifications=[{"ResourceType": "instance", "Tags": name}]))
        for size in (5, 10, 1000):
            pages = list(self.ec2.get_paginator("describe_instances").paginate(
                Filters=[{"Name": "tag:Name", "Values": ["paged"]}], PaginationConfig={"PageSize": size}))
            shown = [i["InstanceId"] for page in pages for r in page["Reservations"] for i in r["Instances"]]
            self.assertEqual(sorted(shown), ids, size)
        pages = list(self.ec2.get_paginator("describe_instance_types").paginate(PaginationConfig={"PageSize": 5}))
        kinds = [kind["InstanceType"] for page in pages for kind in page["InstanceTypes"]]
        self.assertEqual(len(kinds), len(set(kinds)))
        self.assertEqual(len(pages), (len(kinds) + 4) // 5)

    def test_a_dry_run_says_that_it_would_have_gone_and_does_nothing(self):
        (instance,) = self.launch()
        before = self.found()
        for call, arguments in ((self.ec2.run_instances,
                                 {"ImageId": self.host.image_id, "MinCount": 1, "MaxCount": 1}),
                                (self.ec2.stop_instances, {"InstanceIds": [instance]}),
                                (self.ec2.terminate_instances, {"InstanceIds": [instance]}),
                                (self.ec2.describe_instances, {}),
                                (self.ec2.create_key_pair, {"KeyName": "dry"})):
            refusal = self.refusal(call, DryRun=True, **arguments)
            self.assertEqual(refusal["Error"]["Code"], "DryRunOperation")
            self.assertEqual(refusal["ResponseMetadata"]["HTTPStatusCode"], 412)
        self.assertEqual(self.found(), before)
        self.assertEqual(self.ec2.describe_key_pairs()["KeyPairs"], [])

    def test_a_launch_asked_for_twice_with_one_token_is_one_launch(self):
        token = str(uuid.uuid4())
        first = self.launch(2, ClientToken=token)
        self.assertEqual(self.launch(2, ClientToken=token), first)
        refusal = self.refusal(self.ec2.run_instances, ImageId=self.host.image_id, MinCount=1, MaxCount=1,
                               ClientToken=token)
        self.assertEqual(refusal["Error"]["Code"], "IdempotentParameterMismatch")
        self.assertEqual(self.found({"Name": "client-token", "Values": [token]}), sorted(first))

    def test_a_launch_template_lives_from_its_making_to_its_end(self):
        data = {"ImageId": self.host.image_id, "InstanceType": "b1.tiny", "UserData": "aGk=",
                "BlockDeviceMappings": [{"DeviceName": "/dev/vda", "Ebs": {"VolumeSize": 9}}],
                "NetworkInterfaces": [{"DeviceIndex": 0, "Groups": [self.ec2.describe_security_groups(
                    GroupNames=["default"])["SecurityGroups"][0]["GroupId"]]}],
                "TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "templated"}]}]}
        made = self.ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=data)["LaunchTemplate"]
        self.assertEqual((made["DefaultVersionNumber"], made["LatestVersionNumber"]), (1, 1))
        version = self.ec2.create_launch_template_version(
            LaunchTemplateName="web", SourceVersion="1", LaunchTemplateData={"InstanceType": "b1.small"})
        self.assertEqual(given(version["LaunchTemplateVersion"]), {**data, "InstanceType": "b1.small"})
        shown = list(self.ec2.get_paginator("describe_launch_template_versions").paginate(
            LaunchTemplateName="web", PaginationConfig={"PageSize": 1}).search("LaunchTemplateVersions[]"))
        self.assertEqual([each["VersionNumber"] for each in shown], [2, 1])
        self.assertEqual(given(shown[1]), data)

        template = made["LaunchTemplateId"]
        (launched,) = self.ec2.run_instances(
            MinCount=1, MaxCount=1, LaunchTemplate={"LaunchTemplateId": template, "Version": "$Latest"},
            TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Stage", "Value": "test"}]}])["Instances"]
        self.assertEqual(launched["InstanceType"], "b1.small")
        self.assertEqual({tag["Key"]: tag["Value"] for tag in launched["Tags"]}, {
            "Name": "templated", "Stage": "test", "aws:ec2launchtemplate:id": template,
            "aws:ec2launchtemplate:version": "2"})
        (overridden,) = self.ec2.run_instances(
            MinCount=1, MaxCount=1, InstanceType="b1.medium", LaunchTemplate={"LaunchTemplateName": "web"})["Instances"]
        self.assertEqual(overridden["InstanceType"], "b1.medium")

        changed = self.ec2.modify_launch_template(LaunchTemplateName="web", DefaultVersion="2")["LaunchTemplate"]
        self.assertEqual(changed["DefaultVersionNumber"], 2)
        gone = self.ec2.delete_launch_template_versions(LaunchTemplateId=template, Versions=["1", "2"])
        self.assertEqual([each["VersionNumber"] for each in gone["SuccessfullyDeletedLaunchTemplateVersions"]], [1])
        self.assertEqual([each["VersionNumber"] for each in gone["UnsuccessfullyDeletedLaunchTemplateVersions"]], [2])
        self.ec2.delete_launch_template(LaunchTemplateId=template)
        self.assertEqual(self.ec2.describe_launch_templates()["LaunchTemplates"], [])
        refusal = self.refusal(self.ec2.describe_launch_templates, LaunchTemplateNames=["web"])
        self.assertEqual(refusal["Error"]["Code"], "InvalidLaunchTemplateName.NotFoundException")

    def test_user_data_of_full_size_comes_back_byte_for_byte(self):
        data = bytes(range(256)) * 64
        (instance,) = self.launch(UserData=data)
        answer = self.ec2.describe_instance_attribute(InstanceId=instance, Attribute="userData")
        self.assertEqual(base64.b64decode(answer["UserData"]["Value"]), data)

    def test_tags_of_any_alphabet_are_kept_and_found(self):
        tags = {"Имя": "веб-сервер", "名前": "霧", "emoji": "🌫️", "marks": "<&>\"' +=%/:;", "empty": "", "space": " a  b "}
        (instance,) = self.launch()
        self.ec2.create_tags(Resources=[instance], Tags=[{"Key": key, "Value": tags[key]} for key in tags])
        shown = self.ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [instance]}])["Tags"]
        self.assertEqual({tag["Key"]: tag["Value"] for tag in shown}, tags)
        for key, value in tags.items():
            self.assertEqual(self.found({"Name": f"tag:{key}", "Values": [value]}), [instance], key)

    def test_filters_are_joined_by_and_and_their_values_by_or(self):
        web = self.launch(2, TagSpecifications=[
            {"ResourceType": "instance", "Tags": [{"Key": "Role", "Value": "web-1"}]}])
        (db,) = self.launch(InstanceType="b1.small", TagSpecifications=[
            {"ResourceType": "instance", "Tags": [{"Key": "Role", "Value": "db"}]}])
        self.assertEqual(self.found({"Name": "tag:Role", "Values": ["web-*", "db"]}), sorted([*web, db]))
        self.assertEqual(self.found({"Name": "tag:Role", "Values": ["web-?", "db"]},
                                    {"Name": "instance-type", "Values": ["b1.small"]}), [db])
        self.assertEqual(self.found({"Name": "tag-key", "Values": ["Role"]},
                                    {"Name": "image-id", "Values": ["ami-0*"]},
                                    {"Name": "instance-state-name", "Values": ["terminated"]}), [])

    def test_a_waiter_ends_at_once_when_its_instance_cannot_get_there(self):
        (instance,) = self.launch()
        self.ec2.terminate_instances(InstanceIds=[instance])
        self.ec2.get_waiter("instance_terminated").wait(InstanceIds=[instance], WaiterConfig=SOON)
        with self.assertRaisesRegex(WaiterError, "terminal failure state"):
            self.ec2.get_waiter("instance_running").wait(InstanceIds=[instance], WaiterConfig=SOON)


class LimitsTest(SimulatedClientTest):
    # One more call every 5 seconds; launches come out of a bucket of their own.
    config = {"limits": {"requests_per_second": 0.2, "request_burst": 20.0}}

    def test_a_client_that_asks_too_much_is_told_so_and_others_are_not(self):
        ec2 = self.client()
        with self.assertRaises(ClientError) as caught:
            for _ in range(100):
                ec2.describe_regions()
        refusal = caught.exception.response
        self.assertEqual(refusal["Error"]["Code"], "RequestLimitExceeded")
        self.assertEqual(refusal["ResponseMetadata"]["HTTPStatusCode"], 503)
        self.assertEqual(len(self.host.api("describe-regions")["Regions"]), 1)  # the host's own are not limited
        patient = self.client(retries={"total_max_attempts": 10, "mode": "standard"})
        answer = patient.describe_regions()
        self.assertGreater(answer["ResponseMetadata"]["RetryAttempts"], 0)


del ClientTest, SimulatedClientTest

if __name__ == "__main__":
    unittest.main()
