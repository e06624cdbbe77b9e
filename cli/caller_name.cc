#include "cli/caller_name.h"

#include <pwd.h>
#include <unistd.h>

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace brume::cli {

std::string CallerName(const std::string& recorded) {
  absl::string_view rest = recorded;
  if (absl::ConsumePrefix(&rest, "cn:")) return std::string(rest);
  if (absl::ConsumePrefix(&rest, "uid:")) {
    uid_t uid = 0;
    passwd entry{}, *found = nullptr;
    std::vector<char> buffer(16 << 10);
    const bool known = absl::SimpleAtoi(rest, &uid) &&
                       getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr;
    return known ? entry.pw_name : recorded;
  }
  if (!absl::StartsWith(recorded, "arn:")) return recorded;
  // arn:PARTITION:SERVICE:REGION:ACCOUNT:user/PATH/NAME
  const std::vector<std::string> parts = absl::StrSplit(recorded, absl::MaxSplits(':', 5));
  if (parts.size() < 6) return recorded;
  const std::string& tail = parts[5];
  if (absl::StartsWith(tail, "user/")) return tail.substr(tail.rfind('/') + 1);
  const size_t slash = tail.find('/');
  return slash == std::string::npos ? tail : tail.substr(slash + 1);
}

}  // namespace brume::cli
