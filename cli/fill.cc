#include "cli/fill.h"

#include <limits>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/api_schema.h"
#include "cli/spelling.h"
#include "cli/text.h"
#include "lib/base/status_macros.h"
#include "nlohmann/json.hpp"

namespace brume::cli {
namespace {

using Json = nlohmann::ordered_json;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

absl::Status Wrong(const std::string& path, absl::string_view wanted, const Json& value) {
  std::string shown = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (shown.size() > 100) shown = absl::StrCat(shown.substr(0, 100), "…");
  return absl::InvalidArgumentError(absl::StrCat(path, ": expected ", wanted, ", got ", shown));
}

absl::StatusOr<int64_t> ToInteger(const Json& value, const std::string& path, int64_t min, int64_t max) {
  int64_t number = 0;
  if (value.is_number_unsigned() && value.get<uint64_t>() > uint64_t{std::numeric_limits<int64_t>::max()}) {
    return Wrong(path, "a smaller number", value);
  }
  if (value.is_number_integer()) {
    number = value.get<int64_t>();
  } else if (!value.is_string() || !absl::SimpleAtoi(value.get_ref<const std::string&>(), &number)) {
    return Wrong(path, "a whole number", value);
  }
  if (number < min || number > max) {
    return Wrong(path, absl::StrCat("a number from ", min, " to ", max), value);
  }
  return number;
}

absl::StatusOr<double> ToDouble(const Json& value, const std::string& path) {
  double number = 0;
  if (value.is_number()) return value.get<double>();
  if (value.is_string() && absl::SimpleAtod(value.get_ref<const std::string&>(), &number)) return number;
  return Wrong(path, "a number", value);
}

absl::StatusOr<bool> ToBool(const Json& value, const std::string& path) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_string()) {
    const std::string text = absl::AsciiStrToLower(value.get_ref<const std::string&>());
    if (text == "true") return true;
    if (text == "false") return false;
  }
  return Wrong(path, "true or false", value);
}

absl::StatusOr<std::string> ToString(const Json& value, const std::string& path) {
  std::string text;
  if (value.is_string()) {
    text = value.get<std::string>();
  } else if (value.is_number() || value.is_boolean()) {
    text = value.dump();
  } else {
    return Wrong(path, "a string", value);
  }
  if (!IsUtf8(text)) return absl::InvalidArgumentError(absl::StrCat(path, ": the text is not UTF-8"));
  return text;
}

absl::StatusOr<std::string> ToBytes(const Json& value, const std::string& path) {
  if (value.is_binary()) return std::string(value.get_binary().begin(), value.get_binary().end());
  std::string bytes;
  if (!value.is_string() || !Base64Decode(value.get_ref<const std::string&>(), &bytes)) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": expected base64; for the bytes of a file as they are write fileb://PATH"));
  }
  return bytes;
}

// One setter for both shapes: `repeated` fields get one more element.
absl::Status FillOne(const Json& value, const std::string& path, const FieldDescriptor* field, Message* message) {
  const Reflection* reflection = message->GetReflection();
  const bool repeated = field->is_repeated();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32: {
      ASSIGN_OR_RETURN(int64_t number, ToInteger(value, path, INT32_MIN, INT32_MAX));
      repeated ? reflection->AddInt32(message, field, number) : reflection->SetInt32(message, field, number);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_INT64: {
      ASSIGN_OR_RETURN(int64_t number, ToInteger(value, path, INT64_MIN, INT64_MAX));
      repeated ? reflection->AddInt64(message, field, number) : reflection->SetInt64(message, field, number);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_UINT32: {
      ASSIGN_OR_RETURN(int64_t number, ToInteger(value, path, 0, UINT32_MAX));
      repeated ? reflection->AddUInt32(message, field, number) : reflection->SetUInt32(message, field, number);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_UINT64: {
      ASSIGN_OR_RETURN(int64_t number, ToInteger(value, path, 0, INT64_MAX));
      repeated ? reflection->AddUInt64(message, field, number) : reflection->SetUInt64(message, field, number);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_DOUBLE: {
      ASSIGN_OR_RETURN(double number, ToDouble(value, path));
      repeated ? reflection->AddDouble(message, field, number) : reflection->SetDouble(message, field, number);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_FLOAT: {
      ASSIGN_OR_RETURN(double number, ToDouble(value, path));
      const float narrow = static_cast<float>(number);
      repeated ? reflection->AddFloat(message, field, narrow) : reflection->SetFloat(message, field, narrow);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_BOOL: {
      ASSIGN_OR_RETURN(bool flag, ToBool(value, path));
      repeated ? reflection->AddBool(message, field, flag) : reflection->SetBool(message, field, flag);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_ENUM: {
      ASSIGN_OR_RETURN(std::string name, ToString(value, path));
      const auto* member = field->enum_type()->FindValueByName(name);
      if (member == nullptr) {
        std::vector<std::string> names;
        for (int i = 0; i < field->enum_type()->value_count(); ++i)
          names.push_back(field->enum_type()->value(i)->name());
        const absl::Status wrong = Wrong(path, absl::StrCat("one of ", absl::StrJoin(names, ", ")), value);
        return absl::InvalidArgumentError(absl::StrCat(wrong.message(), DidYouMean(name, names)));
      }
      repeated ? reflection->AddEnum(message, field, member) : reflection->SetEnum(message, field, member);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string text;
      if (field->type() == FieldDescriptor::TYPE_BYTES) {
        ASSIGN_OR_RETURN(text, ToBytes(value, path));
      } else if (value.is_binary()) {
        // fileb:// for a field that holds base64 as text.
        text = Base64Encode(std::string(value.get_binary().begin(), value.get_binary().end()));
      } else {
        ASSIGN_OR_RETURN(text, ToString(value, path));
      }
      repeated ? reflection->AddString(message, field, text) : reflection->SetString(message, field, text);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_MESSAGE: {
      Message* inner = repeated ? reflection->AddMessage(message, field) : reflection->MutableMessage(message, field);
      if (IsAttributeValue(field->message_type()) && !value.is_object()) {
        return FillField(value, path, field->message_type()->field(0), inner);
      }
      return FillMessage(value, path, inner);
    }
  }
  return absl::InternalError(absl::StrCat(path, ": a field type the command line does not know"));
}

}  // namespace

absl::Status FillMessage(const Json& object, const std::string& path, Message* message) {
  const auto* type = message->GetDescriptor();
  std::vector<std::string> members;
  for (int i = 0; i < type->field_count(); ++i) members.push_back(MemberName(*type->field(i)));
  if (!object.is_object()) {
    return Wrong(path, absl::StrCat("a structure with the keys ", absl::StrJoin(members, ", ")), object);
  }
  for (const auto& [key, value] : object.items()) {
    const FieldDescriptor* field = FindMember(type, key);
    const std::string place = path.empty() ? key : absl::StrCat(path, ".", key);
    if (field == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat(path.empty() ? "" : absl::StrCat(path, ": "), "unknown key '",
                                                     Printable(key), "'.", DidYouMean(key, members),
                                                     " Known keys: ", absl::StrJoin(members, ", ")));
    }
    if (value.is_null()) continue;
    RETURN_IF_ERROR(FillField(value, place, field, message));
  }
  return absl::OkStatus();
}

absl::Status FillField(const Json& value, const std::string& path, const FieldDescriptor* field, Message* message) {
  message->GetReflection()->ClearField(message, field);
  if (!field->is_repeated()) return FillOne(value, path, field, message);
  if (!value.is_array()) return FillOne(value, path, field, message);
  int index = 0;
  for (const Json& element : value) {
    RETURN_IF_ERROR(FillOne(element, absl::StrCat(path, "[", index++, "]"), field, message));
  }
  return absl::OkStatus();
}

}  // namespace brume::cli
