#include "lib/imds/fair_queue.h"

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace brume::imds {

TEST_CASE("who asks much waits for its own, and nobody else for it", "[metadata]") {
  FairQueue<std::string, std::string> queue;
  for (int i = 0; i < 3; ++i) queue.Push("storm", "s" + std::to_string(i));
  queue.Push("quiet", "q0");
  queue.Push("other", "o0");
  queue.Push("quiet", "q1");
  std::vector<std::string> order;
  for (int i = 0; i < 4; ++i) order.push_back(queue.Take().value());
  // One that comes back has its turn behind those that wait already.
  queue.Push("other", "o1");
  for (int i = 0; i < 3; ++i) order.push_back(queue.Take().value());
  CHECK(order == std::vector<std::string>{"s0", "q0", "o0", "s1", "q1", "s2", "o1"});
}

TEST_CASE("a queue that is stopped drops what waits, and wakes who takes", "[metadata]") {
  FairQueue<int, std::shared_ptr<int>> queue;
  bool ended = false;
  std::thread taker([&] { ended = !queue.Take().has_value(); });
  queue.Stop();
  taker.join();
  CHECK(ended);
  const auto work = std::make_shared<int>(1);
  queue.Push(1, work);
  CHECK(work.use_count() == 1);
  CHECK_FALSE(queue.Take().has_value());
}

}  // namespace brume::imds
