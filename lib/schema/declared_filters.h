// The filters that an action declares by the options `filter` and `tag_filters` of its rpc, resolved to fields.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "brume/rpc/v1/options.pb.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace brume::schema {

// From a message through messages and lists of them to a field.
using FieldPath = std::vector<const google::protobuf::FieldDescriptor*>;

// Immutable.
class DeclaredFilters {
 public:
  struct Filter {
    std::string name;
    FieldPath path;                    // empty: its values are not in the item
    std::optional<std::string> value;  // of every item
    bool accessor = false;             // a FilterTable knows them. None of the three: the filter matches nothing
  };
  // Where an item's tags are.
  struct Tags {
    FieldPath path;                                            // empty: the item is itself a tag
    const google::protobuf::FieldDescriptor* key = nullptr;    // null: no item has tags
    const google::protobuf::FieldDescriptor* value = nullptr;  // set with `key`
  };

  // Those of `method`, of any descriptor pool; none where it declares none. Error: FailedPrecondition, in words, for a
  // path that does not lead to a text, a number or a bool, names that repeat or are not in order, an answer without
  // one list of messages.
  static absl::StatusOr<DeclaredFilters> Of(const google::protobuf::MethodDescriptor& method);
  // The same of `options` that speak of an `item`.
  static absl::StatusOr<DeclaredFilters> Resolve(const google::protobuf::Descriptor& item,
                                                 const google::protobuf::MethodOptions& options);

  const std::vector<Filter>& filters() const { return filters_; }
  // Unset: tag:KEY, tag-key and tag-value are not filters of the action.
  const std::optional<Tags>& tags() const { return tags_; }
  bool empty() const { return filters_.empty() && !tags_.has_value(); }

 private:
  std::vector<Filter> filters_;
  std::optional<Tags> tags_;
};

// Of an rpc compiled in. The reference stays good; a mistake in the schema ends the program.
const DeclaredFilters& FiltersOf(const google::protobuf::MethodDescriptor& method);
// Error: FailedPrecondition for any mistake in the options of the schema compiled in.
absl::Status CheckDeclaredFilters();

// Calls `sink` for each value that `path` leads to from `item`: bools are "true" and "false". What is not set is passed
// over.
void ForEachValue(const google::protobuf::Message& item,
                  absl::Span<const google::protobuf::FieldDescriptor* const> path,
                  absl::FunctionRef<void(absl::string_view value)> sink);
void ForEachTag(const google::protobuf::Message& item, const DeclaredFilters::Tags& tags,
                absl::FunctionRef<void(absl::string_view key, absl::string_view value)> sink);

}  // namespace brume::schema
