#include "lib/ec2/network/linux/other_firewalls.h"

#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "tests/support/temp_dir.h"

namespace brume::network {
namespace {

std::string Listed(const std::string& items) { return absl::StrCat(R"({"nftables": [{"metainfo": {}})", items, "]}"); }

// A rule as nft lists it; `rest` begins with a comma.
std::string Rule(int handle, const std::string& statements, const std::string& rest = "") {
  return absl::StrCat(R"(, {"rule": {"family": "ip", "table": "filter", "chain": "FORWARD", "handle": )", handle,
                      R"(, "expr": [)", statements, "]", rest, "}}");
}
std::string Ours(int handle) { return Rule(handle, R"({"counter": {}}, {"accept": null})", R"(, "comment": "brume")"); }

const char kJump[] = R"({"counter": {}}, {"jump": {"target": "DOCKER-USER"}})";
const char kReject[] = R"({"counter": {}}, {"log": null}, {"reject": {"type": "icmpx"}})";
const ForwardChain kDropping{"ip", "filter", "FORWARD", true}, kAccepting{"ip", "filter", "FORWARD", false};

}  // namespace

TEST_CASE("chains that see what is forwarded are found, but for our own and those of other hooks", "[firewall]") {
  const auto chains = Value(ForwardChains(Listed(R"(,
      {"chain": {"family": "ip", "table": "filter", "name": "FORWARD", "handle": 1, "type": "filter",
                 "hook": "forward", "prio": 0, "policy": "drop"}},
      {"chain": {"family": "ip", "table": "filter", "name": "INPUT", "hook": "input", "policy": "drop"}},
      {"chain": {"family": "ip", "table": "filter", "name": "DOCKER-USER", "handle": 2}},
      {"chain": {"family": "ip6", "table": "filter", "name": "FORWARD", "hook": "forward", "policy": "drop"}},
      {"chain": {"family": "inet", "table": "brume_host", "name": "forward", "hook": "forward", "policy": "drop"}},
      {"chain": {"family": "inet", "table": "open", "name": "forward", "hook": "forward", "policy": "accept"}})")));
  REQUIRE(chains.size() == 2);
  CHECK(chains[0].text() == "ip filter FORWARD");
  CHECK(chains[0].drops);
  CHECK(chains[1].text() == "inet open forward");
  CHECK_FALSE(chains[1].drops);
  for (const char* garbage : {"", "[]", "{}", R"({"nftables": 1})", "table ip filter"}) {
    INFO(garbage);
    CHECK_FALSE(ForwardChains(garbage).ok());
    CHECK_FALSE(CommandsToPass(kDropping, garbage).ok());
  }
}

TEST_CASE("a chain whose policy is to drop gets rules of ours behind its own", "[firewall]") {
  const std::string rules = Rule(3, kJump);
  CHECK(Value(DropsTheRest(kDropping, Listed(rules))));
  CHECK(Value(CommandsToPass(kDropping, Listed(rules))) ==
        "add rule ip filter FORWARD iifname \"bmv*\" counter accept comment \"brume\"\n"
        "add rule ip filter FORWARD oifname \"bmv*\" counter accept comment \"brume\"\n");
  CHECK(Value(CommandsToPass(kDropping, Listed(rules + Ours(4) + Ours(5)))).empty());
  // Rules that came behind ours are to be asked before them.
  const std::string moved = Value(CommandsToPass(kDropping, Listed(rules + Ours(4) + Ours(5) + Rule(6, kJump))));
  CHECK(moved.starts_with("delete rule ip filter FORWARD handle 4\ndelete rule ip filter FORWARD handle 5\nadd rule "));
}

TEST_CASE("a chain that ends by dropping everything gets rules of ours before that end", "[firewall]") {
  const std::string rules = Rule(3, kJump) + Rule(4, kReject);
  CHECK(Value(DropsTheRest(kAccepting, Listed(rules))));
  CHECK(Value(CommandsToPass(kAccepting, Listed(rules)))
            .starts_with("insert rule ip filter FORWARD handle 4 iifname \"bmv*\" counter accept"));
  CHECK(Value(CommandsToPass(kAccepting, Listed(Rule(3, kJump) + Ours(5) + Ours(6) + Rule(4, kReject)))).empty());
}

TEST_CASE("a chain that drops only what a rule of it names is left alone, and freed of rules of ours", "[firewall]") {
  const std::string rules =
      Rule(3, R"({"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "x"}}, {"drop": null})");
  CHECK_FALSE(Value(DropsTheRest(kAccepting, Listed(rules))));
  CHECK(Value(CommandsToPass(kAccepting, Listed(rules))).empty());
  const std::string with_ours = Listed(rules + Ours(7) + Ours(8));
  const std::string withdrawal = "delete rule ip filter FORWARD handle 7\ndelete rule ip filter FORWARD handle 8\n";
  CHECK(Value(CommandsToPass(kAccepting, with_ours)) == withdrawal);
  CHECK(Value(CommandsToWithdraw(kDropping, with_ours)) == withdrawal);
}

}  // namespace brume::network
