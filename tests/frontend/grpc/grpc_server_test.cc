#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "tests/frontend/grpc/grpc_fixture.h"

namespace brume {

TEST_CASE("a call over the Unix socket is the peer user's and has a request id", "[grpc]") {
  GrpcFixture fixture;
  fixture.Serve();
  const GrpcAnswer answer = fixture.DescribeRegions();
  CHECK(RegionOf(answer).region_name() == absl::StrCat("uid:", getuid()));
  CHECK(RegionOf(answer).endpoint() == "unix");
  CHECK(answer.Trailer("x-amzn-requestid").size() == 36);
  CHECK(answer.Trailer("x-amzn-requestid") != fixture.DescribeRegions().Trailer("x-amzn-requestid"));
  CHECK(answer.Trailer("x-brume-simulated").empty());
}

TEST_CASE("an error carries gRPC's code, its message and EC2's code", "[grpc]") {
  GrpcFixture fixture;
  fixture.Serve();
  const GrpcAnswer answer = fixture.Terminate();
  CHECK(answer.status.error_code() == grpc::StatusCode::NOT_FOUND);
  CHECK(answer.status.error_message() == "The instance ID 'i-0123456789abcdef0' does not exist");
  CHECK(answer.Info().reason() == "InvalidInstanceID.NotFound");
  CHECK(answer.Info().domain() == "ec2");
  CHECK(answer.Info().metadata().at("request_id") == answer.Trailer("x-amzn-requestid"));
}

TEST_CASE("an error with a very long message still arrives", "[grpc]") {
  GrpcFixture fixture;
  fixture.failure = ec2::Error("InvalidParameterValue", std::string(100'000, '\xc3') + std::string(10, '\xa4'));
  fixture.Serve();
  CHECK(fixture.Terminate().Info().reason() == "InvalidParameterValue");
}

TEST_CASE("the details of an internal error stay inside", "[grpc]") {
  GrpcFixture fixture;
  fixture.failure = absl::UnknownError("/secret/path");
  fixture.Serve();
  const GrpcAnswer answer = fixture.Terminate();
  CHECK(answer.status.error_code() == grpc::StatusCode::INTERNAL);
  CHECK(answer.Info().reason() == "InternalError");
  CHECK_FALSE(absl::StrContains(answer.status.error_message(), "secret"));
  CHECK(absl::StrContains(answer.status.error_message(), answer.Trailer("x-amzn-requestid")));
}

TEST_CASE("a request is checked by the schema before its handler", "[grpc]") {
  GrpcFixture fixture;
  fixture.Serve();
  CHECK(GrpcCall(fixture.channel, "/brume.ec2.v1.Instances/TerminateInstances", "").Wait().Info().reason() ==
        "InvalidParameterCombination");
}

TEST_CASE("bytes that are no message, unknown methods and unknown services are refused", "[grpc]") {
  GrpcFixture fixture;
  fixture.Serve();
  const auto code = [&](const std::string& path, const std::string& bytes) {
    return GrpcCall(fixture.channel, path, bytes).Wait().status.error_code();
  };
  CHECK(code("/brume.ec2.v1.Regions/DescribeRegions", "\xff\xff\xff") == grpc::StatusCode::INVALID_ARGUMENT);
  CHECK(code("/brume.ec2.v1.Regions/DescribePlanets", "") == grpc::StatusCode::UNIMPLEMENTED);
  CHECK(code("/brume.ec2.v1.Planets/DescribeRegions", "") == grpc::StatusCode::UNIMPLEMENTED);
  CHECK(code("/brume.ec2.v1.Regions/DescribeAvailabilityZones", "") == grpc::StatusCode::INVALID_ARGUMENT);
  CHECK(fixture.DescribeRegions().status.ok());
}

TEST_CASE("a request above one MiB is refused and the connection serves on", "[grpc]") {
  GrpcFixture fixture;
  fixture.Serve();
  ec2::v1::DescribeRegionsRequest request;
  request.add_region_names(std::string(900'000, 'x'));
  const std::string path = "/brume.ec2.v1.Regions/DescribeRegions";
  CHECK(GrpcCall(fixture.channel, path, request.SerializeAsString()).Wait().status.ok());
  request.add_region_names(std::string(900'000, 'x'));
  CHECK(GrpcCall(fixture.channel, path, request.SerializeAsString()).Wait().status.error_code() ==
        grpc::StatusCode::RESOURCE_EXHAUSTED);
  CHECK(fixture.DescribeRegions().status.ok());
}

TEST_CASE("a call whose client goes away is carried out and harms nothing", "[grpc]") {
  GrpcFixture fixture;
  fixture.Serve();
  auto call = fixture.BeginReboot();
  fixture.gate.WaitForArrivals(1);
  call->Cancel();
  CHECK(call->Wait().status.error_code() == grpc::StatusCode::CANCELLED);
  fixture.gate.Open();
  CHECK(fixture.DescribeRegions().status.ok());
}

TEST_CASE("calls beyond the pool and its queue are refused at once", "[grpc]") {
  GrpcFixture fixture;
  fixture.Serve({.threads = 1, .queue = 1});
  auto running = fixture.BeginReboot();
  fixture.gate.WaitForArrivals(1);
  // Of five more, whichever comes first waits; the others are answered while the gate is still closed.
  constexpr int kMore = 5;
  std::mutex mutex;
  std::condition_variable changed;
  int refused = 0, served = 0;
  std::vector<std::thread> clients;
  for (int i = 0; i < kMore; ++i) {
    clients.emplace_back([&] {
      const GrpcAnswer answer = fixture.BeginReboot()->Wait();
      const bool limited = answer.status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED &&
                           answer.Info().reason() == "RequestLimitExceeded";
      std::lock_guard lock(mutex);
      refused += limited;
      served += answer.status.ok();
      changed.notify_all();
    });
  }
  {
    std::unique_lock lock(mutex);
    CHECK(changed.wait_for(lock, std::chrono::seconds(10), [&] { return refused == kMore - 1; }));
  }
  fixture.gate.Open();
  for (std::thread& client : clients) client.join();
  CHECK(refused == kMore - 1);
  CHECK(served == 1);
  CHECK(running->Wait().status.ok());
  CHECK(fixture.DescribeRegions().status.ok());
}

TEST_CASE("the server lets a call end before it goes", "[grpc]") {
  GrpcFixture fixture;
  fixture.Serve();
  auto call = fixture.BeginReboot();
  fixture.gate.WaitForArrivals(1);
  std::thread ending([&] { fixture.server.reset(); });
  fixture.gate.Open();
  CHECK(call->Wait().status.ok());
  ending.join();
  CHECK(access(fixture.socket.c_str(), F_OK) != 0);
}

TEST_CASE("many clients are served at once", "[grpc]") {
  GrpcFixture fixture;
  fixture.Serve();
  std::vector<std::thread> clients;
  std::atomic<int> good = 0;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&] {
      const auto channel = ConnectTo("unix:" + fixture.socket);
      for (int k = 0; k < 50; ++k) {
        if (GrpcCall(channel, "/brume.ec2.v1.Regions/DescribeRegions", "").Wait().status.ok()) ++good;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  CHECK(good == 400);
}

TEST_CASE("the standard health service says that it serves", "[grpc]") {
  GrpcFixture fixture;
  fixture.Serve();
  // HealthCheckRequest is empty, HealthCheckResponse has status (1) = SERVING (1).
  const std::string path = "/grpc.health.v1.Health/Check";
  CHECK(GrpcCall(fixture.channel, path, "").Wait().bytes == std::string("\x08\x01"));
  // HealthCheckRequest.service (1) = "simulated".
  CHECK(GrpcCall(fixture.channel, path, "\x0a\x09simulated").Wait().status.error_code() == grpc::StatusCode::NOT_FOUND);
}

TEST_CASE("a server that simulates says so in every answer and in its health", "[grpc]") {
  GrpcFixture fixture;
  fixture.Serve({.simulated = true});
  CHECK(fixture.DescribeRegions().Trailer("x-brume-simulated") == "true");
  CHECK(fixture.Terminate().Trailer("x-brume-simulated") == "true");
  CHECK(GrpcCall(fixture.channel, "/grpc.health.v1.Health/Check", "\x0a\x09simulated").Wait().bytes ==
        std::string("\x08\x01"));
}

TEST_CASE("reflection lists every service of the schema", "[grpc]") {
  GrpcFixture fixture;
  fixture.Serve();
  GrpcStream stream(fixture.channel, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo");
  // ServerReflectionRequest.list_services (7) = "".
  REQUIRE(stream.Write(std::string("\x3a\x00", 2)));
  std::string services;
  REQUIRE(stream.Read(&services));
  for (const char* name : {"brume.ec2.v1.Instances", "brume.ec2.v1.Images", "brume.host.v1.Host",
                           "brume.host.v1.Console", "brume.ec2.v1.SecurityGroups", "grpc.health.v1.Health"}) {
    INFO(name);
    CHECK(absl::StrContains(services, name));
  }
  // file_containing_symbol (4): the file itself, so that clients need no .proto.
  REQUIRE(
      stream.Write("\x22\x16"
                   "brume.ec2.v1.Instances"));
  std::string file;
  REQUIRE(stream.Read(&file));
  CHECK(absl::StrContains(file, "brume/ec2/v1/instance_actions.proto"));
  stream.WritesDone();
  CHECK(stream.Finish().status.ok());
}

}  // namespace brume
