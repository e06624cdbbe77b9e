// Beside the firewalls of other programs on the same host: their tables as those programs make them.
#include <catch2/catch.hpp>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "tests/ec2/network/fabric_fixture.h"
#include "tests/ec2/network/fabric_outside.h"

namespace brume::network {
namespace {

constexpr absl::Duration kBlocked = absl::Milliseconds(300);

struct Firewall {
  const char* name;
  const char* chain;  // that drops
  const char* program;
  const char* rules;
};

const Firewall kFirewalls[] = {
    {"Docker", "ip filter FORWARD", "iptables-restore", R"(*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER - [0:0]
:DOCKER-ISOLATION - [0:0]
:DOCKER-USER - [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -j DOCKER-ISOLATION
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -i docker0 -j ACCEPT
-A DOCKER-ISOLATION -i docker0 ! -o docker0 -j RETURN
-A DOCKER-USER -j RETURN
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
COMMIT
)"},
    {"ufw", "ip filter FORWARD", "iptables-restore", R"(*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:ufw-before-input - [0:0]
:ufw-before-forward - [0:0]
:ufw-user-forward - [0:0]
-A INPUT -j ufw-before-input
-A FORWARD -j ufw-before-forward
-A FORWARD -j ufw-user-forward
-A ufw-before-input -i lo -j ACCEPT
-A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A ufw-before-forward -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
COMMIT
)"},
    {"firewalld", "inet firewalld filter_FORWARD", "nft", R"(table inet firewalld {
  chain filter_INPUT {
    type filter hook input priority 10; policy accept;
    ct state established,related accept
    iifname "lo" accept
    reject with icmpx admin-prohibited
  }
  chain filter_FORWARD {
    type filter hook forward priority 10; policy accept;
    ct state established,related accept
    iifname "lo" accept
    jump filter_FORWARD_ZONES
    reject with icmpx admin-prohibited
  }
  chain filter_FORWARD_ZONES {
    iifname "virbr0" accept
  }
}
)"},
};
// libvirt's default network: it rejects what goes to and comes from its own bridge, and has no policy.
const Firewall kLibvirt = {"libvirt", "", "iptables-restore", R"(*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:LIBVIRT_FWI - [0:0]
:LIBVIRT_FWO - [0:0]
-A FORWARD -j LIBVIRT_FWI
-A FORWARD -j LIBVIRT_FWO
-A LIBVIRT_FWI -o virbr0 -j REJECT
-A LIBVIRT_FWO -s 192.168.122.0/24 -i virbr0 -j ACCEPT
-A LIBVIRT_FWO -i virbr0 -j REJECT
COMMIT
*nat
:POSTROUTING ACCEPT [0:0]
-A POSTROUTING -s 192.168.122.0/24 ! -d 192.168.122.0/24 -j MASQUERADE
COMMIT
)"};

std::string Output(const std::vector<std::string>& argv) {
  const auto text = RunChecked(argv);
  REQUIRE(Good(text.status()));
  return *text;
}

// What a program that counts would print otherwise each time.
std::string WithoutCounts(const std::string& rules) {
  std::vector<std::string> words;
  for (const absl::string_view word : absl::StrSplit(rules, ' ')) {
    const bool counted = !words.empty() && (words.back() == "packets" || words.back() == "bytes");
    words.push_back(counted ? "0" : std::string(word));
  }
  return absl::StrJoin(words, " ");
}

// All tables but ours.
std::string OthersTables() {
  std::string text;
  for (const absl::string_view line : absl::StrSplit(Output({"nft", "list", "tables"}), '\n', absl::SkipEmpty())) {
    if (absl::StrContains(line, "brume")) continue;
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    text += Output({"nft", "list", words[0], words[1], words[2]});
  }
  return WithoutCounts(text);
}
// The same without the two rules that are ours.
std::string OthersRules() {
  std::vector<std::string> lines;
  for (const absl::string_view line : absl::StrSplit(OthersTables(), '\n')) {
    if (!absl::StrContains(line, "comment \"brume\"")) lines.emplace_back(line);
  }
  return absl::StrJoin(lines, "\n");
}

}  // namespace

class MannersFixture : public FabricFixture {
 protected:
  MannersFixture() : server(outside.Serve(80)) { uplink = "wan"; }
  ~MannersFixture() {
    for (const char* table : {"ip filter", "ip nat", "inet firewalld"}) {
      const std::vector<std::string> words = absl::StrSplit(table, ' ');
      (void)RunCommand({"nft", "delete", "table", words[0], words[1]});
    }
  }

  void Load(const Firewall& firewall) {
    const std::string file = directory + "/rules";
    std::ofstream(file) << firewall.rules;
    const std::string program = firewall.program;
    Output(program == "nft" ? std::vector<std::string>{"nft", "-f", file} : std::vector<std::string>{program, file});
  }
  std::unique_ptr<Guest> LaunchPublic() {
    PortSpec port = vpc.Port("10.0.1.4", {vpc.members});
    port.eni.public_ip = Address("198.18.0.10");
    REQUIRE(Good(fabric->ApplyGroup(vpc.Group(vpc.members, {AllEgress(), Allow(false, -1, -1, -1, "0.0.0.0/0")}))));
    return Launch(port);
  }
  void CheckReaches(Guest& guest) {
    const UniqueFd client = guest.Connect(kOutside, 80);
    CHECK(client);
    if (client) Accept(server);
    const UniqueFd listener = guest.Serve(22);
    CHECK(ConnectTcp(Address("198.18.0.10"), 22, absl::Seconds(5)));
  }

  Outside outside;
  UniqueFd server;
};

TEST_CASE_METHOD(MannersFixture, "guests reach the world beside another firewall, whose own rules stay as they are",
                 "[fabric]") {
  for (const Firewall& firewall : kFirewalls) {
    INFO(firewall.name);
    Load(firewall);
    const std::string before = OthersTables();
    Restart();
    SyncAll();
    auto guest = LaunchPublic();
    CheckReaches(*guest);
    CHECK(OthersRules() == before);
    CHECK(OthersTables() != before);
    guest.reset();
    REQUIRE(Good(RemoveEverything(Options())));
    CHECK(OthersTables() == before);
    Output({"nft", "flush", "ruleset"});
  }
}

TEST_CASE_METHOD(MannersFixture, "a firewall that drops nothing of guests' gets no rule", "[fabric]") {
  Load(kLibvirt);
  const std::string before = OthersTables();
  Restart();
  SyncAll();
  CheckReaches(*LaunchPublic());
  CHECK(OthersTables() == before);
}

TEST_CASE_METHOD(MannersFixture, "what another firewall forbids by a rule stays forbidden", "[fabric]") {
  Load(kFirewalls[0]);
  Output({"iptables", "-I", "DOCKER-USER", "-i", "bmv+", "-d", "192.0.2.2", "-j", "DROP"});
  Restart();
  SyncAll();
  const auto guest = LaunchPublic();
  CHECK_FALSE(guest->Reaches(kOutside, 80, kBlocked));
}

TEST_CASE_METHOD(MannersFixture, "a firewall that comes, or is loaded anew, while guests run is passed again",
                 "[fabric]") {
  Restart();
  SyncAll();
  const auto guest = LaunchPublic();
  for (const Firewall& firewall : kFirewalls) {
    INFO(firewall.name);
    for (int times = 0; times < 2; ++times) {
      if (times == 1 && absl::StrContains(firewall.program, "nft"))
        Output({"nft", "delete", "table", "inet", "firewalld"});
      Load(firewall);
      const auto damages = fabric->Inspect();
      REQUIRE(Good(damages.status()));
      REQUIRE(damages->size() == 1);
      CHECK(damages->front().text() ==
            absl::StrCat("host: the chain ", firewall.chain, " does not let guests' links pass"));
      CHECK(damages->front().repairable);
      CHECK_FALSE(guest->Reaches(kOutside, 80, kBlocked));
      REQUIRE(Good(fabric->SyncHost()));
      CheckReaches(*guest);
      CHECK(fabric->Inspect()->empty());
    }
  }
}

TEST_CASE_METHOD(MannersFixture,
                 "other firewalls are left alone when that is configured, also by a start after another", "[fabric]") {
  Load(kFirewalls[0]);
  const std::string before = OthersTables();
  Restart();
  SyncAll();
  CHECK(OthersTables() != before);
  pass_firewalls = false;
  Restart();
  SyncAll();
  CHECK(OthersTables() == before);
  const auto guest = LaunchPublic();
  CHECK_FALSE(guest->Reaches(kOutside, 80, kBlocked));
  CHECK(fabric->Inspect()->empty());
}

}  // namespace brume::network
