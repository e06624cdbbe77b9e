// CloudWatch in AWS JSON 1.0 and Smithy's RPC v2 CBOR, over a socket: heads, errors, and what is as with forms.
#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/escaping.h"
#include "brume/cloudwatch/v1/metric.pb.h"
#include "tests/frontend/query/query_fixture.h"
#include "tests/support/gzip.h"

namespace brume {
namespace {

using Catch::Contains;
using Catch::StartsWith;

constexpr char kSigned[] = "Authorization: ada monitoring us-east-1\r\n";

// Answers with the namespace that was asked for, and who asked.
struct RpcFixture : QueryFixture {
  RpcFixture() {
    gateway::Actions(dispatcher)
        .Add([](const cloudwatch::v1::ListMetricsRequest& request,
                const Caller& caller) -> absl::StatusOr<cloudwatch::v1::ListMetricsResponse> {
          if (request.next_token() == "bad") return ec2::Error("InvalidParameterValue", "no such \"page\"");
          cloudwatch::v1::ListMetricsResponse response;
          response.add_metrics()->set_namespace_(request.namespace_());
          response.mutable_metrics(0)->set_metric_name(caller.principal);
          return response;
        });
    Serve();
  }

  std::string Cbor(const std::string& operation, const std::string& body, const std::string& head = kSigned) {
    return Ask(absl::StrCat("POST /service/GraniteServiceVersion20100801/operation/", operation,
                            " HTTP/1.1\r\nHost: localhost\r\nsmithy-protocol: rpc-v2-cbor\r\n"
                            "Content-Type: application/cbor\r\n",
                            head, "Content-Length: ", body.size(), "\r\n\r\n", body));
  }
  std::string Json(const std::string& target, const std::string& body, const std::string& head = kSigned) {
    return Ask(absl::StrCat("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-amz-json-1.0\r\n",
                            "X-Amz-Target: ", target, "\r\n", head, "Content-Length: ", body.size(), "\r\n\r\n", body));
  }
};

const std::string kListMetrics = "GraniteServiceVersion20100801.ListMetrics";
const std::string kShop = absl::HexStringToBytes("a1694e616d6573706163656453686f70");   // {"Namespace": "Shop"}
const std::string kBadPage = absl::HexStringToBytes("a1694e657874546f6b656e63626164");  // {"NextToken": "bad"}

}  // namespace

TEST_CASE("a call in CBOR is answered in CBOR, with the protocol's head", "[query]") {
  RpcFixture fixture;
  for (const std::string& answer :
       {fixture.Cbor("ListMetrics", kShop),
        fixture.Cbor("ListMetrics", Gzip(kShop), absl::StrCat(kSigned, "Content-Encoding: gzip\r\n"))}) {
    CHECK_THAT(answer, StartsWith("HTTP/1.1 200 ") && Contains("Content-Type: application/cbor\r\n"));
    CHECK_THAT(answer, Contains("smithy-protocol: rpc-v2-cbor\r\n") && Contains("x-amzn-RequestId: "));
    // {"Metrics": [{"Namespace": "Shop", "MetricName": "ada", "Dimensions": []}]}
    CHECK(absl::EndsWith(answer,
                         absl::HexStringToBytes("a1674d65747269637381a3694e616d6573706163656453686f706a4d65747269634e"
                                                "616d65636164616a44696d656e73696f6e7380")));
  }
  CHECK(fixture.Records() == std::vector<std::string>{"ListMetrics ada OK", "ListMetrics ada OK"});
}

TEST_CASE("a call in JSON is answered in JSON", "[query]") {
  RpcFixture fixture;
  const std::string answer = fixture.Json(kListMetrics, R"({"Namespace":"Shop"})");
  CHECK_THAT(answer, StartsWith("HTTP/1.1 200 ") && Contains("Content-Type: application/x-amz-json-1.0\r\n"));
  CHECK_THAT(answer, Contains(R"({"Metrics":[{"Namespace":"Shop","MetricName":"ada","Dimensions":[]}]})"));
}

TEST_CASE("errors have the shape's name in the protocol that asked, and the form's code in a header", "[query]") {
  RpcFixture fixture;
  const std::string type = "com.amazonaws.cloudwatch#InvalidParameterValueException";
  const std::string json = fixture.Json(kListMetrics, R"({"NextToken":"bad"})");
  CHECK_THAT(json, StartsWith("HTTP/1.1 400 ") && Contains("Content-Type: application/x-amz-json-1.0\r\n"));
  CHECK_THAT(json, Contains("x-amzn-query-error: InvalidParameterValue;Sender\r\n"));
  CHECK_THAT(json, Contains("\"__type\":\"" + type + "\"") && Contains(R"("message":"no such \"page\"")"));
  const std::string cbor = fixture.Cbor("ListMetrics", kBadPage);
  CHECK_THAT(cbor, StartsWith("HTTP/1.1 400 ") && Contains("smithy-protocol: rpc-v2-cbor\r\n"));
  CHECK_THAT(cbor, Contains("x-amzn-query-error: InvalidParameterValue;Sender\r\n"));
  CHECK_THAT(cbor, Contains(type) && Contains("no such \"page\""));
  CHECK_THAT(fixture.Cbor("ListMetrics", "\x81"), Contains("SerializationException"));
  CHECK_THAT(fixture.Json(kListMetrics, "{"), Contains("SerializationException"));
  CHECK_THAT(fixture.Json(kListMetrics, R"({"Colour":"red"})"),
             Contains("x-amzn-query-error: UnknownParameter;Sender"));
}

TEST_CASE("an error that repeats what is no text is text still", "[query]") {
  RpcFixture fixture;
  CHECK_THAT(fixture.Cbor("\xff", kShop), Contains("The action \xef\xbf\xbd is not valid") && !Contains("\xff"));
  CHECK_THAT(fixture.Json("GraniteServiceVersion20100801.\xff", "{}"), Contains("The action ") && !Contains("\xff"));
}

TEST_CASE("who signed a call in CBOR or JSON is asked before anything else of it is told", "[query]") {
  RpcFixture fixture;
  const std::string wrong = "Authorization: ada\r\n", other = "Authorization: ada ec2 us-east-1\r\n";
  for (const std::string& body : {kShop, std::string("\x81")}) {
    CHECK_THAT(fixture.Cbor("ListMetrics", body, ""),
               StartsWith("HTTP/1.1 403 ") && Contains("MissingAuthenticationToken"));
    CHECK_THAT(fixture.Cbor("ListMetrics", body, wrong), Contains("IncompleteSignatureException"));
    CHECK_THAT(fixture.Cbor("ListMetrics", body, other), Contains("InvalidSignatureException"));
  }
  CHECK_THAT(fixture.Json(kListMetrics, "{", wrong), Contains("IncompleteSignatureException"));
  CHECK_THAT(fixture.Cbor("PutDashboard", kShop), Contains("UnknownOperationException") && Contains("by Brume"));
  CHECK_THAT(fixture.Cbor("PutNothing", kShop), Contains("UnknownOperationException") && !Contains("by Brume"));
  CHECK_THAT(fixture.Json("Logs_20140328.PutLogEvents", "{}"),
             Contains("UnknownOperationException") && Contains("'Logs_20140328' is not served by Brume"));
}

TEST_CASE("CBOR and JSON come by POST, to their path and with their type, or are refused by HTTP", "[query]") {
  RpcFixture fixture;
  const std::string path = "/service/GraniteServiceVersion20100801/operation/ListMetrics HTTP/1.1\r\nHost: h\r\n";
  const std::string protocol = "smithy-protocol: rpc-v2-cbor\r\n";
  CHECK_THAT(fixture.Ask("GET " + path + protocol + kSigned + "\r\n"), StartsWith("HTTP/1.1 405 "));
  CHECK_THAT(fixture.Ask("POST " + path + kSigned + "\r\n"), StartsWith("HTTP/1.1 404 "));
  CHECK_THAT(fixture.Ask("POST / HTTP/1.1\r\nHost: h\r\n" + protocol + kSigned + "\r\n"), StartsWith("HTTP/1.1 404 "));
  CHECK_THAT(fixture.Ask("POST " + path + protocol + kSigned +
                         "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1\r\n\r\nx"),
             StartsWith("HTTP/1.1 415 "));
  CHECK_THAT(fixture.Ask("POST / HTTP/1.1\r\nHost: h\r\nX-Amz-Target: " + kListMetrics + "\r\n" + kSigned +
                         "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"),
             StartsWith("HTTP/1.1 415 "));
  CHECK_THAT(fixture.Ask("POST " + path + protocol + kSigned + "\r\n"), StartsWith("HTTP/1.1 200 "));  // no body
  CHECK(fixture.Records() == std::vector<std::string>{"ListMetrics ada OK"});
}

}  // namespace brume
