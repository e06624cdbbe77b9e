// A form through the whole codec: parsed, decoded to the request of an arbitrary action, checked by the schema's
// options; and the same bytes as the answer of that action, encoded. The first line chooses the action: by its name, or
// as any text does.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "google/protobuf/stubs/logging.h"
#include "lib/frontend/query/decode.h"
#include "lib/frontend/query/encode.h"
#include "lib/frontend/query/encode_error.h"
#include "lib/frontend/query/form.h"
#include "lib/gateway/validate.h"
#include "lib/schema/schema.h"

namespace brume {
namespace {

using google::protobuf::Message;
using google::protobuf::MessageFactory;
using google::protobuf::MethodDescriptor;

const std::vector<const MethodDescriptor*>& Methods() {
  static const auto& methods = *[] {
    auto* all = new std::vector<const MethodDescriptor*>();
    for (const auto* service : schema::Services()) {
      for (int i = 0; i < service->method_count(); ++i) all->push_back(service->method(i));
    }
    return all;
  }();
  return methods;
}

std::unique_ptr<Message> NewMessage(const google::protobuf::Descriptor* type) {
  return std::unique_ptr<Message>(MessageFactory::generated_factory()->GetPrototype(type)->New());
}

// Text that is not XML would not reach a caller as it was meant.
void CheckXml(const std::string& xml) {
  if (!gateway::IsUtf8(xml)) std::abort();
  for (const char c : xml) {
    if (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n') std::abort();
  }
}

const MethodDescriptor& MethodOf(absl::string_view line) {
  size_t hash = 0;
  for (const char c : line) hash = hash * 31 + static_cast<unsigned char>(c);
  for (const MethodDescriptor* method : Methods()) {
    if (method->name() == line) return *method;
  }
  return *Methods()[hash % Methods().size()];
}

void Run(const MethodDescriptor& method, absl::string_view text) {
  if (const auto form = frontend::ParseForm(text); form.ok()) {
    const std::unique_ptr<Message> request = NewMessage(method.input_type());
    absl::Status status = frontend::DecodeRequest(*form, method, *request);
    if (status.ok()) status = gateway::Validate(*request);
    if (!status.ok()) CheckXml(frontend::EncodeError(schema::Family(*method.service()), status, "r"));
  }
  const std::unique_ptr<Message> response = NewMessage(method.output_type());
  // What it cannot read it leaves out: any message will do.
  (void)response->ParsePartialFromArray(text.data(), static_cast<int>(text.size()));
  CheckXml(frontend::EncodeResponse(method, *response, "r"));
}

}  // namespace
}  // namespace brume

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // Messages of arbitrary bytes are no news.
  static const bool quiet = google::protobuf::SetLogHandler(nullptr) != nullptr;
  (void)quiet;
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(absl::string_view(reinterpret_cast<const char*>(data), size), absl::MaxSplits('\n', 1));
  brume::Run(brume::MethodOf(parts.first), parts.second);
  return 0;
}
