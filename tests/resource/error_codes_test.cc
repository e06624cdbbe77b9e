#include "lib/resource/error_codes.h"

#include <catch2/catch.hpp>
#include <optional>

#include "lib/base/utf8.h"
#include "lib/resource/ec2_error.h"

namespace brume::ec2 {

TEST_CASE("an error is to gRPC what the row of its code says", "[error]") {
  CHECK(Error("InvalidInstanceID.NotFound", "x").code() == absl::StatusCode::kNotFound);
  CHECK(Error("InvalidAMIID.Unavailable", "x").code() == absl::StatusCode::kFailedPrecondition);
  CHECK(Error("InvalidKeyPair.Duplicate", "x").code() == absl::StatusCode::kAlreadyExists);
  CHECK(Error("UnauthorizedOperation", "x").code() == absl::StatusCode::kPermissionDenied);
  CHECK(Error("RequestLimitExceeded", "x").code() == absl::StatusCode::kResourceExhausted);
  CHECK(ErrorCode(Error("InvalidID", "x")) == "InvalidID");
}

TEST_CASE("what an error repeats of a request is bounded and UTF-8", "[error]") {
  const absl::Status huge = Error("InvalidAction", "The action " + std::string(1 << 20, 'A') + " is not valid");
  CHECK(huge.message().size() < 5000);
  CHECK(ErrorCode(huge) == "InvalidAction");
  CHECK(IsUtf8(Error("UnknownParameter", "The parameter \xff").message()));
  CHECK(Error("UnknownParameter", "The parameter ä").message() == "The parameter ä");
}

TEST_CASE("each row of the table of codes is found, and nothing else is", "[error]") {
  for (const ErrorRow& row : kErrorRows) {
    INFO(row.code);
    const std::optional<KnownCode> code = KnownCode::Find(row.code);
    REQUIRE(code.has_value());
    CHECK(code->status() == row.status);
    CHECK(code->HttpStatus(row.apis) == row.http_status);
  }
  for (const char* code : {"", "A", "Invalid", "InvalidI", "zzz"}) CHECK_FALSE(KnownCode::Find(code).has_value());
}

TEST_CASE("a code that an API repeats from another is a fault of the request", "[error]") {
  CHECK(KnownCode("NoSuchEntity").HttpStatus(kIam) == 404);
  CHECK(KnownCode("NoSuchEntity").HttpStatus(kEc2) == 400);
}

}  // namespace brume::ec2
