#include "lib/api/parse.h"

#include <openssl/sha.h>

#include <algorithm>
#include <memory>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "lib/domain/ec2_error.h"

namespace brume::api {

absl::Status AddTags(const google::protobuf::RepeatedPtrField<v1::Tag>& tags, TagMap& target) {
  for (const v1::Tag& tag : tags) {
    if (!target.emplace(tag.key(), tag.value()).second) {
      return ec2::Error("InvalidParameterValue", absl::StrCat("Duplicate tag key '", tag.key(), "' specified."));
    }
  }
  return absl::OkStatus();
}

absl::Status ParseTags(const TagSpecifications& specifications, const std::map<std::string, TagMap*>& targets) {
  for (const v1::TagSpecification& specification : specifications) {
    const auto target = targets.find(specification.resource_type());
    if (target == targets.end()) {
      return ec2::Error("InvalidParameterValue",
                        absl::StrCat("'", specification.resource_type(),
                                     "' is not a valid taggable resource type for this operation."));
    }
    RETURN_IF_ERROR(AddTags(specification.tags(), *target->second));
  }
  return absl::OkStatus();
}

absl::StatusOr<TagMap> ParseTags(const TagSpecifications& specifications, const std::string& resource_type) {
  TagMap tags;
  RETURN_IF_ERROR(ParseTags(specifications, {{resource_type, &tags}}));
  return tags;
}

absl::StatusOr<absl::Time> ParseTime(absl::string_view text) {
  absl::Time time;
  std::string why;
  if (absl::ParseTime(absl::RFC3339_full, text, &time, &why)) return time;
  return ec2::Error("InvalidParameterValue", absl::StrCat("'", text.substr(0, 100), "' is not a valid time: ", why));
}

absl::Status CheckClientToken(absl::string_view token, size_t longest) {
  const bool ascii = std::all_of(token.begin(), token.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
  if (ascii && token.size() <= longest) return absl::OkStatus();
  return ec2::Error("InvalidParameterValue",
                    absl::StrCat("The parameter clientToken must be at most ", longest, " printable ASCII characters"));
}

absl::Status CheckUserDataSize(size_t bytes) {
  if (bytes <= kMostUserDataBytes) return absl::OkStatus();
  return ec2::Error("InvalidParameterValue", absl::StrCat("User data is limited to ", kMostUserDataBytes,
                                                          " bytes before it is encoded; this is ", bytes));
}

absl::StatusOr<std::string> DecodeUserData(absl::string_view base64) {
  std::string raw;
  if (!absl::Base64Unescape(base64, &raw)) {
    return ec2::Error("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data.");
  }
  RETURN_IF_ERROR(CheckUserDataSize(raw.size()));
  return raw;
}

std::string ParametersDigest(const google::protobuf::Message& request) {
  std::unique_ptr<google::protobuf::Message> parameters(request.New());
  parameters->CopyFrom(request);
  for (const char* name : {"client_token", "dry_run"}) {
    if (const auto* field = request.GetDescriptor()->FindFieldByName(name); field != nullptr) {
      parameters->GetReflection()->ClearField(parameters.get(), field);
    }
  }
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    parameters->SerializeToCodedStream(&coded);
  }
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest);
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest), sizeof(digest)));
}

}  // namespace brume::api
