"""The calls that Terraform's AWS provider makes for network ACLs, for rules of security groups by prefix list and by the group
of a peer, for the default ACL and group of a VPC, and for managed prefix lists; see terraform_vpc_test.py.
"""

import unittest

from client_host import code_of
from terraform import TerraformTest, filters, find, tagged, tags_of, wait_state
from terraform_network import InVpc, Network

ANYWHERE = "0.0.0.0/0"
LAST_RULES = (32767, 32768)  # those behind all others, which the provider leaves alone


def acl_rule(number, protocol, action, ports=(0, 0), cidr=ANYWHERE, icmp=None):
    """A rule as the provider asks for it: with ports even where the protocol has none."""
    rule = {"RuleNumber": number, "Protocol": protocol, "RuleAction": action, "CidrBlock": cidr,
            "PortRange": {"From": ports[0], "To": ports[1]}}
    return {**rule, "IcmpTypeCode": {"Type": icmp[0], "Code": icmp[1]}} if icmp else rule


def flat_acl_rule(rule):
    """As the provider compares one: where a port is not shown it is 0."""
    ports, icmp = rule.get("PortRange", {}), rule.get("IcmpTypeCode", {})
    return (rule["RuleNumber"], rule["Protocol"], rule["RuleAction"], rule["CidrBlock"], ports.get("From", 0),
            ports.get("To", 0), icmp.get("Type", 0), icmp.get("Code", 0))


class Acl(InVpc):
    """What the resources about a network ACL share."""

    def around(self):
        self.first = self.network.subnet()
        self.second = self.network.subnet("10.80.2.0/24")

    def make_acl(self, **arguments):
        return self.network.make(self.ec2.create_network_acl, "NetworkAcl", "NetworkAclId",
                                 self.ec2.delete_network_acl, VpcId=self.network.id, **arguments)

    def find(self):
        return find(self.ec2.describe_network_acls, "NetworkAcls", {"InvalidNetworkAclID.NotFound"},
                    NetworkAclIds=[self.id])

    def default_acl(self):
        return find(self.ec2.describe_network_acls, "NetworkAcls",
                    Filters=filters(default="true", vpc_id=self.network.id))["NetworkAclId"]

    def association_of(self, subnet):
        acl = find(self.ec2.describe_network_acls, "NetworkAcls", Filters=filters(association__subnet_id=subnet))
        found, = [each for each in acl["Associations"] if each["SubnetId"] == subnet]
        return found

    def associate(self, subnet, acl):
        association = self.association_of(subnet)["NetworkAclAssociationId"]
        return self.ec2.replace_network_acl_association(AssociationId=association, NetworkAclId=acl)["NewAssociationId"]

    def allow(self, egress, rule):
        self.ec2.create_network_acl_entry(NetworkAclId=self.id, Egress=egress, **rule)

    def remove(self, egress, number):
        self.ec2.delete_network_acl_entry(NetworkAclId=self.id, Egress=egress, RuleNumber=number)

    def rules(self, egress):
        return sorted(flat_acl_rule(rule) for rule in self.find()["Entries"]
                      if rule["Egress"] == egress and rule["RuleNumber"] not in LAST_RULES)

    def read(self):
        shown = self.find()
        return {"vpc_id": shown["VpcId"], "owner_id": shown["OwnerId"], "default": shown["IsDefault"],
                "ingress": self.rules(False), "egress": self.rules(True), "tags": tags_of(shown),
                "subnet_ids": sorted(each["SubnetId"] for each in shown["Associations"])}


class NetworkAcl(Acl):
    web = acl_rule(100, "6", "allow", (443, 443))
    ping = acl_rule(200, "1", "deny", icmp=(8, -1))
    udp = acl_rule(110, "17", "allow", (1024, 65535), "203.0.113.0/24")
    all = acl_rule(100, "-1", "allow")

    def create(self):
        made = self.ec2.create_network_acl(VpcId=self.network.id, TagSpecifications=tagged("network-acl", Name="replay"))
        self.id = made["NetworkAcl"]["NetworkAclId"]
        for egress, rule in ((True, self.all), (False, self.web), (False, self.ping)):
            self.allow(egress, rule)
        self.associate(self.first, self.id)
        return {"ingress": sorted(map(flat_acl_rule, (self.web, self.ping))), "egress": [flat_acl_rule(self.all)],
                "subnet_ids": [self.first], "default": False, "tags": {"Name": "replay"}}

    def update(self):
        assert code_of(self.ec2.create_network_acl_entry, NetworkAclId=self.id, Egress=False,
                       **self.web) == "NetworkAclEntryAlreadyExists"
        self.remove(False, 200)
        self.allow(False, self.udp)
        self.associate(self.first, self.default_acl())
        self.associate(self.second, self.id)
        return {"ingress": sorted(map(flat_acl_rule, (self.web, self.udp))), "subnet_ids": [self.second],
                "tags": self.retag()}

    def delete(self):
        assert code_of(self.ec2.delete_network_acl, NetworkAclId=self.id) == "DependencyViolation"
        for association in self.find()["Associations"]:
            self.associate(association["SubnetId"], self.default_acl())
        self.ec2.delete_network_acl(NetworkAclId=self.id)

    def gone(self):
        return code_of(self.ec2.describe_network_acls, NetworkAclIds=[self.id]) == "InvalidNetworkAclID.NotFound" == \
            code_of(self.ec2.delete_network_acl, NetworkAclId=self.id)


class DefaultAcl(Acl):
    """aws_default_network_acl: taken over, emptied and given the rules of the configuration."""

    def create(self):
        self.id = self.default_acl()
        for rule in self.find()["Entries"]:
            if rule["RuleNumber"] not in LAST_RULES:
                self.remove(rule["Egress"], rule["RuleNumber"])
        self.allow(False, NetworkAcl.web)
        self.ec2.create_tags(Resources=[self.id], Tags=[{"Key": "Name", "Value": "replay"}])
        return {"ingress": [flat_acl_rule(NetworkAcl.web)], "egress": [], "default": True, "tags": {"Name": "replay"},
                "subnet_ids": sorted([self.first, self.second])}

    def update(self):
        self.remove(False, 100)
        self.allow(True, NetworkAcl.all)
        return {"ingress": [], "egress": [flat_acl_rule(NetworkAcl.all)], "tags": self.retag()}

    def delete(self):
        """The provider forgets it."""

    def gone(self):
        return self.find() is not None


class AclRule(Acl):
    """aws_network_acl_rule"""

    def create(self):
        self.id = self.make_acl()
        self.allow(False, NetworkAcl.ping)
        wait_state(lambda: (self.found() or {}).get("RuleAction"), "deny", (None,), "the rule")
        return {"protocol": "1", "cidr_block": ANYWHERE, "icmp_type": 8, "icmp_code": -1, "from_port": 0, "to_port": 0}

    def found(self):
        acl = find(self.ec2.describe_network_acls, "NetworkAcls", NetworkAclIds=[self.id],
                   Filters=filters(entry__egress="false", entry__rule_number="200"))
        return next((each for each in (acl or {"Entries": []})["Entries"]
                     if not each["Egress"] and each["RuleNumber"] == 200), None)

    def read(self):
        shown = self.found()
        ports, icmp = shown.get("PortRange", {}), shown["IcmpTypeCode"]
        return {"protocol": shown["Protocol"], "rule_action": shown["RuleAction"], "cidr_block": shown["CidrBlock"],
                "icmp_type": icmp["Type"], "icmp_code": icmp["Code"], "from_port": ports.get("From", 0),
                "to_port": ports.get("To", 0)}

    def delete(self):
        self.remove(False, 200)

    def gone(self):
        return self.found() is None and code_of(self.ec2.delete_network_acl_entry, NetworkAclId=self.id, Egress=False,
                                                RuleNumber=200) == "InvalidNetworkAclEntry.NotFound"


class AclAssociation(Acl):
    """aws_network_acl_association"""

    def create(self):
        self.acl, self.another = self.make_acl(), self.make_acl()
        self.id = self.associate(self.first, self.acl)
        return {"network_acl_id": self.acl, "subnet_id": self.first}

    def found(self):
        acl = find(self.ec2.describe_network_acls, "NetworkAcls",
                   Filters=filters(association__association_id=self.id))
        return next((each for each in (acl or {"Associations": []})["Associations"]
                     if each["NetworkAclAssociationId"] == self.id), None)

    def read(self):
        shown = self.found()
        return {"network_acl_id": shown["NetworkAclId"], "subnet_id": shown["SubnetId"]}

    def update(self):
        self.id = self.ec2.replace_network_acl_association(AssociationId=self.id,
                                                           NetworkAclId=self.another)["NewAssociationId"]
        return {"network_acl_id": self.another}

    def delete(self):
        self.ec2.replace_network_acl_association(AssociationId=self.id, NetworkAclId=self.default_acl())

    def gone(self):
        return self.found() is None and code_of(
            self.ec2.replace_network_acl_association, AssociationId=self.id,
            NetworkAclId=self.default_acl()) == "InvalidAssociationID.NotFound"


class DefaultGroup(InVpc):
    """aws_default_security_group: taken over and emptied."""

    web = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": ANYWHERE}]}

    def find(self):
        return find(self.ec2.describe_security_groups, "SecurityGroups",
                    Filters=filters(group_name="default", vpc_id=self.network.id))

    def create(self):
        group = self.find()
        self.id = group["GroupId"]
        self.ec2.revoke_security_group_ingress(GroupId=self.id, IpPermissions=group["IpPermissions"])
        self.ec2.revoke_security_group_egress(GroupId=self.id, IpPermissions=group["IpPermissionsEgress"])
        self.ec2.create_tags(Resources=[self.id], Tags=[{"Key": "Name", "Value": "replay"}])
        return {"in": [], "out": [], "tags": {"Name": "replay"}}

    def read(self):
        shown = self.find()
        return {"in": shown["IpPermissions"], "out": shown["IpPermissionsEgress"], "description": shown["Description"],
                "tags": tags_of(shown)}

    def update(self):
        self.ec2.authorize_security_group_ingress(GroupId=self.id, IpPermissions=[self.web])
        wanted = {"Ipv6Ranges": [], "PrefixListIds": [], "UserIdGroupPairs": [], **self.web}
        return {"in": [wanted], "tags": self.retag()}

    def delete(self):
        assert code_of(self.ec2.delete_security_group, GroupId=self.id) == "CannotDelete"

    def gone(self):
        return self.find() is not None


class PrefixListRule(InVpc):
    """aws_security_group_rule and aws_vpc_security_group_egress_rule by prefix list."""

    def around(self):
        self.lists = [self.network.prefix_list("192.0.2.0/24"), self.network.prefix_list("198.51.100.0/24")]
        self.group = self.network.group()

    def create(self):
        made = self.ec2.authorize_security_group_egress(
            GroupId=self.group, TagSpecifications=tagged("security-group-rule", Name="replay"),
            IpPermissions=[{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443,
                            "PrefixListIds": [{"PrefixListId": self.lists[0], "Description": "lists"}]}])
        rule, = made["SecurityGroupRules"]
        self.id = rule["SecurityGroupRuleId"]
        return {"prefix_list_id": self.lists[0], "description": "lists", "from_port": 443, "is_egress": True,
                "tags": {"Name": "replay"}}

    def find(self):
        return find(self.ec2.describe_security_group_rules, "SecurityGroupRules",
                    {"InvalidSecurityGroupRuleId.NotFound"}, SecurityGroupRuleIds=[self.id])

    def read(self):
        shown = self.find()
        group = find(self.ec2.describe_security_groups, "SecurityGroups", GroupIds=[self.group])
        within = [each["PrefixListIds"] for each in group["IpPermissionsEgress"] if each.get("FromPort") == 443]
        return {"prefix_list_id": shown["PrefixListId"], "description": shown["Description"],
                "from_port": shown["FromPort"], "is_egress": shown["IsEgress"], "group": shown["GroupId"],
                "owner": shown["GroupOwnerId"], "within": within, "tags": tags_of(shown)}

    def update(self):
        self.ec2.modify_security_group_rules(GroupId=self.group, SecurityGroupRules=[
            {"SecurityGroupRuleId": self.id,
             "SecurityGroupRule": {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 444,
                                   "PrefixListId": self.lists[1], "Description": "other"}}])
        return {"prefix_list_id": self.lists[1], "description": "other", "tags": self.retag(),
                "within": [[{"PrefixListId": self.lists[1], "Description": "other"}]]}

    def delete(self):
        assert code_of(self.ec2.delete_managed_prefix_list, PrefixListId=self.lists[1]) == "DependencyViolation"
        self.ec2.revoke_security_group_egress(GroupId=self.group, SecurityGroupRuleIds=[self.id])

    def gone(self):
        return code_of(self.ec2.describe_security_group_rules,
                       SecurityGroupRuleIds=[self.id]) == "InvalidSecurityGroupRuleId.NotFound"


class PeerRule(InVpc):
    """aws_vpc_security_group_ingress_rule by the group of a peered VPC."""

    def around(self):
        self.other = Network(self.ec2, "10.90.0.0/16")
        self.peering = self.network.peering(self.other)
        self.theirs = [self.other.group("one"), self.other.group("two")]
        self.group = self.network.group()
        self.account = find(self.ec2.describe_vpcs, "Vpcs", VpcIds=[self.other.id])["OwnerId"]

    def create(self):
        made = self.ec2.authorize_security_group_ingress(GroupId=self.group, IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22,
             "UserIdGroupPairs": [{"GroupId": self.theirs[0], "UserId": self.account, "Description": "theirs"}]}])
        self.id = made["SecurityGroupRules"][0]["SecurityGroupRuleId"]
        return {"referenced_security_group_id": self.theirs[0], "user": self.account, "description": "theirs",
                "vpc": self.other.id, "pcx": self.peering, "status": "active"}

    def read(self):
        shown = find(self.ec2.describe_security_group_rules, "SecurityGroupRules", SecurityGroupRuleIds=[self.id])
        group = find(self.ec2.describe_security_groups, "SecurityGroups", GroupIds=[self.group])
        pair, = group["IpPermissions"][0]["UserIdGroupPairs"]
        theirs = shown["ReferencedGroupInfo"]
        assert {**theirs, "Description": shown["Description"]} == pair, (theirs, pair)
        return {"referenced_security_group_id": theirs["GroupId"], "user": theirs["UserId"], "vpc": theirs["VpcId"],
                "pcx": pair["VpcPeeringConnectionId"], "status": pair["PeeringStatus"],
                "description": shown["Description"]}

    def update(self):
        self.ec2.modify_security_group_rules(GroupId=self.group, SecurityGroupRules=[
            {"SecurityGroupRuleId": self.id,
             "SecurityGroupRule": {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "Description": "theirs",
                                   "ReferencedGroupId": self.theirs[1]}}])
        return {"referenced_security_group_id": self.theirs[1]}

    def delete(self):
        self.ec2.revoke_security_group_ingress(GroupId=self.group, SecurityGroupRuleIds=[self.id])

    def gone(self):
        return code_of(self.ec2.describe_security_group_rules,
                       SecurityGroupRuleIds=[self.id]) == "InvalidSecurityGroupRuleId.NotFound"

    def end(self):
        super().end()
        self.other.destroy()


class PrefixList(InVpc):
    """aws_ec2_managed_prefix_list, and aws_ec2_managed_prefix_list_entry in `update`."""

    def create(self):
        made = self.ec2.create_managed_prefix_list(
            PrefixListName="replay", AddressFamily="IPv4", MaxEntries=3, ClientToken="terraform-replay",
            Entries=[{"Cidr": "192.0.2.0/24", "Description": "first"}, {"Cidr": "198.51.100.0/24"}],
            TagSpecifications=tagged("prefix-list", Name="replay"))["PrefixList"]
        self.id = made["PrefixListId"]
        self.wait("create")
        return {"name": "replay", "address_family": "IPv4", "max_entries": 3, "version": 1, "tags": {"Name": "replay"},
                "entry": {"192.0.2.0/24": "first", "198.51.100.0/24": ""}}

    def find(self):
        return find(self.ec2.describe_managed_prefix_lists, "PrefixLists", {"InvalidPrefixListID.NotFound"},
                    PrefixListIds=[self.id])

    def wait(self, what):
        wait_state(lambda: self.find()["State"], f"{what}-complete", (f"{what}-in-progress",), self.id)

    def entries(self):
        pages = self.ec2.get_paginator("get_managed_prefix_list_entries").paginate(PrefixListId=self.id)
        return {entry["Cidr"]: entry.get("Description", "") for page in pages for entry in page["Entries"]}

    def read(self):
        shown = self.find()
        return {"name": shown["PrefixListName"], "address_family": shown["AddressFamily"], "entry": self.entries(),
                "max_entries": shown["MaxEntries"], "version": shown["Version"], "arn": shown["PrefixListArn"],
                "owner_id": shown["OwnerId"], "tags": tags_of(shown)}

    def modify(self, **changes):
        self.ec2.modify_managed_prefix_list(PrefixListId=self.id, **changes)
        self.wait("modify")

    def update(self):
        # A changed description is the entry taken away and added again, in two calls.
        self.modify(CurrentVersion=1, RemoveEntries=[{"Cidr": "192.0.2.0/24"}])
        self.modify(CurrentVersion=2, AddEntries=[{"Cidr": "192.0.2.0/24", "Description": "again"}],
                    PrefixListName="replayed")
        self.modify(MaxEntries=4)
        assert code_of(self.ec2.modify_managed_prefix_list, PrefixListId=self.id, CurrentVersion=1,
                       AddEntries=[{"Cidr": "203.0.113.0/24"}]) == "PrefixListVersionMismatch"
        self.modify(CurrentVersion=3, AddEntries=[{"Cidr": "203.0.113.0/24", "Description": "entry"}])
        self.modify(CurrentVersion=4, RemoveEntries=[{"Cidr": "198.51.100.0/24"}])
        return {"name": "replayed", "max_entries": 4, "version": 5, "tags": self.retag(),
                "entry": {"192.0.2.0/24": "again", "203.0.113.0/24": "entry"}}

    def delete(self):
        self.ec2.delete_managed_prefix_list(PrefixListId=self.id)
        wait_state(lambda: (self.find() or {}).get("State"), None, ("delete-in-progress",), self.id)

    def gone(self):
        return code_of(self.ec2.describe_managed_prefix_lists, PrefixListIds=[self.id]) == \
            "InvalidPrefixListID.NotFound" == code_of(self.ec2.get_managed_prefix_list_entries, PrefixListId=self.id)


RESOURCES = {"aws_network_acl": NetworkAcl, "aws_default_network_acl": DefaultAcl, "aws_network_acl_rule": AclRule,
             "aws_network_acl_association": AclAssociation, "aws_default_security_group": DefaultGroup,
             "aws_vpc_security_group_egress_rule by prefix list": PrefixListRule,
             "aws_vpc_security_group_ingress_rule by the group of a peer": PeerRule,
             "aws_ec2_managed_prefix_list": PrefixList}


class TerraformFirewallTest(TerraformTest):
    def test_each_resource_is_made_read_changed_and_deleted_with_an_empty_plan_between(self):
        self.live_all(RESOURCES)


del TerraformTest

if __name__ == "__main__":
    unittest.main()
