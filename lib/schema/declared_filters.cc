#include "lib/schema/declared_filters.h"

#include <cstdlib>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/base/log.h"
#include "lib/base/status_macros.h"
#include "lib/schema/schema.h"

namespace brume::schema {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;
using google::protobuf::Reflection;

absl::StatusOr<FieldPath> ParsePath(const Descriptor& item, const std::string& text) {
  FieldPath path;
  const Descriptor* from = &item;
  for (const std::string& name : std::vector<std::string>(absl::StrSplit(text, '.'))) {
    const FieldDescriptor* field = from == nullptr ? nullptr : from->FindFieldByName(name);
    if (field == nullptr) {
      return absl::FailedPreconditionError(absl::StrCat("the path '", text, "' leads to no field of ", item.name()));
    }
    path.push_back(field);
    from = field->message_type();
  }
  return path;
}

bool HasText(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return true;
    case FieldDescriptor::CPPTYPE_STRING:
      return field.type() == FieldDescriptor::TYPE_STRING;
    default:
      return false;
  }
}

absl::StatusOr<DeclaredFilters::Filter> ResolveFilter(const Descriptor& item, const rpc::v1::FilterOption& option) {
  DeclaredFilters::Filter filter{
      .name = option.name(), .path = {}, .value = std::nullopt, .accessor = option.accessor()};
  if (option.has_value()) filter.value = option.value();
  if (option.accessor() && (option.has_value() || !option.path().empty())) {
    return absl::FailedPreconditionError("it has an accessor and a path or a value");
  }
  if (option.path().empty()) return filter;
  if (option.has_value()) return absl::FailedPreconditionError("it has both a path and a value");
  ASSIGN_OR_RETURN(filter.path, ParsePath(item, option.path()));
  if (HasText(*filter.path.back())) return filter;
  return absl::FailedPreconditionError(
      absl::StrCat("the path '", option.path(), "' does not lead to a text, a number or a bool"));
}

absl::StatusOr<DeclaredFilters::Tags> ResolveTags(const Descriptor& item, const std::string& text) {
  DeclaredFilters::Tags tags;
  if (text.empty()) return tags;
  const Descriptor* tag = &item;
  if (text != ".") {
    ASSIGN_OR_RETURN(tags.path, ParsePath(item, text));
    tag = tags.path.back()->message_type();
  }
  tags.key = tag == nullptr ? nullptr : tag->FindFieldByName("key");
  tags.value = tag == nullptr ? nullptr : tag->FindFieldByName("value");
  const auto is_text = [](const FieldDescriptor* field) {
    return field != nullptr && field->type() == FieldDescriptor::TYPE_STRING && !field->is_repeated();
  };
  if (is_text(tags.key) && is_text(tags.value)) return tags;
  return absl::FailedPreconditionError(absl::StrCat("the path '", text, "' does not lead to a key and a value"));
}

// What the answer lists.
absl::StatusOr<const Descriptor*> ItemOf(const Descriptor& answer) {
  const Descriptor* item = nullptr;
  int lists = 0;
  for (int i = 0; i < answer.field_count(); ++i) {
    const FieldDescriptor& field = *answer.field(i);
    if (!field.is_repeated() || field.message_type() == nullptr) continue;
    item = field.message_type();
    ++lists;
  }
  if (lists == 1) return item;
  return absl::FailedPreconditionError(absl::StrCat(answer.name(), " has ", lists, " lists of messages, and not one"));
}

std::map<const MethodDescriptor*, absl::StatusOr<DeclaredFilters>> ResolveAll() {
  std::map<const MethodDescriptor*, absl::StatusOr<DeclaredFilters>> all;
  for (const auto* service : Services()) {
    for (int i = 0; i < service->method_count(); ++i) {
      all.emplace(service->method(i), DeclaredFilters::Of(*service->method(i)));
    }
  }
  return all;
}

const std::map<const MethodDescriptor*, absl::StatusOr<DeclaredFilters>>& Resolved() {
  static const auto& all = *new std::map<const MethodDescriptor*, absl::StatusOr<DeclaredFilters>>(ResolveAll());
  return all;
}

// Calls `visit` for each message that holds the last field of `path`.
void ForEachHolder(const Message& from, absl::Span<const FieldDescriptor* const> path,
                   absl::FunctionRef<void(const Message&)> visit) {
  if (path.size() <= 1) return visit(from);
  const FieldDescriptor* field = path.front();
  const Reflection& reflection = *from.GetReflection();
  const auto rest = path.subspan(1);
  if (!field->is_repeated()) {
    if (reflection.HasField(from, field)) ForEachHolder(reflection.GetMessage(from, field), rest, visit);
    return;
  }
  for (int i = 0; i < reflection.FieldSize(from, field); ++i) {
    ForEachHolder(reflection.GetRepeatedMessage(from, field, i), rest, visit);
  }
}

absl::string_view BoolText(bool value) { return value ? "true" : "false"; }

void SinkOne(const Message& message, const FieldDescriptor* field, absl::FunctionRef<void(absl::string_view)> sink) {
  const Reflection& reflection = *message.GetReflection();
  if (!reflection.HasField(message, field)) return;
  std::string scratch;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return sink(BoolText(reflection.GetBool(message, field)));
    case FieldDescriptor::CPPTYPE_INT32:
      return sink(absl::StrCat(reflection.GetInt32(message, field)));
    case FieldDescriptor::CPPTYPE_INT64:
      return sink(absl::StrCat(reflection.GetInt64(message, field)));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return sink(absl::StrCat(reflection.GetDouble(message, field)));
    default:
      return sink(reflection.GetStringReference(message, field, &scratch));
  }
}

void SinkItem(const Message& message, const FieldDescriptor* field, int index,
              absl::FunctionRef<void(absl::string_view)> sink) {
  const Reflection& reflection = *message.GetReflection();
  std::string scratch;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return sink(BoolText(reflection.GetRepeatedBool(message, field, index)));
    case FieldDescriptor::CPPTYPE_INT32:
      return sink(absl::StrCat(reflection.GetRepeatedInt32(message, field, index)));
    case FieldDescriptor::CPPTYPE_INT64:
      return sink(absl::StrCat(reflection.GetRepeatedInt64(message, field, index)));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return sink(absl::StrCat(reflection.GetRepeatedDouble(message, field, index)));
    default:
      return sink(reflection.GetRepeatedStringReference(message, field, index, &scratch));
  }
}

}  // namespace

absl::StatusOr<DeclaredFilters> DeclaredFilters::Of(const MethodDescriptor& method) {
  const auto& options = method.options();
  if (options.ExtensionSize(rpc::v1::filter) == 0 && !options.HasExtension(rpc::v1::tag_filters)) {
    return DeclaredFilters();
  }
  const absl::StatusOr<const Descriptor*> item = ItemOf(*method.output_type());
  if (!item.ok()) return item.status();
  absl::StatusOr<DeclaredFilters> filters = Resolve(**item, options);
  if (filters.ok()) return filters;
  return absl::FailedPreconditionError(absl::StrCat(method.full_name(), ": ", filters.status().message()));
}

absl::StatusOr<DeclaredFilters> DeclaredFilters::Resolve(const Descriptor& item,
                                                         const google::protobuf::MethodOptions& options) {
  DeclaredFilters declared;
  for (int i = 0; i < options.ExtensionSize(rpc::v1::filter); ++i) {
    const rpc::v1::FilterOption& option = options.GetExtension(rpc::v1::filter, i);
    absl::StatusOr<Filter> filter = ResolveFilter(item, option);
    if (!filter.ok()) {
      return absl::FailedPreconditionError(
          absl::StrCat("the filter '", option.name(), "': ", filter.status().message()));
    }
    if (option.name() <= (i == 0 ? std::string() : declared.filters_.back().name)) {
      return absl::FailedPreconditionError(
          absl::StrCat("the filter '", option.name(), "' does not stand in the order of names"));
    }
    declared.filters_.push_back(*std::move(filter));
  }
  if (options.HasExtension(rpc::v1::tag_filters)) {
    ASSIGN_OR_RETURN(declared.tags_, ResolveTags(item, options.GetExtension(rpc::v1::tag_filters)));
  }
  return declared;
}

const DeclaredFilters& FiltersOf(const MethodDescriptor& method) {
  const absl::StatusOr<DeclaredFilters>& filters = Resolved().at(&method);
  if (!filters.ok()) {
    log::Error("the schema: {}", filters.status().message());
    std::abort();
  }
  return *filters;
}

absl::Status CheckDeclaredFilters() {
  for (const auto& [method, filters] : Resolved()) RETURN_IF_ERROR(filters.status());
  return absl::OkStatus();
}

void ForEachValue(const Message& item, absl::Span<const FieldDescriptor* const> path,
                  absl::FunctionRef<void(absl::string_view)> sink) {
  const FieldDescriptor* field = path.back();
  ForEachHolder(item, path, [&](const Message& holder) {
    if (!field->is_repeated()) return SinkOne(holder, field, sink);
    for (int i = 0; i < holder.GetReflection()->FieldSize(holder, field); ++i) SinkItem(holder, field, i, sink);
  });
}

void ForEachTag(const Message& item, const DeclaredFilters::Tags& tags,
                absl::FunctionRef<void(absl::string_view, absl::string_view)> sink) {
  if (tags.key == nullptr) return;
  FieldPath to_key = tags.path;
  to_key.push_back(tags.key);
  ForEachHolder(item, to_key, [&](const Message& tag) {
    const Reflection& reflection = *tag.GetReflection();
    std::string key, value;
    sink(reflection.GetStringReference(tag, tags.key, &key), reflection.GetStringReference(tag, tags.value, &value));
  });
}

}  // namespace brume::schema
