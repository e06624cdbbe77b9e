#include <catch2/catch.hpp>

#include "absl/strings/escaping.h"
#include "lib/imds/token.h"

namespace brume::imds {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1769853600);
const TokenKey kKey{"0123456789abcdef0123456789abcdef"};

Instance ExampleInstance() {
  Instance instance;
  instance.id = InstanceId::FromTrusted("i-0123456789abcdef0");
  instance.launch_time = kNow - absl::Minutes(5);
  return instance;
}

}  // namespace

TEST_CASE("a token is valid until its expiry and not from then on", "[metadata]") {
  const Instance instance = ExampleInstance();
  const std::string token = MakeToken(kKey, instance, kNow + absl::Seconds(60));
  CHECK(IsValidToken(kKey, instance, token, kNow));
  CHECK(IsValidToken(kKey, instance, token, kNow + absl::Milliseconds(59999)));
  CHECK_FALSE(IsValidToken(kKey, instance, token, kNow + absl::Seconds(60)));
  CHECK_FALSE(IsValidToken(kKey, instance, token, kNow + absl::Hours(100000)));
}

TEST_CASE("a token is good for one start of one instance of one installation", "[metadata]") {
  const Instance instance = ExampleInstance();
  const std::string token = MakeToken(kKey, instance, kNow + absl::Seconds(60));
  Instance other = instance;
  other.id = InstanceId::FromTrusted("i-0123456789abcdef1");
  CHECK_FALSE(IsValidToken(kKey, other, token, kNow));
  Instance restarted = instance;
  restarted.launch_time = kNow;
  CHECK_FALSE(IsValidToken(kKey, restarted, token, kNow));
  CHECK_FALSE(IsValidToken(TokenKey{"0123456789abcdef0123456789abcdeX"}, instance, token, kNow));
}

TEST_CASE("a token fits a header and says nothing of the key", "[metadata]") {
  const std::string token = MakeToken(kKey, ExampleInstance(), kNow);
  CHECK(token.size() < 100);
  CHECK(token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=") ==
        std::string::npos);
}

TEST_CASE("no changed byte of a token goes unnoticed", "[metadata]") {
  const Instance instance = ExampleInstance();
  std::string bytes;
  REQUIRE(absl::WebSafeBase64Unescape(MakeToken(kKey, instance, kNow + absl::Seconds(60)), &bytes));
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (const int bit : {0, 7}) {
      std::string changed = bytes;
      changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
      INFO("byte " << i);
      CHECK_FALSE(IsValidToken(kKey, instance, absl::WebSafeBase64Escape(changed), kNow));
    }
  }
  CHECK_FALSE(IsValidToken(kKey, instance, absl::WebSafeBase64Escape(bytes.substr(0, bytes.size() - 1)), kNow));
  CHECK_FALSE(IsValidToken(kKey, instance, absl::WebSafeBase64Escape(bytes + "x"), kNow));
  for (const char* text : {"", "=", "AQ==", "!!!!", "token", "\xff\xfe"}) {
    INFO(text);
    CHECK_FALSE(IsValidToken(kKey, instance, text, kNow));
  }
}

}  // namespace brume::imds
