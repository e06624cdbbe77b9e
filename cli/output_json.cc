#include "cli/output_json.h"

#include <string>

#include "absl/strings/str_format.h"
#include "cli/api_schema.h"
#include "cli/text.h"
#include "nlohmann/json.hpp"

namespace brume::cli {
namespace {

using Json = nlohmann::ordered_json;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

Json MessageToJson(const Message& message, bool keep_empty_lists);

// `index` < 0: the field is not repeated.
Json FieldToJson(const Message& message, const FieldDescriptor* field, int index) {
  const auto* reflection = message.GetReflection();
  const auto pick = [&](auto get, auto get_repeated) {
    return index < 0 ? (reflection->*get)(message, field) : (reflection->*get_repeated)(message, field, index);
  };
  using Reflection = google::protobuf::Reflection;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return pick(&Reflection::GetInt32, &Reflection::GetRepeatedInt32);
    case FieldDescriptor::CPPTYPE_INT64:
      return pick(&Reflection::GetInt64, &Reflection::GetRepeatedInt64);
    case FieldDescriptor::CPPTYPE_UINT32:
      return pick(&Reflection::GetUInt32, &Reflection::GetRepeatedUInt32);
    case FieldDescriptor::CPPTYPE_UINT64:
      return pick(&Reflection::GetUInt64, &Reflection::GetRepeatedUInt64);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return pick(&Reflection::GetDouble, &Reflection::GetRepeatedDouble);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return pick(&Reflection::GetFloat, &Reflection::GetRepeatedFloat);
    case FieldDescriptor::CPPTYPE_BOOL:
      return pick(&Reflection::GetBool, &Reflection::GetRepeatedBool);
    case FieldDescriptor::CPPTYPE_ENUM:
      return pick(&Reflection::GetEnum, &Reflection::GetRepeatedEnum)->name();
    case FieldDescriptor::CPPTYPE_STRING: {
      const std::string text = pick(&Reflection::GetString, &Reflection::GetRepeatedString);
      return field->type() == FieldDescriptor::TYPE_BYTES ? Base64Encode(text) : text;
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  const Message& inner =
      index < 0 ? reflection->GetMessage(message, field) : reflection->GetRepeatedMessage(message, field, index);
  return MessageToJson(inner, false);
}

Json MessageToJson(const Message& message, bool keep_empty_lists) {
  Json object = Json::object();
  const auto* type = message.GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (field->is_repeated()) {
      Json list = Json::array();
      const int size = message.GetReflection()->FieldSize(message, field);
      for (int j = 0; j < size; ++j) list.push_back(FieldToJson(message, field, j));
      if (size > 0 || keep_empty_lists) object[MemberName(*field)] = std::move(list);
    } else if (!field->has_presence() || message.GetReflection()->HasField(message, field)) {
      object[MemberName(*field)] = FieldToJson(message, field, -1);
    }
  }
  return object;
}

}  // namespace

Json ToJson(const Message& message) { return MessageToJson(message, true); }

std::string RenderJson(const Json& value) {
  if (value.is_object() && value.empty()) return "";
  const std::string dumped = value.dump(4, ' ', false, Json::error_handler_t::replace);
  // The library leaves DEL and the second control set (U+0080 to U+009F, C2 80 to C2 9F) as they are; a terminal may
  // obey them. Outside strings there are none.
  std::string text;
  text.reserve(dumped.size() + 1);
  for (size_t i = 0; i < dumped.size(); ++i) {
    const auto byte = static_cast<unsigned char>(dumped[i]);
    if (byte == 0x7f) {
      text += "\\u007f";
    } else if (byte == 0xc2 && i + 1 < dumped.size() && static_cast<unsigned char>(dumped[i + 1]) < 0xa0) {
      absl::StrAppendFormat(&text, "\\u%04x", static_cast<unsigned char>(dumped[++i]));
    } else {
      text += dumped[i];
    }
  }
  text += '\n';
  return text;
}

}  // namespace brume::cli
