// A gRPC server on a Unix socket in a directory of its own, over a dispatcher with a few handlers the tests steer.
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/instance.pb.h"
#include "brume/ec2/v1/region.pb.h"
#include "lib/frontend/grpc/grpc_server.h"
#include "lib/gateway/actions.h"
#include "lib/gateway/dispatcher.h"
#include "lib/resource/ec2_error.h"
#include "tests/support/gate.h"
#include "tests/support/grpc_client.h"
#include "tests/support/temp_dir.h"

namespace brume {

struct GrpcFixture {
  GrpcFixture() {
    // Answers with who called.
    gateway::Actions(dispatcher)
        .Add([](const ec2::v1::DescribeRegionsRequest&,
                const Caller& caller) -> absl::StatusOr<ec2::v1::DescribeRegionsResponse> {
          ec2::v1::DescribeRegionsResponse response;
          response.add_regions()->set_region_name(caller.principal);
          response.mutable_regions(0)->set_endpoint(caller.source);
          return response;
        });
    // Fails.
    gateway::Actions(dispatcher)
        .Add([this](const ec2::v1::TerminateInstancesRequest&,
                    const Caller&) -> absl::StatusOr<ec2::v1::TerminateInstancesResponse> { return failure; });
    // Waits at the gate.
    gateway::Actions(dispatcher)
        .Add([this](const ec2::v1::RebootInstancesRequest&,
                    const Caller&) -> absl::StatusOr<ec2::v1::RebootInstancesResponse> {
          gate.Pass();
          return ec2::v1::RebootInstancesResponse();
        });
  }
  // A call that still waits would keep the server from ending.
  ~GrpcFixture() { gate.Open(); }

  void Serve(frontend::GrpcServerOptions options = {}) {
    options.unix_socket_path = socket;
    server = Value(frontend::MakeGrpcServer(dispatcher, std::move(options)));
    channel = ConnectTo("unix:" + socket);
  }

  GrpcAnswer DescribeRegions() { return GrpcCall(channel, "/brume.ec2.v1.Regions/DescribeRegions", "").Wait(); }
  GrpcAnswer Terminate() {
    return GrpcCall(channel, "/brume.ec2.v1.Instances/TerminateInstances", OneInstance()).Wait();
  }
  std::unique_ptr<GrpcCall> BeginReboot() {
    return std::make_unique<GrpcCall>(channel, "/brume.ec2.v1.Instances/RebootInstances", OneInstance());
  }
  static std::string OneInstance() {
    ec2::v1::RebootInstancesRequest request;
    request.add_instance_ids("i-0123456789abcdef0");
    return request.SerializeAsString();
  }

  TempDir directory;
  const std::string socket = directory / "brumed.sock";
  absl::Status failure =
      ec2::Error("InvalidInstanceID.NotFound", "The instance ID 'i-0123456789abcdef0' does not exist");
  Gate gate;
  gateway::Dispatcher dispatcher;
  std::unique_ptr<frontend::GrpcServer> server;
  std::shared_ptr<grpc::Channel> channel;
};

inline ec2::v1::Region RegionOf(const GrpcAnswer& answer) {
  ec2::v1::DescribeRegionsResponse response;
  REQUIRE(answer.status.ok());
  REQUIRE(response.ParseFromString(answer.bytes));
  return response.regions(0);
}

}  // namespace brume
