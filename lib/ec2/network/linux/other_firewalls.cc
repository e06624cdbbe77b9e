#include "lib/ec2/network/linux/other_firewalls.h"

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"

namespace brume::network {
namespace {

using Json = nlohmann::json;

constexpr char kComment[] = "brume";

// What nft prints as JSON, item by item, of one kind.
absl::StatusOr<std::vector<Json>> Items(absl::string_view json, const char* kind) {
  const Json parsed = Json::parse(json.begin(), json.end(), nullptr, /*allow_exceptions=*/false);
  if (!parsed.is_object() || !parsed.contains("nftables") || !parsed["nftables"].is_array()) {
    return absl::InternalError("nft did not print its chains as JSON");
  }
  std::vector<Json> items;
  for (const Json& item : parsed["nftables"]) {
    if (item.is_object() && item.contains(kind) && item[kind].is_object()) items.push_back(item[kind]);
  }
  return items;
}

std::string Text(const Json& object, const char* key) {
  const auto value = object.find(key);
  return value != object.end() && value->is_string() ? value->get<std::string>() : std::string();
}

struct Rule {
  int64_t handle = 0;
  bool ours = false;
  bool drops_all = false;
};

// Whether the rule drops or rejects whatever comes to it: it counts and logs at most, and matches nothing.
bool DropsAll(const Json& rule) {
  const auto statements = rule.find("expr");
  if (statements == rule.end() || !statements->is_array()) return false;
  bool drops = false;
  for (const Json& statement : *statements) {
    if (!statement.is_object()) return false;
    if (statement.contains("counter") || statement.contains("log")) continue;
    if (!statement.contains("drop") && !statement.contains("reject")) return false;
    drops = true;
  }
  return drops;
}

absl::StatusOr<std::vector<Rule>> Rules(absl::string_view json) {
  ASSIGN_OR_RETURN(const std::vector<Json> items, Items(json, "rule"));
  std::vector<Rule> rules;
  for (const Json& item : items) {
    const auto handle = item.find("handle");
    if (handle == item.end() || !handle->is_number_integer()) return absl::InternalError("nft printed no handle");
    rules.push_back({handle->get<int64_t>(), Text(item, "comment") == kComment, DropsAll(item)});
  }
  return rules;
}

// The rule that drops the rest, where one does and the policy need not.
std::optional<Rule> LastWord(const std::vector<Rule>& rules) {
  const auto last = std::find_if(rules.rbegin(), rules.rend(), [](const Rule& rule) { return !rule.ours; });
  if (last == rules.rend() || !last->drops_all) return std::nullopt;
  return *last;
}

std::string Withdrawal(const ForwardChain& chain, const std::vector<Rule>& rules) {
  std::string commands;
  for (const Rule& rule : rules) {
    if (rule.ours) absl::StrAppend(&commands, "delete rule ", chain.text(), " handle ", rule.handle, "\n");
  }
  return commands;
}

// Two rules of ours, and nobody's between them and the last word.
bool Stand(const std::vector<Rule>& rules, bool has_last_word) {
  const size_t behind = has_last_word ? 1 : 0;
  const auto ours = std::count_if(rules.begin(), rules.end(), [](const Rule& rule) { return rule.ours; });
  if (ours != 2 || rules.size() < behind + 2) return false;
  return rules[rules.size() - behind - 1].ours && rules[rules.size() - behind - 2].ours;
}

}  // namespace

absl::StatusOr<std::vector<ForwardChain>> ForwardChains(absl::string_view json) {
  ASSIGN_OR_RETURN(const std::vector<Json> items, Items(json, "chain"));
  std::vector<ForwardChain> found;
  for (const Json& item : items) {
    const std::string family = Text(item, "family"), table = Text(item, "table");
    if (Text(item, "hook") != "forward" || (family != "ip" && family != "inet")) continue;
    if (table == "brume_host") continue;
    found.push_back({family, table, Text(item, "name"), Text(item, "policy") == "drop"});
  }
  return found;
}

absl::StatusOr<bool> DropsTheRest(const ForwardChain& chain, absl::string_view json) {
  ASSIGN_OR_RETURN(const std::vector<Rule> rules, Rules(json));
  return chain.drops || LastWord(rules).has_value();
}

absl::StatusOr<std::string> CommandsToPass(const ForwardChain& chain, absl::string_view json) {
  ASSIGN_OR_RETURN(const std::vector<Rule> rules, Rules(json));
  const std::optional<Rule> last = LastWord(rules);
  if (!chain.drops && !last.has_value()) return Withdrawal(chain, rules);
  if (Stand(rules, last.has_value())) return std::string();
  std::string commands = Withdrawal(chain, rules);
  const std::string place = last.has_value() ? absl::StrCat("insert rule ", chain.text(), " handle ", last->handle)
                                             : absl::StrCat("add rule ", chain.text());
  for (const char* link : {"iifname", "oifname"}) {
    absl::StrAppend(&commands, place, " ", link, " \"bmv*\" counter accept comment \"", kComment, "\"\n");
  }
  return commands;
}

absl::StatusOr<std::string> CommandsToWithdraw(const ForwardChain& chain, absl::string_view json) {
  ASSIGN_OR_RETURN(const std::vector<Rule> rules, Rules(json));
  return Withdrawal(chain, rules);
}

}  // namespace brume::network
