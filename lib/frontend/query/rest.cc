#include "lib/frontend/query/rest.h"

#include <memory>
#include <optional>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "brume/rpc/v1/options.pb.h"
#include "lib/base/status_macros.h"
#include "lib/frontend/query/decode_cbor.h"
#include "lib/frontend/query/encode_cbor.h"
#include "lib/frontend/query/form.h"
#include "lib/frontend/query/request_values.h"
#include "lib/frontend/query/wire.h"
#include "lib/frontend/query/wire_value.h"
#include "lib/gateway/validate.h"
#include "lib/resource/ec2_error.h"
#include "lib/schema/schema.h"

namespace brume::frontend {
namespace {

using google::protobuf::Message;

// Where a field is: "header" and "x-amz-Checksum". Both are empty for a member of the body.
struct Place {
  std::string kind, name;
};
Place PlaceOf(const WireField& wire) {
  const std::string& option = wire.field->options().GetExtension(rpc::v1::http_field);
  std::vector<std::string> words = absl::StrSplit(option, ' ');
  words.resize(2);
  return {words[0], words[1]};
}

std::vector<std::string> PartsOf(absl::string_view path) { return absl::StrSplit(path, '/', absl::SkipEmpty()); }

bool IsLabel(absl::string_view part) { return absl::StartsWith(part, "{"); }

absl::Status WrongValue(absl::string_view name, absl::string_view text) {
  return ec2::Error("InvalidParameterValue",
                    absl::StrCat("Value (", text.substr(0, 256), ") for parameter ", name, " is invalid."));
}

// A value in the path, the query or a header, which are all texts.
absl::Status PutValue(const WireField& wire, const Place& place, const std::string& text, Message& message) {
  switch (wire.type) {
    case WireType::kText:
      if (!gateway::IsUtf8(text)) return WrongValue(place.name, absl::CHexEscape(text));
      PutText(wire, text, message);
      return absl::OkStatus();
    case WireType::kInteger:
      if (const std::optional<int32_t> value = ParseInteger(text); value.has_value()) {
        PutInteger(wire, *value, message);
        return absl::OkStatus();
      }
      return WrongValue(place.name, text);
    default:
      return absl::InternalError("the schema has a field of this type outside of the body");
  }
}

std::string TextOf(const Message& message, const WireField& wire) {
  std::string scratch;
  const WireValue value{.message = message, .wire = wire};
  return wire.type == WireType::kInteger ? absl::StrCat(value.Integer()) : value.Text(scratch);
}

absl::Status TakePath(const RestRoute& route, absl::string_view target, const WireMessage& wires, Message& message) {
  const std::vector<std::string> parts = PartsOf(PathOf(target));
  for (const WireField& wire : wires.fields) {
    const Place place = PlaceOf(wire);
    if (place.kind != "uri") continue;
    for (size_t i = 0; i < parts.size(); ++i) {
      if (route.parts[i] != absl::StrCat("{", place.name, "}")) continue;
      RETURN_IF_ERROR(PutValue(wire, place, parts[i], message));
    }
  }
  return absl::OkStatus();
}

// What signs a request is no parameter of the call.
bool IsOfSignature(absl::string_view name) { return absl::StartsWithIgnoreCase(name, "X-Amz-"); }

absl::Status TakeQuery(absl::string_view target, const WireMessage& wires, Message& message) {
  const size_t question = target.find('?');
  if (question == absl::string_view::npos) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Form form, ParseForm(target.substr(question + 1)));
  for (const FormField& field : form) {
    bool known = IsOfSignature(field.name);
    for (const WireField& wire : wires.fields) {
      const Place place = PlaceOf(wire);
      if (place.kind != "query" || place.name != field.name) continue;
      RETURN_IF_ERROR(PutValue(wire, place, std::string(field.value), message));
      known = true;
    }
    if (!known) {
      return ec2::Error("UnknownParameter",
                        absl::StrCat("The parameter ", field.name.substr(0, 200), " is not recognized"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

RestRoute RouteOf(const google::protobuf::MethodDescriptor& method) {
  RestRoute route;
  route.method = &method;
  const std::vector<std::string> words = absl::StrSplit(method.options().GetExtension(rpc::v1::http), ' ');
  if (words.size() != 3) return route;
  route.verb = words[0];
  route.parts = PartsOf(words[1]);
  (void)absl::SimpleAtoi(words[2], &route.status);  // a test reads all of them
  return route;
}

bool Matches(const RestRoute& route, absl::string_view verb, absl::string_view target) {
  const std::vector<std::string> parts = PartsOf(PathOf(target));
  if (route.verb != verb || parts.size() != route.parts.size()) return false;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (!IsLabel(route.parts[i]) && route.parts[i] != parts[i]) return false;
  }
  return true;
}

namespace {

absl::Status Decode(const RestRoute& route, const RestRequest& request, Message& message) {
  const WireMessage& wires = WireOf(*message.GetDescriptor());
  const WireField* payload = nullptr;
  for (const WireField& wire : wires.fields) {
    if (PlaceOf(wire).kind == "payload") payload = &wire;
  }
  if (payload != nullptr) {
    PutText(*payload, std::string(request.body), message);
  } else {
    RETURN_IF_ERROR(DecodeJson(request.body, *route.method, message));
    // The body has no say in what stands elsewhere.
    for (const WireField& wire : wires.fields) {
      if (!PlaceOf(wire).kind.empty()) message.GetReflection()->ClearField(&message, wire.field);
    }
  }
  RETURN_IF_ERROR(TakePath(route, request.target, wires, message));
  RETURN_IF_ERROR(TakeQuery(request.target, wires, message));
  for (const WireField& wire : wires.fields) {
    const Place place = PlaceOf(wire);
    if (place.kind != "header") continue;
    const absl::string_view value = HeaderOf(request.headers, place.name);
    if (!value.empty()) RETURN_IF_ERROR(PutValue(wire, place, std::string(value), message));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status DecodeRest(const RestRoute& route, const RestRequest& request, Message& message) {
  absl::Status decoded = Decode(route, request, message);
  // The API has one code for all that is wrong with a request.
  const auto code = ec2::KnownCode::Find(schema::Family(*route.method->service()).invalid_code);
  if (!absl::IsInvalidArgument(decoded) || !code.has_value()) return decoded;
  return ec2::Error(*code, decoded.message());
}

QueryAnswer EncodeRest(const RestRoute& route, const Message& response) {
  QueryAnswer answer{.status = route.status, .content_type = "application/json"};
  const std::unique_ptr<Message> body(response.New());
  body->CopyFrom(response);
  bool payload = false;
  for (const WireField& wire : WireOf(*response.GetDescriptor()).fields) {
    const Place place = PlaceOf(wire);
    if (place.kind.empty()) continue;
    if (place.kind == "payload") {
      answer.body = TextOf(response, wire);
      answer.content_type = "application/octet-stream";
      payload = true;
    } else if (IsThere(response, wire)) {
      answer.headers.emplace_back(place.name, TextOf(response, wire));
    }
    body->GetReflection()->ClearField(body.get(), wire.field);
  }
  if (!payload) answer.body = EncodeJson(*route.method, *body);
  return answer;
}

}  // namespace brume::frontend
