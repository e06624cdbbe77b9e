#include <catch2/catch.hpp>
#include <set>

#include "lib/base/seeded_random.h"
#include "lib/ec2/network/model/network.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/ids.h"
#include "lib/resource/ipv4.h"

namespace brume {

TEST_CASE("an id is its prefix and 17 or 8 lower-case hex digits, nothing else", "[domain]") {
  CHECK(InstanceId::Parse("i-0123456789abcdef0").ok());
  CHECK(InstanceId::Parse("i-01234567").ok());
  for (const char* bad : {"", "i-", "i-0123456789ABCDEF0", "i-0123456789abcdef", "i-0123456789abcdef01", "vol-01234567",
                          "i_0123456789abcdef0", "i-0123456789abcdeg0", " i-01234567"}) {
    INFO(bad);
    CHECK(ec2::ErrorCode(InstanceId::Parse(bad).status()) == "InvalidInstanceID.Malformed");
  }
}

TEST_CASE("a CIDR block is normalised and its reserved addresses are not given out", "[domain]") {
  const Cidr cidr = Cidr::Parse("10.0.1.7/29").value();
  CHECK(cidr.text() == "10.0.1.0/29");
  CHECK(AvailableAddresses(cidr, 0) == 3);
  CHECK_FALSE(IsAssignable(cidr, Ipv4::Parse("10.0.1.3").value()));
  CHECK(IsAssignable(cidr, Ipv4::Parse("10.0.1.4").value()));
  CHECK_FALSE(IsAssignable(cidr, Ipv4::Parse("10.0.1.7").value()));
  for (const char* bad : {"10.0.0.0", "10.0.0.0/33", "10.0.0/8", "10.0.0.0/08", "300.0.0.0/8", "10.0.0.0/-1", "/8"}) {
    INFO(bad);
    CHECK(ec2::ErrorCode(Cidr::Parse(bad).status()) == "InvalidParameterValue");
  }
}

TEST_CASE("every free address of a subnet is found before it counts as full", "[domain]") {
  SeededRandom random(7);
  const Cidr subnet = Cidr::Parse("10.0.1.0/28").value();
  std::set<uint32_t> taken;
  for (int i = 0; i < 11; ++i) {
    const auto address = ChooseAddress(subnet, random, [&](Ipv4 a) { return !taken.contains(a.value); });
    REQUIRE(address.has_value());
    CHECK(IsAssignable(subnet, *address));
    taken.insert(address->value);
  }
  CHECK(taken.size() == 11);
  CHECK_FALSE(ChooseAddress(subnet, random, [&](Ipv4 a) { return !taken.contains(a.value); }).has_value());
}

TEST_CASE("a tap's name fits the kernel's limit and keeps the interface's digits", "[domain]") {
  CHECK(TapName(EniId::FromTrusted("eni-0123456789abcdef0")) == "bm456789abcdef0");
  CHECK(TapName(EniId::FromTrusted("eni-01234567")) == "bm01234567");
}

TEST_CASE("a rule's ports must fit its protocol", "[domain]") {
  SecurityGroupRule rule;
  rule.cidr = Cidr::Parse("0.0.0.0/0").value();
  rule.protocol = 6;
  rule.from_port = 22;
  rule.to_port = 22;
  CHECK(NormaliseRule(rule).ok());
  rule.from_port = 23;
  CHECK_FALSE(NormaliseRule(rule).ok());
  rule.from_port = 0;
  rule.to_port = 65536;
  CHECK_FALSE(NormaliseRule(rule).ok());
  rule.protocol = -1;
  CHECK(NormaliseRule(rule).ok());
  CHECK(rule.to_port == -1);
  rule.referenced_group = SecurityGroupId::FromTrusted("sg-01234567");
  CHECK(ec2::ErrorCode(NormaliseRule(rule)) == "InvalidParameterCombination");
}

}  // namespace brume
