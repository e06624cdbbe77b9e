#include "cli/filter_names.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "brume/rpc/v1/options.pb.h"
#include "cli/spelling.h"

namespace brume::cli {
namespace {

constexpr char kNothing[] = "Matches nothing: there is no such thing here.";

// "Volumes." of an answer that lists volumes.
std::string ListPrefix(const google::protobuf::Descriptor& answer) {
  for (int i = 0; i < answer.field_count(); ++i) {
    const auto* field = answer.field(i);
    if (field->is_repeated() && field->message_type() != nullptr) return absl::StrCat(MemberName(*field), ".");
  }
  return "";
}

std::string MemberPath(const std::string& list, const std::string& path) {
  std::string text = list;
  for (const absl::string_view name : absl::StrSplit(path, '.')) {
    absl::StrAppend(&text, text == list ? "" : ".", CamelFromSnake(name));
  }
  return text;
}

std::string Where(const std::string& list, const rpc::v1::FilterOption& filter) {
  if (!filter.path().empty()) return MemberPath(list, filter.path());
  if (filter.accessor()) return "Not shown in the answer.";
  if (filter.has_value()) return absl::StrCat("Always \"", filter.value(), "\".");
  return kNothing;
}

}  // namespace

std::vector<FilterName> FilterNamesOf(const ApiAction& action) {
  const auto& options = action.method->options();
  const std::string list = ListPrefix(*action.method->output_type());
  std::vector<FilterName> names;
  for (int i = 0; i < options.ExtensionSize(rpc::v1::filter); ++i) {
    const rpc::v1::FilterOption& filter = options.GetExtension(rpc::v1::filter, i);
    names.push_back({filter.name(), Where(list, filter)});
  }
  if (!options.HasExtension(rpc::v1::tag_filters)) return names;
  const std::string& path = options.GetExtension(rpc::v1::tag_filters);
  const std::string tags = path == "." ? list : path.empty() ? "" : absl::StrCat(MemberPath(list, path), ".");
  names.push_back({"tag:KEY", path.empty() ? kNothing : absl::StrCat(tags, "Value where ", tags, "Key is KEY")});
  names.push_back({"tag-key", path.empty() ? kNothing : absl::StrCat(tags, "Key")});
  names.push_back({"tag-value", path.empty() ? kNothing : absl::StrCat(tags, "Value")});
  return names;
}

}  // namespace brume::cli
