#include "lib/cloudwatch/model/metric_insights.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "lib/base/status_macros.h"

namespace brume::cloudwatch {
namespace {

constexpr char kOther[] = "Other";
constexpr absl::string_view kKeywords[] = {"SELECT", "FROM",  "SCHEMA", "WHERE", "AND",  "OR",   "NOT",
                                           "GROUP",  "ORDER", "BY",     "ASC",   "DESC", "LIMIT"};

bool IsNamed(char c) { return absl::ascii_isalnum(c) || c == '_'; }

absl::string_view FirstWord(absl::string_view text) {
  return text.substr(0, static_cast<size_t>(std::find_if_not(text.begin(), text.end(), IsNamed) - text.begin()));
}

class InsightsParser {
 public:
  explicit InsightsParser(absl::string_view text) : text_(text), rest_(text) {}

  absl::StatusOr<InsightsQuery> Parse() {
    RETURN_IF_ERROR(Keyword("SELECT"));
    ASSIGN_OR_RETURN(const Statistic function, Function());
    InsightsQuery query{.function = function, .metric_namespace = {}, .metric = {}};
    RETURN_IF_ERROR(Sign('('));
    ASSIGN_OR_RETURN(query.metric, Name("the name of a metric"));
    RETURN_IF_ERROR(Sign(')'));
    RETURN_IF_ERROR(Keyword("FROM"));
    RETURN_IF_ERROR(Source(query));
    if (TakeWord("WHERE")) RETURN_IF_ERROR(Conditions(query));
    if (TakeWord("GROUP")) RETURN_IF_ERROR(Groups(query));
    if (TakeWord("ORDER")) RETURN_IF_ERROR(Ordered(query));
    if (TakeWord("LIMIT")) RETURN_IF_ERROR(Limit(query));
    if (!AtEnd()) return Error("the query does not end");
    return query;
  }

 private:
  absl::Status Error(absl::string_view what) const {
    return absl::InvalidArgumentError(absl::StrCat(what, " at character ", text_.size() - rest_.size() + 1));
  }

  bool AtEnd() {
    rest_ = absl::StripLeadingAsciiWhitespace(rest_);
    return rest_.empty();
  }
  bool Take(absl::string_view sign) { return !AtEnd() && absl::ConsumePrefix(&rest_, sign); }
  bool TakeWord(absl::string_view keyword) {
    if (AtEnd() || !absl::EqualsIgnoreCase(FirstWord(rest_), keyword)) return false;
    rest_.remove_prefix(keyword.size());
    return true;
  }
  absl::Status Keyword(absl::string_view keyword) {
    return TakeWord(keyword) ? absl::OkStatus() : Error(absl::StrCat(keyword, " is missing"));
  }
  absl::Status Sign(char sign) {
    const absl::string_view text(&sign, 1);
    return Take(text) ? absl::OkStatus() : Error(absl::StrCat("a ", text, " is missing"));
  }

  absl::StatusOr<Statistic> Function() {
    constexpr std::pair<absl::string_view, absl::string_view> kFunctions[] = {
        {"AVG", "Average"}, {"COUNT", "SampleCount"}, {"MAX", "Maximum"}, {"MIN", "Minimum"}, {"SUM", "Sum"}};
    for (const auto& [name, statistic] : kFunctions) {
      if (TakeWord(name)) return *Statistic::Parse(statistic);
    }
    return Error("one of AVG, COUNT, MAX, MIN and SUM is missing");
  }

  // A backslash stands before a quotation mark that is part of the text, or before another backslash.
  absl::StatusOr<std::string> Quoted(char quote) {
    std::string text;
    for (size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] == quote) {
        rest_.remove_prefix(i + 1);
        return text;
      }
      const bool escapes =
          rest_[i] == '\\' && i + 1 < rest_.size() && absl::StrContains("\"'\\", rest_.substr(i + 1, 1));
      if (escapes) ++i;
      text += rest_[i];
    }
    return Error("the quotation mark is not closed that stands");
  }

  absl::StatusOr<std::string> Name(absl::string_view what) {
    if (AtEnd()) return Error(absl::StrCat(what, " is missing"));
    if (rest_.front() == '"') {
      ASSIGN_OR_RETURN(std::string name, Quoted('"'));
      return name.empty() ? Error(absl::StrCat(what, " is empty")) : absl::StatusOr<std::string>(std::move(name));
    }
    const absl::string_view word = FirstWord(rest_);
    const bool keyword = std::any_of(std::begin(kKeywords), std::end(kKeywords),
                                     [&](absl::string_view each) { return absl::EqualsIgnoreCase(word, each); });
    if (word.empty() || keyword) {
      return Error(absl::StrCat(what, " is missing, or must stand in double quotation marks,"));
    }
    rest_.remove_prefix(word.size());
    return std::string(word);
  }

  absl::Status Source(InsightsQuery& query) {
    if (!TakeWord("SCHEMA")) {
      ASSIGN_OR_RETURN(query.metric_namespace, Name("a namespace"));
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(Sign('('));
    ASSIGN_OR_RETURN(query.metric_namespace, Name("a namespace"));
    std::vector<std::string>& keys = query.dimensions.emplace();
    while (Take(",")) {
      ASSIGN_OR_RETURN(std::string key, Name("the name of a dimension"));
      keys.push_back(std::move(key));
    }
    std::sort(keys.begin(), keys.end());
    if (std::adjacent_find(keys.begin(), keys.end()) != keys.end()) return Error("SCHEMA has a dimension twice");
    return Sign(')');
  }

  absl::Status Conditions(InsightsQuery& query) {
    do {
      InsightsQuery::Condition condition;
      ASSIGN_OR_RETURN(condition.key, Name("the name of a dimension"));
      condition.equal = Take("=");
      if (!condition.equal && !Take("!=")) return Error("an = or != is missing");
      if (AtEnd() || rest_.front() != '\'') return Error("a value in single quotation marks is missing");
      ASSIGN_OR_RETURN(condition.value, Quoted('\''));
      query.conditions.push_back(std::move(condition));
    } while (TakeWord("AND"));
    return absl::OkStatus();
  }

  absl::Status Groups(InsightsQuery& query) {
    RETURN_IF_ERROR(Keyword("BY"));
    do {
      ASSIGN_OR_RETURN(std::string key, Name("the name of a dimension"));
      query.group_by.push_back(std::move(key));
    } while (Take(","));
    return absl::OkStatus();
  }

  absl::Status Ordered(InsightsQuery& query) {
    RETURN_IF_ERROR(Keyword("BY"));
    ASSIGN_OR_RETURN(const Statistic function, Function());
    RETURN_IF_ERROR(Sign('('));
    RETURN_IF_ERROR(Sign(')'));
    query.order = InsightsQuery::Order{.function = function, .descending = TakeWord("DESC")};
    if (!query.order->descending) TakeWord("ASC");
    return absl::OkStatus();
  }

  absl::Status Limit(InsightsQuery& query) {
    AtEnd();
    const absl::string_view word = FirstWord(rest_);
    if (!absl::SimpleAtoi(word, &query.limit) || query.limit < 1 || query.limit > InsightsQuery::kMaxSeries) {
      return Error(absl::StrCat("a number from 1 to ", InsightsQuery::kMaxSeries, " is missing"));
    }
    rest_.remove_prefix(word.size());
    return absl::OkStatus();
  }

  const absl::string_view text_;
  absl::string_view rest_;
};

// Null where the metric has no such dimension.
const std::string* ValueOf(const MetricId& id, absl::string_view key) {
  const auto found = std::find_if(id.dimensions.begin(), id.dimensions.end(),
                                  [&](const Dimension& dimension) { return dimension.name == key; });
  return found == id.dimensions.end() ? nullptr : &found->value;
}

}  // namespace

bool InsightsQuery::Is(absl::string_view expression) {
  return absl::EqualsIgnoreCase(FirstWord(absl::StripLeadingAsciiWhitespace(expression)), "SELECT");
}

absl::StatusOr<InsightsQuery> InsightsQuery::Parse(absl::string_view text) { return InsightsParser(text).Parse(); }

bool InsightsQuery::Matches(const MetricId& id) const {
  if (id.metric_namespace != metric_namespace || id.name != metric) return false;
  if (dimensions.has_value()) {
    std::vector<std::string> names;
    for (const Dimension& dimension : id.dimensions) names.push_back(dimension.name);
    std::sort(names.begin(), names.end());
    if (names != *dimensions) return false;
  }
  return std::all_of(conditions.begin(), conditions.end(), [&](const Condition& condition) {
    const std::string* const value = ValueOf(id, condition.key);
    return (value != nullptr && *value == condition.value) == condition.equal;
  });
}

std::vector<std::string> InsightsQuery::GroupOf(const MetricId& id) const {
  std::vector<std::string> group;
  for (const std::string& key : group_by) {
    const std::string* const value = ValueOf(id, key);
    group.push_back(value == nullptr ? kOther : *value);
  }
  return group;
}

}  // namespace brume::cloudwatch
