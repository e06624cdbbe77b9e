#include "lib/ec2/network/quota_weights.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/prefix_list_service.h"
#include "lib/ec2/network/quotas.h"
#include "lib/resource/error_texts.h"

namespace brume::network {
namespace {

// EC2's defaults.
constexpr size_t kMaxRules = 60, kMaxRoutes = 50;

}  // namespace

absl::StatusOr<PrefixList> Weights::Find(const PrefixListId& id) {
  const auto found = lists_.find(id);
  if (found != lists_.end()) return found->second;
  ASSIGN_OR_RETURN(PrefixList list, GetPrefixList(connection_, id));
  lists_[id] = list;
  return list;
}

absl::StatusOr<Weights::OfRule> Weights::Of(const SecurityGroupRule& rule) {
  if (rule.prefix_list.empty()) return OfRule{.ipv4 = !rule.cidr_ipv6.has_value(), .ipv6 = !rule.cidr.has_value()};
  ASSIGN_OR_RETURN(const PrefixList list, Find(rule.prefix_list));
  const size_t size = list.max_entries;
  return list.ipv6 ? OfRule{.ipv4 = 0, .ipv6 = size} : OfRule{.ipv4 = size, .ipv6 = 0};
}

absl::StatusOr<size_t> Weights::Of(const VpcRoute& route) {
  if (route.destination.prefix_list.empty()) return size_t{1};
  ASSIGN_OR_RETURN(const PrefixList list, Find(route.destination.prefix_list));
  return static_cast<size_t>(list.max_entries);
}

absl::Status CheckRuleQuota(const SecurityGroupId& group, const std::vector<SecurityGroupRule>& rules,
                            Weights& weights) {
  for (const bool egress : {false, true}) {
    Weights::OfRule sum;
    for (const SecurityGroupRule& rule : rules) {
      if (rule.egress != egress) continue;
      ASSIGN_OR_RETURN(const Weights::OfRule weight, weights.Of(rule));
      sum = {.ipv4 = sum.ipv4 + weight.ipv4, .ipv6 = sum.ipv6 + weight.ipv6};
    }
    if (std::max(sum.ipv4, sum.ipv6) <= kMaxRules) continue;
    return ec2::ErrorAnd(absl::StrCat("The security group '", group.text(), "' cannot have more than ", kMaxRules,
                                      egress ? " egress" : " ingress",
                                      " rules. One about a prefix list counts as many as its MaxEntries."),
                         ec2::kRulesFull);
  }
  return absl::OkStatus();
}

absl::Status CheckRouteQuota(const std::vector<VpcRoute>& routes, Weights& weights) {
  size_t sum = 0;
  for (const VpcRoute& route : routes) {
    ASSIGN_OR_RETURN(const size_t weight, weights.Of(route));
    sum += weight;
  }
  if (sum <= kMaxRoutes) return absl::OkStatus();
  return QuotaReached("RouteLimitExceeded",
                      "routes of a table, where one to a prefix list counts as many as its MaxEntries", kMaxRoutes);
}

}  // namespace brume::network
