#include "cli/reference.h"

#include <functional>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "brume/rpc/v1/options.pb.h"
#include "cli/customisations.h"
#include "cli/filter_names.h"
#include "cli/flags.h"
#include "cli/help.h"
#include "cli/spelling.h"

namespace brume::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

// A table's cell: no line breaks, no bars.
std::string TableCell(const std::string& text) {
  return absl::StrReplaceAll(text, {{"\n", " "}, {"|", "\\|"}, {"<", "&lt;"}});
}

std::string Anchor(const Descriptor* type) { return absl::StrCat("type-", KebabFromCamel(type->name())); }

std::string TypeOf(const FieldDescriptor& field) {
  std::string type;
  if (field.message_type() != nullptr) {
    type = absl::StrCat("[", field.message_type()->name(), "](#", Anchor(field.message_type()), ")");
  } else if (TraitsOf(field).blob) {
    type = "binary";
  } else if (TraitsOf(field).timestamp) {
    type = "timestamp";
  } else {
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_BOOL:
        type = "boolean";
        break;
      case FieldDescriptor::CPPTYPE_STRING:
        type = "string";
        break;
      case FieldDescriptor::CPPTYPE_DOUBLE:
      case FieldDescriptor::CPPTYPE_FLOAT:
        type = "number";
        break;
      default:
        type = "integer";
        break;
    }
  }
  return field.is_repeated() ? absl::StrCat("list of ", type) : type;
}

std::string MembersTable(const Descriptor* type, bool flags) {
  std::string text =
      flags ? "| Parameter | Flag | Type | |\n|---|---|---|---|\n" : "| Member | Type | |\n|---|---|---|\n";
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor& field = *type->field(i);
    const FieldTraits traits = TraitsOf(field);
    std::string what = CommentOf(field);
    if (!traits.one_of.empty() && traits.one_of.size() <= 4) {
      absl::StrAppend(&what, " One of ", absl::StrJoin(traits.one_of, ", "), ".");
    }
    const std::string limits = LimitsOf(field);
    if (!limits.empty()) absl::StrAppend(&what, " ", limits);
    absl::StrAppend(&text, "| ", MemberName(field), " | ", flags ? absl::StrCat("`--", FlagName(field), "` | ") : "",
                    TypeOf(field), " | ", TableCell(what), " |\n");
  }
  return text;
}

std::string MarkdownAction(const ApiAction& action) {
  const Descriptor* request = action.method->input_type();
  const Descriptor* response = action.method->output_type();
  std::string text = absl::StrCat("\n<a id=\"", action.name, "\"></a>\n### ", action.api_name, "\n\n",
                                  CommentOf(*action.method), "\n\n`brume ", action.name, "`, `/",
                                  action.method->service()->full_name(), "/", action.api_name, "`");
  if (action.method->options().GetExtension(rpc::v1::read_only)) text += ", read-only";
  if (action.paginated) text += ", paginated";
  text += "\n\n";
  if (request->field_count() > 0) absl::StrAppend(&text, MembersTable(request, true), "\n");
  const std::vector<FilterName> filters = FilterNamesOf(action);
  if (!filters.empty()) {
    text += "| Filter | What it looks at |\n|---|---|\n";
    for (const FilterName& filter : filters) {
      absl::StrAppend(&text, "| `", filter.name, "` | ", TableCell(filter.where), " |\n");
    }
    text += "\n";
  }
  const std::vector<CustomFlag> custom = CustomFlagsOf(action);
  if (!custom.empty()) {
    text += "Flags of the command line alone:\n\n";
    for (const CustomFlag& flag : custom) {
      absl::StrAppend(&text, "- `--", flag.name, flag.argument.empty() ? "" : " ", flag.argument, "`: ", flag.help,
                      "\n");
    }
    text += "\n";
  }
  if (response->field_count() > 0) {
    absl::StrAppend(&text, "Answer:\n\n", MembersTable(response, false));
  } else {
    text += "The answer is empty.\n";
  }
  return text;
}

}  // namespace

std::string MarkdownIndex(const Schema& schema) {
  std::string text =
      "# API reference\n\n"
      "Written by `brume help --markdown` from the schema, `proto/brume`. Every action is that of AWS's API of the "
      "same "
      "name, an rpc over gRPC, and a command of `brume`. What is not here is not served.\n";
  std::string family;
  const google::protobuf::ServiceDescriptor* service = nullptr;
  for (const ApiAction& action : schema.actions()) {
    if (action.family != family) {
      family = action.family;
      absl::StrAppend(&text, "\n## [", family, "](api-reference/", family, ".md)\n\n");
    }
    if (action.method->service() != service) {
      service = action.method->service();
      absl::StrAppend(&text, "- ", FirstSentence(CommentOf(*service)), "\n");
    }
    absl::StrAppend(&text, "  - [", action.api_name, "](api-reference/", family, ".md#", action.name, ")\n");
  }
  return text;
}

std::string MarkdownReference(const Schema& schema, const std::string& family) {
  std::string text = absl::StrCat("# API reference: ", family, "\n\nWritten by `brume help --markdown ", family,
                                  "` from the schema. All APIs: [API reference](../api-reference.md).\n");
  std::set<std::pair<std::string, const Descriptor*>> types;
  const std::function<void(const Descriptor*)> collect = [&](const Descriptor* type) {
    for (int i = 0; i < type->field_count(); ++i) {
      const Descriptor* inner = type->field(i)->message_type();
      if (inner != nullptr && types.emplace(inner->name(), inner).second) collect(inner);
    }
  };
  const google::protobuf::ServiceDescriptor* service = nullptr;
  for (const ApiAction& action : schema.actions()) {
    if (action.family != family) continue;
    if (action.method->service() != service) {
      service = action.method->service();
      absl::StrAppend(&text, "\n## ", FirstSentence(CommentOf(*service)), "\n");
    }
    collect(action.method->input_type());
    collect(action.method->output_type());
    absl::StrAppend(&text, MarkdownAction(action));
  }
  text += "\n## Types\n";
  for (const auto& [name, type] : types) {
    absl::StrAppend(&text, "\n<a id=\"", Anchor(type), "\"></a>\n### ", name, "\n\n", CommentOf(*type), "\n\n",
                    MembersTable(type, false));
  }
  return text;
}

}  // namespace brume::cli
