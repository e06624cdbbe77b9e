"""The calls that Terraform's AWS provider makes for the EC2 resources that Brume serves, resource by resource: create, read
until it is stable, read again and find the same, update, delete, and be told that it is gone in the words that the provider
takes for it. A plan is empty when what is read is what was asked for.
"""

import unittest

from client_host import code_of
from conditions import wait_until
from terraform import Resource, TerraformTest, tagged, tags_of

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f replay"
ALL_IPV4 = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
ALL_IPV6 = {"IpProtocol": "-1", "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}
ANYWHERE = {"IpRanges": [{"CidrIp": "0.0.0.0/0"}], "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}


def flat_rules(permissions):
    """(protocol, first port, last port, peer) of each rule, as the provider compares them."""
    return sorted((p["IpProtocol"], p.get("FromPort", 0), p.get("ToPort", 0), peer)
                  for p in permissions
                  for peer in [r["CidrIp"] for r in p.get("IpRanges", [])] +
                  [r["CidrIpv6"] for r in p.get("Ipv6Ranges", [])] +
                  [g["GroupId"] for g in p.get("UserIdGroupPairs", [])])


class KeyPair(Resource):
    follows = {"fingerprint"}

    def create(self):
        made = self.ec2.import_key_pair(KeyName="replay", PublicKeyMaterial=KEY.encode(),
                                        TagSpecifications=tagged("key-pair", Name="replay"))
        self.id = made["KeyPairId"]
        return {"name": "replay", "tags": {"Name": "replay"}}

    def read(self):
        pair, = self.ec2.describe_key_pairs(KeyNames=["replay"])["KeyPairs"]
        return {"name": pair["KeyName"], "id": pair["KeyPairId"], "type": pair["KeyType"],
                "fingerprint": pair["KeyFingerprint"], "tags": tags_of(pair)}

    def update(self):
        return {"tags": self.retag()}

    def delete(self):
        self.ec2.delete_key_pair(KeyName="replay")

    def gone(self):
        return code_of(self.ec2.describe_key_pairs, KeyNames=["replay"]) == "InvalidKeyPair.NotFound"


class SecurityGroup(Resource):
    ssh = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "203.0.113.0/24"}]}
    web = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, **ANYWHERE}
    ping = {"IpProtocol": "icmpv6", "FromPort": -1, "ToPort": -1, "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}

    def create(self):
        vpc, = self.ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
        self.id = self.ec2.create_security_group(
            GroupName="replay", Description="Managed by Terraform", VpcId=vpc["VpcId"],
            TagSpecifications=tagged("security-group", Name="replay"))["GroupId"]
        # A new group lets all out; the provider takes that away and adds what the configuration says.
        self.ec2.revoke_security_group_egress(GroupId=self.id, IpPermissions=[ALL_IPV4])
        assert code_of(self.ec2.revoke_security_group_egress, GroupId=self.id,
                       IpPermissions=[ALL_IPV6]) == "InvalidPermission.NotFound"
        self.ec2.authorize_security_group_ingress(GroupId=self.id, IpPermissions=[self.ssh, self.web])
        self.ec2.authorize_security_group_egress(GroupId=self.id, IpPermissions=[{"IpProtocol": "-1", **ANYWHERE}])
        return {"in": flat_rules([self.ssh, self.web]), "out": flat_rules([ALL_IPV4, ALL_IPV6]),
                "tags": {"Name": "replay"}}

    def read(self):
        group, = self.ec2.describe_security_groups(GroupIds=[self.id])["SecurityGroups"]
        return {"name": group["GroupName"], "description": group["Description"], "vpc": group["VpcId"],
                "in": flat_rules(group["IpPermissions"]), "out": flat_rules(group["IpPermissionsEgress"]),
                "tags": tags_of(group)}

    def update(self):
        self.ec2.revoke_security_group_ingress(GroupId=self.id, IpPermissions=[self.ssh])
        self.ec2.authorize_security_group_ingress(GroupId=self.id, IpPermissions=[self.ping])
        self.ec2.revoke_security_group_egress(GroupId=self.id, IpPermissions=[ALL_IPV6])
        return {"in": flat_rules([self.web, self.ping]), "out": flat_rules([ALL_IPV4])}

    def delete(self):
        assert not self.ec2.describe_network_interfaces(
            Filters=[{"Name": "group-id", "Values": [self.id]}])["NetworkInterfaces"]
        self.ec2.delete_security_group(GroupId=self.id)

    def gone(self):
        return code_of(self.ec2.describe_security_groups, GroupIds=[self.id]) == "InvalidGroup.NotFound"


class IngressRule(Resource):
    follows = {"Description", "ToPort"}

    def create(self):
        self.group = self.ec2.create_security_group(GroupName="replay-rule", Description="d")["GroupId"]
        made = self.ec2.authorize_security_group_ingress(
            GroupId=self.group, TagSpecifications=tagged("security-group-rule", Name="six"),
            IpPermissions=[{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80,
                            "Ipv6Ranges": [{"CidrIpv6": "2001:db8::/32", "Description": "six"}]}])
        self.id = made["SecurityGroupRules"][0]["SecurityGroupRuleId"]
        return {"CidrIpv6": "2001:db8::/32", "FromPort": 80, "Description": "six", "tags": {"Name": "six"}}

    def read(self):
        rule, = self.ec2.describe_security_group_rules(SecurityGroupRuleIds=[self.id])["SecurityGroupRules"]
        return {**rule, "tags": tags_of(rule)}

    def update(self):
        self.ec2.modify_security_group_rules(GroupId=self.group, SecurityGroupRules=[
            {"SecurityGroupRuleId": self.id,
             "SecurityGroupRule": {"IpProtocol": "tcp", "FromPort": 8080, "ToPort": 8081,
                                   "CidrIpv6": "2001:db8:1::/48"}}])
        return {"CidrIpv6": "2001:db8:1::/48", "FromPort": 8080, "ToPort": 8081, "IsEgress": False}

    def delete(self):
        self.ec2.revoke_security_group_ingress(GroupId=self.group, SecurityGroupRuleIds=[self.id])

    def gone(self):
        code = code_of(self.ec2.describe_security_group_rules, SecurityGroupRuleIds=[self.id])
        self.ec2.delete_security_group(GroupId=self.group)
        return code == "InvalidSecurityGroupRuleId.NotFound"


class VpcEndpoint(Resource):
    service = "com.amazonaws.us-east-1.ec2"

    def create(self):
        vpc, = self.ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
        subnets = self.ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc["VpcId"]]}])["Subnets"]
        self.subnets = sorted(subnet["SubnetId"] for subnet in subnets)
        self.group, = self.ec2.describe_security_groups(
            Filters=[{"Name": "group-name", "Values": ["default"]}, {"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
        )["SecurityGroups"]
        made = self.ec2.create_vpc_endpoint(
            ClientToken="terraform-replay", PrivateDnsEnabled=False, ServiceName=self.service, VpcId=vpc["VpcId"],
            VpcEndpointType="Interface", SubnetIds=self.subnets[:1], SecurityGroupIds=[self.group["GroupId"]],
            TagSpecifications=tagged("vpc-endpoint", Name="replay"))
        self.id = made["VpcEndpoint"]["VpcEndpointId"]
        wait_until(lambda: self.described()["State"] == "available", 20, "the endpoint to be available")
        return {"service": self.service, "type": "Interface", "subnets": self.subnets[:1], "private_dns": False,
                "groups": [self.group["GroupId"]], "tags": {"Name": "replay"}}

    def described(self):
        endpoint, = self.ec2.describe_vpc_endpoints(VpcEndpointIds=[self.id])["VpcEndpoints"]
        return endpoint

    def read(self):
        endpoint = self.described()
        # The provider looks for the ranges of a gateway endpoint's service, whatever the type is.
        assert not self.ec2.describe_prefix_lists(
            Filters=[{"Name": "prefix-list-name", "Values": [self.service]}])["PrefixLists"]
        return {"service": endpoint["ServiceName"], "type": endpoint["VpcEndpointType"], "vpc": endpoint["VpcId"],
                "subnets": sorted(endpoint["SubnetIds"]), "private_dns": endpoint["PrivateDnsEnabled"],
                "groups": [group["GroupId"] for group in endpoint["Groups"]], "policy": endpoint["PolicyDocument"],
                "requester_managed": endpoint["RequesterManaged"], "routes": endpoint.get("RouteTableIds", []),
                "dns_type": endpoint["DnsOptions"]["DnsRecordIpType"], "address_type": endpoint["IpAddressType"],
                "tags": tags_of(endpoint)}

    def update(self):
        self.ec2.modify_vpc_endpoint(VpcEndpointId=self.id, AddSubnetIds=self.subnets[1:2], PrivateDnsEnabled=True)
        wait_until(lambda: self.described()["State"] == "available", 20, "the endpoint to be available")
        return {"subnets": self.subnets[:2], "private_dns": True}

    def delete(self):
        assert self.ec2.delete_vpc_endpoints(VpcEndpointIds=[self.id])["Unsuccessful"] == []

    def gone(self):
        wait_until(lambda: code_of(self.ec2.describe_vpc_endpoints, VpcEndpointIds=[self.id]), 20, "the endpoint's end")
        return code_of(self.ec2.describe_vpc_endpoints, VpcEndpointIds=[self.id]) == "InvalidVpcEndpointId.NotFound"


class LaunchTemplate(Resource):
    first = {"InstanceType": "t3.micro", "EbsOptimized": False, "DisableApiTermination": False,
             "Monitoring": {"Enabled": False},
             "MetadataOptions": {"HttpTokens": "required", "HttpProtocolIpv6": "disabled", "HttpEndpoint": "enabled"},
             "PrivateDnsNameOptions": {"HostnameType": "resource-name", "EnableResourceNameDnsARecord": True,
                                       "EnableResourceNameDnsAAAARecord": False},
             "MaintenanceOptions": {"AutoRecovery": "disabled"}, "CreditSpecification": {"CpuCredits": "standard"},
             "HibernationOptions": {"Configured": False}, "EnclaveOptions": {"Enabled": False},
             "CapacityReservationSpecification": {"CapacityReservationPreference": "open"},
             "BlockDeviceMappings": [{"DeviceName": "/dev/vda", "Ebs": {"VolumeType": "gp3", "Iops": 3000,
                                                                        "Throughput": 125, "VolumeSize": 10}}]}

    def create(self):
        made = self.ec2.create_launch_template(
            LaunchTemplateName="replay", ClientToken="replay-1",
            LaunchTemplateData={"ImageId": self.host.image_id, **self.first},
            TagSpecifications=tagged("launch-template", Name="replay"))["LaunchTemplate"]
        self.id = made["LaunchTemplateId"]
        return {"data": {"ImageId": self.host.image_id, **self.first}, "latest": 1, "default": 1,
                "tags": {"Name": "replay"}}

    def read(self):
        template, = self.ec2.describe_launch_templates(LaunchTemplateIds=[self.id])["LaunchTemplates"]
        version, = self.ec2.describe_launch_template_versions(
            LaunchTemplateId=self.id,
            Versions=[str(template["LatestVersionNumber"])])["LaunchTemplateVersions"]
        return {"name": template["LaunchTemplateName"], "latest": template["LatestVersionNumber"],
                "default": template["DefaultVersionNumber"], "data": version["LaunchTemplateData"],
                "tags": tags_of(template)}

    def update(self):
        self.ec2.create_launch_template_version(LaunchTemplateId=self.id, ClientToken="replay-2",
                                                LaunchTemplateData={"InstanceType": "t3.small"})
        self.ec2.modify_launch_template(LaunchTemplateId=self.id, DefaultVersion="2")
        return {"data": {"InstanceType": "t3.small"}, "latest": 2, "default": 2}

    def delete(self):
        self.ec2.delete_launch_template(LaunchTemplateId=self.id)

    def gone(self):
        return code_of(self.ec2.describe_launch_templates,
                       LaunchTemplateIds=[self.id]) == "InvalidLaunchTemplateId.NotFound"


class Instance(Resource):
    follows = {"cpus"}

    def create(self):
        run = self.ec2.run_instances(
            ClientToken="replay-instance", ImageId=self.host.image_id, InstanceType="t3.micro", MinCount=1, MaxCount=1,
            EbsOptimized=False, Monitoring={"Enabled": False}, DisableApiTermination=False, DisableApiStop=False,
            InstanceInitiatedShutdownBehavior="stop", HibernationOptions={"Configured": False},
            EnclaveOptions={"Enabled": False}, MaintenanceOptions={"AutoRecovery": "default"},
            CapacityReservationSpecification={"CapacityReservationPreference": "open"},
            CreditSpecification={"CpuCredits": "standard"},
            MetadataOptions={"HttpEndpoint": "enabled", "HttpTokens": "required", "HttpPutResponseHopLimit": 2,
                             "InstanceMetadataTags": "disabled", "HttpProtocolIpv6": "disabled"},
            PrivateDnsNameOptions={"HostnameType": "ip-name", "EnableResourceNameDnsARecord": True,
                                   "EnableResourceNameDnsAAAARecord": False},
            TagSpecifications=tagged("instance", Name="replay") + tagged("volume", Name="replay"))
        self.id = run["Instances"][0]["InstanceId"]
        self.wait("running")
        return {"type": "t3.micro", "credits": "standard", "recovery": "default", "reservations": "open", "hops": 2,
                "by_id": True, "hibernation": False, "enclave": False, "ebs_optimized": False, "monitoring": "disabled",
                "tags": {"Name": "replay"}, "volume_tags": {"Name": "replay"}, "disableApiTermination": False,
                "instanceInitiatedShutdownBehavior": "stop"}

    def described(self):
        reservation, = self.ec2.describe_instances(InstanceIds=[self.id])["Reservations"]
        return reservation["Instances"][0]

    def wait(self, state):
        wait_until(lambda: self.described()["State"]["Name"] == state, 10, f"{self.id} to be {state}")

    def attribute(self, name):
        answer = self.ec2.describe_instance_attribute(InstanceId=self.id, Attribute=name)
        return answer[name[0].upper() + name[1:]].get("Value")

    def read(self):
        shown = self.described()
        info, = self.ec2.describe_instance_types(InstanceTypes=[shown["InstanceType"]])["InstanceTypes"]
        image, = self.ec2.describe_images(ImageIds=[shown["ImageId"]])["Images"]
        credits = None
        if info["BurstablePerformanceSupported"]:
            credits = self.ec2.describe_instance_credit_specifications(
                InstanceIds=[self.id])["InstanceCreditSpecifications"][0]["CpuCredits"]
        volumes = self.ec2.describe_volumes(
            VolumeIds=[m["Ebs"]["VolumeId"] for m in shown["BlockDeviceMappings"]])["Volumes"]
        names = ("instanceInitiatedShutdownBehavior", "disableApiStop", "disableApiTermination", "userData")
        return {"type": shown["InstanceType"], "image": image["ImageId"], "credits": credits,
                "recovery": shown["MaintenanceOptions"]["AutoRecovery"],
                "reservations": shown["CapacityReservationSpecification"]["CapacityReservationPreference"],
                "hops": shown["MetadataOptions"]["HttpPutResponseHopLimit"],
                "by_id": shown["PrivateDnsNameOptions"]["EnableResourceNameDnsARecord"],
                "hibernation": shown["HibernationOptions"]["Configured"], "enclave": shown["EnclaveOptions"]["Enabled"],
                "ebs_optimized": shown["EbsOptimized"], "monitoring": shown["Monitoring"]["State"],
                "cpus": shown["CpuOptions"], "platform": shown["PlatformDetails"], "boot": shown["BootMode"],
                "tenancy": shown["Placement"]["Tenancy"], "subnet": shown["SubnetId"], "tags": tags_of(shown),
                "volumes": [(v["VolumeId"], v["VolumeType"], v["Size"], v["Iops"], v["Throughput"], v["Encrypted"])
                            for v in volumes],
                "volume_tags": tags_of(volumes[0]) if volumes else {"Name": "replay"},
                **{name: self.attribute(name) for name in names}}

    def update(self):
        self.ec2.create_tags(Resources=[self.id], Tags=[{"Key": "Env", "Value": "test"}])
        self.ec2.modify_instance_metadata_options(InstanceId=self.id, HttpTokens="required", HttpEndpoint="enabled",
                                                  HttpPutResponseHopLimit=3)
        self.ec2.modify_instance_maintenance_options(InstanceId=self.id, AutoRecovery="disabled")
        self.ec2.modify_instance_credit_specification(
            InstanceCreditSpecifications=[{"InstanceId": self.id, "CpuCredits": "unlimited"}])
        self.ec2.modify_private_dns_name_options(InstanceId=self.id, EnableResourceNameDnsARecord=False)
        self.ec2.modify_instance_attribute(InstanceId=self.id, DisableApiTermination={"Value": True})
        self.ec2.monitor_instances(InstanceIds=[self.id])
        self.ec2.stop_instances(InstanceIds=[self.id])
        self.wait("stopped")
        self.ec2.modify_instance_attribute(InstanceId=self.id, InstanceType={"Value": "t3.small"})
        self.ec2.modify_instance_attribute(InstanceId=self.id, EbsOptimized={"Value": True})
        self.ec2.start_instances(InstanceIds=[self.id])
        self.wait("running")
        return {"type": "t3.small", "credits": "unlimited", "recovery": "disabled", "hops": 3, "by_id": False,
                "ebs_optimized": True, "monitoring": "enabled", "tags": {"Name": "replay", "Env": "test"},
                "disableApiTermination": True}

    def delete(self):
        self.ec2.modify_instance_attribute(InstanceId=self.id, DisableApiTermination={"Value": False})
        self.ec2.modify_instance_attribute(InstanceId=self.id, DisableApiStop={"Value": False})
        self.ec2.terminate_instances(InstanceIds=[self.id])
        self.wait("terminated")

    def gone(self):
        # A terminated instance is gone to the provider, and so is its token.
        token = code_of(self.ec2.run_instances, ClientToken="replay-instance", ImageId=self.host.image_id,
                        InstanceType="t3.micro", MinCount=1, MaxCount=1)
        unknown = code_of(self.ec2.describe_instances, InstanceIds=["i-00000000000000000"])
        return unknown == "InvalidInstanceID.NotFound" and token == "IdempotentParameterMismatch"


class Volume(Resource):
    """aws_ebs_volume, and aws_volume_attachment to an instance of its own."""

    def create(self):
        run = self.ec2.run_instances(ImageId=self.host.image_id, InstanceType="t3.micro", MinCount=1, MaxCount=1)
        self.instance = run["Instances"][0]
        wait_until(lambda: self.instance_state() == "running", 10, "the instance to run")
        made = self.ec2.create_volume(
            AvailabilityZone=self.instance["Placement"]["AvailabilityZone"], ClientToken="replay-volume", Size=4,
            VolumeType="gp3", Iops=3000, Throughput=125, MultiAttachEnabled=False,
            TagSpecifications=tagged("volume", Name="replay"))
        self.id = made["VolumeId"]
        self.wait("available")
        self.ec2.attach_volume(Device="/dev/sdf", InstanceId=self.instance["InstanceId"], VolumeId=self.id)
        wait_until(self.attached, 10, f"{self.id} to be attached")
        return {"size": 4, "type": "gp3", "iops": 3000, "throughput": 125, "encrypted": False, "multi": False,
                "snapshot": "", "tags": {"Name": "replay"}, "device": "/dev/sdf"}

    def instance_state(self):
        shown = self.ec2.describe_instances(InstanceIds=[self.instance["InstanceId"]])
        return shown["Reservations"][0]["Instances"][0]["State"]["Name"]

    def described(self):
        shown, = self.ec2.describe_volumes(VolumeIds=[self.id])["Volumes"]
        return shown

    def wait(self, state):
        wait_until(lambda: self.described()["State"] == state, 10, f"{self.id} to be {state}")

    def attached(self):
        """As aws_volume_attachment reads it."""
        found = self.ec2.describe_volumes(VolumeIds=[self.id], Filters=[
            {"Name": "attachment.device", "Values": ["/dev/sdf"]},
            {"Name": "attachment.instance-id", "Values": [self.instance["InstanceId"]]}])["Volumes"]
        return [a for volume in found for a in volume["Attachments"] if a["State"] == "attached"]

    def read(self):
        shown = self.described()
        attachment, = self.attached()
        return {"size": shown["Size"], "type": shown["VolumeType"], "iops": shown["Iops"],
                "throughput": shown["Throughput"], "encrypted": shown["Encrypted"],
                "multi": shown["MultiAttachEnabled"], "snapshot": shown["SnapshotId"], "tags": tags_of(shown),
                "zone": shown["AvailabilityZone"], "device": attachment["Device"]}

    def update(self):
        self.ec2.create_tags(Resources=[self.id], Tags=[{"Key": "Env", "Value": "test"}])
        self.ec2.modify_volume(VolumeId=self.id, Size=7, VolumeType="gp3", Iops=3500, Throughput=130)
        wait_until(lambda: self.modification() in ("optimizing", "completed"), 10, f"{self.id} to be modified")
        return {"size": 7, "iops": 3500, "throughput": 130, "tags": {"Name": "replay", "Env": "test"}}

    def modification(self):
        shown, = self.ec2.describe_volumes_modifications(VolumeIds=[self.id])["VolumesModifications"]
        return shown["ModificationState"]

    def delete(self):
        if code_of(self.ec2.delete_volume, VolumeId=self.id) != "VolumeInUse":
            raise AssertionError("a volume in use was deleted")
        self.ec2.detach_volume(Device="/dev/sdf", InstanceId=self.instance["InstanceId"], VolumeId=self.id, Force=False)
        self.wait("available")
        self.ec2.delete_volume(VolumeId=self.id)
        wait_until(self.gone, 10, f"{self.id} to be gone")
        self.ec2.terminate_instances(InstanceIds=[self.instance["InstanceId"]])

    def gone(self):
        return code_of(self.ec2.describe_volumes, VolumeIds=[self.id]) == "InvalidVolume.NotFound"


class DhcpOptions(Resource):
    """aws_vpc_dhcp_options, and aws_vpc_dhcp_options_association with a VPC of its own."""

    asked = {"domain-name": ["corp.example"], "domain-name-servers": ["127.0.0.1", "AmazonProvidedDNS"],
             "ntp-servers": ["127.0.0.1"], "netbios-name-servers": ["127.0.0.1"], "netbios-node-type": ["2"]}

    def create(self):
        made = self.ec2.create_dhcp_options(
            DhcpConfigurations=[{"Key": key, "Values": values} for key, values in self.asked.items()],
            TagSpecifications=tagged("dhcp-options", Name="replay"))
        self.id = made["DhcpOptions"]["DhcpOptionsId"]
        self.vpc = self.ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        self.ec2.associate_dhcp_options(DhcpOptionsId=self.id, VpcId=self.vpc)
        return {"options": self.asked, "tags": {"Name": "replay"}, "of_vpc": self.id}

    def read(self):
        shown, = self.ec2.describe_dhcp_options(DhcpOptionsIds=[self.id])["DhcpOptions"]
        vpc, = self.ec2.describe_vpcs(VpcIds=[self.vpc])["Vpcs"]
        return {"options": {each["Key"]: [value["Value"] for value in each["Values"]]
                            for each in shown["DhcpConfigurations"]},
                "owner": shown["OwnerId"], "tags": tags_of(shown), "of_vpc": vpc["DhcpOptionsId"]}

    def update(self):
        """Another set in the place of the first, as what a set says forces a new one."""
        self.ec2.create_tags(Resources=[self.id], Tags=[{"Key": "Env", "Value": "test"}])
        first, _ = self.id, self.create_again()
        assert code_of(self.ec2.describe_dhcp_options, DhcpOptionsIds=[first]) == "InvalidDhcpOptionID.NotFound"
        return {"options": {"domain-name": ["lab.example"]}, "tags": {}, "of_vpc": self.id}

    def create_again(self):
        first = self.id
        made = self.ec2.create_dhcp_options(DhcpConfigurations=[{"Key": "domain-name", "Values": ["lab.example"]}])
        self.id = made["DhcpOptions"]["DhcpOptionsId"]
        assert code_of(self.ec2.delete_dhcp_options, DhcpOptionsId=first) == "DependencyViolation"
        self.ec2.associate_dhcp_options(DhcpOptionsId=self.id, VpcId=self.vpc)
        self.ec2.delete_dhcp_options(DhcpOptionsId=first)

    def delete(self):
        """The provider takes the set from every VPC that has it, and deletes it then."""
        vpcs = self.ec2.describe_vpcs(Filters=[{"Name": "dhcp-options-id", "Values": [self.id]}])["Vpcs"]
        assert [vpc["VpcId"] for vpc in vpcs] == [self.vpc]
        self.ec2.associate_dhcp_options(DhcpOptionsId="default", VpcId=self.vpc)
        self.ec2.delete_dhcp_options(DhcpOptionsId=self.id)

    def gone(self):
        vpc, = self.ec2.describe_vpcs(VpcIds=[self.vpc])["Vpcs"]
        self.ec2.delete_vpc(VpcId=self.vpc)
        # The default set is found as aws_default_vpc_dhcp_options finds it.
        default, = self.ec2.describe_dhcp_options(Filters=[
            {"Name": "key", "Values": ["domain-name"]}, {"Name": "value", "Values": ["ec2.internal"]},
            {"Name": "key", "Values": ["domain-name-servers"]},
            {"Name": "value", "Values": ["AmazonProvidedDNS"]}])["DhcpOptions"]
        usual, = self.ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
        return (code_of(self.ec2.describe_dhcp_options, DhcpOptionsIds=[self.id]) == "InvalidDhcpOptionID.NotFound" and
                code_of(self.ec2.delete_dhcp_options, DhcpOptionsId=self.id) == "InvalidDhcpOptionsID.NotFound" and
                vpc["DhcpOptionsId"] == "default" and usual["DhcpOptionsId"] == default["DhcpOptionsId"])


class EipDomainName(Resource):
    """aws_eip_domain_name, of an address of its own."""

    def create(self):
        self.id = self.ec2.allocate_address(Domain="vpc")["AllocationId"]
        self.ec2.modify_address_attribute(AllocationId=self.id, DomainName="mail.example.com")
        return {"ptr": "mail.example.com."}

    def read(self):
        shown, = self.ec2.describe_addresses_attribute(AllocationIds=[self.id], Attribute="domain-name")["Addresses"]
        # What the provider waits for.
        assert "PtrRecordUpdate" not in shown
        return {"ptr": shown["PtrRecord"], "address": shown["PublicIp"]}

    def update(self):
        self.ec2.modify_address_attribute(AllocationId=self.id, DomainName="web.example.com")
        return {"ptr": "web.example.com."}

    def delete(self):
        assert code_of(self.ec2.release_address, AllocationId=self.id) == "InvalidAddress.Locked"
        self.ec2.reset_address_attribute(AllocationId=self.id, Attribute="domain-name")

    def gone(self):
        shown, = self.ec2.describe_addresses_attribute(AllocationIds=[self.id], Attribute="domain-name")["Addresses"]
        self.ec2.release_address(AllocationId=self.id)
        return "PtrRecord" not in shown


RESOURCES = {"aws_vpc_dhcp_options": DhcpOptions, "aws_eip_domain_name": EipDomainName, "aws_ebs_volume": Volume, "aws_key_pair": KeyPair, "aws_security_group": SecurityGroup,
             "aws_vpc_security_group_ingress_rule": IngressRule, "aws_launch_template": LaunchTemplate,
             "aws_vpc_endpoint": VpcEndpoint, "aws_instance": Instance}


class TerraformEc2Test(TerraformTest):
    def test_each_resource_is_made_read_changed_and_deleted_with_an_empty_plan_between(self):
        self.live_all(RESOURCES)

    def test_data_sources_find_the_image_and_what_the_default_vpc_has(self):
        ec2 = self.client()

        def one(call, key, **filters):
            found, = getattr(ec2, call)(
                Filters=[{"Name": name.replace("__", ".").replace("_", "-"), "Values": [value]}
                         for name, value in filters.items()])[key]
            return found

        image, = ec2.describe_images(Owners=["self"], Filters=[{"Name": "name", "Values": ["a*"]}])["Images"]
        self.assertEqual(image["ImageId"], self.host.image_id)
        vpc = one("describe_vpcs", "Vpcs", is_default="true")["VpcId"]
        for name in ("enableDnsSupport", "enableDnsHostnames", "enableNetworkAddressUsageMetrics"):
            answer = ec2.describe_vpc_attribute(VpcId=vpc, Attribute=name)
            self.assertIn("Value", answer[name[0].upper() + name[1:]])
        acl = one("describe_network_acls", "NetworkAcls", default="true", vpc_id=vpc)
        table = one("describe_route_tables", "RouteTables", association__main="true", vpc_id=vpc)
        group = one("describe_security_groups", "SecurityGroups", group_name="default", vpc_id=vpc)
        self.assertEqual(group["VpcId"], vpc)
        subnets = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]
        for subnet in subnets:
            same, = ec2.describe_subnets(Filters=[
                {"Name": "availabilityZoneId", "Values": [subnet["AvailabilityZoneId"]]},
                {"Name": "defaultForAz", "Values": ["true"]}])["Subnets"]
            self.assertEqual(same["SubnetId"], subnet["SubnetId"])
        # What it shows it tags too.
        for resource in (acl["NetworkAclId"], table["RouteTableId"], vpc, group["GroupId"], subnets[0]["SubnetId"]):
            ec2.create_tags(Resources=[resource], Tags=[{"Key": "Name", "Value": "replay"}])
        self.assertEqual(one("describe_route_tables", "RouteTables", **{"tag:Name": "replay"})["RouteTableId"],
                         table["RouteTableId"])
        self.assertEqual(tags_of(one("describe_network_acls", "NetworkAcls", vpc_id=vpc)), {"Name": "replay"})
        kinds = {tag["ResourceType"] for tag in ec2.describe_tags()["Tags"] if tag["Value"] == "replay"}
        self.assertLessEqual({"network-acl", "route-table", "vpc", "security-group", "subnet"}, kinds)


del TerraformTest

if __name__ == "__main__":
    unittest.main()
