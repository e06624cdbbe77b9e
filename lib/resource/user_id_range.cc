#include "lib/resource/user_id_range.h"

#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace brume {
namespace {

// Beyond it are ids that some programs take for negative numbers.
constexpr int64_t kMaxUserId = 2'147'352'575;
// Below it are users of packages and people, those that systemd makes for services, nobody, and -1 of 16 bits.
constexpr int64_t kMinUserId = 65'536;

}  // namespace

std::string UserIdRange::text() const { return absl::StrCat(first, "-", last); }

absl::StatusOr<UserIdRange> ParseUserIdRange(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, '-');
  UserIdRange range;
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], &range.first) || !absl::SimpleAtoi(parts[1], &range.last) ||
      range.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", text, "' is no range of ids, as ", kDefaultGuestUserIds.text()));
  }
  if (range.first < kMinUserId || range.last > kMaxUserId) {
    return absl::InvalidArgumentError(absl::StrCat("guests' users have ids from ", kMinUserId, " to ", kMaxUserId,
                                                   ", not ", range.text(), ": others are the host's own"));
  }
  return range;
}

}  // namespace brume
