#include "lib/resource/user_id_range.h"

#include <catch2/catch.hpp>

namespace brume {

TEST_CASE("a range of users' ids is two numbers, and none of the host's own", "[resource]") {
  CHECK(*ParseUserIdRange("70000-70009") == UserIdRange{70000, 70009});
  CHECK(ParseUserIdRange("70000-70009")->size() == 10);
  CHECK(*ParseUserIdRange(kDefaultGuestUserIds.text()) == kDefaultGuestUserIds);
  CHECK(UserIdRange().empty());
  CHECK_FALSE(UserIdRange().Contains(0));
  CHECK(UserIdRange{70000, 70000}.Contains(70000));
  for (const char* bad : {"", "70000", "70009-70000", "a-b", "70000-70009-70010", "-1-5", "0-100", "1000-2000",
                          "61184-65519", "65535-70000", "70000-4294967295"}) {
    INFO(bad);
    CHECK(absl::IsInvalidArgument(ParseUserIdRange(bad).status()));
  }
}

}  // namespace brume
