// The text of ports' idle timeouts.
#include "lib/ec2/network/linux/ct_timeouts.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace brume::network {
namespace {

ConnectionTracking Tcp(int seconds) {
  return {.tcp_established_timeout = seconds, .udp_stream_timeout = {}, .udp_timeout = {}};
}

size_t Count(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

}  // namespace

TEST_CASE("without timeouts of a port there is no table", "[fabric]") {
  PortRules port;
  port.tap = "bm1";
  CHECK(TimeoutsOf({{"bm1", port}}).empty());
  CHECK(ChangeTimeoutsText({}, {}).empty());
  CHECK(ReplaceTimeoutsText({}, {}) == "add table inet brume_timeouts\ndelete table inet brume_timeouts\n");
  CHECK(ChangeTimeoutsText({{"bm1", Tcp(400)}}, {}) == ReplaceTimeoutsText({}, {}));
}

TEST_CASE("ports with the same timeouts share one object, and the last takes it along", "[fabric]") {
  PortTimeouts one = {{"bm1", Tcp(400)}}, more = one;
  for (int i = 2; i < 100; ++i) more[absl::StrCat("bm", i)] = Tcp(400);
  CHECK(Count(ChangeTimeoutsText({}, more), "add ct timeout") == 1);
  const std::string joins = ChangeTimeoutsText(one, {{"bm1", Tcp(400)}, {"bm2", Tcp(400)}});
  CHECK(joins ==
        "add element inet brume_timeouts openers { \"bm2\" . tcp : jump tcp-400 }\n"
        "add element inet brume_timeouts receivers { \"bm2\" . tcp : jump tcp-400 }\n"
        "add element inet brume_timeouts opened { \"bm2\" . tcp }\n");
  PortTimeouts other = more;
  other["bm7"] = Tcp(60);
  CHECK(Count(ChangeTimeoutsText(more, other), "add ct timeout inet brume_timeouts tcp-60 ") == 1);
  CHECK_FALSE(absl::StrContains(ChangeTimeoutsText(more, other), "delete ct timeout"));
  CHECK(Count(ChangeTimeoutsText(other, more), "delete ct timeout inet brume_timeouts tcp-60\n") == 1);
  CHECK(ChangeTimeoutsText(other, other).empty());
}

TEST_CASE("what is not said of a UDP flow's timeouts is left to the kernel", "[fabric]") {
  const auto policy = [](std::optional<int> stream, std::optional<int> single) {
    return ChangeTimeoutsText(
        {}, {{"bm1", {.tcp_established_timeout = {}, .udp_stream_timeout = stream, .udp_timeout = single}}});
  };
  CHECK(absl::StrContains(policy(90, 31),
                          "udp-31-90 {\nprotocol udp\nl3proto ip\npolicy = { unreplied: 31, replied: 90 }"));
  CHECK(absl::StrContains(policy(90, {}), "udp-x-90 {\nprotocol udp\nl3proto ip\npolicy = { replied: 90 }"));
  CHECK(absl::StrContains(policy({}, 31), "udp-31-x {\nprotocol udp\nl3proto ip\npolicy = { unreplied: 31 }"));
}

TEST_CASE("what stands of timeouts that no port has any more goes, and what stays is not taken away", "[fabric]") {
  const std::string text = ReplaceTimeoutsText({"tcp-400", "udp-31-90"}, {{"bm1", Tcp(400)}});
  CHECK(absl::StrContains(text, "delete ct timeout inet brume_timeouts udp-31-90\n"));
  CHECK_FALSE(absl::StrContains(text, "delete ct timeout inet brume_timeouts tcp-400"));
  CHECK_FALSE(absl::StrContains(text, "delete table"));
}

}  // namespace brume::network
