// Rules about prefix lists, held against packets.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "tests/ec2/network/fabric_fixture.h"

namespace brume::network {
namespace {

constexpr absl::Duration kBlocked = absl::Milliseconds(300);

// Guests 10.0.1.4 and 10.0.2.4, which are let out, and 10.0.1.9, whose group lets in by a prefix list at all ports.
class ListedFixture : public FabricFixture {
 public:
  ListedFixture() {
    SyncAll();
    near_client = Launch(vpc.Port("10.0.1.4", {vpc.members}));
    far_client = Launch(vpc.Port("10.0.2.4", {vpc.members}));
    server = Launch(vpc.Port("10.0.1.9", {vpc.closed}));
    web = server->Serve(80);
  }

 protected:
  static PrefixListSpec Spec(const PrefixListId& id, const std::vector<const char*>& cidrs) {
    PrefixListSpec spec{.id = id, .ranges = {}};
    for (const char* const cidr : cidrs) spec.ranges.push_back(Range(cidr));
    return spec;
  }
  // The group of the server with these rules by lists.
  void Apply(std::vector<SecurityGroupRule> rules, std::vector<PrefixListSpec> lists) {
    rules.push_back(AllEgress());
    GroupSpec group = vpc.Group(vpc.closed, std::move(rules));
    group.prefix_lists = std::move(lists);
    REQUIRE(Good(fabric->ApplyGroup(group)));
  }
  void Change(const PrefixListId& id, const std::vector<const char*>& cidrs) {
    REQUIRE(Good(fabric->ApplyPrefixList(vpc.spec.vpc.id, Spec(id, cidrs))));
  }
  bool NearEnters() { return near_client->Reaches(Address("10.0.1.9"), 80, kBlocked); }
  bool FarEnters() { return far_client->Reaches(Address("10.0.1.9"), 80, kBlocked); }
  // The VPC's packet rules as nftables lists them.
  std::string Listed() {
    const auto listed =
        RunChecked({"ip", "netns", "exec", "brume-" + vpc.spec.vpc.id.text(), "nft", "list", "table", "inet", "brume"});
    REQUIRE(listed.ok());
    return *listed;
  }

  const PrefixListId office = PrefixListId::FromTrusted("pl-00000000000000001");
  const PrefixListId lab = PrefixListId::FromTrusted("pl-00000000000000002");
  std::unique_ptr<Guest> near_client, far_client, server;
  UniqueFd web;
};

}  // namespace

TEST_CASE_METHOD(ListedFixture, "a rule about a prefix list lets in whom the list names, and follows its changes",
                 "[fabric]") {
  CHECK_FALSE(NearEnters());
  Apply({AllowList(false, office)}, {Spec(office, {"10.0.1.0/24", "10.0.1.4/32", "203.0.113.0/24"})});
  CHECK(NearEnters());
  CHECK_FALSE(FarEnters());
  const UniqueFd tracked = near_client->Connect(Address("10.0.1.9"), 80);
  const UniqueFd accepted = Accept(web);
  // Overlaps what was there, and one address less.
  Change(office, {"10.0.2.0/24", "10.0.1.0/30", "10.0.1.5/32"});
  CHECK_FALSE(NearEnters());
  CHECK(FarEnters());
  CHECK(tracked);
  Change(office, {"0.0.0.0/0"});
  CHECK(NearEnters());
  CHECK(FarEnters());
  Change(office, {});
  CHECK_FALSE(NearEnters());
  CHECK_FALSE(FarEnters());
  CHECK(fabric->Inspect()->empty());
}

TEST_CASE_METHOD(ListedFixture, "a rule about a prefix list without ranges, or one that nobody told of, lets nobody in",
                 "[fabric]") {
  Apply({AllowList(false, office)}, {});
  CHECK_FALSE(NearEnters());
  Apply({AllowList(false, office), AllowList(false, lab)}, {Spec(lab, {})});
  CHECK_FALSE(NearEnters());
  Change(office, {"10.0.1.4/32"});
  CHECK(NearEnters());
}

TEST_CASE_METHOD(ListedFixture, "a rule about a prefix list holds what leaves a guest", "[fabric]") {
  GroupSpec out = vpc.Group(vpc.members, {AllowList(true, office), AllowGroup(false, vpc.members)});
  out.prefix_lists = {Spec(office, {"10.0.1.0/24"})};
  REQUIRE(Good(fabric->ApplyGroup(out)));
  Apply({Allow(false, -1, -1, -1, "0.0.0.0/0")}, {});
  CHECK(NearEnters());
  Change(office, {"10.0.2.0/24"});
  CHECK_FALSE(NearEnters());
  CHECK(near_client->Pings(Address("10.0.2.4")));
}

TEST_CASE_METHOD(ListedFixture, "the set of a prefix list is there as long as a rule names it", "[fabric]") {
  const auto has = [&](const PrefixListId& id) { return absl::StrContains(Listed(), "set " + id.text()); };
  Apply({AllowList(false, office), AllowList(true, lab)}, {Spec(office, {"10.0.1.0/24"}), Spec(lab, {"10.0.0.0/8"})});
  CHECK(has(office));
  CHECK(has(lab));
  GroupSpec other = vpc.Group(vpc.members, {AllEgress(), AllowList(false, office)});
  other.prefix_lists = {Spec(office, {"10.0.1.0/24"})};
  REQUIRE(Good(fabric->ApplyGroup(other)));
  Apply({}, {});
  CHECK(has(office));
  CHECK_FALSE(has(lab));
  REQUIRE(Good(fabric->ApplyGroup(vpc.Group(vpc.members, {AllEgress()}))));
  CHECK_FALSE(has(office));
  // One that no rule names changes nothing.
  Change(office, {"10.0.0.0/8"});
  CHECK_FALSE(has(office));
}

TEST_CASE_METHOD(ListedFixture, "a list of a thousand ranges is whole in the kernel, also after a restart",
                 "[fabric]") {
  PrefixListSpec spec{.id = office, .ranges = {}};
  for (uint32_t i = 0; i < 999; ++i) spec.ranges.push_back(Cidr{Ipv4{Address("172.16.0.0").value + 2 * i}, 32});
  spec.ranges.push_back(Range("10.0.1.4/32"));
  GroupSpec group = vpc.Group(vpc.closed, {AllEgress(), AllowList(false, office)});
  group.prefix_lists = {spec};
  REQUIRE(Good(fabric->ApplyGroup(group)));
  CHECK(NearEnters());
  CHECK_FALSE(FarEnters());
  Restart();
  for (GroupSpec& each : vpc.spec.groups) {
    if (each.group.id == vpc.closed) each = group;
  }
  vpc.spec.ports = {vpc.Port("10.0.1.4", {vpc.members}), vpc.Port("10.0.2.4", {vpc.members}),
                    vpc.Port("10.0.1.9", {vpc.closed})};
  SyncAll();
  CHECK(NearEnters());
  CHECK_FALSE(FarEnters());
  Change(office, {"10.0.2.4/32"});
  CHECK_FALSE(NearEnters());
  CHECK(FarEnters());
}

}  // namespace brume::network
