#include "lib/resource/zones.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace brume {
namespace {

// "us-east-1" → "use1", "ap-northeast-2" → "apne2", "us-gov-west-1" → "usgw1".
std::string ShortRegion(const std::string& region) {
  static constexpr std::pair<absl::string_view, absl::string_view> kWords[] = {
      {"north", "n"},      {"south", "s"},      {"east", "e"},       {"west", "w"},       {"central", "c"},
      {"northeast", "ne"}, {"northwest", "nw"}, {"southeast", "se"}, {"southwest", "sw"}, {"gov", "g"}};
  const std::vector<absl::string_view> parts = absl::StrSplit(region, '-');
  if (parts.size() < 3 || parts[0].size() != 2 || parts.back().size() != 1 ||
      !absl::ascii_isdigit(static_cast<unsigned char>(parts.back()[0]))) {
    return region;
  }
  std::string text(parts[0]);
  for (size_t i = 1; i + 1 < parts.size(); ++i) {
    const auto* word = std::find_if(std::begin(kWords), std::end(kWords),
                                    [&](const auto& candidate) { return candidate.first == parts[i]; });
    if (word == std::end(kWords)) return region;
    absl::StrAppend(&text, word->second);
  }
  return absl::StrCat(text, parts.back());
}

}  // namespace

std::string ZoneId(const Settings& settings, absl::string_view zone) {
  const auto it = std::find(settings.zones.begin(), settings.zones.end(), zone);
  if (it == settings.zones.end()) return "";
  return absl::StrCat(ShortRegion(settings.region), "-az", it - settings.zones.begin() + 1);
}

std::optional<std::string> FindZone(const Settings& settings, absl::string_view text) {
  for (const std::string& zone : settings.zones) {
    if (zone == text || ZoneId(settings, zone) == text) return zone;
  }
  return std::nullopt;
}

}  // namespace brume
