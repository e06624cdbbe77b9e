// Actions that are not served, and services that are not: each is told so, in the protocol it asked in, once it has
// shown who it is.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "lib/frontend/query/protocol.h"
#include "lib/resource/aws_actions.h"
#include "lib/schema/schema.h"
#include "tests/frontend/query/query_fixture.h"

namespace brume {
namespace {

using Catch::Contains;
using Catch::StartsWith;

// What QueryFixture::Signed takes for a signature, with a scope as real ones have it.
std::string SignedFor(const std::string& service) {
  return absl::StrCat("Authorization: Credential=AK/20260101/us-east-1/", service, "/aws4_request ", service,
                      " us-east-1\r\n");
}

// The same of somebody whose signature is not believed.
std::string WronglySignedFor(const std::string& service) {
  return absl::StrCat("Authorization: Credential=AK/20260101/us-east-1/", service, "/aws4_request\r\n");
}

struct OtherService {
  const char* service;
  const char* line;     // of the request
  const char* headers;  // beside the signature
  const char* body;
  const char* status;
  const char* type;   // of the answer
  const char* code;   // in the answer's body
  const char* wrong;  // the same when the signature is not believed
};

constexpr OtherService kOtherServices[] = {
    {"dynamodb", "POST / HTTP/1.1",
     "Content-Type: application/x-amz-json-1.0\r\nX-Amz-Target: DynamoDB_20120810.ListTables\r\n", "{}",
     "HTTP/1.1 400 ", "application/x-amz-json-1.0", "\"__type\":\"UnknownOperationException\"",
     "\"__type\":\"IncompleteSignatureException\""},
    {"logs", "POST / HTTP/1.1",
     "Content-Type: application/x-amz-json-1.1\r\nX-Amz-Target: Logs_20140328.PutLogEvents\r\n", "{}", "HTTP/1.1 400 ",
     "application/x-amz-json-1.1", "\"__type\":\"UnknownOperationException\"",
     "\"__type\":\"IncompleteSignatureException\""},
    {"elasticloadbalancing", "POST / HTTP/1.1", "Content-Type: application/x-www-form-urlencoded\r\n",
     "Action=DescribeLoadBalancers&Version=2015-12-01", "HTTP/1.1 400 ", "text/xml", "<Code>InvalidAction</Code>",
     "<Code>IncompleteSignature</Code>"},
    {"s3", "GET /bucket/a%20key?list-type=2 HTTP/1.1", "", "", "HTTP/1.1 501 ", "application/xml",
     "<Error><Code>NotImplemented</Code>", "<Error><Code>IncompleteSignature</Code>"},
    {"s3", "PUT /bucket/key HTTP/1.1", "Content-Type: text/plain\r\nContent-Encoding: aws-chunked\r\n", "x",
     "HTTP/1.1 501 ", "application/xml", "<Error><Code>NotImplemented</Code>",
     "<Error><Code>IncompleteSignature</Code>"},
    {"route53", "GET /2013-04-01/hostedzone HTTP/1.1", "", "", "HTTP/1.1 501 ", "text/xml",
     "<Code>NotImplemented</Code>", "<Code>IncompleteSignature</Code>"},
    {"lambda", "DELETE /2015-03-31/functions/f HTTP/1.1", "", "", "HTTP/1.1 400 ", "application/json",
     "\"__type\":\"UnknownOperationException\"", "\"__type\":\"IncompleteSignatureException\""},
    {"compute-optimizer", "POST /service/ComputeOptimizerService/operation/GetEnrollmentStatus HTTP/1.1",
     "Content-Type: application/cbor\r\nsmithy-protocol: rpc-v2-cbor\r\n", "\xa0", "HTTP/1.1 400 ", "application/cbor",
     "\x78\x19UnknownOperationException", "\x78\x1cIncompleteSignatureException"},
};

std::string RequestFor(const OtherService& other, const std::string& signature) {
  const std::string length = absl::StrCat("Content-Length: ", std::string(other.body).size(), "\r\n");
  return absl::StrCat(other.line, "\r\nHost: localhost\r\n", signature, other.headers,
                      *other.body == '\0' ? "" : length, "\r\n", other.body);
}

}  // namespace

TEST_CASE("an action that AWS retired, one that is not served and one that there is not are told apart", "[query]") {
  QueryFixture fixture;
  fixture.Serve();
  const auto answer = [&](const std::string& action, const std::string& version, const std::string& service) {
    return fixture.Ask(
        Post("Action=" + action + "&Version=" + version, "Authorization: ada " + service + " us-east-1\r\n"));
  };
  for (const char* retired :
       {"DescribeVpcClassicLink", "DescribeVpcClassicLinkDnsSupport", "AttachClassicLinkVpc", "DetachClassicLinkVpc",
        "EnableVpcClassicLink", "DisableVpcClassicLink", "MoveAddressToVpc", "RunScheduledInstances"}) {
    CHECK_THAT(answer(retired, "2016-11-15", "ec2"),
               StartsWith("HTTP/1.1 400 ") && Contains("<Code>UnsupportedOperation</Code>") && Contains(retired) &&
                   Contains("The functionality you requested is not available in this region."));
  }
  const auto is_not_served = [&](const std::string& action, const std::string& version, const std::string& service) {
    CHECK_THAT(answer(action, version, service),
               Contains("<Code>InvalidAction</Code>") && Contains("is not served by Brume"));
  };
  is_not_served("CreateTransitGateway", "2016-11-15", "ec2");
  is_not_served("CreateSAMLProvider", "2010-05-08", "iam");
  is_not_served("GetFederationToken", "2011-06-15", "sts");
  is_not_served("PutNotificationConfiguration", "2011-01-01", "autoscaling");
  is_not_served("PutDashboard", "2010-08-01", "monitoring");
  CHECK_THAT(answer("DescribeInstanzes", "2016-11-15", "ec2"),
             Contains("<Code>InvalidAction</Code>") && !Contains("by Brume"));
  CHECK_THAT(answer("PutDashboard", "2016-11-15", "ec2"),
             Contains("<Code>InvalidAction</Code>") && !Contains("by Brume"));
  CHECK(fixture.Records().empty());
}

TEST_CASE("no action that is served is taken for one that AWS retired or does not have", "[query]") {
  for (const auto* service : schema::Services()) {
    const schema::ApiFamilyInfo& family = schema::Family(*service);
    if (family.api_version.empty()) continue;
    const auto& actions = AwsActions(family.signing_name);
    CHECK(std::is_sorted(actions.begin(), actions.end()));  // they are searched by halves
    for (int i = 0; i < service->method_count(); ++i) {
      INFO(service->method(i)->full_name());
      CHECK(FindAwsAction(family.signing_name, service->method(i)->name()) == AwsAction::kCurrent);
    }
  }
}

TEST_CASE("a call of a service that is not served is told so in its own protocol", "[query]") {
  QueryFixture fixture;
  fixture.Serve();
  for (const OtherService& other : kOtherServices) {
    INFO(other.service << ": " << other.line);
    const std::string answer = fixture.Ask(RequestFor(other, SignedFor(other.service)));
    CHECK_THAT(answer, StartsWith(other.status) && Contains(absl::StrCat("Content-Type: ", other.type, "\r\n")));
    CHECK_THAT(answer, Contains(other.code) && Contains(absl::StrCat("'", other.service, "' is not served by Brume")));
    CHECK_THAT(answer, Contains("x-amzn-RequestId: "));
  }
}

TEST_CASE("who calls a service that is not served and is not believed hears of the signature first", "[query]") {
  QueryFixture fixture;
  fixture.Serve();
  for (const OtherService& other : kOtherServices) {
    INFO(other.service << ": " << other.line);
    const std::string answer = fixture.Ask(RequestFor(other, WronglySignedFor(other.service)));
    CHECK_THAT(answer, Contains(other.wrong) && !Contains("not served"));
  }
}

TEST_CASE("who claims another service than that of the signature reaches no action", "[query]") {
  QueryFixture fixture;
  fixture.Serve();
  // Whoever the head speaks of, it is the signature's service that counts.
  const std::string lies = "Authorization: Credential=AK/20260101/us-east-1/ec2/aws4_request s3 us-east-1\r\n";
  CHECK_THAT(fixture.Ask(Post(QueryFixture::kDescribe, lies)), Contains("'s3' is not served by Brume"));
  const std::string other = "Authorization: Credential=AK/20260101/us-east-1/s3/aws4_request ec2 us-east-1\r\n";
  CHECK_THAT(fixture.Ask("PUT /x HTTP/1.1\r\n" + other + "\r\n"), !StartsWith("HTTP/1.1 200"));
  CHECK_THAT(fixture.Ask(Post("Action=%zz", "")), Contains("<Code>MissingAuthenticationToken</Code>"));
}

TEST_CASE("the service that a presigned URL claims is read from its query", "[query]") {
  const http::Headers none;
  const auto service = [&](const char* target) {
    return frontend::ClaimedService({.method = "GET", .target = target, .headers = none});
  };
  CHECK(service("/b/k?X-Amz-Algorithm=A&X-Amz-Credential=AK%2F20260101%2Fus-east-1%2Fs3%2Faws4_request") == "s3");
  CHECK(service("/?X-Amz-Credential=AK/20260101/us-east-1/ec2/aws4_request&x=y") == "ec2");
  CHECK(service("/?X-Amz-Credential=AK").empty());
  CHECK(service("/b/k").empty());
}

}  // namespace brume
