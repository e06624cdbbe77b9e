#include "lib/ec2/compute/restart_turns.h"

#include <catch2/catch.hpp>

#include "lib/base/clock.h"

namespace brume::compute {
namespace {

using Turn = RestartTurns::Turn;

InstanceId Numbered(int n) { return InstanceId::FromTrusted("i-0000000000000000" + std::to_string(n)); }

TEST_CASE("turns are given in order, as many at a time as there may be", "[compute]") {
  ManualClock clock(absl::UnixEpoch());
  RestartTurns turns({.parallel = 2, .boot_time = absl::Seconds(10)}, clock);
  turns.Fill({Numbered(1), Numbered(2), Numbered(3), Numbered(4)});
  CHECK(turns.Take(Numbered(3)).turn == Turn::kWaits);
  CHECK(turns.Take(Numbered(2)).turn == Turn::kTaken);
  CHECK(turns.Take(Numbered(2)).turn == Turn::kNotNeeded);
  CHECK(turns.Take(Numbered(3)).turn == Turn::kWaits);
  CHECK(turns.Take(Numbered(1)).turn == Turn::kTaken);
  CHECK(turns.Take(Numbered(9)).turn == Turn::kNotNeeded);
  CHECK(turns.Front() == std::vector{Numbered(3), Numbered(4)});
}

TEST_CASE("nobody waits where all may boot at once", "[compute]") {
  ManualClock clock(absl::UnixEpoch());
  RestartTurns turns({.parallel = 2, .boot_time = absl::Seconds(10)}, clock);
  turns.Fill({Numbered(1), Numbered(2)});
  CHECK(turns.Take(Numbered(2)).turn == Turn::kNotNeeded);
  CHECK(turns.Front().empty());
}

TEST_CASE("a turn ends a while after the guest runs, and the next one knows when", "[compute]") {
  ManualClock clock(absl::UnixEpoch());
  RestartTurns turns({.parallel = 1, .boot_time = absl::Seconds(10)}, clock);
  turns.Fill({Numbered(1), Numbered(2), Numbered(3)});
  REQUIRE(turns.Take(Numbered(1)).turn == Turn::kTaken);
  CHECK(turns.Take(Numbered(2)).wait == absl::InfiniteDuration());
  turns.Started(Numbered(1));
  clock.Advance(absl::Seconds(4));
  CHECK(turns.Take(Numbered(2)).wait == absl::Seconds(6));
  CHECK(turns.Take(Numbered(3)).wait == absl::InfiniteDuration());
  clock.Advance(absl::Seconds(6));
  CHECK(turns.Take(Numbered(3)).turn == Turn::kWaits);
  CHECK(turns.Take(Numbered(2)).turn == Turn::kTaken);
}

TEST_CASE("who leaves makes room, whether it waited or was about to boot", "[compute]") {
  ManualClock clock(absl::UnixEpoch());
  RestartTurns turns({.parallel = 1, .boot_time = absl::Seconds(10)}, clock);
  turns.Fill({Numbered(1), Numbered(2), Numbered(3)});
  REQUIRE(turns.Take(Numbered(1)).turn == Turn::kTaken);
  CHECK(turns.Leave(Numbered(2)));
  CHECK_FALSE(turns.Leave(Numbered(2)));
  CHECK(turns.Leave(Numbered(1)));
  CHECK(turns.Take(Numbered(3)).turn == Turn::kTaken);
  turns.Started(Numbered(3));
  // A guest that ended again has booted, and its turn ends by itself.
  CHECK_FALSE(turns.Leave(Numbered(3)));
}

}  // namespace
}  // namespace brume::compute
