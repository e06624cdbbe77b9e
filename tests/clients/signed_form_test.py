"""What older and newer clients than Debian's send: old versions, empty parameters, compressed bodies, defaults spelled out,
client tokens, and refusals in the protocol that asked."""

import gzip
import json
import unittest
import urllib.parse
import zlib

from client_host import SimulatedClientTest
from signed_form import Signer

CBOR = {"path": "/service/GraniteServiceVersion20100801/operation/ListMetrics", "Content_Type": "application/cbor",
        "smithy_protocol": "rpc-v2-cbor"}
JSON = {"Content_Type": "application/x-amz-json-1.0", "X_Amz_Target": "GraniteServiceVersion20100801.ListMetrics"}


class SignedFormTest(SimulatedClientTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.signer = Signer(cls.host.endpoint, cls.root_key())
        cls.vpc = cls.ec2("DescribeVpcs").values("vpcId")[0]
        cls.subnet = cls.ec2("DescribeSubnets").values("subnetId")[0]

    @classmethod
    def ec2(cls, action, **parameters):
        return cls.signer.call("ec2", action, **parameters)

    def run_instance(self, **parameters):
        return self.ec2("RunInstances", **{"ImageId": self.host.image_id, "InstanceType": "t3.micro", "MinCount": "1",
                                           "MaxCount": "1", **parameters})


class VersionTest(SignedFormTest):
    def test_old_versions_of_each_api_are_served_and_answered_in_their_own_namespace(self):
        for service, action, versions in (
                ("ec2", "DescribeInstances", ("2006-06-26", "2011-01-01", "2012-12-01", "2014-10-01", "2016-09-15")),
                ("autoscaling", "DescribeAutoScalingGroups", ("2009-05-15", "2010-08-01", "2011-01-01")),
                ("monitoring", "ListMetrics", ("2009-05-15", "2010-08-01"))):
            for version in versions:
                with self.subTest(f"{service} {version}"):
                    answer = self.signer.call(service, action, version)
                    self.assertEqual(answer.status, 200, answer.text)
                    self.assertRegex(answer.text, rf'xmlns="http://\w+\.amazonaws\.com/doc/{version}/"')

    def test_a_version_that_was_none_is_refused_in_the_form_of_the_service(self):
        for service, action, outer in (("ec2", "DescribeInstances", "<Response><Errors>"),
                                       ("iam", "ListUsers", "<ErrorResponse"),
                                       ("autoscaling", "DescribeAutoScalingGroups", "<ErrorResponse")):
            with self.subTest(service):
                answer = self.signer.call(service, action, "2016-11-16")
                self.assertEqual((answer.status, answer.code), (400, "NoSuchVersion"))
                self.assertIn(outer, answer.text)


class EmptyParameterTest(SignedFormTest):
    def test_an_empty_number_time_or_boolean_is_not_given(self):
        for service, action, parameters in (
                ("ec2", "DescribeInstances", {"MaxResults": "", "NextToken": "", "DryRun": ""}),
                ("autoscaling", "DescribeAutoScalingGroups", {"MaxRecords": ""}),
                ("iam", "ListUsers", {"MaxItems": ""}),
                ("monitoring", "PutMetricData", {"Namespace": "N", "MetricData.member.1.MetricName": "m",
                                                 "MetricData.member.1.Value": "1", "MetricData.member.1.Timestamp": "",
                                                 "MetricData.member.1.StorageResolution": ""})):
            with self.subTest(action):
                answer = self.signer.call(service, action, **parameters)
                self.assertEqual(answer.status, 200, answer.text)


class CompressionTest(SignedFormTest):
    form = urllib.parse.urlencode({"Action": "DescribeInstances", "Version": "2016-11-15"}).encode()

    def test_a_body_is_taken_as_its_encoding_says(self):
        for encoding, body in (("gzip", gzip.compress(self.form)), ("x-gzip", gzip.compress(self.form)),
                               ("identity", self.form), ("", self.form)):
            with self.subTest(encoding):
                answer = self.signer.send("ec2", body, Content_Encoding=encoding)
                self.assertEqual(answer.status, 200, answer.text)

    def test_what_http_refuses_is_told_in_the_protocol_that_asked(self):
        bad = {"Content_Encoding": "deflate"}
        body = zlib.compress(b"x")
        form = self.signer.send("monitoring", body, **bad)
        self.assertEqual((form.status, form.code), (415, "InvalidRequest"))
        self.assertIn("<ErrorResponse", form.text)
        cbor = self.signer.send("monitoring", body, **CBOR, **bad)
        self.assertEqual((cbor.status, cbor.headers["content-type"]), (415, "application/cbor"))
        self.assertEqual(cbor.headers["smithy-protocol"], "rpc-v2-cbor")
        self.assertIn(b"InvalidRequest", cbor.body)
        response = self.signer.send("monitoring", body, **JSON, **bad)
        self.assertEqual((response.status, response.headers["content-type"]), (415, "application/x-amz-json-1.0"))
        self.assertIn("InvalidRequest", json.loads(response.text)["__type"])

    def test_a_body_beyond_the_limit_is_refused_in_the_protocol_that_asked(self):
        large = b"x" * (2 << 20)
        for wanted, asked in (("application/cbor", CBOR), ("application/x-amz-json-1.0", JSON)):
            with self.subTest(wanted):
                answer = self.signer.send("monitoring", large, **asked)
                self.assertEqual((answer.status, answer.headers["content-type"]), (413, wanted))
                self.assertIn(b"RequestEntityTooLarge", answer.body)


class DefaultsTest(SignedFormTest):
    def taken(self, action, **parameters):
        with self.subTest(f"{action} {parameters}"):
            answer = self.ec2(action, **{**parameters, "DryRun": "true"})
            self.assertEqual(answer.code, "DryRunOperation", answer.text)

    def test_a_launch_takes_each_default_of_what_is_not_here(self):
        for given in ({"EnablePrimaryIpv6": "false"}, {"CpuOptions.AmdSevSnp": "disabled"},
                      {"CpuOptions.NestedVirtualization": "disabled"}, {"Placement.Affinity": "default"},
                      {"NetworkPerformanceOptions.BandwidthWeighting": "default"}, {"Ipv6AddressCount": "0"},
                      {"NetworkInterface.1.DeviceIndex": "0", "NetworkInterface.1.PrimaryIpv6": "false",
                       "NetworkInterface.1.Ipv4PrefixCount": "0", "NetworkInterface.1.Ipv6PrefixCount": "0",
                       "NetworkInterface.1.AssociateCarrierIpAddress": "false",
                       "NetworkInterface.1.EnaSrdSpecification.EnaSrdEnabled": "false",
                       "NetworkInterface.1.EnaSrdSpecification.EnaSrdUdpSpecification.EnaSrdUdpEnabled": "false"}):
            with self.subTest(str(given)):
                self.assertEqual(self.run_instance(DryRun="true", **given).code, "DryRunOperation")

    def test_a_launch_takes_a_number_of_ipv6_addresses_of_its_own(self):
        vpc = self.ec2("CreateVpc", CidrBlock="10.7.0.0/16", AmazonProvidedIpv6CidrBlock="true").values("vpcId")[0]
        block = self.ec2("DescribeVpcs", **{"VpcId.1": vpc}).values("ipv6CidrBlock")[0].replace("/56", "/64")
        subnet = self.ec2("CreateSubnet", VpcId=vpc, CidrBlock="10.7.1.0/24",
                          Ipv6CidrBlock=block).values("subnetId")[0]
        launched = self.run_instance(SubnetId=subnet, Ipv6AddressCount="2")
        self.assertEqual(launched.status, 200, launched.text)
        self.assertEqual(len(set(launched.values("ipv6Address"))), 2)
        clash = self.run_instance(Ipv6AddressCount="1", **{"NetworkInterface.1.DeviceIndex": "0"})
        self.assertEqual(clash.code, "InvalidParameterCombination")

    def test_what_is_not_here_is_refused_in_words(self):
        for given in ({"CpuOptions.AmdSevSnp": "enabled"}, {"Placement.Affinity": "host"},
                      {"NetworkPerformanceOptions.BandwidthWeighting": "vpc-1"},
                      {"NetworkInterface.1.DeviceIndex": "0", "NetworkInterface.1.Ipv6PrefixCount": "1"}):
            with self.subTest(str(given)):
                answer = self.run_instance(DryRun="true", **given)
                self.assertEqual(answer.code, "UnsupportedOperation", answer.text)
                self.assertIn("It must be", answer.text)

    def test_the_other_calls_take_their_defaults(self):
        self.taken("CreateNatGateway", SubnetId=self.subnet, ConnectivityType="private", AvailabilityMode="zonal")
        self.taken("CreateNetworkInterface", SubnetId=self.subnet, EnablePrimaryIpv6="false")
        self.taken("CreateVpc", CidrBlock="10.0.0.0/16", AmazonProvidedIpv6CidrBlock="true",
                   Ipv6CidrBlockNetworkBorderGroup="us-east-1")
        self.taken("CreateVolume", AvailabilityZoneId="use1-az1", Size="1", MultiAttachEnabled="false")
        instance = self.run_instance().values("instanceId")[0]
        self.taken("CreateSnapshots", **{"InstanceSpecification.InstanceId": instance, "Location": "regional"})
        self.taken("StopInstances", **{"InstanceId.1": instance, "SkipOsShutdown": "false"})
        self.taken("TerminateInstances", **{"InstanceId.1": instance, "SkipOsShutdown": "false", "Force": "false"})
        for action in ("DescribeInstances", "DescribeInstanceStatus", "DescribeVolumes", "DescribeVolumeStatus",
                       "DescribeNetworkInterfaces", "DescribeLaunchTemplates"):
            self.taken(action, IncludeManagedResources="true")
        self.taken("DescribeInstanceTypes", IncludeUnsupportedInRegion="false")
        for name, value, code in (("EnaSupport", "true", ""), ("EnaSupport", "false", "UnsupportedOperation"),
                                  ("SriovNetSupport", "simple", ""), ("SriovNetSupport", "x", "InvalidParameterValue")):
            answer = self.ec2("ModifyInstanceAttribute", **{"InstanceId": instance, f"{name}.Value": value})
            self.assertEqual(answer.code, code, answer.text)

    def test_a_template_keeps_defaults_spelled_out_and_a_launch_from_it_takes_them(self):
        given = {"ImageId": self.host.image_id, "InstanceType": "t3.micro", "CpuOptions.AmdSevSnp": "disabled",
                 "Placement.Affinity": "default", "NetworkPerformanceOptions.BandwidthWeighting": "default",
                 "NetworkInterface.1.DeviceIndex": "0", "NetworkInterface.1.PrimaryIpv6": "false",
                 "BlockDeviceMapping.1.DeviceName": "/dev/sdz", "BlockDeviceMapping.1.VirtualName": "ephemeral0"}
        made = self.ec2("CreateLaunchTemplate", LaunchTemplateName="defaults",
                        **{f"LaunchTemplateData.{name}": value for name, value in given.items()})
        self.assertEqual(made.status, 200, made.text)
        shown = self.ec2("DescribeLaunchTemplateVersions", LaunchTemplateName="defaults")
        for element, value in (("amdSevSnp", "disabled"), ("affinity", "default"), ("bandwidthWeighting", "default"),
                               ("primaryIpv6", "false"), ("virtualName", "ephemeral0")):
            self.assertEqual(shown.values(element), [value])
        launched = self.ec2("RunInstances", **{"LaunchTemplate.LaunchTemplateName": "defaults", "MinCount": "1",
                                               "MaxCount": "1"})
        self.assertEqual(launched.status, 200, launched.text)

    def test_a_zone_is_named_by_its_id_too(self):
        made = self.ec2("CreateVolume", AvailabilityZoneId="use1-az1", Size="1")
        self.assertEqual((made.values("availabilityZone"), made.values("availabilityZoneId")),
                         (["us-east-1a"], ["use1-az1"]))
        self.assertEqual(self.ec2("CreateVolume", Size="1").code, "MissingParameter")
        self.assertEqual(self.ec2("CreateVolume", AvailabilityZoneId="use1-az9", Size="1").code, "InvalidZone.NotFound")
        self.assertEqual(self.ec2("CreateVolume", AvailabilityZoneId="use1-az1", AvailabilityZone="us-east-1a",
                                  Size="1").code, "InvalidParameterCombination")
        self.assertEqual(self.ec2("CreateDefaultSubnet", AvailabilityZoneId="use1-az1").code,
                         "DefaultSubnetAlreadyExistsInAvailabilityZone")


class InstanceStoreTest(SignedFormTest):
    def volumes(self, answer):
        instance = answer.values("instanceId")[0]
        return self.ec2("DescribeVolumes", **{"Filter.1.Name": "attachment.instance-id",
                                              "Filter.1.Value.1": instance}).values("device")

    def test_a_mapping_to_an_instance_store_volume_is_passed_over(self):
        plain = self.volumes(self.run_instance())
        mapped = self.run_instance(**{"BlockDeviceMapping.1.DeviceName": "/dev/sdb",
                                      "BlockDeviceMapping.1.VirtualName": "ephemeral0",
                                      "BlockDeviceMapping.2.DeviceName": "/dev/sdc",
                                      "BlockDeviceMapping.2.Ebs.VolumeSize": "1"})
        self.assertEqual(mapped.status, 200, mapped.text)
        self.assertEqual(sorted(self.volumes(mapped)), sorted([*plain, "/dev/sdc"]))

    def test_another_virtual_name_is_refused(self):
        for given in ({"VirtualName": "disk0"}, {"VirtualName": "ephemeral24"},
                      {"VirtualName": "ephemeral0", "Ebs.VolumeSize": "1"}):
            answer = self.run_instance(**{"BlockDeviceMapping.1.DeviceName": "/dev/sdb",
                                          **{f"BlockDeviceMapping.1.{name}": value for name, value in given.items()}})
            self.assertEqual(answer.code, "InvalidBlockDeviceMapping", answer.text)

    def test_a_launch_configuration_keeps_one_and_shows_it(self):
        made = self.signer.call("autoscaling", "CreateLaunchConfiguration", **{
            "LaunchConfigurationName": "stores", "ImageId": self.host.image_id, "InstanceType": "t3.micro",
            "BlockDeviceMappings.member.1.DeviceName": "/dev/sdb",
            "BlockDeviceMappings.member.1.VirtualName": "ephemeral0"})
        self.assertEqual(made.status, 200, made.text)
        shown = self.signer.call("autoscaling", "DescribeLaunchConfigurations")
        self.assertEqual(shown.values("VirtualName"), ["ephemeral0"])


class TokenTest(SignedFormTest):
    def test_a_call_repeated_with_its_token_makes_nothing_new(self):
        for action, given, element, delete in (
                ("CreateRouteTable", {"VpcId": self.vpc}, "routeTableId", "DeleteRouteTable"),
                ("CreateNetworkAcl", {"VpcId": self.vpc}, "networkAclId", "DeleteNetworkAcl"),
                ("CreateEgressOnlyInternetGateway", {"VpcId": self.vpc}, "egressOnlyInternetGatewayId",
                 "DeleteEgressOnlyInternetGateway")):
            with self.subTest(action):
                kind = {"CreateRouteTable": "route-table", "CreateNetworkAcl": "network-acl"}.get(
                    action, "egress-only-internet-gateway")
                tags = {"TagSpecification.1.ResourceType": kind, "TagSpecification.1.Tag.1.Key": "a",
                        "TagSpecification.1.Tag.1.Value": "b"}
                first = self.ec2(action, ClientToken="once", **given, **tags)
                self.assertEqual((first.status, first.values("clientToken")), (200, ["once"]), first.text)
                again = self.ec2(action, ClientToken="once", **given, **tags)
                self.assertEqual(again.values(element)[0], first.values(element)[0])
                self.assertEqual(again.values("tagSet"), first.values("tagSet"))
                self.assertEqual(self.ec2(action, ClientToken="once", **given).code, "IdempotentParameterMismatch")
                self.assertEqual(self.ec2(action, ClientToken="é", **given).code, "InvalidParameterValue")
                parameter = element[0].upper() + element[1:]
                self.assertEqual(self.ec2(delete, **{parameter: first.values(element)[0]}).status, 200)
                anew = self.ec2(action, ClientToken="once", **given)
                self.assertNotEqual(anew.values(element)[0], first.values(element)[0])
                self.ec2(delete, **{parameter: anew.values(element)[0]})

    def test_an_image_is_copied_once_for_a_token(self):
        given = {"Name": "copied", "SourceImageId": self.host.image_id, "SourceRegion": "us-east-1", "ClientToken": "copy"}
        first = self.ec2("CopyImage", **given)
        self.assertEqual(first.status, 200, first.text)
        self.assertEqual(self.ec2("CopyImage", **given).values("imageId"), first.values("imageId"))
        self.assertEqual(self.ec2("CopyImage", **{**given, "Name": "other"}).code, "IdempotentParameterMismatch")


class EntityTest(SignedFormTest):
    entity = {"EntityMetricData.member.1.Entity.KeyAttributes.entry.1.key": "Type",
              "EntityMetricData.member.1.Entity.KeyAttributes.entry.1.value": "Service",
              "EntityMetricData.member.1.Entity.Attributes.entry.1.key": "Platform",
              "EntityMetricData.member.1.Entity.Attributes.entry.1.value": "EC2",
              "EntityMetricData.member.1.MetricData.member.1.MetricName": "requests",
              "EntityMetricData.member.1.MetricData.member.1.Value": "7", "StrictEntityValidation": "false"}

    def total(self, namespace):
        answer = self.signer.call("monitoring", "GetMetricStatistics", **{
            "Namespace": namespace, "MetricName": "requests", "Period": "2592000", "Statistics.member.1": "Sum",
            "StartTime": "2020-01-01T00:00:00Z", "EndTime": "2100-01-01T00:00:00Z"})
        self.assertEqual(answer.status, 200, answer.text)
        return [float(value) for value in answer.values("Sum")]

    def test_metrics_that_come_with_what_they_are_about_are_kept(self):
        for namespace, more, wanted in (("Alone", {}, 7.0), ("Both", {"MetricData.member.1.MetricName": "requests",
                                                                        "MetricData.member.1.Value": "5"}, 12.0)):
            answer = self.signer.call("monitoring", "PutMetricData", Namespace=namespace, **self.entity, **more)
            self.assertEqual(answer.status, 200, answer.text)
            self.assertEqual(sum(self.total(namespace)), wanted)

    def test_a_call_without_any_metric_is_refused(self):
        self.assertEqual(self.signer.call("monitoring", "PutMetricData", Namespace="N").code, "MissingParameter")

    def test_all_metrics_of_a_call_count_together(self):
        many = {f"MetricData.member.{n}.MetricName": "m" for n in range(1, 1001)}
        many |= {f"MetricData.member.{n}.Value": "1" for n in range(1, 1001)}
        answer = self.signer.call("monitoring", "PutMetricData", Namespace="N", **self.entity, **many)
        self.assertEqual(answer.code, "InvalidParameterValue", answer.text)


class SecurityGroupTest(SignedFormTest):
    def test_spaces_at_the_end_of_a_groups_name_are_no_part_of_it(self):
        made = self.ec2("CreateSecurityGroup", GroupName="Web  ", GroupDescription="d")
        self.assertEqual(made.status, 200, made.text)
        group = made.values("groupId")[0]
        self.assertEqual(self.ec2("DescribeSecurityGroups", **{"GroupId.1": group}).values("groupName"), ["Web"])
        for name in ("web", "WEB "):
            self.assertEqual(self.ec2("CreateSecurityGroup", GroupName=name, GroupDescription="d").code,
                             "InvalidGroup.Duplicate")
        self.assertIn("Cannot use reserved security group name: default",
                      self.ec2("CreateSecurityGroup", GroupName="Default ", GroupDescription="d").text)

    def test_a_permission_twice_in_one_call_is_told_in_words_that_ansible_looks_for(self):
        twice = {"GroupName": "default"}
        for n in ("1", "2"):
            twice |= {f"IpPermissions.{n}.IpProtocol": "tcp", f"IpPermissions.{n}.FromPort": "1",
                      f"IpPermissions.{n}.ToPort": "1", f"IpPermissions.{n}.IpRanges.1.CidrIp": "10.0.0.0/8"}
        answer = self.ec2("AuthorizeSecurityGroupIngress", **twice)
        self.assertEqual(answer.code, "InvalidParameterValue")
        self.assertIn("The same permission must not appear multiple times", answer.text)


class ScalingDefaultsTest(SignedFormTest):
    def test_a_group_and_its_policy_take_newer_defaults_spelled_out(self):
        self.ec2("CreateLaunchTemplate", **{"LaunchTemplateName": "scaled",
                                            "LaunchTemplateData.ImageId": self.host.image_id})
        need = "MixedInstancesPolicy.LaunchTemplate.Overrides.member.1.InstanceRequirements"
        made = self.signer.call("autoscaling", "CreateAutoScalingGroup", **{
            "AutoScalingGroupName": "g", "MinSize": "0", "MaxSize": "0", "AvailabilityZones.member.1": "us-east-1a",
            "DeletionProtection": "none",
            "MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.LaunchTemplateName": "scaled",
            f"{need}.VCpuCount.Min": "1", f"{need}.MemoryMiB.Min": "1", f"{need}.NetworkBandwidthGbps.Min": "0.5",
            f"{need}.BaselineEbsBandwidthMbps.Min": "1"})
        self.assertEqual(made.status, 200, made.text)
        tracked = "TargetTrackingConfiguration.CustomizedMetricSpecification"
        for period, status in (("60", 200), ("10", 400)):
            put = self.signer.call("autoscaling", "PutScalingPolicy", **{
                "AutoScalingGroupName": "g", "PolicyName": "p", "PolicyType": "TargetTrackingScaling",
                "TargetTrackingConfiguration.TargetValue": "1", f"{tracked}.Namespace": "N", f"{tracked}.MetricName": "m",
                f"{tracked}.Statistic": "Sum", f"{tracked}.Period": period})
            self.assertEqual(put.status, status, put.text)


del SimulatedClientTest, SignedFormTest

if __name__ == "__main__":
    unittest.main()
