// STS through the dispatcher.
#include <catch2/catch.hpp>

#include "brume/sts/v1/sts.pb.h"
#include "tests/fakes/api_world.h"

namespace brume {
namespace {

struct World : ApiWorld {
  sts::v1::GetCallerIdentityResponse Identity(const Caller& caller) {
    administrator = caller;
    const auto response = Call<sts::v1::GetCallerIdentityResponse>(sts::v1::GetCallerIdentityRequest());
    REQUIRE(response.ok());
    return *response;
  }
};

}  // namespace

TEST_CASE("who calls over the daemon's socket is the account's root", "[sts]") {
  World world;
  const auto identity = world.Identity(world.administrator);
  CHECK(identity.account() == "000000000000");
  CHECK(identity.user_id() == "000000000000");
  CHECK(identity.arn() == "arn:aws:iam::000000000000:root");
}

TEST_CASE("a caller whom no policy allows anything is told who they are", "[sts]") {
  World world;
  const auto identity = world.Identity({.principal = "arn:aws:iam::000000000000:user/ada",
                                        .request_id = "r",
                                        .arn = "arn:aws:iam::000000000000:user/ada",
                                        .principal_id = "AIDAAAAAAAAAAAAAAAAAA",
                                        .user_name = "ada"});
  CHECK(identity.account() == "000000000000");
  CHECK(identity.user_id() == "AIDAAAAAAAAAAAAAAAAAA");
  CHECK(identity.arn() == "arn:aws:iam::000000000000:user/ada");
}

}  // namespace brume
