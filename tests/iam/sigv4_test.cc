#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "lib/iam/model/identity.h"
#include "lib/iam/sigv4_parse.h"
#include "lib/iam/tables/identity_table.h"
#include "tests/iam/sigv4_fixture.h"

namespace brume::iam {
namespace {

// Source: https://docs.aws.amazon.com/general/latest/gr/sigv4_signing.html, the example of IAM's ListUsers
TEST_CASE("the example of AWS's documentation has the signature it gives", "[sigv4]") {
  const TestRequest request{.method = "GET",
                            .target = "/?Action=ListUsers&Version=2010-05-08",
                            .headers = {{"content-type", "application/x-www-form-urlencoded; charset=utf-8"},
                                        {"host", "iam.amazonaws.com"},
                                        {"x-amz-date", kSignedAt},
                                        {"authorization",
                                         "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
                                         "SignedHeaders=content-type;host;x-amz-date, "
                                         "Signature="
                                         "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"}},
                            .body = ""};
  const sigv4::Signature signature = Value(sigv4::Parse(request.View()));
  REQUIRE(signature.scope.access_key_id == "AKIDEXAMPLE");
  REQUIRE(signature.time == kSignedTime);
  const std::string to_sign = sigv4::StringToSign(signature, Value(sigv4::CanonicalRequest(request.View(), signature)));
  REQUIRE(absl::EndsWith(to_sign, "\nf536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59"));
  const std::string key = sigv4::SigningKey("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", signature.scope);
  REQUIRE(absl::BytesToHexString(key) == "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9");
  REQUIRE(sigv4::Sign(key, to_sign) == signature.hex);
}

TEST_CASE("path, query and headers are made canonical as AWS does", "[sigv4]") {
  const TestRequest request{.method = "GET",
                            .target = "//a/./b/../c%20d/?b=2&a=x%2fy&a=&c&a=%7E+z",
                            .headers = {{"host", "h"}, {"my", "one   two"}, {"my", "three"}},
                            .body = ""};
  const std::string canonical =
      Value(sigv4::CanonicalRequest(request.View(), SignatureOf({.id = "k", .secret = "s", .headers = "host;my"})));
  REQUIRE(absl::StartsWith(canonical,
                           "GET\n/a/c%2520d/\na=&a=x%2Fy&a=~%20z&b=2&c=\nhost:h\nmy:one two,three\n\nhost;my\n"));
}

TEST_CASE("a signed request is the root's, with its service and region", "[sigv4]") {
  SigningWorld world;
  const Authenticated who = Value(world.authenticator.Authenticate(Signed({}, world.With()).View()));
  REQUIRE(who.service == "ec2");
  REQUIRE(who.region == "eu-home-1");
  REQUIRE(who.caller.administrator);
  REQUIRE(who.caller.arn == "arn:aws:iam::000000000000:root");
  REQUIRE(who.caller.principal_id == "000000000000");
  REQUIRE(who.caller.access_key_id == world.root.key.id);
}

TEST_CASE("a user's key is the user's, until the user is gone", "[sigv4]") {
  SigningWorld world;
  Identity ada;
  ada.id = "AIDAADA";
  ada.name = "ada";
  ada.path = "/staff/";
  ada.created = kSignedTime;
  REQUIRE_OK(world.database->Write([&](store::Connection& c) { return IdentityTable(c).Insert(ada); }));
  const AccessKeyService::NewKey made = Value(world.keys->Create(ada.id));
  const TestRequest request = Signed({}, {.id = made.key.id, .secret = made.secret});
  const Caller caller = Value(world.authenticator.Authenticate(request.View())).caller;
  REQUIRE_FALSE(caller.administrator);
  REQUIRE(caller.arn == "arn:aws:iam::000000000000:user/staff/ada");
  REQUIRE(caller.principal == caller.arn);
  REQUIRE(caller.principal_id == ada.id);
  REQUIRE(caller.user_name == "ada");
  REQUIRE(caller.access_key_id == made.key.id);
  REQUIRE_OK(world.database->Write([&](store::Connection& c) { return IdentityTable(c).Delete(ada.id); }));
  REQUIRE(world.Code(request) == "AuthFailure");
}

TEST_CASE("a wrong secret is refused in the words of each service, also when the right one came before", "[sigv4]") {
  SigningWorld world;
  for (const auto& [service, code] : {std::pair("ec2", "AuthFailure"), std::pair("iam", "SignatureDoesNotMatch")}) {
    REQUIRE(world.Code(Signed({}, world.With(service))) == "");
    Signing wrong = world.With(service);
    wrong.secret.back() ^= 1;
    REQUIRE(world.Code(Signed({}, wrong)) == code);
  }
}

TEST_CASE("whatever is altered after signing is refused", "[sigv4]") {
  SigningWorld world;
  const TestRequest good = Signed({.target = "/?a=1"}, world.With());
  REQUIRE(world.Code(good) == "");
  const auto refused = [&](auto alter) {
    TestRequest altered = good;
    alter(altered);
    return world.Code(altered) == "AuthFailure";
  };
  REQUIRE(refused([](TestRequest& r) { r.method = "PUT"; }));
  REQUIRE(refused([](TestRequest& r) { r.target = "/?a=2"; }));
  REQUIRE(refused([](TestRequest& r) { r.target = "/?a=1&b"; }));
  REQUIRE(refused([](TestRequest& r) { r.target = "/x?a=1"; }));
  REQUIRE(refused([](TestRequest& r) { r.Header("host") = "other"; }));
  REQUIRE(refused([](TestRequest& r) { r.headers.emplace_back("host", "other"); }));
  REQUIRE(refused([](TestRequest& r) { r.Header("x-amz-date") = "20150830T123601Z"; }));
  for (size_t i = 0; i < good.body.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      REQUIRE(refused([&](TestRequest& r) { r.body[i] = static_cast<char>(r.body[i] ^ (1 << bit)); }));
    }
  }
}

TEST_CASE("a request is good for fifteen minutes either way", "[sigv4]") {
  SigningWorld world;
  const TestRequest ec2 = Signed({}, world.With());
  const TestRequest iam = Signed({}, world.With("iam"));
  world.clock.Advance(absl::Minutes(15));
  REQUIRE(world.Code(ec2) == "");
  world.clock.Advance(absl::Seconds(1));
  REQUIRE(world.Code(ec2) == "RequestExpired");
  REQUIRE(world.Code(iam) == "RequestExpired");
  world.clock.Advance(-absl::Minutes(30) - absl::Seconds(1));
  REQUIRE(world.Code(ec2) == "");
  REQUIRE(world.Code(iam) == "");
  world.clock.Advance(-absl::Seconds(1));
  REQUIRE(world.Code(ec2) == "RequestExpired");
  REQUIRE(world.Code(iam) == "RequestExpired");
}

TEST_CASE("a presigned URL ends at its time, and cannot be prolonged", "[sigv4]") {
  SigningWorld world;
  const TestRequest url = Presigned(world.With(), 3600);
  REQUIRE(world.Code(url) == "");
  TestRequest longer = url;
  longer.target.replace(longer.target.find("=3600"), 5, "=7200");
  REQUIRE(world.Code(longer) == "AuthFailure");
  world.clock.Advance(absl::Hours(1));
  REQUIRE(world.Code(url) == "");
  world.clock.Advance(absl::Seconds(1));
  REQUIRE(world.Code(url) == "RequestExpired");
  REQUIRE(world.Code(Presigned(world.With(), 0)) == "AuthorizationQueryParametersError");
  REQUIRE(world.Code(Presigned(world.With(), 604801)) == "AuthorizationQueryParametersError");
}

TEST_CASE("keys that are unknown, inactive or deleted are refused in the words of each service", "[sigv4]") {
  SigningWorld world;
  const TestRequest ec2 = Signed({}, world.With());
  const TestRequest sts = Signed({}, world.With("sts"));
  REQUIRE(world.Code(ec2) == "");
  REQUIRE_OK(world.keys->SetActive("", world.root.key.id, false));
  REQUIRE(world.Code(ec2) == "AuthFailure");
  REQUIRE(world.Code(sts) == "InvalidClientTokenId");
  REQUIRE_OK(world.keys->SetActive("", world.root.key.id, true));
  REQUIRE(world.Code(ec2) == "");
  REQUIRE_OK(world.keys->Delete("", world.root.key.id));
  REQUIRE(world.Code(ec2) == "AuthFailure");
  REQUIRE(world.Code(sts) == "InvalidClientTokenId");
}

TEST_CASE("a key that is no session's comes with no token", "[sigv4]") {
  SigningWorld world;
  Signing with = world.With("sts");
  with.headers = "host;x-amz-date;x-amz-security-token";
  TestRequest request;
  request.Header("x-amz-security-token") = "token";
  REQUIRE(world.Code(Signed(request, with)) == "InvalidClientTokenId");
}

TEST_CASE("the date of the scope is that of the request", "[sigv4]") {
  SigningWorld world;
  Signing with = world.With();
  with.date = "20150829";
  REQUIRE(world.Code(Signed({}, with)) == "SignatureDoesNotMatch");
}

TEST_CASE("host and the headers of AWS must be signed", "[sigv4]") {
  SigningWorld world;
  TestRequest extra = Signed({}, world.With());
  extra.Header("x-amz-target") = "x";
  REQUIRE(world.Code(extra) == "SignatureDoesNotMatch");
  TestRequest no_host = Signed({}, world.With());
  std::string& header = no_host.Header("authorization");
  header.replace(header.find("host;"), 5, "");
  REQUIRE(world.Code(no_host) == "SignatureDoesNotMatch");
}

TEST_CASE("the body is what the request says it is, and a body is never unsigned", "[sigv4]") {
  SigningWorld world;
  Signing with = world.With();
  with.headers = "host;x-amz-content-sha256;x-amz-date";
  TestRequest empty{.body = ""};
  empty.Header("x-amz-content-sha256") = "UNSIGNED-PAYLOAD";
  REQUIRE(world.Code(Signed(empty, with)) == "");
  TestRequest filled = Signed(empty, with);
  filled.body = "Action=TerminateInstances";
  REQUIRE(world.Code(filled) == "SignatureDoesNotMatch");
  filled.Header("x-amz-content-sha256") = std::string(64, '0');
  REQUIRE(world.Code(filled) == "SignatureDoesNotMatch");
}

TEST_CASE("in a scope of S3's the path stands as it came, and a body may be unsigned", "[sigv4]") {
  SigningWorld world;
  Signing with = world.With("s3");
  with.headers = "host;x-amz-content-sha256;x-amz-date";
  for (const char* body : {"UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"}) {
    TestRequest put{.method = "PUT", .target = "/bucket//a%20key/../b", .body = "something"};
    put.Header("x-amz-content-sha256") = body;
    const TestRequest good = Signed(put, with);
    REQUIRE(world.Code(good) == "");
    TestRequest moved = good;
    moved.target = "/bucket/b";
    REQUIRE(world.Code(moved) == "SignatureDoesNotMatch");
  }
  const std::string canonical = Value(sigv4::CanonicalRequest(
      TestRequest{.method = "GET", .target = "/a%20b//c?x", .headers = {{"host", "h"}}, .body = ""}.View(),
      SignatureOf({.id = "k", .secret = "s", .service = "s3", .headers = "host"})));
  REQUIRE(absl::StartsWith(canonical, "GET\n/a%20b//c\nx=\n"));
}

TEST_CASE("a request without a signature, or with half of one, is told so", "[sigv4]") {
  SigningWorld world;
  REQUIRE(world.Code({}) == "MissingAuthenticationToken");
  const TestRequest good = Signed({}, world.With());
  const auto code = [&](auto alter) {
    TestRequest altered = good;
    alter(altered);
    return world.Code(altered);
  };
  for (const std::string text :
       {"Basic YTpi", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request",
        "AWS4-HMAC-SHA256 Credential=a,Credential=b", "AWS4-HMAC-SHA256 ,,,===,"}) {
    INFO(text);
    REQUIRE(code([&](TestRequest& r) { r.Header("authorization") = text; }) == "IncompleteSignature");
  }
  REQUIRE(code([](TestRequest& r) { r.Header("authorization").append(100'000, ' '); }) == "IncompleteSignature");
  REQUIRE(code([](TestRequest& r) { r.headers.emplace_back("authorization", r.Header("authorization")); }) ==
          "IncompleteSignature");
  REQUIRE(code([](TestRequest& r) { r.headers.emplace_back("x-amz-date", kSignedAt); }) == "IncompleteSignature");
  REQUIRE(code([](TestRequest& r) { r.Header("x-amz-date") = "yesterday"; }) == "IncompleteSignature");
  REQUIRE(code([](TestRequest& r) { r.target = "/?X-Amz-Signature=0"; }) == "IncompleteSignature");
  TestRequest twice = Presigned(world.With(), 60);
  twice.target += "&X-Amz-Expires=604800";
  REQUIRE(world.Code(twice) == "IncompleteSignature");
}

}  // namespace
}  // namespace brume::iam
