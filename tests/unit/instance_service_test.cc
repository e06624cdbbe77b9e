#include <catch2/catch.hpp>
#include <set>

#include "lib/compute/key_pair_service.h"
#include "lib/domain/ec2_error.h"
#include "tests/fakes/compute_world.h"

namespace brume {
namespace {

using State = InstanceState;

std::string CodeOf(const absl::Status& status) { return ec2::ErrorCode(status); }

}  // namespace

TEST_CASE("what cannot be launched is refused with EC2's code and leaves nothing", "[compute]") {
  ComputeWorld world;
  const compute::RunRequest good = world.Request();
  struct Case {
    const char* code;
    std::function<void(compute::RunRequest&)> spoil;
  };
  const Case cases[] = {
      {"InvalidAMIID.NotFound", [](auto& r) { r.image_id = ImageId::FromTrusted("ami-00000000000000000"); }},
      {"InvalidParameterValue", [](auto& r) { r.instance_type = "z9.huge"; }},
      {"InvalidParameterValue", [](auto& r) { r.min_count = 0; }},
      {"InvalidParameterValue", [](auto& r) { r.max_count = 0; }},
      {"InvalidKeyPair.NotFound", [](auto& r) { r.key_name = "nobody"; }},
      {"InvalidGroup.NotFound", [](auto& r) { r.group_ids = {SecurityGroupId::FromTrusted("sg-00000000000000000")}; }},
      {"InvalidGroup.NotFound", [](auto& r) { r.group_names = {"nobody"}; }},
      {"InvalidSubnetID.NotFound", [](auto& r) { r.subnet_id = SubnetId::FromTrusted("subnet-00000000000000000"); }},
      {"InvalidParameterValue", [](auto& r) { r.availability_zone = "mars-1a"; }},
      {"InvalidParameterValue", [](auto& r) { r.private_ip = Ipv4::Parse("10.0.0.1").value(); }},
      {"InvalidParameterCombination",
       [](auto& r) {
         r.max_count = 2;
         r.private_ip = Ipv4::Parse("172.31.0.9").value();
       }},
      {"InvalidBlockDeviceMapping", [](auto& r) { r.root_size_gib = 16385; }},
      {"InvalidBlockDeviceMapping", [](auto& r) { r.root_device_name = "/dev/sdz"; }},
      {"InvalidParameterValue", [](auto& r) { r.user_data = std::string(16385, 'x'); }},
      {"InvalidParameterValue", [](auto& r) { r.instance_tags[""] = "empty key"; }},
      {"InvalidParameterValue", [](auto& r) { r.volume_tags["aws:x"] = "reserved"; }},
      {"InsufficientInstanceCapacity", [](auto& r) { r.instance_type = "r5.24xlarge"; }},
      {"InsufficientInstanceCapacity", [](auto& r) { r.min_count = r.max_count = 100000; }},
  };
  for (const Case& bad : cases) {
    compute::RunRequest request = good;
    bad.spoil(request);
    const auto refused = world.service->Run(request);
    INFO(bad.code << " " << refused.status());
    CHECK(CodeOf(refused.status()) == bad.code);
  }
  CHECK(world.service
            ->Describe(
                {}, [](const auto&) { return true; }, std::nullopt, 0)
            ->instances.empty());
}

TEST_CASE("as many as fit are launched between MinCount and MaxCount", "[compute]") {
  Settings settings = ComputeWorld::DefaultSettings();
  settings.host_memory_mib = settings.reserved_memory_mib + 3 * (128 + settings.guest_overhead_mib) + 10;
  ComputeWorld world(settings);
  compute::RunRequest request = world.Request();
  request.max_count = 10;
  const auto reservation = world.service->Run(request);
  REQUIRE(reservation.ok());
  CHECK(reservation->instances.size() == 3);
  std::set<int> indexes;
  for (const auto& view : reservation->instances) indexes.insert(view.instance.launch_index);
  CHECK(indexes == std::set<int>{0, 1, 2});
  CHECK(CodeOf(world.service->Run(world.Request()).status()) == "InsufficientInstanceCapacity");

  const InstanceId first = reservation->instances.front().instance.id;
  REQUIRE(world.Reaches(first, State::kRunning));
  REQUIRE(world.service->Stop({&first, 1}, true).ok());
  REQUIRE(world.Reaches(first, State::kStopped));
  world.Launch();
  CHECK(CodeOf(world.service->Start({&first, 1}).status()) == "InsufficientInstanceCapacity");
}

TEST_CASE("the same client token is the same reservation, and other parameters under it are a mismatch", "[compute]") {
  ComputeWorld world;
  compute::RunRequest request = world.Request(2);
  request.client_token = "token";
  request.parameters_digest = "one";
  const auto first = world.service->Run(request);
  REQUIRE(first.ok());
  const auto second = world.service->Run(request);
  REQUIRE(second.ok());
  CHECK(second->id == first->id);
  REQUIRE(second->instances.size() == 2);
  CHECK(second->instances[0].instance.id == first->instances[0].instance.id);
  request.parameters_digest = "two";
  CHECK(CodeOf(world.service->Run(request).status()) == "IdempotentParameterMismatch");
  request.client_token = "TOKEN";
  CHECK(world.service->Run(request)->id != first->id);
}

TEST_CASE("a wished private address is given once", "[compute]") {
  ComputeWorld world;
  compute::RunRequest request = world.Request();
  request.private_ip = Ipv4::Parse("172.31.0.77").value();
  const InstanceId id = world.Launch(request);
  CHECK(world.service->Get(id)->interfaces.front().private_ip.text() == "172.31.0.77");
  CHECK(CodeOf(world.service->Run(request).status()) == "InvalidIPAddress.InUse");
  REQUIRE(world.service->Terminate({&id, 1}).ok());
  REQUIRE(world.Reaches(id, State::kTerminated));
  CHECK(world.service->Run(request).ok());
}

TEST_CASE("protected instances are neither stopped nor terminated, and one protected keeps all", "[compute]") {
  ComputeWorld world;
  const InstanceId plain = world.Launch();
  const InstanceId kept = world.Launch();
  compute::InstanceChange protect;
  protect.disable_api_termination = true;
  protect.disable_api_stop = true;
  REQUIRE(world.service->Modify(kept, protect).ok());
  const std::vector<InstanceId> both = {plain, kept};
  CHECK(CodeOf(world.service->Terminate(both).status()) == "OperationNotPermitted");
  CHECK(CodeOf(world.service->Stop(both, true).status()) == "OperationNotPermitted");
  CHECK(world.Row(plain).state == State::kRunning);
  CHECK(world.Row(kept).state == State::kRunning);
  protect.disable_api_termination = false;
  REQUIRE(world.service->Modify(kept, protect).ok());
  CHECK(world.service->Terminate(both).ok());
}

TEST_CASE("calls in the wrong state are refused with IncorrectInstanceState", "[compute]") {
  ComputeWorld world;
  const InstanceId id = world.Launch();
  compute::InstanceChange type;
  type.instance_type = "b1.small";
  CHECK(CodeOf(world.service->Modify(id, type)) == "IncorrectInstanceState");
  REQUIRE(world.service->Stop({&id, 1}, false).ok());
  REQUIRE(world.Reaches(id, State::kStopped));
  CHECK(CodeOf(world.service->Reboot({&id, 1})) == "IncorrectInstanceState");
  CHECK(world.service->Modify(id, type).ok());
  CHECK(world.service->Get(id)->type.memory_mib == 512);
  REQUIRE(world.service->Terminate({&id, 1}).ok());
  REQUIRE(world.Reaches(id, State::kTerminated));
  CHECK(CodeOf(world.service->Start({&id, 1}).status()) == "IncorrectInstanceState");
  CHECK(CodeOf(world.service->Stop({&id, 1}, false).status()) == "IncorrectInstanceState");
  CHECK(CodeOf(world.service->Modify(id, type)) == "IncorrectInstanceState");
}

TEST_CASE("unknown instances are named, all of them, and nothing happens to the known", "[compute]") {
  ComputeWorld world;
  const InstanceId known = world.Launch();
  const std::vector<InstanceId> ids = {InstanceId::FromTrusted("i-00000000000000001"), known,
                                       InstanceId::FromTrusted("i-00000000000000002")};
  const absl::Status refused = world.service->Terminate(ids).status();
  CHECK(CodeOf(refused) == "InvalidInstanceID.NotFound");
  CHECK(refused.message().find("i-00000000000000001, i-00000000000000002") != absl::string_view::npos);
  CHECK(world.Row(known).state == State::kRunning);
}

TEST_CASE("pages hold every instance once, in order of launch", "[compute]") {
  ComputeWorld world;
  const auto all = world.service->Run(world.Request(7));
  REQUIRE(all.ok());
  std::vector<std::string> seen;
  std::optional<InstanceId> after;
  do {
    const auto page = world.service->Describe(
        {}, [](const auto&) { return true; }, after, 3);
    REQUIRE(page.ok());
    for (const auto& view : page->instances) seen.push_back(view.instance.id.text());
    after = page->next;
  } while (after);
  REQUIRE(seen.size() == 7);
  for (size_t i = 0; i < 7; ++i) CHECK(seen[i] == all->instances[i].instance.id.text());
}

TEST_CASE("user data survives changes that do not touch it", "[compute]") {
  ComputeWorld world;
  compute::RunRequest request = world.Request();
  request.user_data = std::string("#!/bin/sh\n\0binary", 17);
  const InstanceId id = world.Launch(request);
  compute::InstanceChange change;
  change.monitoring = true;
  REQUIRE(world.service->Modify(id, change).ok());
  CHECK(world.Row(id).user_data == request.user_data);
}

TEST_CASE("an instance keeps its login key when the key pair is deleted", "[compute]") {
  ComputeWorld world;
  compute::KeyPairService keys(*world.database, world.clock, world.random);
  REQUIRE(keys.Create("laptop", "ed25519", {}).ok());
  compute::RunRequest request = world.Request();
  request.key_name = "laptop";
  const InstanceId id = world.Launch(request);
  REQUIRE(keys.Delete("laptop", std::nullopt).ok());
  CHECK(world.Row(id).public_key.substr(0, 12) == "ssh-ed25519 ");
}

}  // namespace brume
