#include "lib/cloudwatch/tables/metric_codec.h"

#include <cmath>
#include <cstring>

#include "lib/base/status_macros.h"

namespace brume::cloudwatch {
namespace {

// A bucket: a byte of flags, then its numbers. Whole numbers are varints, which most are; others their eight bytes.
enum Flag : uint8_t {
  kOne = 1,      // one value
  kSame = 2,     // count values that are the same
  kUnknown = 4,  // nothing is known of the distribution
  kSketch = 8,
};

constexpr double kMaxWhole = 1LL << 53;

uint64_t ZigZag(int64_t value) { return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63); }
int64_t UnZigZag(uint64_t value) { return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1); }

void PutVarint(std::string& bytes, uint64_t value) {
  while (value >= 0x80) {
    bytes.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  bytes.push_back(static_cast<char>(value));
}

// Twice the whole number, or a 1 before the double's bytes.
void PutNumber(std::string& bytes, double value) {
  if (std::abs(value) < kMaxWhole && value == std::trunc(value)) {
    PutVarint(bytes, ZigZag(static_cast<int64_t>(value)) << 1);
    return;
  }
  bytes.push_back(1);
  char raw[sizeof value];
  memcpy(raw, &value, sizeof value);
  bytes.append(raw, sizeof raw);
}

class Reader {
 public:
  explicit Reader(absl::string_view bytes) : rest_(bytes) {}
  bool AtEnd() const { return rest_.empty(); }

  absl::StatusOr<uint8_t> Byte() {
    if (rest_.empty()) return Damaged();
    const auto byte = static_cast<uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return byte;
  }

  absl::StatusOr<uint64_t> Varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      ASSIGN_OR_RETURN(const uint8_t byte, Byte());
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return value;
    }
    return Damaged();
  }

  absl::StatusOr<double> Number() {
    if (!rest_.empty() && rest_.front() == 1) {
      double value;
      if (rest_.size() <= sizeof value) return Damaged();
      memcpy(&value, rest_.data() + 1, sizeof value);
      rest_.remove_prefix(1 + sizeof value);
      return value;
    }
    ASSIGN_OR_RETURN(const uint64_t whole, Varint());
    return static_cast<double>(UnZigZag(whole >> 1));
  }

  absl::Status Damaged() const { return absl::DataLossError("a metric's bytes are damaged"); }

 private:
  absl::string_view rest_;
};

void PutBucket(std::string& bytes, const MetricBucket& b) {
  const bool same = b.min == b.max && b.sum == b.min * b.count && b.distribution_known;
  if (same && b.count == 1) {
    bytes.push_back(kOne);
    PutNumber(bytes, b.min);
    return;
  }
  if (same) {
    bytes.push_back(kSame);
    PutNumber(bytes, b.count);
    PutNumber(bytes, b.min);
    return;
  }
  bytes.push_back(static_cast<char>((b.distribution_known ? 0 : kUnknown) | (b.sketch.empty() ? 0 : kSketch)));
  for (const double number : {b.count, b.sum, b.min, b.max}) PutNumber(bytes, number);
  if (b.sketch.empty()) return;
  PutVarint(bytes, b.sketch.bins().size());
  int32_t before = 0;
  for (const ValueSketch::Bin& bin : b.sketch.bins()) {
    PutVarint(bytes, ZigZag(bin.index - before));
    PutNumber(bytes, bin.count);
    before = bin.index;
  }
}

absl::StatusOr<MetricBucket> TakeBucket(Reader& reader) {
  MetricBucket b;
  ASSIGN_OR_RETURN(const uint8_t flags, reader.Byte());
  if (flags == kOne || flags == kSame) {
    b.count = 1;
    if (flags == kSame) {
      ASSIGN_OR_RETURN(b.count, reader.Number());
    }
    ASSIGN_OR_RETURN(b.min, reader.Number());
    b.max = b.min;
    b.sum = b.min * b.count;
    return b;
  }
  b.distribution_known = (flags & kUnknown) == 0;
  for (double* number : {&b.count, &b.sum, &b.min, &b.max}) {
    ASSIGN_OR_RETURN(*number, reader.Number());
  }
  if ((flags & kSketch) == 0) return b;
  ASSIGN_OR_RETURN(const uint64_t count, reader.Varint());
  if (count > ValueSketch::kMaxBins) return reader.Damaged();
  std::vector<ValueSketch::Bin> bins(count);
  int32_t index = 0;
  for (ValueSketch::Bin& bin : bins) {
    ASSIGN_OR_RETURN(const uint64_t step, reader.Varint());
    index += static_cast<int32_t>(UnZigZag(step));
    bin.index = index;
    ASSIGN_OR_RETURN(bin.count, reader.Number());
  }
  b.sketch = ValueSketch::FromBins(std::move(bins));
  return b;
}

}  // namespace

std::string EncodeBucket(const MetricBucket& bucket) {
  std::string bytes;
  PutBucket(bytes, bucket);
  return bytes;
}

absl::StatusOr<MetricBucket> DecodeBucket(absl::string_view bytes) {
  Reader reader(bytes);
  ASSIGN_OR_RETURN(MetricBucket bucket, TakeBucket(reader));
  if (!reader.AtEnd()) return reader.Damaged();
  return bucket;
}

std::string EncodeParts(const MetricParts& parts) {
  std::string bytes;
  for (const auto& [offset, bucket] : parts) {
    bytes.push_back(static_cast<char>(offset));
    PutBucket(bytes, bucket);
  }
  return bytes;
}

absl::StatusOr<MetricParts> DecodeParts(absl::string_view bytes) {
  MetricParts parts;
  Reader reader(bytes);
  while (!reader.AtEnd()) {
    ASSIGN_OR_RETURN(const uint8_t offset, reader.Byte());
    ASSIGN_OR_RETURN(MetricBucket bucket, TakeBucket(reader));
    parts.emplace_back(offset, std::move(bucket));
  }
  return parts;
}

}  // namespace brume::cloudwatch
