#include "lib/compute/libvirt/statistics.h"

#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "lib/base/status_macros.h"
#include "lib/compute/libvirt/domains.h"

namespace brume::compute {
namespace {

// Interfaces are not asked for: their taps are in other namespaces, where libvirt does not look.
constexpr unsigned int kGroups =
    VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_CPU_TOTAL | VIR_DOMAIN_STATS_BLOCK | VIR_DOMAIN_STATS_BALLOON;
constexpr int64_t kBytesInKib = 1024;

struct RecordsFree {
  void operator()(virDomainStatsRecordPtr* records) const { virDomainStatsRecordListFree(records); }
};
using Records = std::unique_ptr<virDomainStatsRecordPtr, RecordsFree>;

std::optional<int64_t> NumberOf(const virTypedParameter& parameter) {
  switch (parameter.type) {
    case VIR_TYPED_PARAM_ULLONG:
      return static_cast<int64_t>(parameter.value.ul);
    case VIR_TYPED_PARAM_LLONG:
      return parameter.value.l;
    case VIR_TYPED_PARAM_UINT:
      return parameter.value.ui;
    case VIR_TYPED_PARAM_INT:
      return parameter.value.i;
    default:
      return std::nullopt;
  }
}

GuestStatistics ParseRecord(InstanceId id, const virDomainStatsRecord& record) {
  GuestStatistics guest{.id = std::move(id)};
  GuestStatistics::Disk disk;
  bool any_disk = false;
  std::optional<int64_t> available_kib, usable_kib, unused_kib;
  for (int i = 0; i < record.nparams; ++i) {
    const absl::string_view name = record.params[i].field;
    const std::optional<int64_t> value = NumberOf(record.params[i]);
    if (!value.has_value()) continue;
    if (name == "cpu.time") {
      guest.cpu_time = absl::Nanoseconds(*value);
    } else if (name == "balloon.available") {
      available_kib = value;
    } else if (name == "balloon.usable") {
      usable_kib = value;
    } else if (name == "balloon.unused") {
      unused_kib = value;
    } else if (absl::StartsWith(name, "block.")) {
      // "block.0.rd.bytes", of each disk.
      int64_t* counter = absl::EndsWith(name, ".rd.bytes")   ? &disk.read_bytes
                         : absl::EndsWith(name, ".rd.reqs")  ? &disk.read_operations
                         : absl::EndsWith(name, ".wr.bytes") ? &disk.write_bytes
                         : absl::EndsWith(name, ".wr.reqs")  ? &disk.write_operations
                                                             : nullptr;
      if (counter == nullptr) continue;
      *counter += *value;
      any_disk = true;
    }
  }
  if (any_disk) guest.disk = disk;
  // Kernels before 3.14 tell no usable memory.
  if (!usable_kib.has_value()) usable_kib = unused_kib;
  if (available_kib.has_value() && usable_kib.has_value()) {
    guest.memory = {.total_bytes = *available_kib * kBytesInKib, .usable_bytes = *usable_kib * kBytesInKib};
  }
  return guest;
}

}  // namespace

absl::StatusOr<std::vector<GuestStatistics>> ReadStatistics(virConnectPtr connection,
                                                            const std::vector<InstanceId>& ids) {
  // A guest that an operation holds is told of as far as that goes without waiting for it.
  constexpr unsigned int kNoWait = VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT;
  virDomainStatsRecordPtr* raw = nullptr;
  int count = 0;
  if (ids.empty()) {
    count = virConnectGetAllDomainStats(connection, kGroups, &raw, VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE | kNoWait);
  } else {
    std::vector<DomainHandle> domains;
    for (const InstanceId& id : ids) {
      absl::StatusOr<DomainHandle> domain = FindOn(connection, id.text());
      if (absl::IsNotFound(domain.status())) continue;
      RETURN_IF_ERROR(domain.status());
      domains.push_back(*std::move(domain));
    }
    if (domains.empty()) return std::vector<GuestStatistics>();
    std::vector<virDomainPtr> list;
    for (const DomainHandle& domain : domains) list.push_back(domain.get());
    list.push_back(nullptr);
    count = virDomainListGetStats(list.data(), kGroups, &raw, kNoWait);
  }
  if (count < 0) return LastVirtError("read the guests' statistics");
  const Records records(raw);
  std::vector<GuestStatistics> guests;
  for (int i = 0; i < count; ++i) {
    absl::StatusOr<InstanceId> id = InstanceId::Parse(virDomainGetName(raw[i]->dom));
    if (id.ok()) guests.push_back(ParseRecord(*std::move(id), *raw[i]));
  }
  return guests;
}

}  // namespace brume::compute
