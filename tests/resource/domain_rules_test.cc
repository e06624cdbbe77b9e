#include <catch2/catch.hpp>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/ec2/compute/model/instance.h"
#include "lib/ec2/compute/model/instance_type.h"
#include "lib/ec2/compute/model/key_pair.h"
#include "lib/ec2/network/model/network.h"
#include "lib/ec2/storage/model/storage.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/ipv4.h"
#include "lib/resource/tags.h"
#include "lib/resource/zones.h"

namespace brume {
namespace {

std::string CodeOf(const absl::Status& status) { return ec2::ErrorCode(status); }

}  // namespace

TEST_CASE("instance states have EC2's names and codes", "[domain]") {
  const std::pair<int, const char*> kExpected[] = {{0, "pending"},     {16, "running"},  {32, "shutting-down"},
                                                   {48, "terminated"}, {64, "stopping"}, {80, "stopped"}};
  CHECK(std::size(kAllInstanceStates) == std::size(kExpected));
  for (const auto& [code, name] : kExpected) {
    INFO(name);
    const auto state = static_cast<InstanceState>(code);
    CHECK(StateName(state) == name);
  }
}

TEST_CASE("an instance is work on its way between states, and holds capacity until it is off", "[domain]") {
  const std::set<InstanceState> transitional = {InstanceState::kPending, InstanceState::kStopping,
                                                InstanceState::kShuttingDown};
  const std::set<InstanceState> off = {InstanceState::kStopped, InstanceState::kTerminated};
  for (const InstanceState state : kAllInstanceStates) {
    INFO(std::string(StateName(state)));
    CHECK(IsTransitional(state) == transitional.contains(state));
    CHECK(HoldsCapacity(state) != off.contains(state));
  }
}

TEST_CASE("a shutdown behavior is stop or terminate", "[domain]") {
  for (const char* name : {"stop", "terminate"}) CHECK(ShutdownBehaviorName(*ParseShutdownBehavior(name)) == name);
  for (const char* bad : {"", "Stop", "hibernate"}) {
    INFO(bad);
    CHECK(CodeOf(ParseShutdownBehavior(bad).status()) == "InvalidParameterValue");
  }
}

TEST_CASE("images have EC2's states and boot modes", "[domain]") {
  CHECK(StateName(ImageState::kPending) == "pending");
  CHECK(StateName(ImageState::kAvailable) == "available");
  CHECK(StateName(ImageState::kFailed) == "failed");
  CHECK(StateName(ImageState::kDeregistered) == "deregistered");
  CHECK(BootModeName(BootMode::kBios) == "legacy-bios");
  CHECK(BootModeName(BootMode::kUefi) == "uefi");
  CHECK(FindBootMode("uefi-preferred") == BootMode::kUefiPreferred);
  for (const bool has_uefi : {false, true}) {
    CHECK(CurrentBootMode(BootMode::kBios, has_uefi) == BootMode::kBios);
    CHECK(CurrentBootMode(BootMode::kUefi, has_uefi) == BootMode::kUefi);
    CHECK(CurrentBootMode(BootMode::kUefiPreferred, has_uefi) == (has_uefi ? BootMode::kUefi : BootMode::kBios));
  }
  CHECK(FindBootMode("uefi") == BootMode::kUefi);
  CHECK(FindBootMode("legacy-bios") == BootMode::kBios);
  CHECK(FindBootMode("UEFI") == std::nullopt);
}

TEST_CASE("the table knows EC2's types and ours, each under its own name and able to run", "[domain]") {
  const InstanceTypeTable table;
  REQUIRE(table.Find("t3.micro") != nullptr);
  CHECK(table.Find("t3.micro")->vcpus == 2);
  CHECK(table.Find("t3.micro")->memory_mib == 1024);
  CHECK(table.Find("m5.large")->memory_mib == 8192);
  CHECK(table.Find("c5.9xlarge")->vcpus == 36);
  CHECK(table.Find("r5.24xlarge")->memory_mib == 768 * 1024);
  CHECK(table.Find("b1.tiny")->memory_mib == 128);
  for (const auto& [name, type] : table.all()) {
    INFO(name);
    CHECK(type.name == name);
    CHECK(absl::StrContains(name, "."));
    CHECK(type.vcpus >= 1);
    CHECK(type.memory_mib >= 128);
  }
  for (const char* unknown : {"", "t3", "t3.", "T3.micro", "t3.micro "}) {
    INFO(unknown);
    CHECK(table.Find(unknown) == nullptr);
  }
}

TEST_CASE("the administrator's types add to the table and replace its own", "[domain]") {
  const InstanceTypeTable plain;
  const InstanceTypeTable table(
      {{.name = "lab.huge", .vcpus = 128, .memory_mib = 1 << 20}, {.name = "t3.micro", .vcpus = 1, .memory_mib = 512}});
  CHECK(table.Find("lab.huge")->vcpus == 128);
  CHECK(table.Find("t3.micro")->memory_mib == 512);
  CHECK(table.all().size() == plain.all().size() + 1);
}

TEST_CASE("a resource's type is told by its id's prefix", "[domain]") {
  const std::pair<const char*, const char*> kExpected[] = {{"i-01234567", "instance"},
                                                           {"ami-01234567", "image"},
                                                           {"vol-01234567", "volume"},
                                                           {"snap-01234567", "snapshot"},
                                                           {"vpc-01234567", "vpc"},
                                                           {"subnet-01234567", "subnet"},
                                                           {"sg-01234567", "security-group"},
                                                           {"sgr-01234567", "security-group-rule"},
                                                           {"eni-01234567", "network-interface"},
                                                           {"key-01234567", "key-pair"},
                                                           {"x-01234567", ""},
                                                           {"", ""},
                                                           {"instance", ""}};
  for (const auto& [id, type] : kExpected) {
    INFO(id);
    CHECK(ResourceTypeOf(id) == type);
  }
}

TEST_CASE("a tag's key has 1 to 128 characters, its value up to 256, and neither is AWS's", "[domain]") {
  CHECK(CheckTag("Name", "").ok());
  CHECK(CheckTag(std::string(128, 'k'), std::string(256, 'v')).ok());
  // Characters, not bytes: two bytes each.
  std::string accents;
  for (int i = 0; i < 128; ++i) accents += "\xc3\xa9";
  CHECK(CheckTag(accents, accents + accents).ok());
  CHECK(CodeOf(CheckTag("", "v")) == "InvalidParameterValue");
  CHECK(CodeOf(CheckTag(std::string(129, 'k'), "v")) == "InvalidParameterValue");
  CHECK(CodeOf(CheckTag("k", std::string(257, 'v'))) == "InvalidParameterValue");
  CHECK(CodeOf(CheckTag("aws:x", "v")) == "InvalidParameterValue");
  CHECK(CodeOf(CheckTag("AWS:x", "v")) == "InvalidParameterValue");
  CHECK(CheckTag("awsx", "aws:v").ok());
}

TEST_CASE("a resource carries at most 50 tags", "[domain]") {
  TagMap tags;
  for (int i = 0; i < 50; ++i) tags[absl::StrCat("k", i)] = "v";
  CHECK(CheckTags(tags).ok());
  tags["k50"] = "v";
  CHECK(CodeOf(CheckTags(tags)) == "TagLimitExceeded");
  CHECK(CodeOf(CheckTags({{"aws:x", "v"}})) == "InvalidParameterValue");
}

TEST_CASE("a zone's id is its region in short and its place among the zones", "[domain]") {
  const std::tuple<const char*, const char*> kRegions[] = {{"us-east-1", "use1"},
                                                           {"us-west-2", "usw2"},
                                                           {"eu-central-1", "euc1"},
                                                           {"eu-north-1", "eun1"},
                                                           {"ap-southeast-2", "apse2"},
                                                           {"ap-northeast-1", "apne1"},
                                                           {"us-gov-west-1", "usgw1"},
                                                           {"home", "home"},
                                                           {"my-data-center", "my-data-center"},
                                                           {"us-east-10", "us-east-10"},
                                                           {"", ""}};
  for (const auto& [region, shortened] : kRegions) {
    INFO(region);
    Settings settings;
    settings.region = region;
    settings.zones = {absl::StrCat(region, "a"), absl::StrCat(region, "b")};
    CHECK(ZoneId(settings, absl::StrCat(region, "a")) == absl::StrCat(shortened, "-az1"));
    CHECK(ZoneId(settings, absl::StrCat(region, "b")) == absl::StrCat(shortened, "-az2"));
    CHECK(ZoneId(settings, absl::StrCat(region, "c")).empty());
  }
}

TEST_CASE("IPv4 addresses are four decimal numbers and nothing else", "[domain]") {
  for (const char* good : {"0.0.0.0", "10.0.1.4", "255.255.255.255", "169.254.169.254"}) {
    CHECK(Ipv4::Parse(good).value().text() == good);
  }
  for (const char* bad : {"", "1", "1.2.3", "1.2.3.4.5", "256.0.0.1", "01.2.3.4", "1.2.3.-4", "1.2.3.+4", " 1.2.3.4",
                          "1.2.3.4 ", "1..3.4", "0x1.2.3.4", "1.2.3.4/32", "::1", "1.2.3.1000", "a.b.c.d"}) {
    INFO(bad);
    CHECK(CodeOf(Ipv4::Parse(bad).status()) == "InvalidParameterValue");
  }
}

TEST_CASE("CIDR blocks at both ends of their size keep their arithmetic", "[domain]") {
  const Cidr all = Cidr::Parse("0.0.0.0/0").value(), one = Cidr::Parse("10.0.0.7/32").value();
  CHECK(all.size() == uint64_t{1} << 32);
  CHECK(all.last().text() == "255.255.255.255");
  CHECK(all.netmask().text() == "0.0.0.0");
  CHECK(one.size() == 1);
  CHECK(one.base == one.last());
  CHECK(one.netmask().text() == "255.255.255.255");
  CHECK(all.Contains(one));
  CHECK_FALSE(one.Contains(all));
  CHECK(all.Overlaps(one));
  const Cidr a = Cidr::Parse("10.0.0.0/25").value(), b = Cidr::Parse("10.0.0.128/25").value();
  CHECK_FALSE(a.Overlaps(b));
  CHECK_FALSE(b.Overlaps(a));
  CHECK(Cidr::Parse("10.0.0.0/24").value().Contains(b));
  CHECK(a.netmask().text() == "255.255.255.128");
}

TEST_CASE("an address's MAC is its own, local and the same each time", "[domain]") {
  const Ipv4 address = Ipv4::Parse("10.0.1.4").value();
  CHECK(MacAddressFor(address) == MacAddressFor(address));
  CHECK(MacAddressFor(address) != MacAddressFor(Ipv4{address.value + 1}));
  CHECK(MacAddressFor(address).substr(0, 2) == "02");  // unicast, locally administered
  CHECK(MacAddressFor(address).size() == 17);
  CHECK(PrivateHostname(address) == "ip-10-0-1-4");
  CHECK(PublicDnsName(address, "us-east-1") == "ec2-10-0-1-4.compute-1.amazonaws.com");
  CHECK(PublicDnsName(address, "eu-central-1") == "ec2-10-0-1-4.eu-central-1.compute.amazonaws.com");
}

TEST_CASE("protocols are known by name, by number and as all", "[domain]") {
  const std::pair<const char*, int> kGood[] = {{"tcp", 6},  {"TCP", 6},     {"6", 6},       {"udp", 17},
                                               {"icmp", 1}, {"-1", -1},     {"all", -1},    {"255", 255},
                                               {"0", 0},    {"icmpv6", 58}, {"ICMPv6", 58}, {"58", 58}};
  for (const auto& [text, number] : kGood) {
    INFO(text);
    CHECK(ParseIpProtocol(text).value() == number);
  }
  for (const char* bad : {"", "256", "-2", "tcpp", "6x", "1e1"}) {
    INFO(bad);
    CHECK(CodeOf(ParseIpProtocol(bad).status()) == "InvalidParameterValue");
  }
  CHECK(IpProtocolName(6) == "tcp");
  CHECK(IpProtocolName(17) == "udp");
  CHECK(IpProtocolName(1) == "icmp");
  CHECK(IpProtocolName(58) == "icmpv6");
  CHECK(IpProtocolName(-1) == "-1");
  CHECK(IpProtocolName(47) == "47");
}

TEST_CASE("TCP and UDP need their ports, and never get all of them unasked", "[domain]") {
  SecurityGroupRule rule;
  rule.cidr = Cidr::Parse("0.0.0.0/0").value();
  const std::tuple<int, int, bool> kPorts[] = {{0, 65535, true}, {22, 22, true},  {0, 0, true},
                                               {-1, -1, false},  {-1, 80, false}, {80, -1, false},
                                               {81, 80, false},  {-2, -2, false}, {0, 65536, false}};
  for (const int protocol : {6, 17}) {
    for (const auto& [from, to, good] : kPorts) {
      INFO(protocol << " " << from << " " << to);
      rule.protocol = protocol;
      rule.from_port = from;
      rule.to_port = to;
      CHECK(NormaliseRule(rule).ok() == good);
      CHECK(rule.from_port == from);
      CHECK(rule.to_port == to);
    }
  }
}

TEST_CASE("a rule of a protocol without ports means all of it, and ICMP has types and codes", "[domain]") {
  SecurityGroupRule rule;
  rule.cidr = Cidr::Parse("0.0.0.0/0").value();
  const int icmp = GENERATE(1, 58);
  rule.protocol = icmp;
  const std::tuple<int, int, bool> kIcmp[] = {{-1, -1, true}, {8, -1, true},    {8, 0, true},    {255, 255, true},
                                              {-1, 0, false}, {256, -1, false}, {8, 256, false}, {-2, -1, false}};
  for (const auto& [type, code, good] : kIcmp) {
    INFO(type << " " << code);
    rule.from_port = type;
    rule.to_port = code;
    CHECK(NormaliseRule(rule).ok() == good);
  }
  rule.protocol = 47;
  rule.from_port = rule.to_port = 22;
  CHECK(NormaliseRule(rule).ok());
  CHECK(rule.from_port == -1);
  rule.cidr.reset();
  CHECK(CodeOf(NormaliseRule(rule)) == "InvalidParameterCombination");
  rule.cidr_ipv6 = CidrIpv6{};
  CHECK(NormaliseRule(rule).ok());
  rule.cidr = Cidr{};
  CHECK(CodeOf(NormaliseRule(rule)) == "InvalidParameterCombination");
  rule.cidr.reset();
  rule.cidr_ipv6.reset();
  rule.referenced_group = SecurityGroupId::FromTrusted("sg-01234567");
  CHECK(NormaliseRule(rule).ok());
}

TEST_CASE("an error keeps its code and says what it is of, and one of ours shows none of its insides", "[domain]") {
  const absl::Status error = InstanceId::NotFound("i-01234567");
  CHECK(CodeOf(error) == "InvalidInstanceID.NotFound");
  CHECK(error.code() == absl::StatusCode::kNotFound);
  CHECK(error.message() == "The instance ID 'i-01234567' does not exist");
  CHECK(ec2::HasErrorCode(error));
  CHECK_FALSE(ec2::HasErrorCode(absl::InternalError("secret path")));
  CHECK(CodeOf(absl::InternalError("x")) == "InternalError");
  CHECK(CodeOf(absl::UnavailableError("x")) == "Unavailable");
  CHECK(CodeOf(absl::ResourceExhaustedError("x")) == "RequestLimitExceeded");
  CHECK(CodeOf(absl::OkStatus()).empty());
}

}  // namespace brume
