#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "lib/base/periodic.h"

namespace brume {
namespace {

constexpr std::chrono::seconds kPatience(20);

// Counts how often the work was done, and lets tests wait for that.
class Tally {
 public:
  int Add() {
    std::lock_guard lock(mutex_);
    changed_.notify_all();
    return ++count_;
  }
  int count() {
    std::lock_guard lock(mutex_);
    return count_;
  }
  bool WaitFor(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return count_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

}  // namespace

TEST_CASE("the work is done at the start and once in each period", "[base]") {
  Tally done;
  Periodic loop(absl::Milliseconds(1), [&] { done.Add(); });
  CHECK(done.count() == 0);
  loop.Start();
  CHECK(done.WaitFor(5));
}

TEST_CASE("nothing is done before the first delay is over", "[base]") {
  Tally done;
  const absl::Time start = absl::Now();
  Periodic loop(absl::Hours(1), [&] { done.Add(); });
  loop.Start(absl::Milliseconds(30));
  REQUIRE(done.WaitFor(1));
  CHECK(absl::Now() - start >= absl::Milliseconds(29));
  CHECK(done.count() == 1);
}

TEST_CASE("a stop waits for work under way and for no period's end", "[base]") {
  Tally begun, ended;
  std::atomic<bool> stop_requested = false;
  Periodic* self = nullptr;
  Periodic loop(absl::Hours(24), [&] {
    begun.Add();
    stop_requested = !self->Sleep(absl::Hours(24)) && self->Stopping();
    ended.Add();
  });
  self = &loop;
  loop.Start();
  REQUIRE(begun.WaitFor(1));
  loop.Stop();
  CHECK(ended.count() == 1);
  CHECK(stop_requested);
  loop.Stop();
  loop.Start();
  loop.Wake();
  CHECK(begun.count() == 1);
}

TEST_CASE("a wake does the work at once, and once more when it comes amid the work", "[base]") {
  Tally begun;
  Tally door;
  Periodic loop([&] {
    if (begun.Add() == 2) door.WaitFor(1);
    return absl::InfiniteDuration();
  });
  loop.Start();
  REQUIRE(begun.WaitFor(1));
  loop.Wake();
  REQUIRE(begun.WaitFor(2));
  for (int i = 0; i < 10; ++i) loop.Wake();
  door.Add();
  REQUIRE(begun.WaitFor(3));
  loop.Stop();
  CHECK(begun.count() == 3);
}

TEST_CASE("the work says itself when it is done again", "[base]") {
  Tally done;
  Periodic loop([&] { return done.Add() < 3 ? absl::ZeroDuration() : absl::InfiniteDuration(); });
  loop.Start();
  REQUIRE(done.WaitFor(3));
  loop.Stop();
  CHECK(done.count() == 3);
}

TEST_CASE("a stop amid wakes of many threads ends the work", "[base]") {
  Tally done;
  Periodic loop([&] {
    done.Add();
    return absl::InfiniteDuration();
  });
  loop.Start();
  // All wakes may come before the thread has run for the first time: they are then one with its start.
  REQUIRE(done.WaitFor(1));
  std::vector<std::thread> wakers;
  for (int t = 0; t < 4; ++t) {
    wakers.emplace_back([&] {
      for (int i = 0; i < 500; ++i) loop.Wake();
    });
  }
  REQUIRE(done.WaitFor(2));
  loop.Stop();
  const int count = done.count();
  for (std::thread& waker : wakers) waker.join();
  CHECK(done.count() == count);
}

}  // namespace brume
