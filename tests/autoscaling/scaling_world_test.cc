// Fourteen days of many groups, one evaluation a minute, with loads, boots, failures and restarts in simulated time.
// BRUME_WORLD_GROUPS is how many groups there are of each kind; by default few, so that the run takes seconds.
#include <stdlib.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "lib/base/seeded_random.h"
#include "tests/fakes/scaling_loop.h"

namespace brume::scaling {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'800'000'000);
constexpr int kMinutes = 14 * 24 * 60;
constexpr int kSettled = 120;  // minutes until what a group began with has no say any more
constexpr double kTarget = 50;
constexpr double kNoise = 0.01;

int GroupsOfEachKind() {
  const char* set = getenv("BRUME_WORLD_GROUPS");
  int groups = 6;
  if (set != nullptr) REQUIRE(absl::SimpleAtoi(set, &groups));
  return groups;
}

// One group under a load, in units of what one member carries at the target.
class Town {
 public:
  Town(int number, Group group)
      : random(number),
        host(number),
        loop(Named(std::move(group), number),
             {{.name = "track", .enabled = true, .rule = TrackingPolicy{kTarget, false}}}, host) {}

  // The metric is what the minute before came to.
  void Minute(int minute, double load_of_last_minute) {
    std::vector<Signal>& signals = signals_;
    signals[0].datapoint.reset();
    if (serving > 0) {
      const double noise = 1 + kNoise * (static_cast<double>(random.Below(2001)) / 1000 - 1);
      utilisation = load_of_last_minute / serving;
      signals[0].datapoint = kTarget * utilisation * noise;
    }
    // A restart now and then, in the middle of what it was doing.
    const bool dies = random.Below(2 * 24 * 60) == 0;
    restarted = dies;
    const auto crash = dies ? static_cast<ScalingLoop::Crash>(1 + random.Below(3)) : ScalingLoop::Crash::kNone;
    loop.Tick(kStart + absl::Minutes(minute), signals, crash);
    if (dies) loop.Restart();
    serving = loop.InService();
    Check();
  }

  int serving = 0;
  double utilisation = 0;
  bool restarted = false;
  SeededRandom random;
  SimulatedHost host;
  ScalingLoop loop;

 private:
  static Group Named(Group group, int number) {
    group.uuid = absl::StrFormat("%08x-89ab-4cde-8f01-23456789abcd", number);
    return group;
  }

  // What must hold after every evaluation. CHECK costs too much to be made twenty million times.
  void Check() {
    const bool in_bounds = loop.group.desired >= loop.group.min_size && loop.group.desired <= loop.group.max_size &&
                           loop.Active() <= loop.group.max_size;
    if (!in_bounds) FAIL("outside of its bounds: " << loop.group.desired << " wanted, " << loop.Active() << " active");
    // Losses are made up for in the evaluation that sees them, but for a crash in it or a wait after failed launches.
    const bool too_few = loop.Active() < loop.group.min_size && loop.plan.blocked.empty() && !restarted;
    if (too_few) FAIL("fewer than its minimum: " << loop.Active() << " active");
    if (host.launched_twice() != 0) FAIL("something was launched twice");
  }

  std::vector<Signal> signals_ = std::vector<Signal>(1);
};

// Nothing runs that no member stands for, and no launch was made but under its own token.
void CheckNothingLeaks(const Town& town) {
  int alive = 0;
  for (const auto& [token, guest] : town.host.guests()) alive += guest.state == InstanceState::kTerminated ? 0 : 1;
  CHECK(alive <= static_cast<int>(town.loop.members.size()));
  CHECK(static_cast<int64_t>(town.host.launches()) < town.loop.state.next_activity);
}

}  // namespace

TEST_CASE("a steady load moves its group by no more than one step in fourteen days", "[scaling]") {
  for (int number = 0; number < GroupsOfEachKind(); ++number) {
    Town town(number, MakeGroup(1, 40, 1));
    const double load = 1.5 + number % 20 + 0.13 * (number % 7);
    int lowest = 1000;
    int highest = 0;
    for (int minute = 0; minute < kMinutes; ++minute) {
      town.Minute(minute, load);
      if (minute < kSettled) continue;
      lowest = std::min(lowest, town.loop.group.desired);
      highest = std::max(highest, town.loop.group.desired);
    }
    INFO("group " << number << ", load " << load);
    CHECK(highest - lowest <= 1);
    CHECK(lowest >= load);
    CheckNothingLeaks(town);
  }
}

TEST_CASE("a daily curve keeps its metric within a tenth of the target", "[scaling]") {
  constexpr int kWindow = 10;
  constexpr int kAfterRestart = 45;
  for (int number = 0; number < GroupsOfEachKind(); ++number) {
    Town town(1000 + number, MakeGroup(1, 100, 30));
    const double mean = 30 + number % 21;
    double sum = 0;
    int since_restart = 0;
    double lowest = 1;
    double highest = 1;
    for (int minute = 0; minute < kMinutes; ++minute) {
      const double day = 2 * M_PI * (minute + 61 * number) / (24 * 60);
      town.Minute(minute, mean * (1 + 0.4 * std::sin(day)));
      since_restart = town.restarted ? 0 : since_restart + 1;
      sum += town.utilisation;
      if (minute % kWindow != kWindow - 1) continue;
      const double average = std::exchange(sum, 0) / kWindow;
      if (minute < kSettled || since_restart < kAfterRestart) continue;
      lowest = std::min(lowest, average);
      highest = std::max(highest, average);
    }
    INFO("group " << number << ", mean load " << mean);
    CHECK(lowest >= 0.9);
    CHECK(highest <= 1.1);
    CheckNothingLeaks(town);
  }
}

TEST_CASE("a tenfold spike is served within two periods and a boot", "[scaling]") {
  constexpr int kBoot = 3;
  constexpr int kPeriods = 2;
  constexpr int kEvery = 12 * 60;
  constexpr int kLasts = 60;
  for (int number = 0; number < GroupsOfEachKind(); ++number) {
    Group group = MakeGroup(1, 100, 5);
    group.default_warmup = absl::Minutes(1);
    Town town(2000 + number, group);
    town.host.min_boot = town.host.max_boot = absl::Minutes(kBoot);
    int served = 0;
    int spikes = 0;
    int since_restart = 0;
    for (int minute = 0; minute < kMinutes; ++minute) {
      const double base = 2 + number % 5;
      const auto load_at = [&](int at) { return at % kEvery >= kEvery - kLasts ? 10 * base : base; };
      town.Minute(minute, load_at(minute - 1));
      since_restart = town.restarted ? 0 : since_restart + 1;
      if (minute % kEvery != kEvery - kLasts + kPeriods + kBoot) continue;
      // A restart in these very minutes costs as long as it takes.
      if (since_restart < kPeriods + kBoot) continue;
      ++spikes;
      served += town.serving * (1 + kNoise) >= 10 * base ? 1 : 0;
    }
    INFO("group " << number);
    CHECK(spikes > 20);
    CHECK(served == spikes);
    CheckNothingLeaks(town);
  }
}

TEST_CASE("every guest that fails is replaced", "[scaling]") {
  constexpr int kMaxLength =
      20;  // minutes, with a boot, a status check that must last, and some waiting after failures
  for (int number = 0; number < GroupsOfEachKind(); ++number) {
    Group group = MakeGroup(4, 20, 6, {"a", "b", "c"});
    Town town(3000 + number, group);
    town.host.failed_launch_percent = 5;
    int failures = 0;
    int not_whole = 0;
    int max_length = 0;
    std::vector<std::string> failed;
    for (int minute = 0; minute < kMinutes; ++minute) {
      if (town.random.Below(6 * 60) == 0 && !town.loop.members.empty()) {
        const Member& member = town.loop.members[town.random.Below(town.loop.members.size())];
        if (member.lifecycle == Lifecycle::kInService) {
          const uint64_t how = town.random.Below(3);
          if (how == 0) town.host.Kill(member.token);
          if (how == 1) town.host.Stop(member.token);
          if (how == 2) town.host.Impair(member.token, kStart + absl::Minutes(minute));
          failed.push_back(member.token);
          ++failures;
        }
      }
      town.Minute(minute, 8);
      not_whole = town.serving >= town.loop.group.desired ? 0 : not_whole + 1;
      max_length = std::max(max_length, not_whole);
    }
    for (int minute = 0; minute < kMaxLength; ++minute) town.Minute(kMinutes + minute, 8);
    INFO("group " << number);
    CHECK(failures > 20);
    CHECK(max_length <= kMaxLength);
    for (const std::string& token : failed) CHECK(town.loop.Find(token) == nullptr);
    CheckNothingLeaks(town);
  }
}

}  // namespace brume::scaling
