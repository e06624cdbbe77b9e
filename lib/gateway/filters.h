// EC2's filters: "*" and "?" in values, values of one filter are alternatives, filters must all hold.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "brume/ec2/v1/common.pb.h"
#include "lib/base/status_macros.h"
#include "lib/resource/tags.h"

namespace brume::gateway {

// "*" is any number of characters, "?" is one, and a backslash takes the next character literally.
class Pattern {
 public:
  explicit Pattern(absl::string_view text);
  bool Matches(absl::string_view text) const;

 private:
  enum class Kind : char { kLiteral, kOne, kAny };
  std::vector<std::pair<Kind, char>> parts_;
};

using FilterList = google::protobuf::RepeatedPtrField<ec2::v1::Filter>;
// Takes what a resource has for a filter; called once for each value it has.
using ValueSink = std::function<void(absl::string_view)>;

// Errors: InvalidParameterValue for a filter without a name or values, FilterLimitExceeded.
absl::Status CheckFilter(const ec2::v1::Filter& filter);
absl::Status UnknownFilter(absl::string_view name);
std::vector<Pattern> PatternsOf(const ec2::v1::Filter& filter);
bool AnyMatches(absl::Span<const Pattern> patterns, absl::string_view value);

// The values of a bool and of numbers as filters spell them.
inline absl::string_view FilterText(bool value) { return value ? "true" : "false"; }

// The filters one kind of resource has.
//
//   const FilterTable<ec2::v1::Region> kFilters({{"region-name", [](auto& region, auto& sink) {
//   sink(region.region_name());
//   }}}); ASSIGN_OR_RETURN(auto keep, kFilters.Compile(request.filters())); if (keep(region)) …
template <typename T>
class FilterTable {
 public:
  using Values = std::function<void(const T&, const ValueSink&)>;
  using Tags = std::function<TagMap(const T&)>;
  using Predicate = std::function<bool(const T&)>;

  // With `tags`, tag:KEY and tag-key are filters too.
  explicit FilterTable(std::map<std::string, Values, std::less<>> table, Tags tags = nullptr)
      : table_(std::move(table)), tags_(std::move(tags)) {
    if (!tags_) return;
    table_["tag-key"] = [tags = tags_](const T& resource, const ValueSink& sink) {
      for (const auto& [key, value] : tags(resource)) sink(key);
    };
  }

  // The predicate outlives neither this table nor what T's functions refer to. Error: InvalidParameterValue for a
  // filter this kind of resource does not have.
  absl::StatusOr<Predicate> Compile(const FilterList& filters) const {
    std::vector<std::pair<Values, std::vector<Pattern>>> conditions;
    for (const ec2::v1::Filter& filter : filters) {
      RETURN_IF_ERROR(CheckFilter(filter));
      conditions.emplace_back(Find(filter.name()), PatternsOf(filter));
      if (!conditions.back().first) return UnknownFilter(filter.name());
    }
    return Predicate([conditions = std::move(conditions)](const T& resource) {
      for (const auto& [values, patterns] : conditions) {
        bool matches = false;
        values(resource, [&, &patterns = patterns](absl::string_view value) {
          matches = matches || AnyMatches(patterns, value);
        });
        if (!matches) return false;
      }
      return true;
    });
  }

 private:
  Values Find(absl::string_view name) const {
    constexpr absl::string_view kTag = "tag:";
    if (tags_ && name.substr(0, kTag.size()) == kTag) {
      return [tags = tags_, key = std::string(name.substr(kTag.size()))](const T& resource, const ValueSink& sink) {
        const TagMap all = tags(resource);
        if (const auto tag = all.find(key); tag != all.end()) sink(tag->second);
      };
    }
    const auto entry = table_.find(std::string_view(name.data(), name.size()));
    return entry == table_.end() ? Values() : entry->second;
  }

  std::map<std::string, Values, std::less<>> table_;
  Tags tags_;
};

}  // namespace brume::gateway
