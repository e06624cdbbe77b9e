#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <iterator>
#include <string>
#include <vector>

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

TEST_CASE("who gives a pool much waits for its own, and nobody else for it", "[base]") {
  Gate gate;
  std::vector<std::string> order;  // of one thread
  {
    WorkPool pool(1, 3);
    const auto submit = [&](const std::string& source, int number) {
      return pool.Submit([&order, text = source + std::to_string(number)] { order.push_back(text); }, source);
    };
    CHECK(pool.Submit([&] { gate.Pass(); }));
    gate.WaitForArrivals(1);
    for (int i = 0; i < 3; ++i) CHECK(submit("storm", i));
    CHECK_FALSE(submit("storm", 3));
    CHECK(submit("quiet", 0));
    CHECK(submit("other", 0));
    CHECK(submit("quiet", 1));
    gate.Open();
  }
  CHECK(order == std::vector<std::string>{"storm0", "quiet0", "other0", "storm1", "quiet1", "storm2"});
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
