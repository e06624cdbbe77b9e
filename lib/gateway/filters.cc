#include "lib/gateway/filters.h"

#include <algorithm>
#include <cstdlib>

#include "absl/strings/str_join.h"
#include "lib/base/log.h"
#include "lib/resource/ec2_error.h"
#include "lib/schema/schema.h"

namespace brume::gateway {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::Message;

ItemFilterTable MakeItemFilters(const Descriptor& request) {
  const schema::DeclaredFilters& declared = DeclaredFor(request);
  ItemFilterTable::Accessors accessors;
  for (const schema::DeclaredFilters::Filter& filter : declared.filters()) {
    if (filter.accessor) accessors[filter.name] = [](const Message&, const ValueSink&) {};
    if (filter.path.empty()) continue;
    accessors[filter.name] = [&path = filter.path](const Message& item, const ValueSink& sink) {
      schema::ForEachValue(item, path, sink);
    };
  }
  ItemFilterTable::Tags tags;
  if (declared.tags().has_value()) {
    tags = [&where = *declared.tags()](const Message& item, const TagSink& sink) {
      schema::ForEachTag(item, where, sink);
    };
  }
  return ItemFilterTable(request, std::move(accessors), std::move(tags));
}

std::map<const Descriptor*, ItemFilterTable> MakeAllItemFilters() {
  std::map<const Descriptor*, ItemFilterTable> all;
  for (const auto* service : schema::Services()) {
    for (int i = 0; i < service->method_count(); ++i) {
      const auto* method = service->method(i);
      if (schema::FiltersOf(*method).empty()) continue;
      all.emplace(method->input_type(), MakeItemFilters(*method->input_type()));
    }
  }
  return all;
}

}  // namespace

Pattern::Pattern(absl::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '*') {
      // Several stars in a row are one; Matches walks back over one of them at most.
      if (parts_.empty() || parts_.back().first != Kind::kAny) parts_.emplace_back(Kind::kAny, '*');
    } else if (text[i] == '?') {
      parts_.emplace_back(Kind::kOne, '?');
    } else {
      if (text[i] == '\\' && i + 1 < text.size()) ++i;
      parts_.emplace_back(Kind::kLiteral, text[i]);
    }
  }
}

// Greedy with one point to return to: the latest star. Linear but for that, and never worse than text × pattern.
bool Pattern::Matches(absl::string_view text) const {
  size_t part = 0;
  size_t at = 0;
  size_t star = parts_.size();
  size_t star_end = 0;
  const auto is_continuation = [&](size_t i) { return i < text.size() && (text[i] & 0xc0) == 0x80; };
  while (at < text.size()) {
    if (part < parts_.size() && parts_[part].first == Kind::kAny) {
      star = part++;
      star_end = at;
    } else if (part < parts_.size() && parts_[part].first == Kind::kLiteral && parts_[part].second == text[at]) {
      ++part;
      ++at;
    } else if (part < parts_.size() && parts_[part].first == Kind::kOne) {
      ++part;
      // One character of UTF-8, not one byte.
      for (++at; is_continuation(at);) ++at;
    } else if (star < parts_.size()) {
      part = star + 1;
      at = ++star_end;
    } else {
      return false;
    }
  }
  return std::all_of(parts_.begin() + part, parts_.end(), [](const auto& p) { return p.first == Kind::kAny; });
}

std::optional<std::string> Pattern::Literal() const {
  std::string text;
  for (const auto& [kind, character] : parts_) {
    if (kind != Kind::kLiteral) return std::nullopt;
    text += character;
  }
  return text;
}

std::optional<std::set<std::string>> LiteralsOf(const FilterList& filters, absl::string_view name) {
  const auto filter = std::find_if(filters.begin(), filters.end(), [&](const auto& f) { return f.name() == name; });
  if (filter == filters.end()) return std::nullopt;
  std::set<std::string> literals;
  for (const Pattern& pattern : PatternsOf(*filter)) {
    std::optional<std::string> literal = pattern.Literal();
    if (!literal.has_value()) return std::nullopt;
    literals.insert(*std::move(literal));
  }
  return literals;
}

absl::Status CheckFilter(const ec2::v1::Filter& filter) {
  constexpr int kMaxValues = 200;
  constexpr size_t kMaxValueLength = 1024;  // a tag's value: 256 characters of up to 4 bytes
  if (filter.name().empty()) return ec2::Error("InvalidParameterValue", "A filter has no name");
  if (filter.values().empty()) {
    return ec2::Error("InvalidParameterValue", absl::StrCat("The filter '", filter.name(), "' has no values"));
  }
  if (filter.values_size() > kMaxValues) {
    return ec2::Error("FilterLimitExceeded", absl::StrCat("The filter '", filter.name(), "' has ", filter.values_size(),
                                                          " values, and at most ", kMaxValues, " are allowed"));
  }
  for (const std::string& value : filter.values()) {
    if (value.size() > kMaxValueLength) {
      return ec2::Error("FilterLimitExceeded", absl::StrCat("A value of the filter '", filter.name(),
                                                            "' is longer than ", kMaxValueLength, " bytes"));
    }
  }
  return absl::OkStatus();
}

absl::Status UnknownFilter(absl::string_view name) {
  return ec2::Error("InvalidParameterValue", absl::StrCat("The filter '", name, "' is invalid"));
}

const schema::DeclaredFilters& DeclaredFor(const Descriptor& request) {
  const auto* method = schema::MethodOf(request);
  if (method != nullptr) return schema::FiltersOf(*method);
  log::Error("{} is not the request of one rpc, so it declares no filters", request.full_name());
  std::abort();
}

void CheckAccessors(const Descriptor& request, const schema::DeclaredFilters& declared,
                    const std::vector<std::string>& names, bool has_tags) {
  std::vector<std::string> declared_names;
  for (const schema::DeclaredFilters::Filter& filter : declared.filters()) {
    if (filter.accessor || !filter.path.empty()) declared_names.push_back(filter.name);
  }
  if (names == declared_names && has_tags == declared.tags().has_value()) return;
  log::Error("the filters of {}: the schema has paths or accessors of {}{}, the code reads {}{}", request.full_name(),
             absl::StrJoin(declared_names, ", "), declared.tags().has_value() ? " and of tags" : "",
             absl::StrJoin(names, ", "), has_tags ? " and tags" : "");
  std::abort();
}

std::vector<Pattern> PatternsOf(const ec2::v1::Filter& filter) {
  return std::vector<Pattern>(filter.values().begin(), filter.values().end());
}

bool AnyMatches(absl::Span<const Pattern> patterns, absl::string_view value) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const Pattern& pattern) { return pattern.Matches(value); });
}

const ItemFilterTable& ItemFilters(const Descriptor& request) {
  static const auto& all = *new std::map<const Descriptor*, ItemFilterTable>(MakeAllItemFilters());
  return all.at(&request);
}

}  // namespace brume::gateway
