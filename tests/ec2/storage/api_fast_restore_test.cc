// Fast snapshot restores, and the one tier that snapshots have.
#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <vector>

#include "brume/ec2/v1/fast_snapshot_restore.pb.h"
#include "brume/ec2/v1/snapshot.pb.h"
#include "lib/gateway/time_text.h"
#include "tests/fakes/policy_world.h"

namespace brume {
namespace {

using namespace ec2::v1;

struct FastRestoreWorld : PolicyWorld {
  const std::string snapshot = Taken();
  const std::string unknown = "snap-00000000000000000";

  std::string Taken() {
    const std::string volume = service->Get(Launch())->volumes.front().id.text();
    const SnapshotId id = Value(snapshot_service->Create(*VolumeId::Parse(volume), "", {})).snapshot.id;
    REQUIRE(Eventually([&] {
      return Value(snapshot_service->List({&id, 1})).front().snapshot.state == SnapshotState::kCompleted;
    }));
    return id.text();
  }
  std::string CodeOf(const std::string& action, const std::string& request) {
    return std::string(ec2::ErrorCode(CallText(action, request).status()));
  }
  template <typename Response>
  Response Answer(const std::string& action, const std::string& request) {
    const auto answer = CallText(action, request);
    INFO(answer.status());
    REQUIRE(answer.ok());
    return static_cast<const Response&>(**answer);
  }
  EnableFastSnapshotRestoresResponse Enable(const std::string& request) {
    return Answer<EnableFastSnapshotRestoresResponse>("EnableFastSnapshotRestores", request);
  }
  // Snapshot and zone of each.
  std::vector<std::string> Shown(const std::string& request = "") {
    const auto answer = Answer<DescribeFastSnapshotRestoresResponse>("DescribeFastSnapshotRestores", request);
    std::vector<std::string> shown;
    for (const auto& item : answer.fast_snapshot_restores()) {
      shown.push_back(item.snapshot_id() + " " + item.availability_zone());
    }
    return shown;
  }
};

}  // namespace

TEST_CASE("fast restores are enabled at once, are shown until they are disabled, and change no volume", "[snapshot]") {
  FastRestoreWorld world;
  const std::string of = "source_snapshot_ids: '" + world.snapshot + "' ";
  const std::string now = gateway::RenderTime(world.clock.Now());
  const auto enabled = world.Enable(of + "availability_zones: 'us-east-1a' availability_zones: 'us-east-1b'");
  REQUIRE(enabled.successful_size() == 2);
  CHECK(enabled.unsuccessful().empty());
  CHECK(enabled.successful(0).snapshot_id() == world.snapshot);
  CHECK(enabled.successful(0).availability_zone() == "us-east-1a");
  CHECK(enabled.successful(0).availability_zone_id() == "use1-az1");
  CHECK(enabled.successful(0).state() == "enabled");
  CHECK(enabled.successful(0).enabled_time() == now);
  CHECK(enabled.successful(0).owner_id() == world.settings.account_id);

  // Once more changes nothing.
  world.clock.Advance(absl::Hours(1));
  CHECK(world.Enable(of + "availability_zone_ids: 'use1-az1'").successful(0).enabled_time() == now);
  const std::vector<std::string> both = {world.snapshot + " us-east-1a", world.snapshot + " us-east-1b"};
  CHECK(world.Shown() == both);
  CHECK(world.Shown("filters { name: 'availability-zone' values: 'us-east-1b' }") == std::vector{both[1]});
  CHECK(world.Shown("filters { name: 'state' values: 'disabled' }").empty());
  const auto page =
      world.Answer<DescribeFastSnapshotRestoresResponse>("DescribeFastSnapshotRestores", "max_results: 1");
  CHECK(page.fast_snapshot_restores_size() == 1);
  CHECK(world.Shown("next_token: '" + page.next_token() + "'") == std::vector{both[1]});

  const auto disabled = world.Answer<DisableFastSnapshotRestoresResponse>("DisableFastSnapshotRestores",
                                                                          of + "availability_zones: 'us-east-1a'");
  REQUIRE(disabled.successful_size() == 1);
  CHECK(disabled.successful(0).state() == "disabled");
  CHECK(disabled.successful(0).enabled_time() == now);
  CHECK(disabled.successful(0).disabled_time() == gateway::RenderTime(world.clock.Now()));
  CHECK(world.Shown() == std::vector{both[1]});
}

TEST_CASE("what fails of fast restores is told of each snapshot and zone, and leaves the rest as it is", "[snapshot]") {
  FastRestoreWorld world;
  const std::string ids = "source_snapshot_ids: '" + world.unknown + "' source_snapshot_ids: '" + world.snapshot + "' ";
  const auto enabled = world.Enable(ids + "availability_zones: 'us-east-1a' availability_zones: 'us-east-1c'");
  CHECK(enabled.successful_size() == 2);
  REQUIRE(enabled.unsuccessful_size() == 1);
  CHECK(enabled.unsuccessful(0).snapshot_id() == world.unknown);
  REQUIRE(enabled.unsuccessful(0).fast_snapshot_restore_state_errors_size() == 2);
  const auto& error = enabled.unsuccessful(0).fast_snapshot_restore_state_errors(1);
  CHECK(error.availability_zone() == "us-east-1c");
  CHECK(error.error().code() == "InvalidSnapshot.NotFound");
  CHECK_FALSE(error.error().message().empty());

  const auto disabled = world.Answer<DisableFastSnapshotRestoresResponse>("DisableFastSnapshotRestores",
                                                                          ids + "availability_zones: 'us-east-1b'");
  CHECK(disabled.successful().empty());
  REQUIRE(disabled.unsuccessful_size() == 2);
  CHECK(disabled.unsuccessful(0).fast_snapshot_restore_state_errors(0).error().code() == "InvalidSnapshot.NotFound");
  CHECK(disabled.unsuccessful(1).fast_snapshot_restore_state_errors(0).error().code() == "IncorrectState");
  CHECK(world.Shown().size() == 2);
}

TEST_CASE("fast restores end with their snapshot or with the image that it is", "[snapshot]") {
  FastRestoreWorld world;
  const std::string of_image = SnapshotOf(world.image).text();
  world.Enable("availability_zones: 'us-east-1a' source_snapshot_ids: '" + world.snapshot + "' source_snapshot_ids: '" +
               of_image + "'");
  CHECK(world.Shown().size() == 2);
  REQUIRE(world.CodeOf("DeleteSnapshot", "snapshot_id: '" + world.snapshot + "'").empty());
  CHECK(world.Shown() == std::vector<std::string>{of_image + " us-east-1a"});
  REQUIRE(world.CodeOf("DeregisterImage", "image_id: '" + world.image.text() + "'").empty());
  CHECK(world.Shown().empty());
}

TEST_CASE("a policy denies fast restores by their zone and by their snapshot", "[snapshot]") {
  FastRestoreWorld world;
  const std::string allow = R"({"Effect":"Allow","Action":"*","Resource":"*"},)";
  const std::string of = "source_snapshot_ids: '" + world.snapshot + "' ";
  world.SetPolicy(allow + R"({"Effect":"Deny","Action":"ec2:EnableFastSnapshotRestores","Resource":"*",)"
                          R"("Condition":{"StringEquals":{"ec2:AvailabilityZone":"us-east-1b"}}})");
  CHECK(world.Try("EnableFastSnapshotRestores", of + "availability_zone_ids: 'use1-az2'") == "UnauthorizedOperation");
  CHECK(world.Try("EnableFastSnapshotRestores", of + "availability_zones: 'us-east-1a'").empty());
  world.SetPolicy(allow +
                  R"({"Effect":"Deny","Action":"ec2:*FastSnapshotRestores","Resource":"arn:aws:ec2:*:*:snapshot/)" +
                  world.snapshot + R"("})");
  CHECK(world.Try("DisableFastSnapshotRestores", of + "availability_zones: 'us-east-1a'") == "UnauthorizedOperation");
}

TEST_CASE("all snapshots are in the standard tier, and none is archived", "[snapshot]") {
  FastRestoreWorld world;
  const auto tiers = [&](const std::string& request) {
    std::set<std::string> ids;
    const auto answer = world.Answer<DescribeSnapshotTierStatusResponse>("DescribeSnapshotTierStatus", request);
    for (const SnapshotTierStatus& status : answer.snapshot_tier_statuses()) {
      CHECK(status.storage_tier() == "standard");
      CHECK(status.status() == "completed");
      ids.insert(status.snapshot_id());
    }
    return ids;
  };
  const std::string of_image = SnapshotOf(world.image).text();
  CHECK(tiers("") == std::set{world.snapshot, of_image});
  CHECK(tiers("filters { name: 'snapshot-id' values: '" + world.snapshot + "' }") == std::set{world.snapshot});
  CHECK(tiers("filters { name: 'last-tiering-operation' values: 'archival-completed' }").empty());
  for (const std::string& id : {world.snapshot, of_image}) {
    CHECK(world.CodeOf("ModifySnapshotTier", "storage_tier: 'archive' snapshot_id: '" + id + "'") ==
          "UnsupportedOperation");
  }
}

}  // namespace brume
