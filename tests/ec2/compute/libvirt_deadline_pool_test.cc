#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "lib/base/priority.h"
#include "lib/ec2/compute/libvirt/deadline_pool.h"
#include "tests/ec2/compute/hypervisor_contract.h"

namespace brume::compute {
namespace {

constexpr absl::Duration kLong = absl::Seconds(20);
constexpr absl::Duration kShort = absl::Milliseconds(20);

// Calls that hang until it is opened. Shared, as a call outlives its caller.
struct Gate {
  std::promise<void> promise;
  std::shared_future<void> open = promise.get_future().share();
  std::atomic<int> inside = 0;
};

std::function<absl::Status()> Hanging(const std::shared_ptr<Gate>& gate) {
  return [gate] {
    ++gate->inside;
    gate->open.wait();
    --gate->inside;
    return absl::OkStatus();
  };
}

}  // namespace

TEST_CASE("a call's result comes back, whatever it is", "[libvirt]") {
  DeadlinePool pool(2, 1);
  CHECK(pool.Run("call", kLong, [] { return absl::OkStatus(); }).ok());
  CHECK(absl::IsNotFound(pool.Run("call", kLong, [] { return absl::NotFoundError("gone"); })));
  CHECK(*pool.RunFor<int>("call", kLong, []() -> absl::StatusOr<int> { return 42; }) == 42);
  CHECK(absl::IsInternal(
      pool.RunFor<int>("call", kLong, []() -> absl::StatusOr<int> { return absl::InternalError("bad"); }).status()));
}

TEST_CASE("a caller leaves a call that hangs at its deadline, and others still get through", "[libvirt]") {
  const auto gate = std::make_shared<Gate>();
  DeadlinePool pool(1, 1);
  const absl::Status late = pool.Run("the call", kShort, Hanging(gate));
  CHECK(absl::IsDeadlineExceeded(late));
  CHECK(late.message() == "the call took longer than 20ms");
  CHECK(pool.Run("next", kLong, [] { return absl::OkStatus(); }).ok());
  gate->promise.set_value();
  CHECK(Eventually([&] { return gate->inside == 0; }));
}

TEST_CASE("stuck calls get a bounded number of replacements, and room again once they end", "[libvirt]") {
  const auto gate = std::make_shared<Gate>();
  DeadlinePool pool(2, 1);
  for (int i = 0; i < 3; ++i) CHECK(absl::IsDeadlineExceeded(pool.Run("stuck", kShort, Hanging(gate))));
  // Two threads and one spare: all are held now, so this one never begins.
  auto begun = std::make_shared<std::atomic<bool>>(false);
  CHECK(absl::IsDeadlineExceeded(pool.Run("late", kShort, [begun] {
    *begun = true;
    return absl::OkStatus();
  })));
  gate->promise.set_value();
  CHECK(pool.Run("after", kLong, [] { return absl::OkStatus(); }).ok());
  CHECK(Eventually([&] { return gate->inside == 0; }));
  CHECK_FALSE(*begun);
}

TEST_CASE("a call runs like the rest of the process, though its caller goes first", "[libvirt]") {
  DeadlinePool pool(1, 1);
  int nice = -1;
  std::thread([&] {
    GoFirst();
    CHECK(pool.Run("call", kLong,
                   [&] {
                     nice = getpriority(PRIO_PROCESS, 0);
                     return absl::OkStatus();
                   })
              .ok());
  }).join();
  CHECK(nice == getpriority(PRIO_PROCESS, getpid()));
}

TEST_CASE("no more calls run at once than the pool has threads", "[libvirt]") {
  DeadlinePool pool(3, 0);
  std::atomic<int> running = 0, max = 0, done = 0;
  std::vector<std::thread> callers;
  for (int i = 0; i < 24; ++i) {
    callers.emplace_back([&] {
      const absl::Status status = pool.Run("call", kLong, [&] {
        const int now = ++running;
        for (int seen = max; seen < now && !max.compare_exchange_weak(seen, now);) {
        }
        std::this_thread::yield();
        --running;
        return absl::OkStatus();
      });
      if (status.ok()) ++done;
    });
  }
  for (std::thread& caller : callers) caller.join();
  CHECK(done == 24);
  CHECK(max <= 3);
}

TEST_CASE("a pool that goes leaves its stuck calls to themselves", "[libvirt]") {
  const auto gate = std::make_shared<Gate>();
  {
    DeadlinePool pool(1, 0);
    CHECK(absl::IsDeadlineExceeded(pool.Run("stuck", kShort, Hanging(gate))));
  }
  gate->promise.set_value();
  CHECK(Eventually([&] { return gate->inside == 0; }));
}

}  // namespace brume::compute
