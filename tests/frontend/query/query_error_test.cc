#include <catch2/catch.hpp>
#include <string>

#include "absl/status/status.h"
#include "lib/frontend/query/encode.h"
#include "lib/frontend/query/encode_error.h"
#include "lib/resource/ec2_error.h"

namespace brume::frontend {
namespace {

schema::ApiFamilyInfo MakeFamily(const char* signing_name, bool aws_query, const char* xml_namespace) {
  schema::ApiFamilyInfo family;
  family.signing_name = signing_name;
  family.aws_query = aws_query;
  family.xml_namespace = xml_namespace;
  return family;
}

const schema::ApiFamilyInfo kEc2 = MakeFamily("ec2", false, "http://ec2.amazonaws.com/doc/2016-11-15/");
const schema::ApiFamilyInfo kIam = MakeFamily("iam", true, "https://iam.amazonaws.com/doc/2010-05-08/");
const schema::ApiFamilyInfo kMonitoring = MakeFamily("monitoring", true, "");

}  // namespace

TEST_CASE("an error of EC2 is a Response, and one of the others an ErrorResponse", "[query]") {
  const absl::Status error = ec2::Error("InvalidInstanceID.NotFound", "The instance ID 'i-<1>' does not exist");
  CHECK(EncodeError(kEc2, error, "req-1") ==
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<Response><Errors><Error><Code>InvalidInstanceID.NotFound</Code>"
        "<Message>The instance ID 'i-&lt;1&gt;' does not exist</Message></Error></Errors>"
        "<RequestID>req-1</RequestID></Response>");
  CHECK(EncodeError(kIam, ec2::Error("NoSuchEntity", "no user a"), "r") ==
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error><Type>Sender</Type>"
        "<Code>NoSuchEntity</Code><Message>no user a</Message></Error><RequestId>r</RequestId></ErrorResponse>");
  CHECK(EncodeError(kMonitoring, ec2::Error("InternalError", "x"), "r").find("<ErrorResponse><Error><Type>Receiver") !=
        std::string::npos);
}

TEST_CASE("services other than EC2 give some errors other names", "[query]") {
  const auto code = [](const schema::ApiFamilyInfo& family, const absl::Status& error) {
    const std::string xml = EncodeError(family, error, "r");
    const size_t start = xml.find("<Code>") + 6;
    return xml.substr(start, xml.find("</Code>") - start);
  };
  CHECK(code(kEc2, ec2::Error("UnauthorizedOperation", "no")) == "UnauthorizedOperation");
  CHECK(code(kIam, ec2::Error("UnauthorizedOperation", "no")) == "AccessDenied");
  CHECK(code(kEc2, absl::ResourceExhaustedError("slow down")) == "RequestLimitExceeded");
  CHECK(code(kIam, absl::ResourceExhaustedError("slow down")) == "Throttling");
  CHECK(code(kIam, absl::UnavailableError("no libvirt")) == "ServiceUnavailable");
  CHECK(code(kIam, absl::UnknownError("?")) == "InternalFailure");
}

TEST_CASE("an error has the HTTP status that AWS gives it", "[query]") {
  const auto ec2 = [](ec2::KnownCode code) { return HttpStatus(kEc2, ec2::Error(code, "x")); };
  const auto other = [](ec2::KnownCode code) { return HttpStatus(kIam, ec2::Error(code, "x")); };
  CHECK(ec2("InvalidInstanceID.NotFound") == 400);
  CHECK(ec2("InvalidKeyPair.Duplicate") == 400);
  CHECK(ec2("RequestExpired") == 400);
  CHECK(ec2("AuthFailure") == 401);
  CHECK(ec2("UnauthorizedOperation") == 403);
  CHECK(ec2("DryRunOperation") == 412);
  CHECK(ec2("RequestEntityTooLarge") == 413);
  CHECK(ec2("InternalError") == 500);
  CHECK(ec2("InsufficientInstanceCapacity") == 500);
  CHECK(ec2("InsufficientFreeAddressesInSubnet") == 400);
  CHECK(ec2("RequestLimitExceeded") == 503);
  CHECK(HttpStatus(kEc2, absl::UnavailableError("x")) == 503);
  CHECK(HttpStatus(kEc2, absl::UnknownError("x")) == 500);
  CHECK(other("ValidationError") == 400);
  CHECK(other("UnauthorizedOperation") == 403);
  CHECK(other("InvalidClientTokenId") == 403);
  CHECK(other("SignatureDoesNotMatch") == 403);
  CHECK(other("RequestLimitExceeded") == 400);
  CHECK(other("Unavailable") == 503);
  // The same code of two services, each with the status of its own model.
  CHECK(other("LimitExceeded") == 409);
  CHECK(HttpStatus(kMonitoring, ec2::Error("LimitExceeded", "x")) == 400);
  CHECK(HttpStatus(kMonitoring, ec2::Error("ResourceNotFound", "x")) == 404);
}

}  // namespace brume::frontend
