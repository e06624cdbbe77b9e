#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "brume/ec2/v1/instance.pb.h"
#include "lib/gateway/call_statistics.h"
#include "lib/gateway/request_limiter.h"
#include "lib/resource/ec2_error.h"

namespace brume::gateway {
namespace {

const google::protobuf::MethodDescriptor& Rpc(const char* name) {
  const auto* method = Dispatcher().FindMethod("brume.ec2.v1.Instances", name);
  REQUIRE(method != nullptr);
  return *method;
}

struct LimiterWorld {
  ManualClock clock{absl::FromUnixSeconds(1'700'000'000)};
  RequestLimiter limiter{{.requests = {.per_second = 2, .burst = 4}, .launches = {.per_second = 1, .burst = 10}},
                         clock};

  absl::Status Describe(const std::string& key) {
    return limiter.Admit(Rpc("DescribeInstances"), ec2::v1::DescribeInstancesRequest(), {.access_key_id = key});
  }
  absl::Status Run(int count) {
    ec2::v1::RunInstancesRequest request;
    request.set_min_count(1);
    request.set_max_count(count);
    return limiter.Admit(Rpc("RunInstances"), request, {.access_key_id = "AKIAONE"});
  }
};

void Count(CallStatistics& statistics, const char* name, absl::Duration duration, const absl::Status& outcome = {}) {
  const Caller caller;
  statistics.Count({.method = Rpc(name),
                    .request = ec2::v1::DescribeInstancesRequest::default_instance(),
                    .caller = caller,
                    .start = absl::UnixEpoch(),
                    .duration = duration,
                    .outcome = outcome,
                    .response = nullptr});
}

}  // namespace

TEST_CASE("a key that asks too much is refused until its bucket has filled again", "[api]") {
  LimiterWorld world;
  for (int i = 0; i < 4; ++i) CHECK(world.Describe("AKIAONE").ok());
  const absl::Status refused = world.Describe("AKIAONE");
  CHECK(ec2::ErrorCode(refused) == "RequestLimitExceeded");
  CHECK(absl::StrContains(refused.message(), "AKIAONE"));
  CHECK(world.Describe("AKIATWO").ok());
  world.clock.Advance(absl::Milliseconds(500));
  CHECK(world.Describe("AKIAONE").ok());
  CHECK_FALSE(world.Describe("AKIAONE").ok());
}

TEST_CASE("each instance of a launch counts, and a launch beyond the limit takes nothing", "[api]") {
  LimiterWorld world;
  CHECK(world.Run(7).ok());
  CHECK(ec2::ErrorCode(world.Run(4)) == "RequestLimitExceeded");
  CHECK(world.Run(3).ok());
  CHECK_FALSE(world.Run(1).ok());
  world.clock.Advance(absl::Seconds(1));
  CHECK(world.Run(1).ok());
}

TEST_CASE("a user's keys and sessions, a role's sessions and the root's share one bucket: a new key gives nothing",
          "[api]") {
  struct Row {
    const char* whose;
    std::vector<Caller> callers;
  };
  const Row rows[] = {
      {"a user",
       {{.principal_id = "AIDAADA", .access_key_id = "AKIAONE"},
        {.principal_id = "AIDAADA", .access_key_id = "AKIATWO"},
        {.principal_id = "AIDAADA", .access_key_id = "ASIAONE"},
        {.principal_id = "AIDAADA", .access_key_id = "ASIATWO"}}},
      {"a role",
       {{.principal_id = "AROAWEB:one", .role_id = "AROAWEB", .access_key_id = "ASIAONE"},
        {.principal_id = "AROAWEB:two", .role_id = "AROAWEB", .access_key_id = "ASIATWO"}}},
      {"the root",
       {{.principal_id = "000000000000", .access_key_id = "AKIAROOT"},
        {.principal_id = "000000000000", .access_key_id = "ASIAROOT"}}},
  };
  for (const Row& row : rows) {
    INFO(row.whose);
    LimiterWorld world;
    const auto run = [&](const Caller& caller, int count) {
      ec2::v1::RunInstancesRequest request;
      request.set_min_count(1);
      request.set_max_count(count);
      return world.limiter.Admit(Rpc("RunInstances"), request, caller);
    };
    CHECK(run(row.callers.front(), 10).ok());
    for (const Caller& caller : row.callers) {
      CHECK(ec2::ErrorCode(run(caller, 1)) == "RequestLimitExceeded");
    }
    CHECK(world.limiter.identities() == 1);
    CHECK(run({.principal_id = "AIDAOTHER", .access_key_id = "AKIAOTHER"}, 1).ok());
  }
}

TEST_CASE("a launch that no wait makes possible is not told to try again", "[api]") {
  LimiterWorld world;
  CHECK(ec2::ErrorCode(world.Run(11)) == "InstanceLimitExceeded");
  CHECK(world.Run(10).ok());
  CHECK(ec2::ErrorCode(world.Run(11)) == "InstanceLimitExceeded");
  CHECK(ec2::ErrorCode(world.Run(10)) == "RequestLimitExceeded");
}

TEST_CASE("those the host itself lets in are not limited", "[api]") {
  LimiterWorld world;
  for (int i = 0; i < 100; ++i) CHECK(world.Describe("").ok());
}

TEST_CASE("keys without end do not fill the memory of the limiter", "[api]") {
  LimiterWorld world;
  // Every key is idle long enough to be full again, and so evicted, before the next thousands come.
  for (int i = 0; i < 20'000; ++i) {
    if (i % 4000 == 0) world.clock.Advance(absl::Seconds(10));
    REQUIRE(world.Describe("ASIA" + std::to_string(i)).ok());
  }
  CHECK(world.limiter.identities() <= 8000);
}

TEST_CASE("statistics give quantiles within an eighth, and the longest call as it was", "[api]") {
  CallStatistics statistics;
  for (int i = 1; i <= 1000; ++i) Count(statistics, "DescribeInstances", absl::Microseconds(i * 10));
  Count(statistics, "RunInstances", absl::Milliseconds(3), ec2::Error("InvalidAMIID.NotFound", "no"));
  const std::vector<ActionStatistics> all = statistics.Read();
  REQUIRE(all.size() == 2);
  CHECK(all[0].action == "ec2:DescribeInstances");
  CHECK(all[0].calls == 1000);
  CHECK(all[0].errors == 0);
  CHECK(all[0].p50 >= absl::Microseconds(5000));
  CHECK(all[0].p50 <= absl::Microseconds(5625));
  CHECK(all[0].p99 >= absl::Microseconds(9900));
  CHECK(all[0].max == absl::Microseconds(10'000));
  CHECK(all[1].errors == 1);
  CHECK(all[1].p50 == absl::Milliseconds(3));
  statistics.Reset();
  CHECK(statistics.Read().empty());
}

TEST_CASE("statistics count calls of every length from many threads", "[api]") {
  CallStatistics statistics;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) Count(statistics, "StopInstances", absl::Nanoseconds(int64_t{1} << (i % 50)));
    });
  }
  for (std::thread& thread : threads) thread.join();
  REQUIRE(statistics.Read().size() == 1);
  CHECK(statistics.Read()[0].calls == 4000);
}

}  // namespace brume::gateway
