#include "lib/ec2/compute/libvirt/statistics.h"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/libvirt/domains.h"

namespace brume::compute {
namespace {

constexpr absl::Duration kMemoryPeriod = absl::Seconds(60);
// A sample that comes a little early still is its turn's.
constexpr absl::Duration kEarly = absl::Milliseconds(500);
constexpr int64_t kBytesInKib = 1024;
// More than any QEMU has of one disk.
constexpr int kMaxDiskCounters = 32;

std::optional<absl::Duration> ReadCpuTime(virDomainPtr domain) {
  virDomainInfo info = {};
  if (virDomainGetInfo(domain, &info) != 0) return std::nullopt;
  return absl::Nanoseconds(static_cast<int64_t>(info.cpuTime));
}

std::optional<GuestStatistics::Disk> ReadDisk(virDomainPtr domain) {
  std::array<virTypedParameter, kMaxDiskCounters> counters = {};
  int count = kMaxDiskCounters;
  // No path: all disks together.
  if (virDomainBlockStatsFlags(domain, "", counters.data(), &count, 0) != 0) return std::nullopt;
  const auto value = [&](const char* name) -> int64_t {
    long long found = 0;
    return virTypedParamsGetLLong(counters.data(), count, name, &found) == 1 ? found : 0;
  };
  return GuestStatistics::Disk{.read_bytes = value(VIR_DOMAIN_BLOCK_STATS_READ_BYTES),
                               .write_bytes = value(VIR_DOMAIN_BLOCK_STATS_WRITE_BYTES),
                               .read_operations = value(VIR_DOMAIN_BLOCK_STATS_READ_REQ),
                               .write_operations = value(VIR_DOMAIN_BLOCK_STATS_WRITE_REQ)};
}

std::optional<GuestStatistics::Memory> ReadMemory(virDomainPtr domain) {
  std::array<virDomainMemoryStatStruct, VIR_DOMAIN_MEMORY_STAT_NR> stats = {};
  const int count = virDomainMemoryStats(domain, stats.data(), stats.size(), 0);
  std::optional<int64_t> total_kib, usable_kib, unused_kib;
  for (int i = 0; i < count; ++i) {
    const auto value = static_cast<int64_t>(stats[i].val);
    if (stats[i].tag == VIR_DOMAIN_MEMORY_STAT_AVAILABLE) total_kib = value;
    if (stats[i].tag == VIR_DOMAIN_MEMORY_STAT_USABLE) usable_kib = value;
    if (stats[i].tag == VIR_DOMAIN_MEMORY_STAT_UNUSED) unused_kib = value;
  }
  // Kernels before 3.14 tell no usable memory.
  if (!usable_kib.has_value()) usable_kib = unused_kib;
  if (!total_kib.has_value() || !usable_kib.has_value()) return std::nullopt;
  return GuestStatistics::Memory{.total_bytes = *total_kib * kBytesInKib, .usable_bytes = *usable_kib * kBytesInKib};
}

// Whether libvirt waits for this QEMU, or would have to wait until an operation ends: a question might never be
// answered.
bool IsBusy(virDomainPtr domain) {
  virDomainControlInfo info = {};
  return virDomainGetControlInfo(domain, &info, 0) != 0 || info.state != VIR_DOMAIN_CONTROL_OK;
}

// The first turn of a guest is anywhere in its period, so that guests found at once do not always come at once.
absl::Time FirstTurn(absl::Time now, absl::Duration period, const InstanceId& id) {
  constexpr size_t kSteps = 60;
  return now + period * (static_cast<double>(std::hash<std::string>()(id.text()) % kSteps) / kSteps);
}

}  // namespace

StatisticsReader::Questions StatisticsReader::QuestionsTo(const InstanceId& id, absl::Time now) {
  MutexLock lock(mutex_);
  const auto [entry, made] = turns_.try_emplace(id);
  Turns& turns = entry->second;
  if (made) turns = {FirstTurn(now, disk_period_, id), FirstTurn(now, kMemoryPeriod, id)};
  const auto due = [&](absl::Time& turn, absl::Duration period) {
    if (now + kEarly < turn) return false;
    turn = std::max(turn + period, now);
    return true;
  };
  return {.disk = due(turns.disk, disk_period_), .memory = due(turns.memory, kMemoryPeriod)};
}

absl::StatusOr<std::vector<GuestStatistics>> StatisticsReader::Read(virConnectPtr connection,
                                                                    const std::vector<InstanceId>& ids,
                                                                    bool simulated) {
  ASSIGN_OR_RETURN(const std::vector<DomainHandle> domains, ActiveDomains(connection));
  const absl::flat_hash_set<InstanceId> wanted(ids.begin(), ids.end());
  absl::flat_hash_set<InstanceId> present;
  const absl::Time now = absl::Now();
  std::vector<GuestStatistics> guests;
  for (const DomainHandle& domain : domains) {
    absl::StatusOr<InstanceId> id = InstanceId::Parse(virDomainGetName(domain.get()));
    if (!id.ok()) continue;
    present.insert(*id);
    if (!wanted.empty() && !wanted.contains(*id)) continue;
    GuestStatistics& guest = guests.emplace_back();
    guest.id = *std::move(id);
    if (simulated) continue;
    guest.cpu_time = ReadCpuTime(domain.get());
    if (IsBusy(domain.get())) continue;
    const Questions questions = QuestionsTo(guest.id, now);
    if (questions.disk) guest.disk = ReadDisk(domain.get());
    if (questions.memory) guest.memory = ReadMemory(domain.get());
  }
  MutexLock lock(mutex_);
  absl::erase_if(turns_, [&](const auto& entry) { return !present.contains(entry.first); });
  return guests;
}

}  // namespace brume::compute
