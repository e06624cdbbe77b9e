#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <iterator>

#include "lib/base/work_pool.h"
#include "tests/support/gate.h"

namespace brume {
namespace {

size_t ThreadsOfThisProcess() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/task"), std::filesystem::directory_iterator());
}

}  // namespace

TEST_CASE("a pool takes as much as runs and waits, and refuses what is beyond", "[base]") {
  Gate gate;
  WorkPool pool(2, 1);
  for (int i = 0; i < 3; ++i) CHECK(pool.Submit([&] { gate.Pass(); }));
  CHECK_FALSE(pool.Submit([&] { gate.Pass(); }));
  gate.Open();
}

TEST_CASE("a pool without a queue takes its first work at once", "[base]") {
  for (int round = 0; round < 200; ++round) {
    WorkPool pool(1, 0);
    CHECK(pool.Submit([] {}));
  }
}

TEST_CASE("a pool runs all it took before it ends", "[base]") {
  std::atomic<int> ran = 0;
  {
    WorkPool pool(3, 1000);
    for (int i = 0; i < 500; ++i) CHECK(pool.Submit([&] { ++ran; }));
  }
  CHECK(ran == 500);
}

TEST_CASE("a pool makes threads only for work", "[base]") {
  Gate gate;
  const size_t before = ThreadsOfThisProcess();
  WorkPool pool(64, 0);
  CHECK(ThreadsOfThisProcess() == before);
  CHECK(pool.Submit([&] { gate.Pass(); }));
  CHECK(ThreadsOfThisProcess() == before + 1);
  gate.Open();
}

}  // namespace brume
