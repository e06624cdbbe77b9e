#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "lib/base/work_watch.h"

namespace brume {
namespace {

std::vector<std::string> Underway() {
  std::vector<std::string> texts;
  for (const WorkUnderWay& work : WorkOlderThan(absl::ZeroDuration())) texts.push_back(work.what);
  return texts;
}

}  // namespace

TEST_CASE("work is under way until it ends, the oldest first", "[base]") {
  const WatchedWork first("network: vpc-1");
  {
    const WatchedWork second("instance: i-1");
    CHECK(Underway() == std::vector<std::string>{"network: vpc-1", "instance: i-1"});
  }
  CHECK(Underway() == std::vector<std::string>{"network: vpc-1"});
  CHECK(WorkOlderThan(absl::Hours(1)).empty());
}

}  // namespace brume
