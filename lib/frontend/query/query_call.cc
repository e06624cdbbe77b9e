#include "lib/frontend/query/query_call.h"

#include <algorithm>
#include <iterator>
#include <memory>

#include "absl/strings/str_cat.h"
#include "lib/base/log.h"
#include "lib/base/status_macros.h"
#include "lib/frontend/query/content_coding.h"
#include "lib/frontend/query/decode.h"
#include "lib/frontend/query/decode_cbor.h"
#include "lib/frontend/query/encode.h"
#include "lib/frontend/query/encode_cbor.h"
#include "lib/frontend/query/encode_error.h"
#include "lib/gateway/public_error.h"
#include "lib/resource/aws_actions.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"

namespace brume::frontend {
namespace {

using google::protobuf::Message;
using google::protobuf::MethodDescriptor;

RequestHead HeadOf(const SignedRequest& request) {
  return {.method = request.method, .target = request.target, .headers = request.headers};
}

// Of a name that a caller gave.
absl::string_view Shown(absl::string_view name) { return name.substr(0, 200); }

absl::Status ServiceIsNotServed(Protocol protocol, absl::string_view service) {
  const std::string why =
      absl::StrCat("The service '", Shown(service),
                   "' is not served by Brume, which has EC2, EBS, STS, IAM, Auto Scaling and CloudWatch.");
  return protocol == Protocol::kRestXml ? ec2::Error("NotImplemented", why) : ec2::Error("InvalidAction", why);
}

absl::Status ActionIsNotServed(const schema::ApiFamilyInfo& family, absl::string_view action) {
  switch (FindAwsAction(family.signing_name, action)) {
    case AwsAction::kRetired:
      // EC2's words, by which programs know it: amazon.aws of Ansible asks each VPC for ClassicLink.
      return ec2::Error("UnsupportedOperation",
                        absl::StrCat("The functionality you requested is not available in this region. What ", action,
                                     " is about has been retired by AWS."));
    case AwsAction::kCurrent:
      return ec2::Error("InvalidAction", absl::StrCat("The action ", action, " is not served by Brume."));
    case AwsAction::kUnknown:
      break;
  }
  return ec2::Error("InvalidAction", absl::StrCat("The action ", Shown(action), " is not valid for this web service."));
}

std::unique_ptr<Message> NewRequest(const MethodDescriptor& method) {
  const Message* const prototype =
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(method.input_type());
  return std::unique_ptr<Message>(prototype->New());
}

Caller WithPeer(Caller caller, const QueryRequest& request) {
  caller.source = request.source;
  if (request.origin.has_value()) {
    caller.vpc_endpoint_id = request.origin->vpc_endpoint_id;
    caller.vpc_id = request.origin->vpc_id;
  }
  caller.secure = request.secure;
  caller.user_agent = std::string(HeaderOf(request.http.headers, "User-Agent"));
  caller.request_id = request.request_id;
  return caller;
}

// Clients name the version of an API that they were written for (boto 2.49 and Ruby's first SDK 2014-10-01), and AWS
// serves them all.
bool IsOldVersion(absl::string_view signing_name, absl::string_view version) {
  static constexpr absl::string_view kEc2[] = {
      "2006-06-26", "2006-10-01", "2007-01-03", "2007-01-19", "2007-03-01", "2007-08-29", "2008-02-01", "2008-05-05",
      "2008-08-08", "2008-12-01", "2009-03-01", "2009-04-04", "2009-07-15", "2009-08-15", "2009-10-31", "2009-11-30",
      "2010-06-15", "2010-08-31", "2010-11-15", "2011-01-01", "2011-02-28", "2011-05-15", "2011-07-15", "2011-11-01",
      "2011-12-01", "2011-12-15", "2012-03-01", "2012-04-01", "2012-05-01", "2012-06-01", "2012-06-15", "2012-07-20",
      "2012-08-15", "2012-10-01", "2012-12-01", "2013-02-01", "2013-06-15", "2013-07-15", "2013-08-15", "2013-10-01",
      "2013-10-15", "2014-02-01", "2014-05-01", "2014-06-15", "2014-09-01", "2014-10-01", "2015-03-01", "2015-04-15",
      "2015-10-01", "2016-04-01", "2016-09-15"};
  if (signing_name == "ec2") return std::binary_search(std::begin(kEc2), std::end(kEc2), version);
  const bool of_both = signing_name == "autoscaling" || signing_name == "monitoring";
  return of_both && (version == "2009-05-15" || version == "2010-08-01");
}

}  // namespace

QueryCalls::QueryCalls(const gateway::Dispatcher& dispatcher, Authenticate authenticate, QueryCallOptions options)
    : dispatcher_(dispatcher), authenticate_(std::move(authenticate)), options_(std::move(options)) {
  for (const google::protobuf::ServiceDescriptor* service : schema::Services()) {
    const schema::ApiFamilyInfo& family = schema::Family(*service);
    if (family.api_version.empty()) continue;
    Api& api = family.rest ? by_signing_name_[family.signing_name] : by_version_[family.api_version];
    api.family = &family;
    for (int i = 0; i < service->method_count(); ++i) {
      const MethodDescriptor* const method = service->method(i);
      if (schema::IsStreaming(*method)) continue;
      api.actions.emplace(method->name(), method);
      if (family.rest) api.routes.push_back(RouteOf(*method));
    }
    if (!family.rpc_service.empty()) by_rpc_service_[family.rpc_service] = &api;
  }
}

absl::StatusOr<std::string> QueryCalls::BodyOf(const SignedRequest& request) const {
  const bool gzip = !request.body.empty() && ContentCodingOf(request.headers) == ContentCoding::kGzip;
  if (gzip) return DecodeGzip(request.body, options_.body_bytes);
  return std::string(request.body);
}

// The parameters of the query and of the body, as the ones of one form: a presigned POST has some in each.
absl::StatusOr<Form> QueryCalls::FormOf(const SignedRequest& request) const {
  const size_t question = request.target.find('?');
  Form form;
  if (question != absl::string_view::npos) {
    ASSIGN_OR_RETURN(form, ParseForm(request.target.substr(question + 1)));
  }
  ASSIGN_OR_RETURN(const std::string body, BodyOf(request));
  ASSIGN_OR_RETURN(Form fields, ParseForm(body));
  for (FormField& field : fields) form.push_back(std::move(field));
  return form;
}

void QueryCalls::FindForm(const SignedRequest& request, Asked& asked) const {
  for (const FormField& field : asked.form) {
    if (field.name == "Action" && asked.action.empty()) asked.action = field.value;
    if (field.name == "Version" && asked.version.empty()) asked.version = field.value;
  }
  const std::string claimed = ClaimedService(HeadOf(request));
  const schema::ApiFamilyInfo* const family = ServedFamily(claimed.empty() ? "ec2" : claimed);
  const bool old = family != nullptr && IsOldVersion(family->signing_name, asked.version);
  auto api = by_version_.find(asked.version);
  // One service's old version may be another's of today.
  if (old && (!claimed.empty() || api == by_version_.end())) api = by_version_.find(family->api_version);
  if (api != by_version_.end()) asked.api = &api->second;
}

void QueryCalls::FindRpc(const SignedRequest& request, Asked& asked) const {
  RpcTarget target = RpcTargetOf(asked.protocol, HeadOf(request));
  const auto api = by_rpc_service_.find(target.service);
  if (api != by_rpc_service_.end()) asked.api = api->second;
  asked.rpc_service = std::move(target.service);
  asked.action = std::move(target.operation);
}

void QueryCalls::FindRoute(const SignedRequest& request, Asked& asked) const {
  asked.rpc_service = ClaimedService(HeadOf(request));
  const auto api = by_signing_name_.find(asked.rpc_service);
  if (api == by_signing_name_.end()) return;
  asked.api = &api->second;
  asked.action = absl::StrCat(request.method, " ", PathOf(request.target));
  for (const RestRoute& route : asked.api->routes) {
    if (!Matches(route, request.method, request.target)) continue;
    asked.route = &route;
    asked.action = route.method->name();
  }
}

QueryCalls::Asked QueryCalls::AskedBy(const SignedRequest& request) const {
  Asked asked;
  asked.protocol = ProtocolOf(HeadOf(request));
  if (asked.protocol == Protocol::kQuery) {
    absl::StatusOr<Form> form = FormOf(request);
    if (form.ok()) {
      asked.form = *std::move(form);
    } else {
      asked.fault = form.status();
    }
    FindForm(request, asked);
  } else if (asked.protocol != Protocol::kRestXml) {
    absl::StatusOr<std::string> body = BodyOf(request);
    if (body.ok()) {
      asked.body = *std::move(body);
    } else {
      asked.fault = body.status();
    }
    asked.protocol == Protocol::kRestJson ? FindRoute(request, asked) : FindRpc(request, asked);
  }
  if (asked.api == nullptr) return asked;
  const auto method = asked.api->actions.find(asked.action);
  if (method != asked.api->actions.end()) asked.method = method->second;
  return asked;
}

absl::Status QueryCalls::CheckForm(const Authenticated& who, const Asked& asked) const {
  if (asked.action.empty()) return ec2::Error("MissingAction", "The request must contain the parameter Action");
  if (asked.version.empty()) {
    return ec2::Error(ec2::kMissingParameter, "Version");
  }
  if (asked.api != nullptr && asked.api->family->signing_name == who.service) return absl::OkStatus();
  return ec2::Error("NoSuchVersion", absl::StrCat("The requested version (", Shown(asked.version), ") of the service ",
                                                  who.service, " does not exist"));
}

absl::Status QueryCalls::CheckScope(const Authenticated& who, const QueryRequest& request, const Asked& asked) const {
  if (request.origin.has_value() && request.origin->service != who.service) {
    return ec2::Error("SignatureDoesNotMatch",
                      absl::StrCat("Credential should be scoped to correct service: '", request.origin->service,
                                   "', which ", request.origin->vpc_endpoint_id, " leads to."));
  }
  if (!IsServed(who.service)) return ServiceIsNotServed(asked.protocol, who.service);
  if (!options_.strict_region.empty() && who.region != options_.strict_region) {
    return ec2::Error("SignatureDoesNotMatch", absl::StrCat("Credential should be scoped to a valid region: '",
                                                            options_.strict_region, "', not '", who.region, "'."));
  }
  RETURN_IF_ERROR(asked.fault);
  if (asked.protocol == Protocol::kQuery) {
    RETURN_IF_ERROR(CheckForm(who, asked));
  } else if (asked.api == nullptr) {
    return ServiceIsNotServed(asked.protocol, asked.rpc_service);
  } else if (asked.api->family->signing_name != who.service) {
    return ec2::Error("SignatureDoesNotMatch", absl::StrCat("Credential should be scoped to correct service: '",
                                                            asked.api->family->signing_name, "'."));
  }
  if (asked.method == nullptr) return ActionIsNotServed(*asked.api->family, asked.action);
  return absl::OkStatus();
}

absl::Status QueryCalls::Decode(const QueryRequest& request, const Asked& asked, Message& message) {
  switch (asked.protocol) {
    case Protocol::kRestJson:
      return DecodeRest(*asked.route,
                        {.target = request.http.target, .headers = request.http.headers, .body = asked.body}, message);
    case Protocol::kJson:
      return DecodeJson(asked.body, *asked.method, message);
    case Protocol::kCbor:
      return DecodeCbor(asked.body, *asked.method, message);
    default:
      return DecodeRequest(asked.form, *asked.method, message);
  }
}

QueryAnswer QueryCalls::Encode(const QueryRequest& request, const Asked& asked, const Message& response) {
  switch (asked.protocol) {
    case Protocol::kRestJson:
      return EncodeRest(*asked.route, response);
    case Protocol::kJson:
      return {.content_type = JsonTypeOf(HeadOf(request.http)), .body = EncodeJson(*asked.method, response)};
    case Protocol::kCbor:
      return {.content_type = "application/cbor",
              .headers = {{"smithy-protocol", "rpc-v2-cbor"}},
              .body = EncodeCbor(*asked.method, response)};
    default:
      return {.content_type = XmlType(asked.api->family->aws_query),
              .body = EncodeResponse(*asked.method, response, request.request_id, asked.version)};
  }
}

absl::StatusOr<QueryAnswer> QueryCalls::Run(const QueryRequest& request, const Asked& asked) const {
  std::unique_ptr<Message> message;
  if (asked.method != nullptr) message = NewRequest(*asked.method);
  const auto refuse = [&](const Caller& caller, const absl::Status& why) {
    if (asked.method != nullptr) return dispatcher_.Refuse(*asked.method, *message, caller, why);
    return gateway::PublicError(why, request.request_id);
  };
  absl::StatusOr<Authenticated> who = authenticate_(request.http);
  if (!who.ok()) return refuse(WithPeer({.principal = "anonymous"}, request), who.status());
  const Caller caller = WithPeer(std::move(who->caller), request);
  if (const absl::Status scope = CheckScope(*who, request, asked); !scope.ok()) return refuse(caller, scope);
  if (const absl::Status decoded = Decode(request, asked, *message); !decoded.ok()) return refuse(caller, decoded);
  ASSIGN_OR_RETURN(const std::unique_ptr<Message> response, dispatcher_.Call(*asked.method, *message, caller));
  return Encode(request, asked, *response);
}

QueryAnswer QueryCalls::Answer(const QueryRequest& request) const {
  const log::RequestScope scope(request.request_id);
  const Asked asked = AskedBy(request.http);
  absl::StatusOr<QueryAnswer> answer = Run(request, asked);
  if (answer.ok()) return *std::move(answer);
  RefusalForm form = RefusalFormOf(HeadOf(request.http));
  form.protocol = asked.protocol;
  if (asked.api != nullptr) form.family = asked.api->family;
  return EncodeRefusal(form, answer.status(), request.request_id);
}

}  // namespace brume::frontend
