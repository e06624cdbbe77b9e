// Sets of DHCP options: what they may say, the VPCs that have them, and what the specification of a VPC says of it.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "brume/ec2/v1/dhcp_options.pb.h"
#include "brume/ec2/v1/vpc.pb.h"
#include "tests/fakes/api_world.h"

namespace brume {
namespace {

struct SetsOfOptions {
  ApiWorld world;
  VpcId vpc = world.networks.ListVpcs()->front().id;

  template <typename Response>
  Response Ask(const std::string& action, const std::string& text) {
    return static_cast<const Response&>(*Value(world.CallText(action, text)));
  }
  std::string CodeOf(const std::string& action, const std::string& text) {
    return ec2::ErrorCode(world.CallText(action, text).status());
  }
  static std::string Option(const std::string& key, const std::vector<std::string>& values) {
    std::string text = absl::StrCat("dhcp_configurations { key: '", key, "'");
    for (const std::string& value : values) absl::StrAppend(&text, " values: '", value, "'");
    return text + " } ";
  }
  ec2::v1::DhcpOptions Make(const std::string& text) {
    return Ask<ec2::v1::CreateDhcpOptionsResponse>("CreateDhcpOptions", text).dhcp_options();
  }
  ec2::v1::DescribeDhcpOptionsResponse Describe(const std::string& text) {
    return Ask<ec2::v1::DescribeDhcpOptionsResponse>("DescribeDhcpOptions", text);
  }
  // "domain-name=corp.example; domain-name-servers=AmazonProvidedDNS"
  static std::string Text(const ec2::v1::DhcpOptions& set) {
    std::vector<std::string> options;
    for (const auto& each : set.dhcp_configurations()) {
      std::vector<std::string> values;
      for (const auto& value : each.values()) values.push_back(value.value());
      options.push_back(absl::StrCat(each.key(), "=", absl::StrJoin(values, ",")));
    }
    return absl::StrJoin(options, "; ");
  }
  std::string SetOf(const std::string& id) {
    return Ask<ec2::v1::DescribeVpcsResponse>("DescribeVpcs", "vpc_ids: '" + id + "'").vpcs(0).dhcp_options_id();
  }
  std::string Associate(const std::string& set) {
    return CodeOf("AssociateDhcpOptions", absl::StrCat("dhcp_options_id: '", set, "' vpc_id: '", vpc.text(), "'"));
  }
  // The specification of the default VPC.
  network::VpcSpec Spec() {
    const std::vector<network::VpcSpec> specs = Value(world.network->ReadSpecs());
    for (const network::VpcSpec& spec : specs) {
      if (spec.vpc.id == vpc) return spec;
    }
    FAIL("no VPC");
    return {};
  }
  static std::string Named(const std::string& id) { return "dhcp_options_id: '" + id + "'"; }
};

}  // namespace

TEST_CASE("every VPC begins with the one default set, whose domain is that of private names", "[api]") {
  SetsOfOptions f;
  const auto sets = f.Describe("");
  REQUIRE(sets.dhcp_options_size() == 1);
  const ec2::v1::DhcpOptions& set = sets.dhcp_options(0);
  CHECK(f.Text(set) == "domain-name=ec2.internal; domain-name-servers=AmazonProvidedDNS");
  CHECK(absl::StartsWith(set.dhcp_options_id(), "dopt-"));
  CHECK(set.owner_id() == f.world.settings.account_id);
  CHECK(f.SetOf(f.vpc.text()) == set.dhcp_options_id());
  const auto made = f.Ask<ec2::v1::CreateVpcResponse>("CreateVpc", "cidr_block: '10.1.0.0/16'").vpc();
  CHECK(made.dhcp_options_id() == set.dhcp_options_id());
  CHECK(f.CodeOf("DeleteDhcpOptions", f.Named(set.dhcp_options_id())) == "DependencyViolation");
  CHECK(f.Spec().dhcp == DhcpLease{.domain = "ec2.internal", .name_servers = {Ipv4::Parse("172.31.0.2").value()}});
}

TEST_CASE("the default set follows the region, and is made again for a new VPC when it was deleted", "[api]") {
  SetsOfOptions f;
  const std::string first = f.SetOf(f.vpc.text());
  Settings moved = f.world.settings;
  moved.region = "eu-west-1";
  REQUIRE(network::NetworkService(*f.world.database, moved, f.world.random).EnsureDefaults().ok());
  CHECK(absl::StartsWith(f.Text(f.Describe("").dhcp_options(0)), "domain-name=eu-west-1.compute.internal; "));
  CHECK(f.SetOf(f.vpc.text()) == first);

  CHECK(f.Associate("default") == "");
  Value(f.world.CallText("DeleteDhcpOptions", f.Named(first)));
  CHECK(f.Describe("").dhcp_options_size() == 0);
  const auto made = f.Ask<ec2::v1::CreateVpcResponse>("CreateVpc", "cidr_block: '10.1.0.0/16'").vpc();
  CHECK(made.dhcp_options_id() != first);
  CHECK(f.Text(f.Describe("").dhcp_options(0)) == "domain-name=ec2.internal; domain-name-servers=AmazonProvidedDNS");
}

TEST_CASE("a set says what it was made with, in EC2's order, whatever way its servers were written", "[api]") {
  SetsOfOptions f;
  const auto set =
      f.Make(f.Option("ipv6-address-preferred-lease-time", {"2147483647"}) + f.Option("netbios-node-type", {"2"}) +
             f.Option("netbios-name-servers", {"10.0.0.7"}) + f.Option("ntp-servers", {"169.254.169.123", "10.0.0.9"}) +
             f.Option("domain-name-servers", {"10.2.5.1, 10.2.5.2", "AmazonProvidedDNS"}) +
             f.Option("domain-name", {"corp.example lab.example"}) +
             "tag_specifications { resource_type: 'dhcp-options' tags { key: 'Name' value: 'corp' } }");
  const char* const text =
      "domain-name=corp.example lab.example; domain-name-servers=10.2.5.1,10.2.5.2,AmazonProvidedDNS; "
      "ntp-servers=169.254.169.123,10.0.0.9; netbios-name-servers=10.0.0.7; netbios-node-type=2; "
      "ipv6-address-preferred-lease-time=2147483647";
  CHECK(f.Text(set) == text);
  REQUIRE(set.tags_size() == 1);
  CHECK(set.tags(0).value() == "corp");
  const auto shown = f.Describe("dhcp_options_ids: '" + set.dhcp_options_id() + "'");
  REQUIRE(shown.dhcp_options_size() == 1);
  CHECK(shown.dhcp_options(0).SerializeAsString() == set.SerializeAsString());

  CHECK(f.Associate(set.dhcp_options_id()) == "");
  const DhcpLease lease = f.Spec().dhcp;
  const auto address = [](const char* of) { return Ipv4::Parse(of).value(); };
  CHECK(lease == DhcpLease{.domain = "corp.example lab.example",
                           .name_servers = {address("10.2.5.1"), address("10.2.5.2"), address("172.31.0.2")},
                           .ntp_servers = {address("169.254.169.123"), address("10.0.0.9")},
                           .netbios_name_servers = {address("10.0.0.7")},
                           .netbios_node_type = 2,
                           .ipv6_seconds = 2147483647});
  // A resolver that does not answer is not handed out.
  Value(f.world.CallText("ModifyVpcAttribute", "vpc_id: '" + f.vpc.text() + "' enable_dns_support { value: false }"));
  CHECK(f.Spec().dhcp.name_servers == std::vector<Ipv4>{address("10.2.5.1"), address("10.2.5.2")});
}

TEST_CASE("a VPC has another set, or none, and a set that a VPC has is not deleted", "[api]") {
  SetsOfOptions f;
  const std::string set = f.Make(f.Option("domain-name", {"corp.example"})).dhcp_options_id();
  CHECK(f.Associate(set) == "");
  CHECK(f.SetOf(f.vpc.text()) == set);
  const auto found =
      f.Ask<ec2::v1::DescribeVpcsResponse>("DescribeVpcs", "filters { name: 'dhcp-options-id' values: '" + set + "' }");
  CHECK(found.vpcs_size() == 1);
  const absl::Status refused = f.world.CallText("DeleteDhcpOptions", f.Named(set)).status();
  CHECK(ec2::ErrorCode(refused) == "DependencyViolation");
  CHECK(absl::StrContains(refused.message(), f.vpc.text()));
  CHECK(f.Associate("default") == "");
  CHECK(f.SetOf(f.vpc.text()) == "default");
  CHECK(f.Spec().dhcp == DhcpLease{});
  Value(f.world.CallText("DeleteDhcpOptions", f.Named(set)));
  CHECK(f.CodeOf("DeleteDhcpOptions", f.Named(set)) == "InvalidDhcpOptionsID.NotFound");
  CHECK(f.CodeOf("DescribeDhcpOptions", "dhcp_options_ids: '" + set + "'") == "InvalidDhcpOptionID.NotFound");
  CHECK(f.Associate(set) == "InvalidDhcpOptionID.NotFound");
  CHECK(f.Associate("none") == "InvalidDhcpOptionsId.Malformed");
  CHECK(f.SetOf(f.vpc.text()) == "default");
  CHECK(f.CodeOf("AssociateDhcpOptions", "dhcp_options_id: 'default' vpc_id: 'vpc-00000000000000000'") ==
        "InvalidVpcID.NotFound");
}

TEST_CASE("options that are none, and bad values of those that are, are refused", "[api]") {
  SetsOfOptions f;
  const std::string five = "10.0.0.1,10.0.0.2,10.0.0.3,10.0.0.4,10.0.0.5", label(64, 'a'), too_long(254, 'a');
  const struct {
    std::string request;
    const char* code;
  } cases[] = {
      {"", "MissingParameter"},
      {"dhcp_configurations { values: 'x' }", "MissingParameter"},
      {f.Option("domain-name", {}), "MissingParameter"},
      {f.Option("routers", {"10.0.0.1"}), "InvalidParameterValue"},
      {f.Option("domain-name", {"a.example"}) + f.Option("domain-name", {"b.example"}), "InvalidParameterValue"},
      {f.Option("domain-name", {"a.example", "b.example"}), "InvalidParameterValue"},
      {f.Option("domain-name", {""}), "InvalidParameterValue"},
      {f.Option("domain-name", {"a..example"}), "InvalidParameterValue"},
      {f.Option("domain-name", {label + ".example"}), "InvalidParameterValue"},
      {f.Option("domain-name", {too_long}), "InvalidParameterValue"},
      {f.Option("domain-name", {"a.example,b.example"}), "InvalidParameterValue"},
      {f.Option("domain-name", {"a.example\\nport=0"}), "InvalidParameterValue"},
      {f.Option("domain-name", {"a\\\"b"}), "InvalidParameterValue"},
      {f.Option("domain-name-servers", {"10.0.0.256"}), "InvalidParameterValue"},
      {f.Option("domain-name-servers", {"10.0.0.1,"}), "InvalidParameterValue"},
      {f.Option("domain-name-servers", {"fd00::1"}), "InvalidParameterValue"},
      {f.Option("domain-name-servers", {"amazonprovideddns"}), "InvalidParameterValue"},
      {f.Option("domain-name-servers", {five}), "InvalidParameterValue"},
      {f.Option("ntp-servers", {"AmazonProvidedDNS"}), "InvalidParameterValue"},
      {f.Option("ntp-servers", {"pool.ntp.example"}), "InvalidParameterValue"},
      {f.Option("ntp-servers", {five}), "InvalidParameterValue"},
      {f.Option("netbios-name-servers", {five}), "InvalidParameterValue"},
      {f.Option("netbios-node-type", {"3"}), "InvalidParameterValue"},
      {f.Option("netbios-node-type", {"02"}), "InvalidParameterValue"},
      {f.Option("netbios-node-type", {"2", "4"}), "InvalidParameterValue"},
      {f.Option("ipv6-address-preferred-lease-time", {"139"}), "InvalidParameterValue"},
      {f.Option("ipv6-address-preferred-lease-time", {"2147483648"}), "InvalidParameterValue"},
      {f.Option("ipv6-address-preferred-lease-time", {"1h"}), "InvalidParameterValue"},
      {f.Option("ipv6-address-preferred-lease-time", {"140", "150"}), "InvalidParameterValue"},
  };
  for (const auto& [request, code] : cases) {
    INFO(request);
    CHECK(f.CodeOf("CreateDhcpOptions", request) == code);
  }
  CHECK(f.Describe("").dhcp_options_size() == 1);
}

TEST_CASE("sets are found by id, option, value, owner and tag, and shown in pages", "[api]") {
  SetsOfOptions f;
  std::vector<std::string> ids;
  for (int i = 0; i < 6; ++i) {
    ids.push_back(
        f.Make(f.Option("domain-name", {absl::StrCat("n", i, ".example")}) +
               (i == 3 ? f.Option("ntp-servers", {"10.0.0.9"}) : "") +
               absl::StrCat("tag_specifications { resource_type: 'dhcp-options' tags { key: 'N' value: '", i, "' } }"))
            .dhcp_options_id());
  }
  const auto found = [&](const std::string& name, const std::string& value) {
    const auto answer = f.Describe(absl::StrCat("filters { name: '", name, "' values: '", value, "' }"));
    std::vector<std::string> of;
    for (const auto& set : answer.dhcp_options()) of.push_back(set.dhcp_options_id());
    return of;
  };
  using Ids = std::vector<std::string>;
  CHECK(found("dhcp-options-id", ids[2]) == Ids{ids[2]});
  CHECK(found("key", "ntp-servers") == Ids{ids[3]});
  CHECK(found("value", "n4.example") == Ids{ids[4]});
  CHECK(found("value", "AmazonProvidedDNS") == Ids{f.SetOf(f.vpc.text())});
  CHECK(found("tag:N", "5") == Ids{ids[5]});
  CHECK(found("tag-key", "N").size() == 6);
  CHECK(found("owner-id", f.world.settings.account_id).size() == 7);
  const auto page = f.Describe("max_results: 5");
  CHECK(page.dhcp_options_size() == 5);
  const auto rest = f.Describe("max_results: 5 next_token: '" + page.next_token() + "'");
  CHECK(rest.dhcp_options_size() == 2);
  CHECK_FALSE(rest.has_next_token());
}

}  // namespace brume
