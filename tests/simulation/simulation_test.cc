// BRUME_SIMULATION_SEEDS says how many seeds are run, BRUME_SIMULATION_SEED which is the first, BRUME_SIMULATION_STEPS
// how many steps each has.
#include "tests/simulation/simulation.h"

#include <stdlib.h>

#include <catch2/catch.hpp>

#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"

namespace brume {
namespace {

uint64_t Setting(const char* name, uint64_t otherwise) {
  const char* set = getenv(name);
  if (set != nullptr) REQUIRE(absl::SimpleAtoi(set, &otherwise));
  return otherwise;
}

uint64_t HashOf(uint64_t seed, uint64_t steps) {
  Simulation simulation(seed);
  for (uint64_t n = 0; n < steps && simulation.Step(); ++n) {
  }
  simulation.ComeToRest();
  return simulation.trace_hash();
}

}  // namespace

TEST_CASE("whatever is called, fails and crashes in whatever order, no rule is ever broken and all comes to rest",
          "[simulation]") {
  const uint64_t first = Setting("BRUME_SIMULATION_SEED", 1), steps = Setting("BRUME_SIMULATION_STEPS", 60);
  const uint64_t seeds = Setting("BRUME_SIMULATION_SEEDS", getenv("BRUME_SIMULATION_SEED") == nullptr ? 500 : 1);
  size_t accepted = 0, crashes = 0;
  for (uint64_t seed = first; seed < first + seeds; ++seed) {
    Simulation simulation(seed);
    bool well = true;
    for (uint64_t n = 0; well && n < steps; ++n) well = simulation.Step();
    well = well && simulation.ComeToRest();
    accepted += simulation.calls_accepted();
    crashes += simulation.crashes();
    INFO("repeat it: BRUME_SIMULATION_SEED=" << seed << " BRUME_SIMULATION_STEPS=" << steps << " simulation_test");
    INFO(absl::StrJoin(simulation.trace(), "\n"));
    REQUIRE(simulation.problem() == "");
    REQUIRE(well);
  }
  if (getenv("BRUME_SIMULATION_SEEDS") != nullptr) {
    WARN(seeds << " seeds of " << steps << " steps: " << accepted << " calls accepted, " << crashes << " crashes");
  }
}

TEST_CASE("a seed does the same each time", "[simulation]") {
  for (const uint64_t seed : {1, 2, 3, 4, 5}) CHECK(HashOf(seed, 80) == HashOf(seed, 80));
  CHECK(HashOf(1, 80) != HashOf(2, 80));
}

}  // namespace brume
