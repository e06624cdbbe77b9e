// Requests that tests sign, and an authenticator with a root key to send them to.
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "lib/base/clock.h"
#include "lib/iam/key_authenticator.h"
#include "lib/resource/ec2_error.h"
#include "lib/store/database.h"
#include "tests/store/store_fixture.h"
#include "tests/support/temp_dir.h"

namespace brume::iam {

constexpr char kSignedAt[] = "20150830T123600Z";
const absl::Time kSignedTime = absl::FromCivil(absl::CivilSecond(2015, 8, 30, 12, 36, 0), absl::UTCTimeZone());

// Like SignedRequest, but it owns what it says.
struct TestRequest {
  std::string method = "POST";
  std::string target = "/";
  std::vector<std::pair<std::string, std::string>> headers = {{"host", "127.0.0.1:8773"}, {"x-amz-date", kSignedAt}};
  std::string body = "Action=DescribeInstances&Version=2016-11-15";

  SignedRequest View() const { return {.method = method, .target = target, .headers = headers, .body = body}; }
  std::string& Header(const std::string& name) {
    for (auto& [header, value] : headers) {
      if (header == name) return value;
    }
    return headers.emplace_back(name, "").second;
  }
};

struct Signing {
  std::string id;
  std::string secret;
  std::string service = "ec2";
  std::string date = "20150830";
  std::string headers = "host;x-amz-date";
};

inline sigv4::Signature SignatureOf(const Signing& with) {
  return {.scope = {with.id, with.date, "eu-home-1", with.service},
          .signed_headers = absl::StrSplit(with.headers, ';'),
          .hex = "",
          .session_token = "",
          .time = kSignedTime,
          .valid_for = absl::ZeroDuration()};
}

// The signature over whatever the request says, right or wrong.
inline std::string HexOf(const TestRequest& request, const Signing& with) {
  const sigv4::Signature signature = SignatureOf(with);
  const std::string canonical = Value(sigv4::CanonicalRequest(request.View(), signature));
  return sigv4::Sign(sigv4::SigningKey(with.secret, signature.scope), sigv4::StringToSign(signature, canonical));
}

inline TestRequest Signed(TestRequest request, const Signing& with) {
  request.Header("authorization") =
      absl::StrCat("AWS4-HMAC-SHA256 Credential=", with.id, "/", with.date, "/eu-home-1/", with.service,
                   "/aws4_request, SignedHeaders=", with.headers, ", Signature=", HexOf(request, with));
  return request;
}

// A GET that says all in its query, `more` too.
inline TestRequest Presigned(const Signing& with, int seconds, const std::string& more = "") {
  TestRequest request{.method = "GET",
                      .target = absl::StrCat("/?Action=DescribeInstances&X-Amz-Algorithm=AWS4-HMAC-SHA256&"
                                             "X-Amz-Credential=",
                                             with.id, "%2F", with.date, "%2Feu-home-1%2F", with.service,
                                             "%2Faws4_request&X-Amz-Date=", kSignedAt, "&X-Amz-Expires=", seconds,
                                             "&X-Amz-SignedHeaders=host", more),
                      .headers = {{"host", "127.0.0.1:8773"}},
                      .body = ""};
  Signing host_only = with;
  host_only.headers = "host";
  absl::StrAppend(&request.target, "&X-Amz-Signature=", HexOf(request, host_only));
  return request;
}

struct SigningWorld {
  TempDir directory;
  std::unique_ptr<store::Database> database = store::OpenOk(directory / "brume.db");
  ManualClock clock{kSignedTime};
  std::unique_ptr<AccessKeyService> keys = Value(AccessKeyService::Open(*database, clock, directory.path()));
  AccessKeyService::NewKey root = Value(keys->Create(""));
  KeyAuthenticator authenticator{*keys, *database, clock, "000000000000"};

  Signing With(const std::string& service = "ec2") const {
    return {.id = root.key.id, .secret = root.secret, .service = service};
  }
  // The code of the refusal; empty when it is let in.
  std::string Code(const TestRequest& request) {
    return ec2::ErrorCode(authenticator.Authenticate(request.View()).status());
  }
};

}  // namespace brume::iam
