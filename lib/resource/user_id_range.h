// Numbers of the host's users, of which each guest has one. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace brume {

struct UserIdRange {
  int64_t first = 0, last = -1;  // both are in it; the default has none

  bool empty() const { return last < first; }
  int64_t size() const { return last - first + 1; }
  bool Contains(int64_t id) const { return id >= first && id <= last; }
  std::string text() const;
  friend bool operator==(const UserIdRange&, const UserIdRange&) = default;
};

// Of no user of Debian's, none that systemd or container programs give away, and none of a directory's (sssd):
// https://systemd.io/UIDS-GIDS
inline constexpr UserIdRange kDefaultGuestUserIds = {2'100'000'000, 2'100'065'535};

// "FIRST-LAST". InvalidArgument for what is no range, and for ids that the host's own users, nobody and systemd have.
absl::StatusOr<UserIdRange> ParseUserIdRange(absl::string_view text);

}  // namespace brume
