// EC2's filters: "*" and "?" in values, values of one filter are alternatives, filters must all hold.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "brume/ec2/v1/common.pb.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "lib/base/status_macros.h"
#include "lib/schema/declared_filters.h"

namespace brume::gateway {

// "*" is any number of characters, "?" is one, and a backslash takes the next character literally.
class Pattern {
 public:
  explicit Pattern(absl::string_view text);
  bool Matches(absl::string_view text) const;
  // The one text it matches; unset where it has a star or a question mark.
  std::optional<std::string> Literal() const;

 private:
  enum class Kind : char { kLiteral, kOne, kAny };
  std::vector<std::pair<Kind, char>> parts_;
};

using FilterList = google::protobuf::RepeatedPtrField<ec2::v1::Filter>;
// Takes what a resource has for a filter; called once for each value it has.
using ValueSink = std::function<void(absl::string_view)>;
using TagSink = std::function<void(absl::string_view key, absl::string_view value)>;

// Errors: InvalidParameterValue for a filter without a name or values, FilterLimitExceeded.
absl::Status CheckFilter(const ec2::v1::Filter& filter);
absl::Status UnknownFilter(absl::string_view name);
std::vector<Pattern> PatternsOf(const ec2::v1::Filter& filter);
// The texts that the first filter of this name asks for, for a query to pick rows by; unset where there is no such
// filter, or one of its values is no literal text.
std::optional<std::set<std::string>> LiteralsOf(const FilterList& filters, absl::string_view name);
// What the schema declares for the action whose request this is. A message that is the request of none ends the
// program.
const schema::DeclaredFilters& DeclaredFor(const google::protobuf::Descriptor& request);
// Ends the program unless `names`, sorted, are those of the declared filters that have a path or an accessor, and there
// are tags where filters of tags are declared.
void CheckAccessors(const google::protobuf::Descriptor& request, const schema::DeclaredFilters& declared,
                    const std::vector<std::string>& names, bool has_tags);
bool AnyMatches(absl::Span<const Pattern> patterns, absl::string_view value);

// A bool as filters spell it.
inline absl::string_view FilterText(bool value) { return value ? "true" : "false"; }

// The filters of one action, decided on what T shows. Which there are is what the schema declares (options filter and
// tag_filters); what has one value or none everywhere is known from there, and where a value is in a T by `accessors`.
template <typename T>
class FilterTable {
 public:
  // Passes each value that a T has to the sink.
  using Values = std::function<void(const T&, const ValueSink&)>;
  using Accessors = std::map<std::string, Values, std::less<>>;
  using Tags = std::function<void(const T&, const TagSink&)>;
  using Predicate = std::function<bool(const T&)>;

  // Of the action whose request this is. Each filter that the schema declares with a path or an accessor needs one,
  // and no other has one; `tags` are needed where it declares filters of tags. Anything else ends the program.
  FilterTable(const google::protobuf::Descriptor& request, Accessors accessors, Tags tags = nullptr)
      : values_(std::move(accessors)), tags_(std::move(tags)) {
    const schema::DeclaredFilters& declared = DeclaredFor(request);
    std::vector<std::string> names;
    for (const auto& [name, values] : values_) names.push_back(name);
    CheckAccessors(request, declared, names, tags_ != nullptr);
    for (const schema::DeclaredFilters::Filter& filter : declared.filters()) {
      if (filter.accessor || !filter.path.empty()) continue;
      values_[filter.name] = [value = filter.value](const T&, const ValueSink& sink) {
        if (value.has_value()) sink(*value);
      };
    }
    if (!tags_) return;
    values_["tag-key"] = [tags = tags_](const T& resource, const ValueSink& sink) {
      tags(resource, [&](absl::string_view key, absl::string_view) { sink(key); });
    };
    values_["tag-value"] = [tags = tags_](const T& resource, const ValueSink& sink) {
      tags(resource, [&](absl::string_view, absl::string_view value) { sink(value); });
    };
  }

  // Those of one filter; null where there is none of this name. Good while the table is.
  Values Find(absl::string_view name) const {
    constexpr absl::string_view kTag = "tag:";
    if (tags_ && name.substr(0, kTag.size()) == kTag) {
      return [tags = tags_, wanted = std::string(name.substr(kTag.size()))](const T& resource, const ValueSink& sink) {
        tags(resource, [&](absl::string_view key, absl::string_view value) {
          if (key == wanted) sink(value);
        });
      };
    }
    const auto entry = values_.find(std::string_view(name.data(), name.size()));
    return entry == values_.end() ? Values() : entry->second;
  }

  // The predicate outlives neither this table nor what T's functions refer to. Errors: InvalidParameterValue for a
  // filter the action does not have, those of CheckFilter.
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
  Accessors values_;
  Tags tags_;
};

// The filters of the action whose request this is, decided on the messages its answer lists. The reference stays good.
using ItemFilterTable = FilterTable<google::protobuf::Message>;
const ItemFilterTable& ItemFilters(const google::protobuf::Descriptor& request);

template <typename Request>
concept HasFilters = requires(const Request& request) {
  request.filters();
}
|| requires(const Request& request) { request.filter(); };

// The filters of an EC2 request; a few actions call them `Filter`.
template <HasFilters Request>
const FilterList& FiltersIn(const Request& request) {
  if constexpr (requires { request.filters(); }) {
    return request.filters();
  } else {
    return request.filter();
  }
}

// What the filters of an EC2 request keep of the messages its answer lists. Errors: those of FilterTable::Compile.
//
//   ASSIGN_OR_RETURN(const auto keep, gateway::KeptBy(request));
//   if (keep(image)) …
template <typename Request>
absl::StatusOr<ItemFilterTable::Predicate> KeptBy(const Request& request) {
  return ItemFilters(*Request::descriptor()).Compile(FiltersIn(request));
}

}  // namespace brume::gateway
