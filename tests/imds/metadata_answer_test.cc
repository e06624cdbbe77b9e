#include <catch2/catch.hpp>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "lib/imds/answer.h"
#include "tests/imds/metadata_source.h"

namespace brume::imds {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1769853600);
const TokenKey kKey{"0123456789abcdef0123456789abcdef"};
const char kTtl[] = "X-aws-ec2-metadata-token-ttl-seconds";
const char kToken[] = "X-aws-ec2-metadata-token";

MetadataResponse Ask(const MetadataSource& source, const std::string& method, const std::string& target,
                     Headers headers = {}) {
  return AnswerRequest({.method = method, .target = target, .headers = std::move(headers)}, &source, kKey, kNow);
}

// Version 1 only, so that a path's answer shows without a token.
MetadataSource OpenSource() {
  MetadataSource source = ExampleSource();
  source.view.instance.metadata_options.tokens = HttpTokens::kOptional;
  return source;
}

std::string Header(const MetadataResponse& response, absl::string_view name) {
  for (const auto& [candidate, value] : response.headers) {
    if (absl::EqualsIgnoreCase(candidate, name)) return value;
  }
  return "";
}

}  // namespace

TEST_CASE("each target has its one answer, however it is spelled", "[metadata]") {
  const MetadataSource source = OpenSource();
  const std::string id = "i-0123456789abcdef0";
  struct Case {
    std::string target;
    int status;
    std::string body;  // of a 200; empty = not compared
  };
  const std::vector<Case> cases = {
      {"/", 200, ""},
      {"/latest", 200, "dynamic\nmeta-data\nuser-data"},
      {"/latest/", 200, "dynamic\nmeta-data\nuser-data"},
      {"/latest/meta-data", 200, ""},
      {"/latest/meta-data/", 200, ""},
      {"/latest/meta-data/instance-id", 200, id},
      {"/latest/meta-data/instance-id/", 200, id},
      {"/2021-03-23/meta-data/instance-id", 200, id},
      {"/1.0/meta-data/instance-id", 200, id},
      {"/latest/meta-data/instance-id?", 200, id},
      {"/latest/meta-data/instance-id?a=/../b", 200, id},
      {"/latest/meta-data/?recursive=true", 200, ""},
      {"http://169.254.169.254/latest/meta-data/instance-id", 200, id},
      {"HTTP://anything/latest/meta-data/instance-id", 200, id},
      {"http://169.254.169.254", 200, ""},
      {"/latest/meta-data/instance%2Did", 200, id},
      // Several slashes are one.
      {"//latest/meta-data/instance-id", 200, id},
      {"/latest//meta-data/instance-id", 200, id},
      {"/latest/meta-data///instance-id", 200, id},
      {"/latest/meta-data/instance-id//", 200, id},
      {"/latest/meta-data/%69nstance-id", 200, id},
      {"/latest/meta-data/tags/instance/env%3Dprod", 200, "y"},
      {"/latest/meta-data/tags/instance/env=prod", 200, "y"},
      {"/latest/meta-data/network/interfaces/macs/02%3A00%3a0a:00:01:04/mac", 200, "02:00:0a:00:01:04"},
      {"/latest/user-data", 200, source.view.instance.user_data},
      {"/latest/dynamic/instance-identity/", 200, "document"},
      // Nothing of that name.
      {"/latest/meta-data/Instance-Id", 404, ""},
      {"/latest/meta-data/instance-id/instance-id", 404, ""},
      {"/latest/meta-data/instance-id.", 404, ""},
      {"/latest/meta-data/ami", 404, ""},
      {"/latest/meta-data/iam/security-credentials/", 404, ""},
      {"/latest/dynamic/instance-identity/pkcs7", 404, ""},
      {"/latest/api", 404, ""},
      {"/2021-03-23/api/token", 404, ""},
      {"/2099-01-01/meta-data/", 404, ""},
      {"/meta-data/instance-id", 404, ""},
      {"/favicon.ico", 404, ""},
      {"/openstack", 404, ""},
      // Paths meant to lead elsewhere: every part is a name, and there is none such.
      {"/latest/../latest/meta-data/instance-id", 404, ""},
      {"/latest/meta-data/../user-data", 404, ""},
      {"/latest/meta-data/./instance-id", 404, ""},
      {"/..", 404, ""},
      {"/../../../../etc/passwd", 404, ""},
      {"/latest/%2e%2e/latest/user-data", 404, ""},
      {"/latest%2Fmeta-data%2Finstance-id", 404, ""},
      {"/latest/meta-data%2finstance-id", 404, ""},
      {"/latest/meta-data\\instance-id", 404, ""},
      {"/latest/meta-data/instance-id#x", 404, ""},
      {"/latest/meta-data/%25%32%66", 404, ""},
      {"/latest/meta-data/\xc3\xa9", 404, ""},
      {"/latest/meta-data/%ff%fe", 404, ""},
      {"/" + std::string(2000, 'a'), 404, ""},
      {"/" + std::string(2000, '/'), 200, ""},
      // No path at all.
      {"", 400, ""},
      {"latest/meta-data", 400, ""},
      {"*", 400, ""},
      {"169.254.169.254:80", 400, ""},
      {"https://169.254.169.254/latest/", 400, ""},
      {"?", 400, ""},
      {"/latest/meta-data/%", 400, ""},
      {"/latest/meta-data/%4", 400, ""},
      {"/latest/meta-data/%zz", 400, ""},
      {"/latest/meta-data/instance-id%00", 400, ""},
      {"/latest/meta-data/instance-id%0d%0aX: y", 400, ""},
      {"/latest/meta-data/instance-id\x7f", 400, ""},
      {std::string("/latest/meta-data/instance-id\0x", 31), 400, ""},
      {"/" + std::string(2048, 'a'), 414, ""},
      {"/" + std::string(1 << 20, '%'), 414, ""},
  };
  REQUIRE(cases.size() >= 50);
  for (const Case& each : cases) {
    INFO(each.target.substr(0, 100));
    const MetadataResponse response = Ask(source, "GET", each.target);
    CHECK(response.status == each.status);
    if (!each.body.empty()) CHECK(response.body == each.body);
    CHECK_FALSE(response.hop_limit.has_value());
    if (response.status != 200) {
      CHECK(response.content_type == "text/html");
      CHECK_FALSE(absl::StrContains(response.body, id));
      CHECK(response.body.size() < 200);
    }
    CHECK(Ask(source, "HEAD", each.target).status == each.status);
  }
}

TEST_CASE("only GET, HEAD and the token's PUT are allowed, and the answer says what is", "[metadata]") {
  const MetadataSource source = OpenSource();
  for (const char* method : {"POST", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "get", "PROPFIND", ""}) {
    INFO(method);
    const MetadataResponse response = Ask(source, method, "/latest/meta-data/");
    CHECK(response.status == 405);
    CHECK(Header(response, "Allow") == "GET, HEAD, PUT");
    CHECK(Ask(source, method, "/latest/api/token", {{kTtl, "60"}}).status == 405);
  }
  CHECK(Header(Ask(source, "PUT", "/latest/meta-data/", {{kTtl, "60"}}), "Allow") == "GET, HEAD");
  CHECK(Ask(source, "PUT", "/", {{kTtl, "60"}}).status == 405);
  CHECK(Ask(source, "PUT", "/2021-03-23/api/token", {{kTtl, "60"}}).status == 405);
  CHECK(Header(Ask(source, "GET", "/latest/api/token"), "Allow") == "PUT");
  CHECK(Ask(source, "HEAD", "/latest/api/token").status == 405);
}

TEST_CASE("a token's time to live is 1 to 21600 seconds, given once", "[metadata]") {
  const MetadataSource source = ExampleSource();
  for (const char* ttl : {"1", "60", "21600", "00060"}) {
    INFO(ttl);
    const MetadataResponse response =
        Ask(source, "PUT", "/latest/api/token", {{"x-AWS-ec2-metadata-TOKEN-ttl-seconds", ttl}});
    int64_t seconds = 0;
    REQUIRE(absl::SimpleAtoi(ttl, &seconds));
    CHECK(response.status == 200);
    CHECK(response.content_type == "text/plain");
    CHECK(Header(response, kTtl) == std::to_string(seconds));
    const Instance& instance = source.view.instance;
    CHECK(IsValidToken(kKey, instance, response.body, kNow + absl::Seconds(seconds) - absl::Milliseconds(1)));
    CHECK_FALSE(IsValidToken(kKey, instance, response.body, kNow + absl::Seconds(seconds)));
  }
  for (const char* ttl : {"", "0", "21601", "-1", "+60", " 60", "60 ", "6e1", "1.5", "0x10", "60s", "99999", "100000",
                          "18446744073709551617", "sixty", "60,60"}) {
    INFO(ttl);
    CHECK(Ask(source, "PUT", "/latest/api/token", {{kTtl, ttl}}).status == 400);
  }
  CHECK(Ask(source, "PUT", "/latest/api/token").status == 400);
  CHECK(Ask(source, "PUT", "/latest/api/token", {{kTtl, "60"}, {kTtl, "60"}}).status == 400);
}

TEST_CASE("a token is not given to a request that came through a proxy", "[metadata]") {
  const MetadataSource source = ExampleSource();
  CHECK(Ask(source, "PUT", "/latest/api/token", {{kTtl, "60"}, {"X-Forwarded-For", "10.0.0.1"}}).status == 403);
  CHECK(Ask(source, "PUT", "/latest/api/token", {{kTtl, "60"}, {"x-forwarded-for", ""}}).status == 403);
}

TEST_CASE("a token's answer travels as far as the instance's hop limit", "[metadata]") {
  MetadataSource source = ExampleSource();
  CHECK(Ask(source, "PUT", "/latest/api/token", {{kTtl, "60"}}).hop_limit == 1);
  source.view.instance.metadata_options.hop_limit = 64;
  CHECK(Ask(source, "PUT", "/latest/api/token", {{kTtl, "60"}}).hop_limit == 64);
}

TEST_CASE("where tokens are required nothing is served without a valid one", "[metadata]") {
  const MetadataSource source = ExampleSource();
  const std::string token = Ask(source, "PUT", "/latest/api/token", {{kTtl, "60"}}).body;
  const std::string expired = MakeToken(kKey, source.view.instance, kNow);
  for (const char* target : {"/", "/latest/meta-data/instance-id", "/latest/user-data", "/latest/nothing"}) {
    INFO(target);
    CHECK(Ask(source, "GET", target).status == 401);
    CHECK(Ask(source, "HEAD", target).status == 401);
    CHECK(Ask(source, "GET", target, {{kToken, ""}}).status == 401);
    CHECK(Ask(source, "GET", target, {{kToken, "wrong"}}).status == 401);
    CHECK(Ask(source, "GET", target, {{kToken, expired}}).status == 401);
    CHECK(Ask(source, "GET", target, {{kToken, token}, {kToken, token}}).status == 401);
    CHECK(Ask(source, "GET", target, {{"X-AWS-EC2-Metadata-Token", token}}).status != 401);
  }
  CHECK(Ask(source, "GET", "/latest/meta-data/instance-id", {{kToken, token}}).body == "i-0123456789abcdef0");
}

TEST_CASE("where tokens are optional a bad one is refused all the same", "[metadata]") {
  const MetadataSource source = OpenSource();
  CHECK(Ask(source, "GET", "/latest/meta-data/").status == 200);
  CHECK(Ask(source, "GET", "/latest/meta-data/", {{kToken, "wrong"}}).status == 401);
  const std::string token = Ask(source, "PUT", "/latest/api/token", {{kTtl, "60"}}).body;
  CHECK(Ask(source, "GET", "/latest/meta-data/", {{kToken, token}}).status == 200);
  // A proxy in front of version 1 is EC2's users' own choice.
  CHECK(Ask(source, "GET", "/latest/meta-data/", {{"X-Forwarded-For", "10.0.0.1"}}).status == 200);
}

TEST_CASE("a disabled endpoint answers nothing but 403", "[metadata]") {
  MetadataSource source = OpenSource();
  source.view.instance.metadata_options.endpoint = MetadataState::kDisabled;
  CHECK(Ask(source, "GET", "/latest/meta-data/").status == 403);
  CHECK(Ask(source, "PUT", "/latest/api/token", {{kTtl, "60"}}).status == 403);
  CHECK(Ask(source, "POST", "/").status == 403);
  CHECK(Ask(source, "GET", "bad").status == 403);
}

TEST_CASE("a peer that is no instance is told nothing", "[metadata]") {
  for (const char* method : {"GET", "PUT", "POST"}) {
    const MetadataResponse response = AnswerRequest(
        {.method = method, .target = "/latest/api/token", .headers = {{kTtl, "60"}}}, nullptr, kKey, kNow);
    CHECK(response.status == 404);
  }
}

TEST_CASE("one instance's token opens no other's metadata", "[metadata]") {
  const MetadataSource source = ExampleSource();
  MetadataSource other = ExampleSource();
  other.view.instance.id = InstanceId::FromTrusted("i-0123456789abcdef9");
  const std::string token = Ask(source, "PUT", "/latest/api/token", {{kTtl, "60"}}).body;
  CHECK(Ask(other, "GET", "/latest/meta-data/instance-id", {{kToken, token}}).status == 401);
}

}  // namespace brume::imds
