// A form through the whole codec: parsed, decoded to the request of an arbitrary action, checked by the schema's
// options; and the same bytes as the answer of that action, encoded. The first two bytes choose the action.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "lib/api/schema.h"
#include "lib/api/validate.h"
#include "lib/frontend/query/decode.h"
#include "lib/frontend/query/encode.h"
#include "lib/frontend/query/form.h"

namespace brume {
namespace {

using google::protobuf::Message;
using google::protobuf::MessageFactory;
using google::protobuf::MethodDescriptor;

const std::vector<const MethodDescriptor*>& Methods() {
  static const auto& methods = *[] {
    auto* all = new std::vector<const MethodDescriptor*>();
    for (const auto* service : api::Services()) {
      for (int i = 0; i < service->method_count(); ++i) all->push_back(service->method(i));
    }
    return all;
  }();
  return methods;
}

std::unique_ptr<Message> NewMessage(const google::protobuf::Descriptor* type) {
  return std::unique_ptr<Message>(MessageFactory::generated_factory()->GetPrototype(type)->New());
}

// Text that is no XML would not reach a caller as it was meant.
void CheckXml(const std::string& xml) {
  if (!api::IsUtf8(xml)) std::abort();
  for (const char c : xml) {
    if (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n') std::abort();
  }
}

void Run(const MethodDescriptor& method, absl::string_view text) {
  if (const auto form = frontend::ParseForm(text); form.ok()) {
    const std::unique_ptr<Message> request = NewMessage(method.input_type());
    absl::Status status = frontend::DecodeRequest(*form, method, *request);
    if (status.ok()) status = api::Validate(*request);
    if (!status.ok()) CheckXml(frontend::EncodeError(api::Family(*method.service()).aws_query, "", status, "r"));
  }
  const std::unique_ptr<Message> response = NewMessage(method.output_type());
  // What it cannot read it leaves out: any message will do.
  (void)response->ParsePartialFromArray(text.data(), static_cast<int>(text.size()));
  CheckXml(frontend::EncodeResponse(method, *response, "r"));
}

}  // namespace
}  // namespace brume

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const auto& methods = brume::Methods();
  brume::Run(*methods[(data[0] * 256u + data[1]) % methods.size()],
             absl::string_view(reinterpret_cast<const char*>(data) + 2, size - 2));
  return 0;
}
