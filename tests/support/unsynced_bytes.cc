#include "tests/support/unsynced_bytes.h"

#include <algorithm>
#include <map>
#include <utility>

namespace brume {
namespace {

void Apply(std::string& content, const UnsyncedBytes::Change& change) {
  if (change.truncates) {
    content.resize(change.offset);
    return;
  }
  content.resize(std::max<size_t>(content.size(), change.offset + change.bytes.size()));
  content.replace(change.offset, change.bytes.size(), change.bytes);
}

}  // namespace

void UnsyncedBytes::Add(Change change) {
  Apply(content, change);
  unsynced.push_back(std::move(change));
}

std::string UnsyncedBytes::SurvivorOf(Random& random, size_t sector_bytes) const {
  // Most often each sector is of its own age. Otherwise all stand where the disk was at one moment.
  const bool torn = random.Below(4) != 0;
  const size_t all = unsynced.size();
  const size_t moment = random.Below(all + 1);
  std::string now = durable;
  for (size_t n = 0; n < moment; ++n) Apply(now, unsynced[n]);
  if (!torn) return now;
  // The length is the moment's. Sectors that were written to are of any moment; what is beyond a version's end is zero.
  const size_t length = now.size();
  std::map<size_t, std::vector<size_t>> ages;  // by sector: after how many changes it has another version
  for (size_t n = 0; n < all; ++n) {
    if (unsynced[n].truncates || unsynced[n].bytes.empty()) continue;
    const size_t end = (unsynced[n].offset + unsynced[n].bytes.size() - 1) / sector_bytes + 1;
    for (size_t sector = unsynced[n].offset / sector_bytes; sector < end && sector * sector_bytes < length; ++sector) {
      ages[sector].push_back(n + 1);
    }
  }
  std::map<size_t, std::vector<size_t>> wanted;  // sectors, by age
  for (const auto& [sector, versions] : ages) {
    const size_t pick = random.Below(versions.size() + 1);
    wanted[pick == 0 ? 0 : versions[pick - 1]].push_back(sector);
  }
  std::string version = durable;
  for (size_t age = 0; age <= all; ++age) {
    if (age > 0) Apply(version, unsynced[age - 1]);
    const auto sectors = wanted.find(age);
    if (sectors == wanted.end()) continue;
    for (const size_t sector : sectors->second) {
      const size_t start = sector * sector_bytes, end = std::min(start + sector_bytes, length);
      const size_t have = std::clamp(version.size(), start, end);
      if (have > start) now.replace(start, have - start, version, start, have - start);
      now.replace(have, end - have, end - have, '\0');
    }
  }
  return now;
}

}  // namespace brume
