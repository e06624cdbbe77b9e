// What instance types give their instances' network.
#include "lib/ec2/compute/model/instance_type.h"

#include <catch2/catch.hpp>

#include "brume/ec2/v1/instance.pb.h"
#include "lib/ec2/compute/attached_instances.h"
#include "tests/fakes/api_world.h"

namespace brume {

TEST_CASE("an interface is as fast as the number in EC2's words for its type", "[compute]") {
  const InstanceTypeTable types;
  CHECK(BandwidthMbit(*types.Find("t3.micro")) == 5000);
  CHECK(BandwidthMbit(*types.Find("m5.large")) == 10000);
  CHECK(BandwidthMbit(*types.Find("m5.24xlarge")) == 25000);
  CHECK(BandwidthMbit(*types.Find("m6i.large")) == 12500);
  for (const char* without : {"b1.tiny", "t2.micro", "m4.large", "m4.xlarge"}) {
    INFO(without);
    CHECK(BandwidthMbit(*types.Find(without)) == 0);
  }
  CHECK(BandwidthMbit({.name = "t3.own", .vcpus = 1, .memory_mib = 128, .network_mbit = 7}) == 7);
}

TEST_CASE("a card has a queue for each vCPU where several are of use", "[compute]") {
  const InstanceTypeTable types;
  CHECK(NicQueues(*types.Find("m5.4xlarge"), 1) == 1);
  CHECK(NicQueues(*types.Find("m5.4xlarge"), 8) == 8);
  CHECK(NicQueues(*types.Find("t3.micro"), 8) == 2);
  CHECK(NicQueues(*types.Find("b1.tiny"), 8) == 1);
}

TEST_CASE("the host is told how fast the interfaces of an instance are, unless that is off", "[compute]") {
  ApiWorld world;
  ec2::v1::RunInstancesRequest request;
  request.set_image_id(world.image.text());
  request.set_instance_type("t3.micro");
  request.set_min_count(1);
  request.set_max_count(1);
  const auto launched = Value(world.Call<ec2::v1::RunInstancesResponse>(request)).instances(0);
  const InstanceId id = Value(InstanceId::Parse(launched.instance_id()));
  Settings settings = world.settings;
  const auto shape = [&] {
    return Value(world.database->ReadFor(
        [&](store::Connection& c) { return compute::AnswersForNetwork(&world.types, &settings).shape_of(c, id); }));
  };
  CHECK(shape() == network::PortShape{.bandwidth_mbit = 5000, .queues = 1});
  settings.bandwidth_by_type = false;
  settings.max_nic_queues = 8;
  CHECK(shape() == network::PortShape{.bandwidth_mbit = 0, .queues = 2});
}

}  // namespace brume
