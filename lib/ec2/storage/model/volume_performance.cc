#include "lib/ec2/storage/model/volume_performance.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "lib/resource/ec2_error.h"

namespace brume {
namespace {

struct IopsBounds {
  VolumeType type;
  int min, max;
  int64_t max_per_gib;
  bool required;
};
constexpr IopsBounds kIops[] = {{VolumeType::kGp3, 3000, 80000, 500, false},
                                {VolumeType::kIo1, 100, 64000, 50, true},
                                {VolumeType::kIo2, 100, 256000, 1000, true}};
constexpr int kMinThroughput = 125, kMaxThroughput = 2000;
constexpr int kIopsPerThroughput = 4;
constexpr int kMinInitializationRate = 100, kMaxInitializationRate = 300;

constexpr int kGp3Iops = 3000;
// gp2: three a GiB.
constexpr int64_t kMinGp2Iops = 100, kMaxGp2Iops = 16000, kGp2BurstIops = 3000;

struct SizeBounds {
  VolumeType type;
  int64_t min_gib, max_gib;
};
constexpr SizeBounds kSizes[] = {{VolumeType::kGp2, 1, 16384},    {VolumeType::kGp3, 1, kMaxVolumeGib},
                                 {VolumeType::kIo1, 4, 16384},    {VolumeType::kIo2, 4, kMaxVolumeGib},
                                 {VolumeType::kSt1, 125, 16384},  {VolumeType::kSc1, 125, 16384},
                                 {VolumeType::kStandard, 1, 1024}};

const IopsBounds* BoundsOf(VolumeType type) {
  for (const IopsBounds& bounds : kIops) {
    if (bounds.type == type) return &bounds;
  }
  return nullptr;
}

absl::string_view NameOf(VolumeType type) { return kVolumeTypeNames.Of(type); }

absl::Status CheckBounds(absl::string_view what, int value, int min, int max) {
  if (value >= min && value <= max) return absl::OkStatus();
  return ec2::Error("InvalidParameterValue",
                    value < min ? absl::StrCat(what, " of ", value, " is too low; minimum is ", min, ".")
                                : absl::StrCat(what, " of ", value, " is too high; maximum is ", max, "."));
}

absl::Status CheckIops(const WantedPerformance& wanted) {
  const IopsBounds* const bounds = BoundsOf(wanted.type);
  if (!wanted.iops.has_value()) {
    if (bounds == nullptr || !bounds->required) return absl::OkStatus();
    return ec2::Error("MissingParameter",
                      absl::StrCat("The parameter iops must be specified for ", NameOf(wanted.type), " volumes."));
  }
  if (bounds == nullptr) {
    return ec2::Error("InvalidParameterCombination",
                      absl::StrCat("The parameter iops is not supported for ", NameOf(wanted.type), " volumes."));
  }
  if (const absl::Status bad = CheckBounds("Volume iops", *wanted.iops, bounds->min, bounds->max); !bad.ok())
    return bad;
  // A gp3 has its first iops whatever its size.
  if (*wanted.iops <= std::max<int64_t>(bounds->min, wanted.size_gib * bounds->max_per_gib)) return absl::OkStatus();
  return ec2::Error("InvalidParameterValue",
                    absl::StrCat("Iops to volume size ratio of ", *wanted.iops, " to ", wanted.size_gib,
                                 " GiB is too high; maximum is ", bounds->max_per_gib, " iops per GiB."));
}

}  // namespace

absl::Status CheckPerformance(const WantedPerformance& wanted) {
  if (const absl::Status bad = CheckIops(wanted); !bad.ok()) return bad;
  if (!wanted.throughput.has_value()) return absl::OkStatus();
  if (wanted.type != VolumeType::kGp3) {
    return ec2::Error("InvalidParameterCombination",
                      absl::StrCat("The parameter throughput is not supported for ", NameOf(wanted.type), " volumes."));
  }
  if (const absl::Status bad = CheckBounds("Throughput", *wanted.throughput, kMinThroughput, kMaxThroughput);
      !bad.ok()) {
    return bad;
  }
  if (int64_t{*wanted.throughput} * kIopsPerThroughput <= wanted.iops.value_or(kGp3Iops)) return absl::OkStatus();
  return ec2::Error("InvalidParameterValue",
                    absl::StrCat("Throughput (MiBps) to iops ratio of ", *wanted.throughput, " to ",
                                 wanted.iops.value_or(kGp3Iops), " is too high; maximum is 0.25 MiBps per iops."));
}

absl::Status CheckInitializationRate(const std::optional<int>& rate, bool has_snapshot) {
  if (!rate.has_value()) return absl::OkStatus();
  if (!has_snapshot) {
    return ec2::Error("InvalidParameterCombination",
                      "The parameter volumeInitializationRate is only of volumes that are made of a snapshot.");
  }
  return CheckBounds("Volume initialization rate", *rate, kMinInitializationRate, kMaxInitializationRate);
}

absl::Status CheckSize(VolumeType type, int64_t size_gib) {
  for (const SizeBounds& bounds : kSizes) {
    if (bounds.type != type || (size_gib >= bounds.min_gib && size_gib <= bounds.max_gib)) continue;
    return ec2::Error(
        "InvalidParameterValue",
        absl::StrCat("Volume of ", size_gib, "GiB is too ", size_gib < bounds.min_gib ? "small" : "large",
                     " for volume type ", NameOf(type), "; ", size_gib < bounds.min_gib ? "minimum" : "maximum", " is ",
                     size_gib < bounds.min_gib ? bounds.min_gib : bounds.max_gib, "GiB."));
  }
  return absl::OkStatus();
}

std::optional<int> ShownIops(const Volume& volume) {
  if (volume.iops.has_value()) return volume.iops;
  if (volume.type == VolumeType::kGp3) return kGp3Iops;
  if (volume.type == VolumeType::kGp2) {
    return static_cast<int>(std::clamp(volume.size_gib * 3, kMinGp2Iops, kMaxGp2Iops));
  }
  // Made before a call had to say it.
  if (BoundsOf(volume.type) != nullptr) return BoundsOf(volume.type)->min;
  return std::nullopt;
}

VolumeLimits LimitsOf(const Volume& volume) {
  constexpr int64_t kMib = int64_t{1} << 20;
  const int64_t iops = ShownIops(volume).value_or(0);
  const auto mib = [](int64_t iops, int64_t mib_per_second) {
    return VolumeLimits{.iops = iops, .bytes_per_second = mib_per_second * kMib};
  };
  // By size, of the types on magnetic disks, which count requests of 1 MiB.
  const auto of_size = [&](int64_t mib_per_tib, int64_t max_mib) {
    const int64_t rate = std::clamp<int64_t>(volume.size_gib * mib_per_tib / 1024, 1, max_mib);
    return mib(max_mib, rate);
  };
  if (volume.type == VolumeType::kGp3) return mib(iops, ShownThroughput(volume).value_or(kMinThroughput));
  if (volume.type == VolumeType::kGp2)
    return mib(std::max<int64_t>(iops, kGp2BurstIops), volume.size_gib <= 170 ? 128 : 250);
  // 256 KiB a request.
  if (volume.type == VolumeType::kIo1) return mib(iops, std::clamp<int64_t>(iops / 4, 1, 1000));
  if (volume.type == VolumeType::kIo2) return mib(iops, std::clamp<int64_t>(iops / 4, 1, 4000));
  if (volume.type == VolumeType::kSt1) return of_size(250, 500);
  if (volume.type == VolumeType::kSc1) return of_size(80, 250);
  return mib(200, 90);
}

std::optional<int> ShownThroughput(const Volume& volume) {
  if (volume.type != VolumeType::kGp3) return std::nullopt;
  return volume.throughput.value_or(kMinThroughput);
}

}  // namespace brume
