#include "lib/ec2/storage/model/volume_performance.h"

#include <catch2/catch.hpp>

#include "lib/ec2/storage/model/disk_space.h"
#include "lib/resource/ec2_error.h"

namespace brume {

TEST_CASE("iops and throughput of a volume are taken within EC2's bounds for its type", "[storage]") {
  constexpr auto kUnset = std::nullopt;
  const struct {
    const char* code;  // "" = taken
    WantedPerformance wanted;
  } cases[] = {
      {"", {VolumeType::kGp3, 8, kUnset, kUnset}},
      {"", {VolumeType::kGp3, 1, 3000, 125}},
      {"", {VolumeType::kGp3, 100, 16000, 1000}},
      {"", {VolumeType::kGp3, 160, 80000, 2000}},
      {"InvalidParameterValue", {VolumeType::kGp3, 159, 80000, kUnset}},
      {"InvalidParameterValue", {VolumeType::kGp3, 100, 2999, kUnset}},
      {"InvalidParameterValue", {VolumeType::kGp3, 16384, 80001, kUnset}},
      {"InvalidParameterValue", {VolumeType::kGp3, 8, 4001, kUnset}},
      {"InvalidParameterValue", {VolumeType::kGp3, 8, kUnset, 124}},
      {"InvalidParameterValue", {VolumeType::kGp3, 8, kUnset, 751}},
      {"InvalidParameterValue", {VolumeType::kGp3, 1000, 80000, 2001}},
      {"", {VolumeType::kGp2, 8, kUnset, kUnset}},
      {"InvalidParameterCombination", {VolumeType::kGp2, 8, 100, kUnset}},
      {"InvalidParameterCombination", {VolumeType::kGp2, 8, kUnset, 125}},
      {"InvalidParameterCombination", {VolumeType::kStandard, 8, 100, kUnset}},
      {"InvalidParameterCombination", {VolumeType::kSt1, 500, kUnset, 125}},
      {"MissingParameter", {VolumeType::kIo1, 8, kUnset, kUnset}},
      {"MissingParameter", {VolumeType::kIo2, 8, kUnset, kUnset}},
      {"", {VolumeType::kIo1, 8, 400, kUnset}},
      {"InvalidParameterValue", {VolumeType::kIo1, 8, 401, kUnset}},
      {"InvalidParameterValue", {VolumeType::kIo1, 8, 99, kUnset}},
      {"InvalidParameterCombination", {VolumeType::kIo1, 8, 400, 125}},
      {"", {VolumeType::kIo2, 100, 64000, kUnset}},
      {"", {VolumeType::kIo2, 256, 256000, kUnset}},
      {"InvalidParameterValue", {VolumeType::kIo2, 255, 256000, kUnset}},
      {"InvalidParameterValue", {VolumeType::kIo2, 16384, 256001, kUnset}},
  };
  for (const auto& [code, wanted] : cases) {
    INFO(kVolumeTypeNames.Of(wanted.type) << " " << wanted.size_gib << " GiB, " << wanted.iops.value_or(-1) << " iops, "
                                          << wanted.throughput.value_or(-1) << " MiB/s");
    const absl::Status checked = CheckPerformance(wanted);
    CHECK((checked.ok() ? "" : ec2::ErrorCode(checked)) == std::string(code));
  }
}

TEST_CASE("a volume shows what its type has where nothing was asked for", "[storage]") {
  Volume volume;
  volume.size_gib = 8;
  CHECK(ShownIops(volume) == 3000);
  CHECK(ShownThroughput(volume) == 125);
  volume.iops = 4000;
  volume.throughput = 250;
  CHECK(ShownIops(volume) == 4000);
  CHECK(ShownThroughput(volume) == 250);
  Volume gp2;
  gp2.size_gib = 8;
  gp2.type = VolumeType::kGp2;
  CHECK(ShownIops(gp2) == 100);
  gp2.size_gib = 1000;
  CHECK(ShownIops(gp2) == 3000);
  gp2.size_gib = 16384;
  CHECK(ShownIops(gp2) == 16000);
  CHECK_FALSE(ShownThroughput(gp2).has_value());
  Volume magnetic;
  magnetic.type = VolumeType::kStandard;
  CHECK_FALSE(ShownIops(magnetic).has_value());
}

TEST_CASE("an image's snapshot has the image's digits", "[storage]") {
  CHECK(SnapshotOf(ImageId::FromTrusted("ami-0123456789abcdef0")).text() == "snap-0123456789abcdef0");
  CHECK(SnapshotOf(ImageId()).empty());
}

TEST_CASE("a disk is nearly full from 85 percent on, and full when next to nothing is free", "[storage]") {
  constexpr int64_t kMib = 1 << 20, kGib = int64_t{1} << 30;
  const struct {
    DiskSpace space;
    int percent;
    bool nearly, full;
  } cases[] = {
      {{100 * kGib, 100 * kGib}, 0, false, false},
      {{16 * kGib, 100 * kGib}, 84, false, false},
      {{15 * kGib, 100 * kGib}, 85, true, false},
      {{kGib, 100 * kGib}, 99, true, false},
      {{16 * kMib, 100 * kGib}, 99, true, false},
      {{16 * kMib - 1, 100 * kGib}, 99, true, true},
      {{0, 0}, 100, true, true},
      {{int64_t{1} << 61, int64_t{1} << 62}, 50, false, false},
  };
  for (const auto& c : cases) {
    INFO(c.space.free_bytes << " of " << c.space.total_bytes);
    CHECK(PercentUsed(c.space) == c.percent);
    CHECK(IsNearlyFull(c.space) == c.nearly);
    CHECK(IsFull(c.space) == c.full);
  }
}

}  // namespace brume
