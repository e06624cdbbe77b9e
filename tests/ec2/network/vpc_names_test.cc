// The names that resolvers serve: by tags, of peers, of elastic addresses.
#include "lib/ec2/network/vpc_names.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/address.pb.h"
#include "brume/ec2/v1/peering.pb.h"
#include "brume/ec2/v1/vpc.pb.h"
#include "lib/ec2/network/tables/network_table.h"
#include "tests/fakes/api_world.h"

namespace brume {
namespace {

constexpr char kDomain[] = "lab.example";

struct NamedWorld {
  ApiWorld world{[] {
    Settings settings = ApiWorld::DefaultSettings();
    settings.name_tag_domain = kDomain;
    return settings;
  }()};
  VpcId vpc = world.networks.ListVpcs()->front().id;

  template <typename Response>
  Response Ask(const std::string& action, const std::string& text) {
    return static_cast<const Response&>(*Value(world.CallText(action, text)));
  }
  std::string CodeOf(const std::string& action, const std::string& text) {
    return ec2::ErrorCode(world.CallText(action, text).status());
  }
  bool Knows(const VpcId& of, Ipv4 address, const std::string& name) {
    const std::vector<network::PublicName> names = world.fabric.NamesIn(of);
    return std::find(names.begin(), names.end(), network::PublicName{address, name}) != names.end();
  }
  bool ComesToKnow(const VpcId& of, Ipv4 address, const std::string& name) {
    return ComputeWorld::Eventually([&] { return Knows(of, address, name); });
  }
  bool Removes(const VpcId& of, const std::string& name) {
    return ComputeWorld::Eventually([&] {
      const std::vector<network::PublicName> names = world.fabric.NamesIn(of);
      return std::none_of(names.begin(), names.end(), [&](const auto& each) { return each.name == name; });
    });
  }
  NetworkInterface InterfaceOf(const InstanceId& id) {
    return Value(world.database->ReadFor([&](store::Connection& c) {
             return network::NetworkTable(c).ListInterfacesOf({&id, 1});
           }))
        .front();
  }
  void Tag(const InstanceId& id, const std::string& name) {
    Value(world.CallText("CreateTags",
                         absl::StrCat("resources: '", id.text(), "' tags { key: 'Name' value: '", name, "' }")));
  }
};

}  // namespace

TEST_CASE("a tag that is a label is a name in the domain, and another gives none", "[network]") {
  const struct {
    const char* tag;
    const char* name;
  } cases[] = {{"web", "web.lab.example"},
               {"Web-1", "web-1.lab.example"},
               {"7", "7.lab.example"},
               {"web server", ""},
               {"-web", ""},
               {"web-", ""},
               {"web_1", ""},
               {"a.b", ""},
               {"w\u00e9b", ""},
               {"web\nport=0", ""},
               {"", ""}};
  for (const auto& [tag, name] : cases) {
    INFO(tag);
    CHECK(network::TagHostname(tag, kDomain) == name);
    CHECK(network::TagHostname(tag, "").empty());
  }
  CHECK(network::TagHostname(std::string(63, 'a'), kDomain) == std::string(63, 'a') + ".lab.example");
  CHECK(network::TagHostname(std::string(64, 'a'), kDomain).empty());
}

TEST_CASE("an instance is known by its tag from its launch on, and follows the tag", "[network]") {
  NamedWorld f;
  compute::RunRequest request = f.world.Request();
  request.instance_tags = {{"Name", "web"}};
  const InstanceId id = f.world.Launch(request), other = f.world.Launch();
  const Ipv4 address = f.InterfaceOf(id).private_ip.value();
  CHECK(f.Knows(f.vpc, address, "web.lab.example"));
  f.Tag(id, "Front");
  CHECK(f.ComesToKnow(f.vpc, address, "front.lab.example"));
  CHECK(f.Removes(f.vpc, "web.lab.example"));
  // Two of one name are both known by it.
  f.Tag(other, "front");
  CHECK(f.ComesToKnow(f.vpc, f.InterfaceOf(other).private_ip.value(), "front.lab.example"));
  CHECK(f.Knows(f.vpc, address, "front.lab.example"));
  f.Tag(other, "not a name");
  Value(f.world.CallText("DeleteTags", absl::StrCat("resources: '", id.text(), "' tags { key: 'Name' }")));
  CHECK(f.Removes(f.vpc, "front.lab.example"));
}

TEST_CASE("a peer's resolver knows public names while the peering connection says so, and as they come and go",
          "[network]") {
  NamedWorld f;
  const std::string peer = f.Ask<ec2::v1::CreateVpcResponse>("CreateVpc", "cidr_block: '10.1.0.0/16'").vpc().vpc_id();
  const VpcId resolving = VpcId::FromTrusted(peer);
  const std::string connection =
      f.Ask<ec2::v1::CreateVpcPeeringConnectionResponse>(
           "CreateVpcPeeringConnection", absl::StrCat("vpc_id: '", f.vpc.text(), "' peer_vpc_id: '", peer, "'"))
          .vpc_peering_connection()
          .vpc_peering_connection_id();
  const std::string named = "vpc_peering_connection_id: '" + connection + "' ";
  Value(f.world.CallText("AcceptVpcPeeringConnection", named));
  const InstanceId first = f.world.Launch();
  const NetworkInterface eni = f.InterfaceOf(first);
  REQUIRE(eni.public_ip.has_value());
  const std::string name = PublicDnsName(*eni.public_ip, f.world.settings.region);
  CHECK(f.Knows(f.vpc, *eni.private_ip, name));

  const auto allow = [&](const char* side, bool on) {
    const auto answer = f.Ask<ec2::v1::ModifyVpcPeeringConnectionOptionsResponse>(
        "ModifyVpcPeeringConnectionOptions",
        absl::StrCat(named, side, "_peering_connection_options { allow_dns_resolution_from_remote_vpc: ",
                     on ? "true" : "false", " }"));
    CHECK(answer.requester_peering_connection_options().allow_dns_resolution_from_remote_vpc() == on);
  };
  allow("requester", true);
  CHECK(f.ComesToKnow(resolving, *eni.private_ip, name));
  const InstanceId second = f.world.Launch();
  const NetworkInterface later = f.InterfaceOf(second);
  CHECK(f.ComesToKnow(resolving, *later.private_ip, PublicDnsName(*later.public_ip, f.world.settings.region)));
  Value(f.world.CallText("TerminateInstances", absl::StrCat("instance_ids: '", first.text(), "'")));
  CHECK(f.Removes(resolving, name));
  CHECK(f.Knows(resolving, *later.private_ip, PublicDnsName(*later.public_ip, f.world.settings.region)));
  allow("requester", false);
  CHECK(ComputeWorld::Eventually([&] { return f.world.fabric.NamesIn(resolving).empty(); }));
  allow("requester", true);
  CHECK(ComputeWorld::Eventually([&] { return f.world.fabric.NamesIn(resolving).size() == 1; }));
  Value(f.world.CallText("DeleteVpcPeeringConnection", named));
  CHECK(ComputeWorld::Eventually([&] { return f.world.fabric.NamesIn(resolving).empty(); }));
}

TEST_CASE("an elastic address is given a name for reverse lookups, and is released only without", "[network]") {
  NamedWorld f;
  const auto made = f.Ask<ec2::v1::AllocateAddressResponse>("AllocateAddress", "");
  const std::string named = "allocation_id: '" + made.allocation_id() + "' ";
  const auto shown = [&] {
    return f
        .Ask<ec2::v1::DescribeAddressesAttributeResponse>(
            "DescribeAddressesAttribute", "attribute: 'domain-name' allocation_ids: '" + made.allocation_id() + "'")
        .addresses(0);
  };
  const auto reverse_names = [&] { return Value(f.world.network->ReadSpecs()).front().reverse_names; };
  CHECK_FALSE(shown().has_ptr_record());
  const auto changed = f.Ask<ec2::v1::ModifyAddressAttributeResponse>("ModifyAddressAttribute",
                                                                      named + "domain_name: 'Mail.Example.com.'");
  CHECK(changed.address().ptr_record() == "mail.example.com.");
  CHECK(changed.address().public_ip() == made.public_ip());
  CHECK(shown().ptr_record() == "mail.example.com.");
  CHECK(reverse_names() == std::map<Ipv4, std::string>{{Ipv4::Parse(made.public_ip()).value(), "mail.example.com"}});
  CHECK(f.CodeOf("ReleaseAddress", named) == "InvalidAddress.Locked");
  for (const std::string bad : {"", ".", "mail..example", "mail example", "mail.example\\nx"}) {
    INFO(bad);
    CHECK(f.CodeOf("ModifyAddressAttribute", named + "domain_name: '" + bad + "'") ==
          (bad.empty() ? "MissingParameter" : "InvalidParameterValue"));
  }
  CHECK(shown().ptr_record() == "mail.example.com.");
  CHECK(f.CodeOf("ResetAddressAttribute", named + "attribute: 'name'") == "InvalidParameterValue");
  const auto reset =
      f.Ask<ec2::v1::ResetAddressAttributeResponse>("ResetAddressAttribute", named + "attribute: 'domain-name'");
  CHECK_FALSE(reset.address().has_ptr_record());
  CHECK(reverse_names().empty());
  Value(f.world.CallText("ReleaseAddress", named));
  CHECK(f.CodeOf("ModifyAddressAttribute", named + "domain_name: 'mail.example.com'") ==
        "InvalidAllocationID.NotFound");
}

}  // namespace brume
