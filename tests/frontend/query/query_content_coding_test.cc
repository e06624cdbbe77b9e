// Bodies that come compressed: what is read, and what is refused without being held.
#include <catch2/catch.hpp>
#include <string>

#include "lib/frontend/query/content_coding.h"
#include "lib/http/gzip.h"
#include "tests/frontend/query/query_fixture.h"
#include "tests/support/gzip.h"

namespace brume {
namespace {

using Catch::Contains;
using Catch::StartsWith;

std::string Compressed(const std::string& body, const std::string& coding = "gzip") {
  return Post(body, absl::StrCat("Authorization: ada ec2 us-east-1\r\nContent-Encoding: ", coding, "\r\n"));
}

// Larger by a thousand times when it is decompressed.
std::string Bomb() { return Gzip(std::string(16 << 20, 'a')); }

}  // namespace

TEST_CASE("a gzipped form is the form that was compressed", "[query]") {
  QueryFixture fixture;
  fixture.Serve();
  const std::string body = Gzip(QueryFixture::kDescribe);
  for (const char* coding : {"gzip", "GZIP", "x-gzip", " gzip ", "gzip\r\nContent-Encoding: identity"}) {
    INFO(coding);
    CHECK_THAT(fixture.Ask(Compressed(body, coding)),
               StartsWith("HTTP/1.1 200 ") && Contains("<regionName>ada</regionName>"));
  }
  CHECK_THAT(fixture.Ask(Compressed(QueryFixture::kDescribe, "identity")), StartsWith("HTTP/1.1 200 "));
  const std::string query = std::string("POST /?") + QueryFixture::kDescribe + " HTTP/1.1\r\n";
  CHECK_THAT(fixture.Ask(query + "Authorization: ada ec2 us-east-1\r\nContent-Encoding: gzip\r\n\r\n"),
             StartsWith("HTTP/1.1 200 "));
}

TEST_CASE("a signature is asked of the body as it was sent", "[query]") {
  QueryFixture fixture;
  std::string seen;
  auto made = frontend::MakeQueryServer(fixture.dispatcher,
                                        [&](const SignedRequest& request) {
                                          seen = std::string(request.body);
                                          return QueryFixture::Signed(request);
                                        },
                                        {.listen = "127.0.0.1:0"});
  REQUIRE_OK(made.status());
  fixture.server = *std::move(made);
  const std::string body = Gzip(QueryFixture::kDescribe);
  CHECK_THAT(fixture.Ask(Compressed(body)), StartsWith("HTTP/1.1 200 "));
  CHECK(seen == body);
}

TEST_CASE("a body that is no gzip, not all of it, or more than it, is refused and calls nothing", "[query]") {
  QueryFixture fixture;
  fixture.Serve();
  const std::string good = Gzip(QueryFixture::kDescribe);
  std::string changed = good;
  changed[changed.size() - 8] ^= 1;  // of the checksum
  const std::string bad[] = {
      QueryFixture::kDescribe, good.substr(0, good.size() - 1), good.substr(0, 5), changed, good + "x",
      std::string(100, '\0')};
  for (const std::string& body : bad) {
    CHECK_THAT(fixture.Ask(Compressed(body)), StartsWith("HTTP/1.1 400 ") && Contains("<Code>InvalidRequest</Code>"));
  }
  CHECK(fixture.Records().empty());
}

TEST_CASE("an encoding that is not served is refused", "[query]") {
  QueryFixture fixture;
  fixture.Serve();
  for (const char* coding : {"br", "deflate", "gzip, gzip", "gzip\r\nContent-Encoding: gzip", "aws-chunked", "zstd"}) {
    INFO(coding);
    CHECK_THAT(fixture.Ask(Compressed(Gzip(QueryFixture::kDescribe), coding)),
               StartsWith("HTTP/1.1 415 ") && Contains("<Code>InvalidRequest</Code>"));
  }
  CHECK(fixture.Records().empty());
}

TEST_CASE("a body that is too large when decompressed is refused as one that came so", "[query]") {
  QueryFixture fixture;
  fixture.Serve({.body_bytes = 100'000});
  CHECK_THAT(fixture.Ask(Compressed(Bomb())),
             StartsWith("HTTP/1.1 413 ") && Contains("<Code>RequestEntityTooLarge</Code>"));
  CHECK(fixture.Records().empty());
}

TEST_CASE("what a body decompresses to is bounded to the byte, over several members too", "[query]") {
  const std::string text(1000, 'a');
  CHECK(http::Gunzip(Gzip(text), 1000).value() == text);
  CHECK(http::Gunzip(Gzip(text) + Gzip(text), 2000).value() == text + text);
  CHECK(absl::IsResourceExhausted(http::Gunzip(Gzip(text), 999).status()));
  CHECK(absl::IsResourceExhausted(http::Gunzip(Gzip(text) + Gzip(text), 1999).status()));
  CHECK(http::Gunzip(Gzip(""), 0).value().empty());
  CHECK(absl::IsInvalidArgument(http::Gunzip("", 1000).status()));
}

}  // namespace brume
