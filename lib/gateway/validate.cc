#include "lib/gateway/validate.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "brume/rpc/v1/options.pb.h"
#include "lib/base/redact.h"
#include "lib/base/status_macros.h"
#include "lib/gateway/time_text.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"
#include "lib/resource/ids.h"
#include "lib/resource/kinds.h"
#include "lib/schema/schema.h"

namespace brume::gateway {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::FieldOptions;
using google::protobuf::Message;
using google::protobuf::Reflection;

// A value as an error repeats it: errors travel in headers, which are small. No valid value we repeat is as long.
absl::string_view Shortened(absl::string_view value) { return value.substr(0, 100); }

absl::Status InvalidValue(absl::string_view value, absl::string_view parameter, absl::string_view why) {
  return ec2::Error("InvalidParameterValue",
                    absl::StrCat("Value (", Shortened(value), ") for parameter ", parameter, " is invalid. ", why));
}

// `prefix` as the option `id` has it.
absl::Status CheckId(absl::string_view prefix, absl::string_view text) {
  if (prefix.empty() || prefix == schema::kAnyId) return absl::OkStatus();
  const Kind* const kind = FindKind(prefix);
  if (kind == nullptr) return absl::InternalError(absl::StrCat("the schema has ids of an unknown kind: ", prefix));
  text = Shortened(text);
  return IsWellFormedId(*kind, text) ? absl::OkStatus() : MalformedId(*kind, text);
}

std::string BoundsText(const FieldOptions& options) {
  if (options.HasExtension(rpc::v1::min) && options.HasExtension(rpc::v1::max)) {
    return absl::StrCat("It must be between ", options.GetExtension(rpc::v1::min), " and ",
                        options.GetExtension(rpc::v1::max), ".");
  }
  if (options.HasExtension(rpc::v1::min))
    return absl::StrCat("It must be at least ", options.GetExtension(rpc::v1::min), ".");
  return absl::StrCat("It must be at most ", options.GetExtension(rpc::v1::max), ".");
}

// The option `only`, which accepts nothing but EC2's default.
absl::Status CheckOnly(const FieldDescriptor& field, absl::string_view value, const std::string& name) {
  const std::string& only = field.options().GetExtension(rpc::v1::only);
  if (only.empty() || value == only) return absl::OkStatus();
  return ec2::Error("UnsupportedOperation", absl::StrCat("The value (", Shortened(value), ") for parameter ", name,
                                                         " is not supported. It must be ", only, "."));
}

absl::Status CheckText(const FieldDescriptor& field, absl::string_view text, const std::string& name) {
  const FieldOptions& options = field.options();
  const bool secret = options.GetExtension(rpc::v1::secret);
  if (field.type() == FieldDescriptor::TYPE_STRING && !IsUtf8(text)) {
    return ec2::Error("InvalidParameterValue", absl::StrCat("The value for parameter ", name, " is not valid UTF-8"));
  }
  if (field.type() == FieldDescriptor::TYPE_STRING && !IsXmlText(text)) {
    return ec2::Error("InvalidParameterValue",
                      absl::StrCat("The value for parameter ", name, " has a character that XML cannot hold"));
  }
  const int64_t max_length = options.GetExtension(rpc::v1::max_length);
  if (!field.is_repeated() && options.HasExtension(rpc::v1::max_length) &&
      static_cast<int64_t>(text.size()) > max_length) {
    return ec2::Error("InvalidParameterValue",
                      absl::StrCat("The value for parameter ", name, " is too long: it has ", text.size(),
                                   " bytes, and at most ", max_length, " are allowed"));
  }
  RETURN_IF_ERROR(CheckOnly(field, text, name));
  RETURN_IF_ERROR(CheckId(options.GetExtension(rpc::v1::id), text));
  if (const std::string& allowed = options.GetExtension(rpc::v1::one_of); !allowed.empty()) {
    const std::vector<absl::string_view> values = absl::StrSplit(allowed, '|');
    if (std::find(values.begin(), values.end(), text) == values.end()) {
      return InvalidValue(secret ? "…" : text, name,
                          values.size() == 1 ? absl::StrCat("It must be ", values[0], ".")
                                             : absl::StrCat("It must be one of ", absl::StrJoin(values, ", "), "."));
    }
  }
  if (options.GetExtension(rpc::v1::timestamp) && !ParseTime(text).ok()) {
    return InvalidValue(Shortened(text), name, "It must be a time such as 2026-01-31T10:00:00Z.");
  }
  return absl::OkStatus();
}

absl::Status CheckNumber(const FieldDescriptor& field, int64_t value, const std::string& name) {
  RETURN_IF_ERROR(CheckOnly(field, absl::StrCat(value), name));
  const FieldOptions& options = field.options();
  const bool below = options.HasExtension(rpc::v1::min) && value < options.GetExtension(rpc::v1::min);
  const bool above = options.HasExtension(rpc::v1::max) && value > options.GetExtension(rpc::v1::max);
  if (below || above) return InvalidValue(absl::StrCat(value), name, BoundsText(options));
  return absl::OkStatus();
}

absl::Status CheckMessage(const Message& message, const std::string& prefix);

// `index` is -1 for a field that is not repeated.
absl::Status CheckValue(const Message& message, const FieldDescriptor& field, int index, const std::string& name) {
  const Reflection& reflection = *message.GetReflection();
  const bool item = index >= 0;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string scratch;
      return CheckText(field,
                       item ? reflection.GetRepeatedStringReference(message, &field, index, &scratch)
                            : reflection.GetStringReference(message, &field, &scratch),
                       name);
    }
    case FieldDescriptor::CPPTYPE_INT32:
      return CheckNumber(
          field, item ? reflection.GetRepeatedInt32(message, &field, index) : reflection.GetInt32(message, &field),
          name);
    case FieldDescriptor::CPPTYPE_INT64:
      return CheckNumber(
          field, item ? reflection.GetRepeatedInt64(message, &field, index) : reflection.GetInt64(message, &field),
          name);
    case FieldDescriptor::CPPTYPE_BOOL:
      return CheckOnly(field, !item && reflection.GetBool(message, &field) ? "true" : "false", name);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return CheckMessage(
          item ? reflection.GetRepeatedMessage(message, &field, index) : reflection.GetMessage(message, &field),
          absl::StrCat(name, "."));
    default:
      return absl::OkStatus();
  }
}

bool IsAbsent(const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  if (field.is_repeated()) return reflection.FieldSize(message, &field) == 0;
  if (!reflection.HasField(message, &field)) return true;
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_STRING) return false;
  std::string scratch;
  return reflection.GetStringReference(message, &field, &scratch).empty();
}

absl::Status CheckMessage(const Message& message, const std::string& prefix) {
  const auto* descriptor = message.GetDescriptor();
  const Reflection& reflection = *message.GetReflection();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const FieldDescriptor& field = *descriptor->field(i);
    const std::string name = absl::StrCat(prefix, schema::ParameterName(field));
    if (field.options().GetExtension(rpc::v1::required) && IsAbsent(message, field)) {
      // EC2's own answer to a call on instances that names none.
      if (field.is_repeated() && field.options().GetExtension(rpc::v1::id) == InstanceId::kKind.prefix) {
        return ec2::Error("InvalidParameterCombination", "No instances specified");
      }
      return ec2::Error(ec2::kMissingParameter, name);
    }
    if (!field.is_repeated()) {
      if (reflection.HasField(message, &field)) RETURN_IF_ERROR(CheckValue(message, field, -1, name));
      continue;
    }
    const int size = reflection.FieldSize(message, &field);
    if (field.options().HasExtension(rpc::v1::max_length) && size > field.options().GetExtension(rpc::v1::max_length)) {
      return ec2::Error("InvalidParameterValue",
                        absl::StrCat("The parameter ", name, " has ", size, " items, and at most ",
                                     field.options().GetExtension(rpc::v1::max_length), " are allowed"));
    }
    for (int k = 0; k < size; ++k) RETURN_IF_ERROR(CheckValue(message, field, k, schema::ItemName(field, name, k + 1)));
  }
  return absl::OkStatus();
}

void DropSecrets(Message& message) {
  const Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->options().GetExtension(rpc::v1::secret)) {
      reflection.ClearField(&message, field);
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      if (!field->is_repeated()) {
        DropSecrets(*reflection.MutableMessage(&message, field));
        continue;
      }
      for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
        DropSecrets(*reflection.MutableRepeatedMessage(&message, field, i));
      }
    }
  }
}

}  // namespace

bool IsXmlText(absl::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') return false;
    // U+FFFE and U+FFFF.
    if (byte == 0xef && absl::StartsWith(text.substr(i), "\xef\xbf") && i + 2 < text.size() &&
        static_cast<unsigned char>(text[i + 2]) >= 0xbe) {
      return false;
    }
  }
  return true;
}

absl::Status Validate(const Message& request) {
  const absl::Status fault = CheckMessage(request, "");
  const schema::ApiFamilyInfo* family = schema::FamilyOf(*request.GetDescriptor()->file());
  if (fault.ok() || family == nullptr || family->invalid_code.empty()) return fault;
  const std::optional<ec2::KnownCode> code = ec2::KnownCode::Find(family->invalid_code);
  return code.has_value() ? ec2::Error(*code, fault.message()) : fault;
}

bool IsDryRun(const Message& request) {
  const FieldDescriptor* field = request.GetDescriptor()->FindFieldByName("dry_run");
  return field != nullptr && field->cpp_type() == FieldDescriptor::CPPTYPE_BOOL && !field->is_repeated() &&
         request.GetReflection()->GetBool(request, field);
}

std::unique_ptr<Message> WithoutSecrets(const Message& message) {
  std::unique_ptr<Message> copy(message.New());
  copy->CopyFrom(message);
  DropSecrets(*copy);
  return copy;
}

std::string ForLog(const Message& message) { return RedactUrls(WithoutSecrets(message)->ShortDebugString()); }

}  // namespace brume::gateway
