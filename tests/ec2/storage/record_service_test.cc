// Records of disks beside the database, and rows made of them again.
#include "lib/ec2/storage/record_service.h"

#include <catch2/catch.hpp>
#include <map>

#include "lib/ec2/storage/snapshot_service.h"
#include "lib/ec2/storage/tables/image_table.h"
#include "lib/ec2/storage/tables/record_table.h"
#include "lib/ec2/storage/tables/recycle_bin_table.h"
#include "lib/ec2/storage/tables/snapshot_table.h"
#include "lib/ec2/storage/tables/volume_table.h"
#include "lib/ec2/tagging/tag_table.h"
#include "tests/fakes/compute_world.h"
#include "tests/support/temp_dir.h"

namespace brume {
namespace {

using storage::DiskRecord;
using storage::RebuildReport;
using storage::RecordService;
using storage::RecordTable;

// A host with a volume in use, one without an instance, a snapshot, a copy of it, and an image made of the instance.
struct RecordWorld : ComputeWorld {
  RecordWorld() {
    instance = Launch();
    root = service->Get(instance)->volumes.front().id;
    snapshot = Value(snapshot_service->Create(root, "before the change", {{"Stage", "prod"}})).snapshot.id;
    REQUIRE(Eventually([&] {
      return Value(snapshot_service->List({&snapshot, 1})).front().snapshot.state == SnapshotState::kCompleted;
    }));
    REQUIRE_OK(records.WriteChanges());
  }

  std::map<std::string, std::string> Kept() {
    std::map<std::string, std::string> kept;
    for (const DiskRecord& record : Value(disks.ReadRecords())) kept[record.id] = record.text;
    return kept;
  }

  InstanceId instance;
  VolumeId root;
  SnapshotId snapshot;
  RecordService records{*database, disks};
};

// The same disks, and a database that knows nothing of them.
struct LostDatabase {
  explicit LostDatabase(RecordWorld& world) : records(*database, world.disks) {}

  TempDir directory;
  std::unique_ptr<store::Database> database = Value(store::Database::Open(directory.path() + "/brume.db"));
  RecordService records;
};

}  // namespace

TEST_CASE("rows of images, snapshots and volumes are made again of their records, with their tags", "[storage]") {
  RecordWorld world;
  LostDatabase lost(world);
  const RebuildReport report = Value(lost.records.Rebuild());
  CHECK(report.refused.empty());
  CHECK(report.rebuilt == std::vector<std::string>{world.image.text(), world.snapshot.text(), world.root.text()});

  const auto read = [&](auto&& query) { return Value(lost.database->ReadFor(query)); };
  const Volume volume = read([&](store::Connection& c) { return storage::VolumeTable(c).Get(world.root); });
  CHECK(volume.layer_id == world.snapshot.text());
  CHECK(volume.disk_file == TopOver(world.snapshot));
  CHECK(volume.state == VolumeState::kAvailable);
  CHECK(volume.instance_id.empty());
  const VolumeSnapshot snapshot =
      read([&](store::Connection& c) { return storage::SnapshotTable(c).Get(world.snapshot); });
  CHECK(snapshot.description == "before the change");
  CHECK(snapshot.below == world.image.text());
  CHECK(read([&](store::Connection& c) { return tagging::TagTable(c).Get(world.snapshot.text()); }) ==
        TagMap{{"Stage", "prod"}});
  CHECK(read([&](store::Connection& c) { return storage::ImageTable(c).Get(world.image); }).name ==
        Value(world.image_service->List({&world.image, 1})).front().image.name);
  // Once more changes nothing.
  CHECK(Value(lost.records.Rebuild()).rebuilt.empty());
}

TEST_CASE("a record follows its row, and goes with it", "[storage]") {
  RecordWorld world;
  const auto before = world.Kept();
  CHECK(before.size() == 3);
  REQUIRE_OK(world.database->Write(
      [&](store::Connection& c) { return tagging::TagTable(c).Set(world.root.text(), "Name", "data"); }));
  REQUIRE_OK(world.records.WriteChanges());
  CHECK(world.Kept()[world.root.text()] != before.at(world.root.text()));
  CHECK(world.Kept()[world.snapshot.text()] == before.at(world.snapshot.text()));

  REQUIRE_OK(world.service->Terminate({world.instance}).status());
  REQUIRE(world.Eventually([&] {
    REQUIRE_OK(world.records.WriteChanges());
    return !world.Kept().contains(world.root.text());
  }));
}

TEST_CASE("a row that was deleted a moment ago is not made again of the record that is still there", "[storage]") {
  RecordWorld world;
  REQUIRE_OK(world.service->Terminate({world.instance}).status());
  REQUIRE(world.Reaches(world.instance, InstanceState::kTerminated));
  REQUIRE(world.Eventually([&] {
    return !world.database->ReadFor([&](store::Connection& c) { return storage::VolumeTable(c).Get(world.root); }).ok();
  }));
  REQUIRE(world.Kept().contains(world.root.text()));
  const RebuildReport report = Value(world.records.Rebuild());
  CHECK(report.rebuilt.empty());
  CHECK(report.refused.empty());
}

TEST_CASE("what was in the recycle bin is in it again, and can be restored", "[storage]") {
  RecordWorld world;
  REQUIRE_OK(world.database->Write([&](store::Connection& c) {
    return storage::RemoveSnapshot(c, world.snapshot, {world.clock.Now(), absl::Hours(24)});
  }));
  REQUIRE_OK(world.records.WriteChanges());
  LostDatabase lost(world);
  CHECK(Value(lost.records.Rebuild()).refused.empty());
  const auto found = Value(lost.database->ReadFor(
      [&](store::Connection& c) { return storage::RecycleBinTable(c).Find(world.snapshot.text()); }));
  REQUIRE(found.has_value());
  CHECK(found->exits == world.clock.Now() + absl::Hours(24));
}

TEST_CASE("records that are damaged, of others or without their files are refused with a reason", "[storage]") {
  RecordWorld world;
  const auto kept = world.Kept();
  const std::string volume = kept.at(world.root.text());
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string text = volume;
    REQUIRE(text.find(from) != std::string::npos);
    return text.replace(text.find(from), from.size(), to);
  };
  const std::string texts[] = {
      "",
      "not JSON",
      "{}",
      R"({"format":1,"row":{}})",
      R"({"format":1,"row":[1]})",
      R"({"format":1,"row":{"id":"vol-1"}})",
      kept.at(world.snapshot.text()),
      changed(R"("size_gib":)", R"("size_gib":"much","x":)"),
      changed(R"("state":)", R"("state":17,"x":)"),
      changed(R"("layer_id":"snap-)", R"("layer_id":"snap-0)"),
      changed(R"("created":)", R"("created":"yesterday","x":)"),
      changed(R"("row":{"id":"vol-)", R"("row":{"id":"vol-0)"),
  };
  for (const std::string& text : texts) {
    INFO(text);
    REQUIRE_OK(world.disks.WriteRecord({world.root.text(), text}));
    LostDatabase lost(world);
    const RebuildReport report = Value(lost.records.Rebuild());
    REQUIRE(report.refused.size() == 1);
    CHECK(report.refused.front().id == world.root.text());
    CHECK_FALSE(report.refused.front().reason.empty());
    CHECK(Value(lost.database->ReadFor([](store::Connection& c) { return storage::VolumeTable(c).List(); })).empty());
  }
  REQUIRE_OK(world.disks.WriteRecord({world.root.text(), volume}));
  REQUIRE_OK(world.disks.RemoveVolume(world.root));
  LostDatabase lost(world);
  const RebuildReport report = Value(lost.records.Rebuild());
  REQUIRE(report.refused.size() == 1);
  CHECK(report.refused.front().reason == "the files of " + world.root.text() + " are not there");
}

}  // namespace brume
