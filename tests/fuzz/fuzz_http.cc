// What a client sends on a connection of the Query API, read as its sessions read it: request after request from the
// head to the XML of the answer, and the event that is kept of each. No sockets; handlers answer nothing.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <pugixml.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "brume/ec2/v1/instance.pb.h"
#include "brume/ec2/v1/key_pair.pb.h"
#include "brume/ec2/v1/region.pb.h"
#include "brume/ec2/v1/security_group.pb.h"
#include "brume/ec2/v1/tag.pb.h"
#include "brume/ec2/v1/vpc.pb.h"
#include "brume/iam/v1/user.pb.h"
#include "brume/sts/v1/sts.pb.h"
#include "lib/base/log.h"
#include "lib/frontend/query/cbor.h"
#include "lib/frontend/query/http_adapter.h"
#include "lib/frontend/query/query_call.h"
#include "lib/gateway/actions.h"
#include "lib/gateway/call_event.h"
#include "lib/gateway/validate.h"
#include "lib/http/server.h"
#include "lib/iam/model/policy.h"
#include "lib/resource/ec2_error.h"

namespace brume {
namespace {

constexpr char kRequestId[] = "0d3bb7f4-5d2b-4b02-9a4a-6c1c3c1f7e10";
// Small, so that inputs get beyond them.
constexpr frontend::QueryLimits kLimits{.head_bytes = 1024, .headers = 20, .body_bytes = 2048};

void Require(bool condition) {
  if (!condition) std::abort();
}

// Whoever says who he is, is taken to be: "NAME SERVICE REGION".
absl::StatusOr<Authenticated> Signed(const SignedRequest& request) {
  for (const auto& [name, value] : request.headers) {
    if (name != "authorization") continue;
    const std::vector<std::string> words = absl::StrSplit(value, ' ');
    if (words.size() != 3) return ec2::Error("IncompleteSignature", "not three words");
    return Authenticated{.caller = {.principal = words[0], .administrator = words[0] == "root"},
                         .service = words[1],
                         .region = words[2]};
  }
  return ec2::Error("MissingAuthenticationToken", "Request is missing Authentication Token");
}

absl::Status Authorize(const AccessQuestion& question) {
  static const auto& policy = *new auto(iam::Policy::Parse(
      R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","NotAction":"ec2:Run*","Resource":"arn:aws:ec2:*:*:i*"},
          {"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringLike":{"aws:UserAgent":"*evil*"}}}]})",
      iam::PolicyKind::kIdentity, iam::PolicyUse::kJudge));
  Require(policy.ok() && !question.resources.empty());
  for (const std::string& resource : question.resources) {
    if ((*policy)->Judge(question.action, resource, question.context) != iam::Verdict::kAllow)
      return absl::PermissionDeniedError("so");
  }
  return absl::OkStatus();
}

template <typename Request, typename Response>
void AnswerNothing(gateway::Dispatcher& dispatcher) {
  gateway::Actions(dispatcher).Add([](const Request&) -> absl::StatusOr<Response> { return Response(); });
}

std::unique_ptr<gateway::Dispatcher> MakeDispatcher() {
  auto dispatcher = std::make_unique<gateway::Dispatcher>(gateway::DispatcherParts{
      .authorize = [](const Caller&, const AccessQuestion& question) { return Authorize(question); },
      .record =
          [](const gateway::CallRecord& record) { Require(gateway::IsUtf8(gateway::EventOf(record).parameters)); }});
  AnswerNothing<ec2::v1::DescribeInstancesRequest, ec2::v1::DescribeInstancesResponse>(*dispatcher);
  AnswerNothing<ec2::v1::RunInstancesRequest, ec2::v1::RunInstancesResponse>(*dispatcher);
  AnswerNothing<ec2::v1::RebootInstancesRequest, ec2::v1::RebootInstancesResponse>(*dispatcher);
  AnswerNothing<ec2::v1::DescribeInstanceAttributeRequest, ec2::v1::DescribeInstanceAttributeResponse>(*dispatcher);
  AnswerNothing<ec2::v1::DescribeRegionsRequest, ec2::v1::DescribeRegionsResponse>(*dispatcher);
  AnswerNothing<ec2::v1::ImportKeyPairRequest, ec2::v1::ImportKeyPairResponse>(*dispatcher);
  AnswerNothing<ec2::v1::AuthorizeSecurityGroupIngressRequest, ec2::v1::AuthorizeSecurityGroupIngressResponse>(
      *dispatcher);
  AnswerNothing<ec2::v1::CreateTagsRequest, ec2::v1::CreateTagsResponse>(*dispatcher);
  AnswerNothing<ec2::v1::DescribeVpcsRequest, ec2::v1::DescribeVpcsResponse>(*dispatcher);
  AnswerNothing<iam::v1::CreateUserRequest, iam::v1::CreateUserResponse>(*dispatcher);
  AnswerNothing<iam::v1::ListUsersRequest, iam::v1::ListUsersResponse>(*dispatcher);
  AnswerNothing<sts::v1::GetCallerIdentityRequest, sts::v1::GetCallerIdentityResponse>(*dispatcher);
  return dispatcher;
}

const frontend::QueryCalls& Calls() {
  static const auto& calls = *[] {
    Require(log::Configure(log::Level::kError, "").ok());
    return new frontend::QueryCalls(*MakeDispatcher().release(), Signed, {.body_bytes = kLimits.body_bytes});
  }();
  return calls;
}

// One structure, whole.
void CheckCbor(const std::string& body) {
  frontend::CborReader reader(body);
  const absl::StatusOr<frontend::CborItem> first = reader.Next();
  Require(first.ok() && first->type == frontend::CborType::kMap);
  while (!reader.AtEnd()) Require(reader.Next().ok());
}

void Check(const http::Response& answer) {
  Require(answer.status >= 200 && answer.status <= 503);
  if (answer.content_type == "application/cbor") return CheckCbor(answer.body);
  Require(gateway::IsUtf8(answer.body));
  if (absl::StrContains(answer.content_type, "json")) return Require(nlohmann::json::accept(answer.body));
  Require(absl::StrContains(answer.content_type, "/xml") && absl::StrContains(answer.body, kRequestId));
  pugi::xml_document xml;
  Require(xml.load_buffer(answer.body.data(), answer.body.size()) && xml.document_element());
}

void Answer(const http::Request& request, const http::Responder& responder) {
  responder.Send(frontend::ToHttp(
      Calls().Answer(
          {.http = frontend::ToSigned(request), .source = "192.0.2.7", .secure = true, .request_id = kRequestId}),
      kRequestId, /*simulated=*/false));
}

void Serve(absl::string_view bytes) {
  static const auto& options = *new http::ServerOptions(
      frontend::HttpServerOptions({.listen = "", .limits = kLimits}, [] { return std::string(kRequestId); }));
  for (const http::Response& answer : http::ServeBytes(options, Answer, bytes)) Check(answer);
}

}  // namespace
}  // namespace brume

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  brume::Serve(absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
