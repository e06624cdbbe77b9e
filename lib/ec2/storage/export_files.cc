#include "lib/ec2/storage/export_files.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace brume::storage {
namespace {

constexpr size_t kMinBucket = 3, kMaxBucket = 63, kMaxKey = 1024, kMaxName = 200;

absl::Status Bad(absl::string_view what, absl::string_view text, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("'", absl::CHexEscape(text.substr(0, 256)), "' is no ", what, ": ", why));
}

}  // namespace

absl::Status CheckPlace(const ExportPlace& place) {
  const std::string& bucket = place.bucket;
  const bool good = bucket.size() >= kMinBucket && bucket.size() <= kMaxBucket && absl::ascii_isalnum(bucket.front()) &&
                    absl::ascii_isalnum(bucket.back()) && std::all_of(bucket.begin(), bucket.end(), [](char c) {
                      return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-' || c == '.';
                    });
  if (!good) return Bad("bucket", bucket, "it has 3 to 63 small letters, digits, dots and dashes");
  if (place.key.empty() || place.key.size() > kMaxKey) return Bad("key", place.key, "it has 1 to 1024 characters");
  for (const absl::string_view name : absl::StrSplit(place.key, '/')) {
    if (name.empty() || name[0] == '.' || name.size() > kMaxName) {
      return Bad("key", place.key, "between slashes are 1 to 200 characters, the first of which is no dot");
    }
    if (!std::all_of(name.begin(), name.end(), [](char c) { return absl::ascii_isgraph(c) || c == ' '; })) {
      return Bad("key", place.key, "it has printable ASCII characters");
    }
  }
  return absl::OkStatus();
}

}  // namespace brume::storage
