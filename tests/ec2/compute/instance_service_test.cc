#include <catch2/catch.hpp>
#include <set>
#include <thread>

#include "lib/base/status_macros.h"
#include "lib/ec2/compute/key_pair_service.h"
#include "lib/ec2/compute/tables/instance_table.h"
#include "lib/ec2/network/tables/network_table.h"
#include "lib/ec2/storage/tables/volume_table.h"
#include "lib/resource/ec2_error.h"
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
      {"InvalidBlockDeviceMapping", [](auto& r) { r.block_devices = {{.device = "/dev/vda", .size_gib = 65537}}; }},
      {"InvalidBlockDeviceMapping", [](auto& r) { r.block_devices = {{.device = "/dev/vda", .size_gib = 7}}; }},
      {"InvalidBlockDeviceMapping", [](auto& r) { r.block_devices = {{.device = "/dev/vda", .none = true}}; }},
      {"InvalidBlockDeviceMapping", [](auto& r) { r.block_devices = {{.device = "/dev/null", .size_gib = 1}}; }},
      {"InvalidBlockDeviceMapping",
       [](auto& r) {
         r.block_devices = {{.device = "/dev/sdf", .size_gib = 1}, {.device = "/dev/sdf", .size_gib = 2}};
       }},
      {"InvalidBlockDeviceMapping",
       [](auto& r) {
         for (char letter = 'a'; letter <= 'z'; ++letter) {
           r.block_devices.push_back({.device = std::string("/dev/sd") + letter, .size_gib = 1});
         }
       }},
      {"MissingParameter", [](auto& r) { r.block_devices = {{.device = "/dev/sdz"}}; }},
      {"InvalidSnapshot.NotFound",
       [](auto& r) {
         r.block_devices = {{.device = "/dev/sdf", .snapshot_id = SnapshotId::FromTrusted("snap-00000000000000000")}};
       }},
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
  CHECK(world.service->Describe({})->instances.empty());
}

TEST_CASE("as many as fit are launched between MinCount and MaxCount", "[compute]") {
  Settings settings = ComputeWorld::DefaultSettings();
  settings.guest_overhead_mib = 40;
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

TEST_CASE("the client token of terminated instances launches nothing again", "[compute]") {
  ComputeWorld world;
  compute::RunRequest request = world.Request(2);
  request.client_token = "token";
  const auto first = world.service->Run(request);
  REQUIRE(first.ok());
  const InstanceId one = first->instances[0].instance.id, other = first->instances[1].instance.id;
  REQUIRE(world.service->Terminate({&one, 1}).ok());
  CHECK(world.service->Run(request)->id == first->id);
  REQUIRE(world.service->Terminate({&other, 1}).ok());
  const absl::Status again = world.service->Run(request).status();
  CHECK(CodeOf(again) == "IdempotentInstanceTerminated");
  CHECK(again.message().find("token") != std::string::npos);
  REQUIRE(world.Reaches(other, InstanceState::kTerminated));
  CHECK(CodeOf(world.service->Run(request).status()) == "IdempotentInstanceTerminated");
  CHECK(world.service->Describe({})->instances.size() == 2);
}

TEST_CASE("a wished private address is given once", "[compute]") {
  ComputeWorld world;
  compute::RunRequest request = world.Request();
  request.private_ip = Ipv4::Parse("172.31.0.77").value();
  const InstanceId id = world.Launch(request);
  CHECK(world.service->Get(id)->interfaces.front().private_ip->text() == "172.31.0.77");
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
  // Filtered and not, with a last page that is full, has one item or is the first.
  for (const std::function<bool(const compute::InstanceView&)>& keep :
       {std::function<bool(const compute::InstanceView&)>(), {[](const auto&) { return true; }}}) {
    for (const int limit : {1, 3, 6, 7, 8, 0}) {
      std::vector<std::string> seen;
      int64_t after = 0;
      int pages = 0;
      do {
        const auto page = world.service->Describe({.keep = keep, .after = after, .limit = limit});
        REQUIRE(page.ok());
        if (limit > 0) CHECK(page->instances.size() <= static_cast<size_t>(limit));
        for (const auto& view : page->instances) seen.push_back(view.instance.id.text());
        after = page->next.value_or(0);
        ++pages;
      } while (after != 0);
      CHECK(pages == (limit == 0 ? 1 : (7 + limit - 1) / limit));
      REQUIRE(seen.size() == 7);
      for (size_t i = 0; i < 7; ++i) CHECK(seen[i] == all->instances[i].instance.id.text());
    }
  }
}

TEST_CASE("the next page follows when the instances of this one are gone", "[compute]") {
  ComputeWorld world;
  const auto all = world.service->Run(world.Request(3));
  REQUIRE(all.ok());
  const auto first = world.service->Describe({.limit = 2});
  REQUIRE(first->next.has_value());
  REQUIRE(world.database
              ->Write([&](store::Connection& c) -> absl::Status {
                for (const compute::InstanceView& view : first->instances) {
                  for (const NetworkInterface& eni : view.interfaces) {
                    RETURN_IF_ERROR(network::NetworkTable(c).DeleteInterface(eni.id));
                  }
                  for (const Volume& volume : view.volumes) RETURN_IF_ERROR(storage::VolumeTable(c).Delete(volume.id));
                  RETURN_IF_ERROR(compute::InstanceTable(c).Delete(view.instance.id));
                }
                return absl::OkStatus();
              })
              .ok());
  const auto second = world.service->Describe({.after = *first->next, .limit = 2});
  REQUIRE(second->instances.size() == 1);
  CHECK(second->instances[0].instance.id == all->instances[2].instance.id);
  CHECK_FALSE(second->next.has_value());
}

TEST_CASE("a filter that keeps few looks beyond the first rows for its page", "[compute]") {
  ComputeWorld world;
  const auto all = world.service->Run(world.Request(7));
  REQUIRE(all.ok());
  const auto odd = [](const compute::InstanceView& view) { return view.instance.launch_index % 2 == 1; };
  const auto first = world.service->Describe({.keep = odd, .limit = 2});
  REQUIRE(first->instances.size() == 2);
  CHECK(first->instances[1].instance.launch_index == 3);
  REQUIRE(first->next.has_value());
  const auto last = world.service->Describe({.keep = odd, .after = *first->next, .limit = 2});
  REQUIRE(last->instances.size() == 1);
  CHECK(last->instances[0].instance.launch_index == 5);
  CHECK_FALSE(last->next.has_value());
}

TEST_CASE("detailed monitoring is set for all instances named or for none", "[compute]") {
  ComputeWorld world;
  const InstanceId running = world.Launch();
  const InstanceId gone = world.Launch();
  REQUIRE(world.service->Terminate({&gone, 1}).ok());
  CHECK(CodeOf(world.service->SetMonitoring({{running, gone}}, true)) == "IncorrectInstanceState");
  const InstanceId unknown = InstanceId::FromTrusted("i-00000000000000001");
  CHECK(CodeOf(world.service->SetMonitoring({{running, unknown}}, true)) == "InvalidInstanceID.NotFound");
  CHECK_FALSE(world.Row(running).monitoring);
  REQUIRE(world.service->SetMonitoring({&running, 1}, true).ok());
  CHECK(world.Row(running).monitoring);
}

TEST_CASE("metadata options that are not given stay, whoever else changes others at that moment", "[compute]") {
  ComputeWorld world;
  const InstanceId id = world.Launch();
  bool hops_changed = true, tokens_changed = true;
  std::thread other([&] {
    MetadataOptionsChange hops;
    for (hops.hop_limit = 1; hops.hop_limit < 32; ++*hops.hop_limit) {
      hops_changed &= world.service->ModifyMetadataOptions(id, hops).ok();
    }
  });
  MetadataOptionsChange tokens;
  for (int i = 1; i <= 32; ++i) {
    tokens.tokens = i % 2 == 0 ? HttpTokens::kRequired : HttpTokens::kOptional;
    tokens_changed &= world.service->ModifyMetadataOptions(id, tokens).ok();
  }
  other.join();
  CHECK(hops_changed);
  CHECK(tokens_changed);
  const MetadataOptions options = world.Row(id).metadata_options;
  CHECK(options.hop_limit == 31);
  CHECK(options.tokens == HttpTokens::kRequired);
  REQUIRE(world.service->Terminate({&id, 1}).ok());
  CHECK(CodeOf(world.service->ModifyMetadataOptions(id, {}).status()) == "IncorrectInstanceState");
}

TEST_CASE("a change that needs a stopped instance is refused with one reason", "[compute]") {
  ComputeWorld world;
  const InstanceId id = world.Launch();
  compute::InstanceChange type;
  type.instance_type = "b1.small";
  CHECK(world.service->Modify(id, type).message() ==
        "The instance '" + id.text() +
            "' is not in the 'stopped' state. It is running, and its type can be changed only while it is stopped.");
  compute::InstanceChange data;
  data.user_data = "x";
  CHECK(
      world.service->Modify(id, data).message() ==
      "The instance '" + id.text() +
          "' is not in the 'stopped' state. It is running, and its user data can be changed only while it is stopped.");
}

TEST_CASE("user data survives changes that do not touch it", "[compute]") {
  ComputeWorld world;
  compute::RunRequest request = world.Request();
  request.user_data = std::string("#!/bin/sh\n\0binary", 17);
  const InstanceId id = world.Launch(request);
  REQUIRE(world.service->SetMonitoring({&id, 1}, true).ok());
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
