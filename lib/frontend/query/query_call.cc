#include "lib/frontend/query/query_call.h"

#include <algorithm>
#include <iterator>
#include <memory>

#include "absl/strings/str_cat.h"
#include "lib/base/log.h"
#include "lib/base/status_macros.h"
#include "lib/frontend/query/content_coding.h"
#include "lib/frontend/query/decode.h"
#include "lib/frontend/query/encode.h"
#include "lib/frontend/query/encode_error.h"
#include "lib/gateway/public_error.h"
#include "lib/resource/ec2_error.h"

namespace brume::frontend {
namespace {

using google::protobuf::Message;
using google::protobuf::MethodDescriptor;

std::string ContentType(bool aws_query) { return aws_query ? "text/xml" : "text/xml;charset=UTF-8"; }

std::string Header(const SignedRequest& request, absl::string_view name) {
  for (const auto& [header, value] : request.headers) {
    if (header == name) return value;
  }
  return "";
}

std::unique_ptr<Message> NewRequest(const MethodDescriptor& method) {
  const Message* const prototype =
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(method.input_type());
  return std::unique_ptr<Message>(prototype->New());
}

Caller WithPeer(Caller caller, const QueryRequest& request) {
  caller.source = request.source;
  caller.secure = request.secure;
  caller.user_agent = Header(request.http, "user-agent");
  caller.request_id = request.request_id;
  return caller;
}

// The one that is served to clients of all versions before it.
constexpr char kEc2Version[] = "2016-11-15";

// Clients name the version of EC2's API that they were written for (boto 2.49 and Ruby's first SDK 2014-10-01), and EC2
// serves them all. 2011-01-01, which is Auto Scaling's version too, is taken for that.
bool IsOldEc2Version(absl::string_view version) {
  static constexpr absl::string_view kVersions[] = {
      "2006-06-26", "2006-10-01", "2007-01-03", "2007-01-19", "2007-03-01", "2007-08-29", "2008-02-01", "2008-05-05",
      "2008-08-08", "2008-12-01", "2009-03-01", "2009-04-04", "2009-07-15", "2009-08-15", "2009-10-31", "2009-11-30",
      "2010-06-15", "2010-08-31", "2010-11-15", "2011-02-28", "2011-05-15", "2011-07-15", "2011-11-01", "2011-12-01",
      "2011-12-15", "2012-03-01", "2012-04-01", "2012-05-01", "2012-06-01", "2012-06-15", "2012-07-20", "2012-08-15",
      "2012-10-01", "2012-12-01", "2013-02-01", "2013-06-15", "2013-07-15", "2013-08-15", "2013-10-01", "2013-10-15",
      "2014-02-01", "2014-05-01", "2014-06-15", "2014-09-01", "2014-10-01", "2015-03-01", "2015-04-15", "2015-10-01",
      "2016-04-01", "2016-09-15"};
  return std::binary_search(std::begin(kVersions), std::end(kVersions), version);
}

}  // namespace

QueryAnswer RefusedByHttp(int status, ec2::KnownCode code, absl::string_view message, absl::string_view request_id) {
  return {.status = status,
          .content_type = ContentType(/*aws_query=*/false),
          .body = EncodeError({}, ec2::Error(code, message), request_id)};
}

QueryCalls::QueryCalls(const gateway::Dispatcher& dispatcher, Authenticate authenticate, QueryCallOptions options)
    : dispatcher_(dispatcher), authenticate_(std::move(authenticate)), options_(std::move(options)) {
  for (const google::protobuf::ServiceDescriptor* service : schema::Services()) {
    const schema::ApiFamilyInfo& family = schema::Family(*service);
    if (family.api_version.empty()) continue;
    Api& api = by_version_[family.api_version];
    api.family = &family;
    for (int i = 0; i < service->method_count(); ++i) {
      const MethodDescriptor* const method = service->method(i);
      if (!schema::IsStreaming(*method)) api.actions.emplace(method->name(), method);
    }
  }
}

// The parameters of the query and of the body, as the ones of one form: a presigned POST has some in each.
absl::StatusOr<Form> QueryCalls::FormOf(const SignedRequest& request) const {
  const size_t question = request.target.find('?');
  Form form;
  if (question != absl::string_view::npos) {
    ASSIGN_OR_RETURN(form, ParseForm(request.target.substr(question + 1)));
  }
  std::string text;
  absl::string_view body = request.body;
  if (!body.empty() && ContentCodingOf(request.headers) == ContentCoding::kGzip) {
    ASSIGN_OR_RETURN(text, DecodeGzip(body, options_.body_bytes));
    body = text;
  }
  ASSIGN_OR_RETURN(Form fields, ParseForm(body));
  for (FormField& field : fields) form.push_back(std::move(field));
  return form;
}

QueryCalls::Asked QueryCalls::AskedBy(const Form& form) const {
  Asked asked;
  for (const FormField& field : form) {
    if (field.name == "Action" && asked.action.empty()) asked.action = field.value;
    if (field.name == "Version" && asked.version.empty()) asked.version = field.value;
  }
  const auto api = by_version_.find(IsOldEc2Version(asked.version) ? kEc2Version : asked.version);
  if (api != by_version_.end()) {
    asked.api = &api->second;
    const auto method = asked.api->actions.find(asked.action);
    if (method != asked.api->actions.end()) asked.method = method->second;
  }
  return asked;
}

absl::Status QueryCalls::CheckScope(const Authenticated& who, const Asked& asked) const {
  bool known = false;
  for (const auto& [version, api] : by_version_) known |= api.family->signing_name == who.service;
  if (!known) {
    return ec2::Error("SignatureDoesNotMatch", absl::StrCat("Credential should be scoped to correct service: '",
                                                            who.service, "' is not served here."));
  }
  if (!options_.strict_region.empty() && who.region != options_.strict_region) {
    return ec2::Error("SignatureDoesNotMatch", absl::StrCat("Credential should be scoped to a valid region: '",
                                                            options_.strict_region, "', not '", who.region, "'."));
  }
  if (asked.action.empty()) return ec2::Error("MissingAction", "The request must contain the parameter Action");
  if (asked.version.empty()) {
    return ec2::Error("MissingParameter", "The request must contain the parameter Version");
  }
  if (asked.api == nullptr || asked.api->family->signing_name != who.service) {
    return ec2::Error("NoSuchVersion", absl::StrCat("The requested version (", asked.version, ") of the service ",
                                                    who.service, " does not exist"));
  }
  if (asked.method == nullptr) {
    return ec2::Error("InvalidAction",
                      absl::StrCat("The action ", asked.action, " is not valid for this web service."));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> QueryCalls::Run(const QueryRequest& request, const Form& form, const Asked& asked) const {
  std::unique_ptr<Message> message;
  if (asked.method != nullptr) message = NewRequest(*asked.method);
  const auto refuse = [&](const Caller& caller, const absl::Status& why) {
    if (asked.method != nullptr) return dispatcher_.Refuse(*asked.method, *message, caller, why);
    return gateway::PublicError(why, request.request_id);
  };
  absl::StatusOr<Authenticated> who = authenticate_(request.http);
  if (!who.ok()) return refuse(WithPeer({.principal = "anonymous"}, request), who.status());
  const Caller caller = WithPeer(std::move(who->caller), request);
  if (const absl::Status scope = CheckScope(*who, asked); !scope.ok()) return refuse(caller, scope);
  if (const absl::Status decoded = DecodeRequest(form, *asked.method, *message); !decoded.ok()) {
    return refuse(caller, decoded);
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<Message> response, dispatcher_.Call(*asked.method, *message, caller));
  return EncodeResponse(*asked.method, *response, request.request_id);
}

QueryAnswer QueryCalls::Answer(const QueryRequest& request) const {
  const log::RequestScope scope(request.request_id);
  const absl::StatusOr<Form> form = FormOf(request.http);
  Asked asked;
  absl::StatusOr<std::string> answer;
  if (form.ok()) {
    asked = AskedBy(*form);
    answer = Run(request, *form, asked);
  } else {
    answer = form.status();
  }
  const schema::ApiFamilyInfo unknown;
  const schema::ApiFamilyInfo& family = asked.api != nullptr ? *asked.api->family : unknown;
  const std::string content_type = ContentType(family.aws_query);
  if (answer.ok()) return {.status = 200, .content_type = content_type, .body = *std::move(answer)};
  return {.status = HttpStatus(family, answer.status()),
          .content_type = content_type,
          .body = EncodeError(family, answer.status(), request.request_id)};
}

}  // namespace brume::frontend
