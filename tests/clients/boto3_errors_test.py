"""boto3: what is asked wrongly is refused with EC2's own codes, as its documentation lists them.

Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
"""

import unittest

from botocore.exceptions import ClientError
from client_host import SimulatedClientTest

NO_IMAGE = "ami-00000000000000000"
NO_INSTANCE = "i-00000000000000000"
NO_GROUP = "sg-00000000000000000"
ANYWHERE = [{"CidrIp": "0.0.0.0/0"}]
TAGS_LEFT = 3  # that fit on the instance, of 50


def bad_calls(image, instance, dead, group):
    """(code, method of the client, its arguments); none of them may change anything."""

    def run(**more):
        return "run_instances", {"ImageId": image, "MinCount": 1, "MaxCount": 1, **more}

    def allow(**permission):
        return "authorize_security_group_ingress", {"GroupId": group, "IpPermissions": [permission]}

    def tag(*tags, resource=instance):
        return "create_tags", {"Resources": [resource], "Tags": [{"Key": key, "Value": ""} for key in tags]}

    return [
        # Launching
        ("MissingParameter", "run_instances", {"MinCount": 1, "MaxCount": 1}),
        ("MissingParameter", "run_instances", {"ImageId": image, "MaxCount": 1}),
        ("MissingParameter", "run_instances", {"ImageId": image, "MinCount": 1}),
        ("InvalidAMIID.Malformed", *run(ImageId="mini")),
        ("InvalidAMIID.NotFound", *run(ImageId=NO_IMAGE)),
        ("InvalidParameterValue", *run(MinCount=0)),
        ("InvalidParameterValue", *run(MinCount=2)),
        ("InvalidParameterValue", *run(MaxCount="many")),
        ("InvalidParameterValue", *run(InstanceType="z9.huge")),
        ("InsufficientInstanceCapacity", *run(InstanceType="r5.24xlarge")),
        ("InvalidKeyPair.NotFound", *run(KeyName="nobody")),
        ("InvalidGroupId.Malformed", *run(SecurityGroupIds=["default"])),
        ("InvalidGroup.NotFound", *run(SecurityGroupIds=[NO_GROUP])),
        ("InvalidGroup.NotFound", *run(SecurityGroups=["nobody"])),
        ("InvalidSubnetID.NotFound", *run(SubnetId="subnet-00000000000000000")),
        ("InvalidParameterValue", *run(Placement={"AvailabilityZone": "mars-1a"})),
        ("InvalidPlacementGroup.Unknown", *run(Placement={"GroupName": "fast"})),
        ("InvalidParameterValue", *run(PrivateIpAddress="10.9.9.9")),
        ("InvalidParameterCombination", *run(MaxCount=2, PrivateIpAddress="172.31.0.9")),
        ("InvalidParameterValue", *run(UserData="x" * 16385)),
        ("InvalidParameterValue", *run(ClientToken="x" * 65)),
        ("InvalidParameterValue", *run(InstanceInitiatedShutdownBehavior="hibernate")),
        ("InvalidParameterValue", *run(MetadataOptions={"HttpTokens": "maybe"})),
        ("InvalidParameterCombination", *run(NetworkInterfaces=[{"DeviceIndex": 0}], SecurityGroupIds=[group])),
        ("InvalidBlockDeviceMapping", *run(BlockDeviceMappings=[{"DeviceName": "/dev/null", "Ebs": {"VolumeSize": 8}}])),
        ("InvalidParameterValue", *run(TagSpecifications=[{"ResourceType": "moon", "Tags": [{"Key": "a"}]}])),
        ("DryRunOperation", *run(DryRun=True)),
        # Instances that are there, and that are not
        ("InvalidInstanceID.Malformed", "describe_instances", {"InstanceIds": ["web"]}),
        ("InvalidInstanceID.NotFound", "describe_instances", {"InstanceIds": [NO_INSTANCE]}),
        ("InvalidParameterValue", "describe_instances", {"MaxResults": 4}),
        ("InvalidParameterCombination", "describe_instances", {"MaxResults": 5, "InstanceIds": [instance]}),
        ("InvalidNextToken", "describe_instances", {"NextToken": "bogus"}),
        ("InvalidParameterValue", "describe_instances", {"Filters": [{"Name": "colour", "Values": ["red"]}]}),
        ("InvalidParameterCombination", "start_instances", {}),
        ("InvalidInstanceID.NotFound", "start_instances", {"InstanceIds": [NO_INSTANCE]}),
        ("InvalidInstanceID.NotFound", "stop_instances", {"InstanceIds": [instance, NO_INSTANCE]}),
        ("InvalidInstanceID.NotFound", "reboot_instances", {"InstanceIds": [NO_INSTANCE]}),
        ("InvalidInstanceID.NotFound", "terminate_instances", {"InstanceIds": [instance, NO_INSTANCE]}),
        ("IncorrectInstanceState", "start_instances", {"InstanceIds": [dead]}),
        ("IncorrectInstanceState", "stop_instances", {"InstanceIds": [dead]}),
        ("IncorrectInstanceState", "reboot_instances", {"InstanceIds": [dead]}),
        ("DryRunOperation", "terminate_instances", {"InstanceIds": [instance], "DryRun": True}),
        ("MissingParameter", "get_console_output", {}),
        ("InvalidInstanceID.NotFound", "get_console_output", {"InstanceId": NO_INSTANCE}),
        ("InvalidParameterValue", "describe_instance_attribute", {"InstanceId": instance, "Attribute": "colour"}),
        ("InvalidParameterCombination", "modify_instance_attribute", {"InstanceId": instance}),
        ("IncorrectInstanceState", "modify_instance_attribute",
         {"InstanceId": instance, "InstanceType": {"Value": "b1.small"}}),
        ("InvalidGroup.NotFound", "modify_instance_attribute", {"InstanceId": instance, "Groups": [NO_GROUP]}),
        # What to choose from
        ("InvalidAMIID.NotFound", "describe_images", {"ImageIds": [NO_IMAGE]}),
        ("InvalidAMIID.NotFound", "deregister_image", {"ImageId": NO_IMAGE}),
        ("InvalidInstanceType", "describe_instance_types", {"InstanceTypes": ["z9.huge"]}),
        ("InvalidParameterValue", "describe_regions", {"RegionNames": ["mars-1"]}),
        ("InvalidParameterValue", "describe_availability_zones", {"ZoneNames": ["us-east-1z"]}),
        ("InvalidVpcID.NotFound", "describe_vpcs", {"VpcIds": ["vpc-00000000000000000"]}),
        ("InvalidSubnetID.NotFound", "describe_subnets", {"SubnetIds": ["subnet-00000000000000000"]}),
        # Tags
        ("MissingParameter", "create_tags", {"Resources": [instance]}),
        ("InvalidID", *tag("a", resource="moon-1")),
        ("InvalidInstanceID.NotFound", *tag("a", resource=NO_INSTANCE)),
        ("InvalidParameterValue", *tag("aws:mine")),
        ("InvalidParameterValue", *tag("k" * 129)),
        ("InvalidParameterValue", *tag("a", "a")),
        ("TagLimitExceeded", *tag(*(f"more{i}" for i in range(TAGS_LEFT + 1)))),
        # Keys
        ("MissingParameter", "create_key_pair", {}),
        ("InvalidParameterValue", "create_key_pair", {"KeyName": "k", "KeyType": "dsa"}),
        ("InvalidKey.Format", "import_key_pair", {"KeyName": "k", "PublicKeyMaterial": b"no key"}),
        ("InvalidKeyPair.NotFound", "describe_key_pairs", {"KeyNames": ["nobody"]}),
        # Security groups
        ("MissingParameter", "create_security_group", {"GroupName": "web"}),
        ("InvalidParameterValue", "create_security_group", {"GroupName": "sg-web", "Description": "d"}),
        ("InvalidGroup.Duplicate", "create_security_group", {"GroupName": "taken", "Description": "d"}),
        ("InvalidVpcID.NotFound", "create_security_group",
         {"GroupName": "web", "Description": "d", "VpcId": "vpc-00000000000000000"}),
        ("InvalidGroup.NotFound", "describe_security_groups", {"GroupIds": [NO_GROUP]}),
        ("CannotDelete", "delete_security_group", {"GroupName": "default"}),
        ("InvalidPermission.Duplicate", *allow(IpProtocol="tcp", FromPort=22, ToPort=22, IpRanges=ANYWHERE)),
        ("InvalidParameterValue", *allow(IpProtocol="tcp", IpRanges=ANYWHERE)),
        ("InvalidParameterValue", *allow(IpProtocol="tcp", FromPort=22, ToPort=65536, IpRanges=ANYWHERE)),
        ("InvalidParameterValue", *allow(IpProtocol="pigeon", FromPort=1, ToPort=1, IpRanges=ANYWHERE)),
        ("InvalidParameterValue", *allow(IpProtocol="-1", IpRanges=[{"CidrIp": "0.0.0.0/33"}])),
        ("InvalidGroup.NotFound", *allow(IpProtocol="-1", UserIdGroupPairs=[{"GroupId": NO_GROUP}])),
        ("InvalidPermission.NotFound", "revoke_security_group_ingress",
         {"GroupId": group, "IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "CidrIp": "192.0.2.0/24"}),
    ]


STATUS = {"DryRunOperation": 412, "InsufficientInstanceCapacity": 500}
READS = ("describe_instances", "describe_images", "describe_key_pairs", "describe_security_groups", "describe_tags",
         "describe_vpcs", "describe_subnets")


class BadCallsTest(SimulatedClientTest):
    # A simulated host has 2^40 MiB; this leaves guests 100 GiB of them.
    config = {"capacity": {"reserved_memory_mib": (1 << 40) - 100 * 1024}}

    def everything(self, ec2):
        answers = [getattr(ec2, name)() for name in READS]
        for answer in answers:
            del answer["ResponseMetadata"]
        return answers

    def test_every_bad_call_is_refused_with_ec2s_code_and_changes_nothing(self):
        ec2 = self.client(parameter_validation=False)
        group = ec2.create_security_group(GroupName="taken", Description="d")["GroupId"]
        ec2.authorize_security_group_ingress(GroupId=group, IpProtocol="tcp", FromPort=22, ToPort=22,
                                             CidrIp="0.0.0.0/0")
        launched = ec2.run_instances(ImageId=self.host.image_id, MinCount=2, MaxCount=2)["Instances"]
        instance, dead = (item["InstanceId"] for item in launched)
        ec2.get_waiter("instance_running").wait(InstanceIds=[instance, dead], WaiterConfig={"Delay": 1})
        ec2.create_tags(Resources=[instance], Tags=[{"Key": f"k{i}", "Value": ""} for i in range(50 - TAGS_LEFT)])
        ec2.terminate_instances(InstanceIds=[dead])
        ec2.get_waiter("instance_terminated").wait(InstanceIds=[dead], WaiterConfig={"Delay": 1})

        calls = bad_calls(self.host.image_id, instance, dead, group)
        self.assertGreaterEqual(len(calls), 60)
        before = self.everything(ec2)
        for code, method, arguments in calls:
            with self.subTest(call=method, arguments=str(arguments)[:200]):
                with self.assertRaises(ClientError) as caught:
                    getattr(ec2, method)(**arguments)
                refusal = caught.exception.response
                self.assertEqual(refusal["Error"]["Code"], code, refusal["Error"]["Message"])
                self.assertGreater(len(refusal["Error"]["Message"]), 10)
                self.assertEqual(refusal["ResponseMetadata"]["HTTPStatusCode"], STATUS.get(code, 400))
                self.assertRegex(refusal["ResponseMetadata"]["RequestId"], "^[0-9a-f-]{36}$")
        self.assertEqual(self.everything(ec2), before)


del SimulatedClientTest

if __name__ == "__main__":
    unittest.main()
