#include "lib/gateway/call_event.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <set>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "brume/rpc/v1/options.pb.h"
#include "lib/base/utf8.h"
#include "lib/gateway/access.h"
#include "lib/gateway/validate.h"
#include "lib/resource/ec2_error.h"

namespace brume::gateway {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr size_t kMaxParameterBytes = 4096;
constexpr size_t kMaxTextBytes = 1024;
constexpr size_t kMaxResources = 200;

// A header, a parameter's name or an error's echo of it may hold any byte; who reads the event gets it in protobuf.
std::string Cut(absl::string_view text, size_t max_bytes) { return CutUtf8(ToUtf8(text), max_bytes); }

// "i-0123456789abcdef0", and no account or request.
bool LooksLikeId(absl::string_view value) {
  const size_t dash = value.rfind('-');
  constexpr size_t kMinDigits = 8;
  return dash != absl::string_view::npos && dash > 0 && value.size() - dash > kMinDigits &&
         std::all_of(value.begin() + dash + 1, value.end(), absl::ascii_isxdigit);
}

// What names a resource: fields with an id's kind, and in answers, which have no such option, what looks like an id
// where an id is to be expected.
bool NamesResource(const FieldDescriptor& field, absl::string_view value) {
  if (field.options().HasExtension(rpc::v1::id) || field.options().HasExtension(rpc::v1::arn_type)) return true;
  return (absl::EndsWith(field.name(), "_id") || absl::EndsWith(field.name(), "_ids")) && LooksLikeId(value);
}

void Collect(const Message& message, std::set<std::string>& ids) {
  const Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const bool text = field->type() == FieldDescriptor::TYPE_STRING;
    const bool inner = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    if (!text && !inner) continue;
    const int size = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < size && ids.size() < kMaxResources; ++i) {
      if (inner) {
        Collect(field->is_repeated() ? reflection.GetRepeatedMessage(message, field, i)
                                     : reflection.GetMessage(message, field),
                ids);
      } else {
        std::string value = field->is_repeated() ? reflection.GetRepeatedString(message, field, i)
                                                 : reflection.GetString(message, field);
        if (!value.empty() && NamesResource(*field, value)) ids.insert(Cut(value, kMaxTextBytes));
      }
    }
  }
}

std::string Parameters(const Message& request) {
  const std::unique_ptr<Message> copy = WithoutSecrets(request);
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(*copy, &json).ok()) json = copy->ShortDebugString();
  return Cut(json, kMaxParameterBytes);
}

bool IsUnknown(const Caller& caller) { return !caller.administrator && caller.arn.empty() && !caller.uid; }

}  // namespace

Event EventOf(const CallRecord& record) {
  Event event{.time = record.start,
              .request_id = Cut(record.caller.request_id, kMaxTextBytes),
              .principal = Cut(record.caller.principal, kMaxTextBytes),
              .access_key_id = Cut(record.caller.access_key_id, kMaxTextBytes),
              .source = Cut(record.caller.source, kMaxTextBytes),
              .vpc_endpoint_id = record.caller.vpc_endpoint_id,
              .user_agent = Cut(record.caller.user_agent, kMaxTextBytes),
              .action = ActionName(record.method),
              // A call of nobody known changed nothing, whatever it asked for: a flood of them must neither wait for
              // the disk nor push out the record of what was changed.
              .read_only = record.method.options().GetExtension(rpc::v1::read_only) || IsUnknown(record.caller),
              .parameters = Parameters(record.request),
              .outcome = record.outcome.ok() ? "OK" : ec2::ErrorCode(record.outcome),
              .message = Cut(record.outcome.message(), kMaxTextBytes),
              .duration = record.duration};
  std::set<std::string> ids;
  Collect(record.request, ids);
  if (!event.read_only && record.response != nullptr) Collect(*record.response, ids);
  event.resources.assign(ids.begin(), ids.end());
  return event;
}

}  // namespace brume::gateway
