// A body of CBOR, and the same bytes as JSON, to the request of an arbitrary action, checked by the schema's options;
// and the bytes as the answer of that action, encoded in both. The first byte chooses the action.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "google/protobuf/stubs/logging.h"
#include "lib/frontend/query/cbor.h"
#include "lib/frontend/query/decode_cbor.h"
#include "lib/frontend/query/encode_cbor.h"
#include "lib/gateway/validate.h"
#include "lib/resource/ec2_error.h"
#include "lib/schema/schema.h"

namespace brume {
namespace {

using google::protobuf::Message;
using google::protobuf::MessageFactory;
using google::protobuf::MethodDescriptor;

void Require(bool condition) {
  if (!condition) std::abort();
}

// Those of CloudWatch first, which has these protocols; the others have types that it has not.
const std::vector<const MethodDescriptor*>& Methods() {
  static const auto& methods = *[] {
    auto* all = new std::vector<const MethodDescriptor*>();
    for (const bool rpc : {true, false}) {
      for (const auto* service : schema::Services()) {
        if (schema::Family(*service).rpc_service.empty() == rpc) continue;
        for (int i = 0; i < service->method_count(); ++i) all->push_back(service->method(i));
      }
    }
    return all;
  }();
  return methods;
}

std::unique_ptr<Message> NewMessage(const google::protobuf::Descriptor* type) {
  return std::unique_ptr<Message>(MessageFactory::generated_factory()->GetPrototype(type)->New());
}

using Decode = absl::Status (*)(absl::string_view, const MethodDescriptor&, Message&);

void RunRequest(Decode decode, const MethodDescriptor& method, absl::string_view body) {
  const std::unique_ptr<Message> request = NewMessage(method.input_type());
  absl::Status status = decode(body, method, *request);
  if (status.ok()) status = gateway::Validate(*request);
  Require(status.ok() || ec2::HasErrorCode(status));
}

void RunAnswer(const MethodDescriptor& method, absl::string_view bytes) {
  const std::unique_ptr<Message> response = NewMessage(method.output_type());
  // What it cannot read it leaves out: any message will do.
  (void)response->ParsePartialFromArray(bytes.data(), static_cast<int>(bytes.size()));
  Require(nlohmann::json::accept(frontend::EncodeJson(method, *response)));
  const std::string cbor = frontend::EncodeCbor(method, *response);
  frontend::CborReader reader(cbor);
  while (!reader.AtEnd()) Require(reader.Next().ok());
}

}  // namespace
}  // namespace brume

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // Messages of arbitrary bytes are no news.
  static const bool quiet = google::protobuf::SetLogHandler(nullptr) != nullptr;
  (void)quiet;
  if (size == 0) return 0;
  const google::protobuf::MethodDescriptor& method = *brume::Methods()[data[0] % brume::Methods().size()];
  const absl::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  brume::RunRequest(brume::frontend::DecodeCbor, method, body);
  brume::RunRequest(brume::frontend::DecodeJson, method, body);
  brume::RunAnswer(method, body);
  return 0;
}
