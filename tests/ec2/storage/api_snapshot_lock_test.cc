// Locks of snapshots: what they protect, how they end, and what may be changed of them.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/image.pb.h"
#include "brume/ec2/v1/snapshot_lock.pb.h"
#include "lib/gateway/time_text.h"
#include "tests/fakes/api_world.h"

namespace brume {
namespace {

using namespace ec2::v1;

struct LockWorld : ApiWorld {
  const std::string snapshot = Taken();
  const std::string named = "snapshot_id: '" + snapshot + "' ";

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
  LockSnapshotResponse Lock(const std::string& request) {
    const auto answer = CallText("LockSnapshot", named + request);
    INFO(answer.status());
    REQUIRE(answer.ok());
    return static_cast<const LockSnapshotResponse&>(**answer);
  }
  std::vector<LockedSnapshotsInfo> Shown(const std::string& request = "") {
    const auto answer = Value(CallText("DescribeLockedSnapshots", request));
    const auto& locks = static_cast<const DescribeLockedSnapshotsResponse&>(*answer).snapshots();
    return {locks.begin(), locks.end()};
  }
};

}  // namespace

TEST_CASE("a snapshot locked in governance mode is deleted once it is unlocked or the lock is over", "[lock]") {
  LockWorld world;
  const auto lock = world.Lock("lock_mode: 'governance' lock_duration: 2");
  CHECK(lock.lock_state() == "governance");
  CHECK(lock.lock_duration() == 2);
  CHECK(lock.lock_expires_on() == gateway::RenderTime(world.clock.Now() + absl::Hours(48)));
  CHECK(world.CodeOf("DeleteSnapshot", world.named) == "OperationNotPermitted");
  REQUIRE(world.Shown().size() == 1);
  CHECK(world.Shown().front().owner_id() == world.settings.account_id);
  REQUIRE(world.CodeOf("UnlockSnapshot", world.named).empty());
  CHECK(world.Shown().empty());
  CHECK(world.CodeOf("UnlockSnapshot", world.named) == "IncorrectState");

  world.Lock("lock_mode: 'governance' lock_duration: 2");
  world.Lock("lock_mode: 'governance' lock_duration: 1");
  world.clock.Advance(absl::Hours(23));
  CHECK(world.CodeOf("DeleteSnapshot", world.named) == "OperationNotPermitted");
  world.clock.Advance(absl::Hours(1));
  CHECK(world.Shown("filters { name: 'lock-state' values: 'expired' }").size() == 1);
  CHECK(world.CodeOf("DeleteSnapshot", world.named).empty());
}

TEST_CASE("a lock in compliance mode can be taken back while it cools off, and then only be made longer", "[lock]") {
  LockWorld world;
  const auto lock = world.Lock("lock_mode: 'compliance' lock_duration: 10 cool_off_period: 3");
  CHECK(lock.lock_state() == "compliance-cooloff");
  CHECK(lock.cool_off_period() == 3);
  CHECK(lock.cool_off_period_expires_on() == gateway::RenderTime(world.clock.Now() + absl::Hours(3)));
  REQUIRE(world.CodeOf("UnlockSnapshot", world.named).empty());
  world.Lock("lock_mode: 'compliance' lock_duration: 10 cool_off_period: 3");
  world.Lock("lock_mode: 'compliance' lock_duration: 5 cool_off_period: 2");
  world.clock.Advance(absl::Hours(2));
  CHECK(world.Shown().front().lock_state() == "compliance");
  const std::string refused = "OperationNotPermitted";
  CHECK(world.CodeOf("UnlockSnapshot", world.named) == refused);
  CHECK(world.CodeOf("DeleteSnapshot", world.named) == refused);
  CHECK(world.CodeOf("LockSnapshot", world.named + "lock_mode: 'compliance' lock_duration: 4") == refused);
  CHECK(world.CodeOf("LockSnapshot", world.named + "lock_mode: 'governance' lock_duration: 9") == refused);
  CHECK(world.CodeOf("LockSnapshot", world.named + "lock_mode: 'compliance' lock_duration: 9 cool_off_period: 1") ==
        refused);
  CHECK(world.Lock("lock_mode: 'compliance' lock_duration: 9").lock_duration() == 9);
  world.clock.Advance(absl::Hours(24 * 9));
  CHECK(world.CodeOf("DeleteSnapshot", world.named).empty());
}

TEST_CASE("a locked snapshot stays when its image goes with its snapshots", "[lock]") {
  LockWorld world;
  world.Lock("lock_mode: 'governance' lock_duration: 2");
  const auto registered = Value(world.CallText(
      "RegisterImage", "name: 'locked' block_device_mappings { device_name: '/dev/vda' ebs { " + world.named + " } }"));
  const std::string image = static_cast<const RegisterImageResponse&>(*registered).image_id();
  const auto gone =
      Value(world.CallText("DeregisterImage", "delete_associated_snapshots: true image_id: '" + image + "'"));
  const auto& results = static_cast<const DeregisterImageResponse&>(*gone).delete_snapshot_results();
  REQUIRE(results.size() == 1);
  CHECK(results.Get(0).return_code() == "client-error");
  CHECK(world.CodeOf("DescribeSnapshots", "snapshot_ids: '" + world.snapshot + "'").empty());
}

TEST_CASE("a bad lock is refused with EC2's code, and nothing is locked", "[lock]") {
  LockWorld world;
  const std::string later = gateway::RenderTime(world.clock.Now() + absl::Hours(36));
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"MissingParameter", world.named + "lock_duration: 1"},
      {"MissingParameter", "lock_mode: 'governance' lock_duration: 1"},
      {"MissingParameter", world.named + "lock_mode: 'governance'"},
      {"InvalidParameterCombination",
       world.named + "lock_mode: 'governance' lock_duration: 1 expiration_date: '" + later + "'"},
      {"InvalidParameterCombination", world.named + "lock_mode: 'governance' lock_duration: 1 cool_off_period: 1"},
      {"InvalidParameterValue", world.named + "lock_mode: 'forever' lock_duration: 1"},
      {"InvalidParameterValue", world.named + "lock_mode: 'governance' lock_duration: 0"},
      {"InvalidParameterValue", world.named + "lock_mode: 'governance' lock_duration: 36501"},
      {"InvalidParameterValue", world.named + "lock_mode: 'compliance' lock_duration: 1 cool_off_period: 0"},
      {"InvalidParameterValue", world.named + "lock_mode: 'compliance' lock_duration: 1 cool_off_period: 73"},
      {"InvalidParameterValue", world.named + "lock_mode: 'governance' expiration_date: '2001-01-01T00:00:00Z'"},
      {"InvalidSnapshot.NotFound", "snapshot_id: 'snap-00000000000000000' lock_mode: 'governance' lock_duration: 1"},
      {"InvalidSnapshotID.Malformed", "snapshot_id: 'snap-' lock_mode: 'governance' lock_duration: 1"},
      {"UnsupportedOperation",
       "snapshot_id: '" + SnapshotOf(world.image).text() + "' lock_mode: 'governance' lock_duration: 1"},
      {"DryRunOperation", world.named + "lock_mode: 'governance' lock_duration: 1 dry_run: true"},
  };
  for (const auto& [code, request] : rows) {
    INFO(request);
    CHECK(world.CodeOf("LockSnapshot", request) == code);
  }
  CHECK(world.Shown().empty());
  CHECK(world.Lock("lock_mode: 'governance' expiration_date: '" + later + "'").lock_duration() == 2);
  CHECK(world.Shown("snapshot_ids: '" + world.snapshot + "'").size() == 1);
  CHECK(world.CodeOf("DescribeLockedSnapshots", "snapshot_ids: 'snap-00000000000000000'") ==
        "InvalidSnapshot.NotFound");
}

}  // namespace brume
