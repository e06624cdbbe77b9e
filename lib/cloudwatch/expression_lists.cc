#include "lib/cloudwatch/expression_lists.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/cloudwatch/expression_functions.h"

namespace brume::cloudwatch {
namespace {

using Node = ExpressionNode;
using NodeKind = Node::Kind;
using Many = std::vector<TimeSeries>;

bool IsWord(const Node& node, absl::string_view word) { return node.kind == NodeKind::kWord && node.text == word; }

// A whole number that is written out, from 0 on.
absl::StatusOr<size_t> WholeNumber(const Node& call, size_t operand) {
  constexpr double kMax = 1'000'000;
  const Node& node = call.operands[operand];
  if (node.kind != NodeKind::kNumber || node.number > kMax || node.number != std::floor(node.number)) {
    return Wrong(absl::StrCat("value ", operand + 1, " of ", call.text, " must be a whole number, 0 or more"));
  }
  return static_cast<size_t>(node.number);
}

}  // namespace

absl::StatusOr<ExpressionValue> SortSeries(const Node& call, Many all) {
  const auto summary = call.operands[1].kind == NodeKind::kWord ? FindSummary(call.operands[1].text) : std::nullopt;
  if (!summary.has_value()) return Wrong("SORT sorts by AVG, SUM, MIN, MAX or STDDEV");
  const bool ascending = IsWord(call.operands[2], "ASC");
  if (!ascending && !IsWord(call.operands[2], "DESC")) return Wrong("the order of SORT is ASC or DESC");
  size_t max_count = all.size();
  if (call.operands.size() > 3) {
    ASSIGN_OR_RETURN(const size_t limit, WholeNumber(call, 3));
    max_count = std::min(max_count, limit);
  }
  std::vector<std::pair<double, size_t>> places;
  for (size_t i = 0; i < all.size(); ++i) {
    const double value = Summarize(*summary, all[i]);
    if (!std::isnan(value)) places.emplace_back(ascending ? value : -value, i);
  }
  std::stable_sort(places.begin(), places.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (size_t i = 0; i < all.size(); ++i) {
    if (all[i].points.empty()) places.emplace_back(0, i);
  }
  Many sorted;
  for (size_t i = 0; i < std::min(max_count, places.size()); ++i) sorted.push_back(std::move(all[places[i].second]));
  return ExpressionValue(std::move(sorted));
}

absl::StatusOr<ExpressionValue> SliceSeries(const Node& call, Many all) {
  ASSIGN_OR_RETURN(const size_t from, WholeNumber(call, 1));
  if (call.operands.size() == 2) {
    return ExpressionValue(from < all.size() ? std::move(all[from]) : TimeSeries());
  }
  ASSIGN_OR_RETURN(const size_t to, WholeNumber(call, 2));
  if (from > to) return Wrong("SLICE ends before it begins");
  const auto at = [&](size_t place) { return all.begin() + static_cast<ptrdiff_t>(std::min(place, all.size())); };
  return ExpressionValue(Many(std::make_move_iterator(at(from)), std::make_move_iterator(at(to))));
}

absl::StatusOr<SearchOperands> ParseSearch(const Node& call, absl::Duration default_period) {
  if (call.operands[0].kind != NodeKind::kText || call.operands[1].kind != NodeKind::kText) {
    return Wrong("SEARCH takes what it searches for and a statistic, both in quotation marks, and a period in seconds");
  }
  SearchOperands operands{.text = call.operands[0].text, .statistic = call.operands[1].text, .period = default_period};
  if (call.operands.size() > 2) {
    ASSIGN_OR_RETURN(const size_t seconds, WholeNumber(call, 2));
    if (seconds == 0) return Wrong("the period of SEARCH must be a second or longer");
    operands.period = absl::Seconds(seconds);
  }
  return operands;
}

}  // namespace brume::cloudwatch
