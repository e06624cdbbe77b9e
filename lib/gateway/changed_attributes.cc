#include "lib/gateway/changed_attributes.h"

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "brume/rpc/v1/options.pb.h"
#include "lib/schema/schema.h"

namespace brume::gateway {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr char kKey[] = "ec2:attribute";

std::string Capitalised(std::string name) {
  if (!name.empty()) name[0] = absl::ascii_toupper(static_cast<unsigned char>(name[0]));
  return name;
}

// Of what has one value, itself or as {"Value": …}; unset for all else.
std::optional<std::string> ValueOf(const Message& message, const FieldDescriptor& field) {
  if (field.is_repeated() || field.options().GetExtension(rpc::v1::secret)) return std::nullopt;
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  switch (field.type()) {
    case FieldDescriptor::TYPE_STRING:
      return reflection.GetString(message, &field);
    case FieldDescriptor::TYPE_BOOL:
      return std::string(reflection.GetBool(message, &field) ? "true" : "false");
    case FieldDescriptor::TYPE_INT32:
      return absl::StrCat(reflection.GetInt32(message, &field));
    case FieldDescriptor::TYPE_INT64:
      return absl::StrCat(reflection.GetInt64(message, &field));
    case FieldDescriptor::TYPE_MESSAGE: {
      if (!field.message_type()->options().GetExtension(rpc::v1::attribute_value)) return std::nullopt;
      const FieldDescriptor* const value = field.message_type()->FindFieldByName("value");
      return value == nullptr ? std::nullopt : ValueOf(reflection.GetMessage(message, &field), *value);
    }
    default:
      return std::nullopt;
  }
}

// The parameter Value beside Attribute.
std::optional<std::string> NamedValue(const Message& request) {
  const FieldDescriptor* const value = request.GetDescriptor()->FindFieldByName("value");
  if (value == nullptr || !request.GetReflection()->HasField(request, value)) return std::nullopt;
  return request.GetReflection()->GetString(request, value);
}

// Whether the attribute is one whose own parameter is a secret.
bool IsSecret(const Message& request, const std::string& name) {
  const google::protobuf::Descriptor& descriptor = *request.GetDescriptor();
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const FieldDescriptor& field = *descriptor.field(i);
    if (field.json_name() == name) return field.options().GetExtension(rpc::v1::secret);
  }
  return false;
}

void AddAttribute(const std::string& name, const std::optional<std::string>& value, AccessContext& context) {
  context[kKey].push_back(name);
  if (value.has_value()) context[absl::StrCat(kKey, "/", absl::AsciiStrToLower(name))] = {*value};
}

}  // namespace

void AddChangedAttributes(const google::protobuf::MethodDescriptor& method, const Message& request,
                          AccessContext& context) {
  const bool changes = absl::StartsWith(method.name(), "Modify") || absl::StartsWith(method.name(), "Reset");
  if (!changes || schema::Family(*method.service()).service_name != "ec2") return;
  std::vector<const FieldDescriptor*> given;
  request.GetReflection()->ListFields(request, &given);
  for (const FieldDescriptor* field : given) {
    if (field->name() != "attribute") continue;
    const std::string name = request.GetReflection()->GetString(request, field);
    const std::optional<std::string> value = NamedValue(request);
    AddAttribute(Capitalised(name), IsSecret(request, name) ? std::nullopt : value, context);
    if (value.has_value()) return;
  }
  for (const FieldDescriptor* field : given) {
    const bool target = field->options().HasExtension(rpc::v1::id) && field->options().GetExtension(rpc::v1::required);
    if (target || field->name() == "attribute" || field->name() == "dry_run") continue;
    // Beside the name of the attribute these say how it is changed.
    if (context.contains(kKey) && field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    const std::string name = Capitalised(field->json_name());
    if (context.contains(kKey) && context[kKey].front() == name) context.erase(kKey);
    AddAttribute(name, ValueOf(request, *field), context);
  }
}

}  // namespace brume::gateway
