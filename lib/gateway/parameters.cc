#include "lib/gateway/parameters.h"

#include <openssl/sha.h>

#include <algorithm>
#include <memory>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "lib/resource/ec2_error.h"

namespace brume::gateway {

absl::Status CheckClientToken(absl::string_view token, size_t max_length) {
  const bool ascii = std::all_of(token.begin(), token.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
  if (ascii && token.size() <= max_length) return absl::OkStatus();
  return ec2::Error("InvalidParameterValue", absl::StrCat("The parameter clientToken must be at most ", max_length,
                                                          " printable ASCII characters"));
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

}  // namespace brume::gateway
