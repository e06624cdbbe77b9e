#include "lib/ec2/storage/model/volume_performance.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "lib/resource/ec2_error.h"

namespace brume {
namespace {

struct IopsBounds {
  const char* type;
  int min, max;
  int64_t max_per_gib;
  bool required;
};
constexpr IopsBounds kIops[] = {
    {"gp3", 3000, 80000, 500, false}, {"io1", 100, 64000, 50, true}, {"io2", 100, 256000, 1000, true}};
constexpr int kMinThroughput = 125, kMaxThroughput = 2000;
constexpr int kIopsPerThroughput = 4;

constexpr int kGp3Iops = 3000;
// gp2: three a GiB.
constexpr int64_t kMinGp2Iops = 100, kMaxGp2Iops = 16000;

const IopsBounds* BoundsOf(absl::string_view type) {
  for (const IopsBounds& bounds : kIops) {
    if (bounds.type == type) return &bounds;
  }
  return nullptr;
}

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
                      absl::StrCat("The parameter iops must be specified for ", wanted.type, " volumes."));
  }
  if (bounds == nullptr) {
    return ec2::Error("InvalidParameterCombination",
                      absl::StrCat("The parameter iops is not supported for ", wanted.type, " volumes."));
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
  if (wanted.type != "gp3") {
    return ec2::Error("InvalidParameterCombination",
                      absl::StrCat("The parameter throughput is not supported for ", wanted.type, " volumes."));
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

std::optional<int> ShownIops(const Volume& volume) {
  if (volume.iops.has_value()) return volume.iops;
  if (volume.type == "gp3") return kGp3Iops;
  if (volume.type == "gp2") {
    return static_cast<int>(std::clamp(volume.size_gib * 3, kMinGp2Iops, kMaxGp2Iops));
  }
  // Made before a call had to say it.
  if (BoundsOf(volume.type) != nullptr) return BoundsOf(volume.type)->min;
  return std::nullopt;
}

std::optional<int> ShownThroughput(const Volume& volume) {
  if (volume.type != "gp3") return std::nullopt;
  return volume.throughput.value_or(kMinThroughput);
}

}  // namespace brume
