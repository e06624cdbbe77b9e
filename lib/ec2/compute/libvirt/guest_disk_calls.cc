#include "lib/ec2/compute/libvirt/guest_disk_calls.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/libvirt/domains.h"
#include "lib/ec2/compute/libvirt/qemu_monitor.h"

namespace brume::compute {
namespace {

absl::StatusOr<std::vector<DomainDisk>> LiveDisksOf(virDomainPtr domain) {
  char* xml = virDomainGetXMLDesc(domain, 0);
  if (xml == nullptr) return ActionError("look at a guest's disks");
  std::vector<DomainDisk> disks = DisksOfDomain(xml);
  free(xml);
  return disks;
}

// Unset when there is none.
absl::StatusOr<std::optional<DomainDisk>> FindLiveDisk(virDomainPtr domain, const std::string& serial) {
  ASSIGN_OR_RETURN(std::vector<DomainDisk> disks, LiveDisksOf(domain));
  const auto found =
      std::find_if(disks.begin(), disks.end(), [&](const DomainDisk& disk) { return disk.observed.serial == serial; });
  return found == disks.end() ? std::nullopt : std::optional<DomainDisk>(std::move(*found));
}

absl::StatusOr<DomainDisk> GetLiveDisk(virDomainPtr domain, const std::string& serial) {
  ASSIGN_OR_RETURN(std::optional<DomainDisk> disk, FindLiveDisk(domain, serial));
  if (!disk.has_value()) return absl::NotFoundError(absl::StrCat("the guest has no disk ", serial));
  return *std::move(disk);
}

}  // namespace

absl::StatusOr<std::vector<ObservedDisk>> ObserveDisks(virDomainPtr domain) {
  ASSIGN_OR_RETURN(const std::vector<DomainDisk> disks, LiveDisksOf(domain));
  std::vector<ObservedDisk> observed;
  observed.reserve(disks.size());
  for (const DomainDisk& disk : disks) observed.push_back(disk.observed);
  return observed;
}

absl::Status PlugDisk(virDomainPtr domain, const GuestDisk& disk, const DomainProfile& profile) {
  ASSIGN_OR_RETURN(const std::vector<DomainDisk> disks, LiveDisksOf(domain));
  for (const DomainDisk& each : disks) {
    if (each.observed.serial == disk.serial) return absl::OkStatus();
  }
  RETURN_IF_ERROR(CloseOrphanedFile(domain, disk.path));
  ASSIGN_OR_RETURN(const std::string xml, DiskXml(disk, FreeTarget(disks), profile));
  if (virDomainAttachDeviceFlags(domain, xml.c_str(), VIR_DOMAIN_AFFECT_LIVE) == 0) return absl::OkStatus();
  const absl::Status error = ActionError(absl::StrCat("attach the disk ", disk.serial));
  if (!absl::StrContains(error.message(), "No more available PCI slots")) return error;
  return absl::ResourceExhaustedError(
      "the guest has no free port for a disk: it was started with fewer; stop and "
      "start it");
}

absl::Status UnplugDisk(virDomainPtr domain, const std::string& serial) {
  ASSIGN_OR_RETURN(const std::optional<DomainDisk> disk, FindLiveDisk(domain, serial));
  if (!disk.has_value()) return absl::OkStatus();
  if (virDomainDetachDeviceFlags(domain, disk->xml.c_str(), VIR_DOMAIN_AFFECT_LIVE) == 0) return absl::OkStatus();
  const absl::Status error = ActionError(absl::StrCat("detach the disk ", serial));
  // The guest was asked before, and takes its time.
  if (absl::StrContains(error.message(), "already in the process of unplug")) return absl::OkStatus();
  // It may have let go meanwhile.
  const absl::StatusOr<std::optional<DomainDisk>> now = FindLiveDisk(domain, serial);
  return now.ok() && !now->has_value() ? absl::OkStatus() : error;
}

absl::Status LimitDisk(virDomainPtr domain, const std::string& serial, const DiskLimits& limits) {
  ASSIGN_OR_RETURN(const DomainDisk disk, GetLiveDisk(domain, serial));
  virTypedParameterPtr parameters = nullptr;
  int count = 0, room = 0;
  const auto add = [&](const char* name, int64_t value) {
    return virTypedParamsAddULLong(&parameters, &count, &room, name, static_cast<unsigned long long>(value));
  };
  int done = std::min(add(VIR_DOMAIN_BLOCK_IOTUNE_TOTAL_BYTES_SEC, limits.bytes_per_second),
                      add(VIR_DOMAIN_BLOCK_IOTUNE_TOTAL_IOPS_SEC, limits.iops));
  if (done == 0) {
    done = virDomainSetBlockIoTune(domain, disk.target.c_str(), parameters, count, VIR_DOMAIN_AFFECT_LIVE);
  }
  const absl::Status error = done == 0 ? absl::OkStatus() : ActionError(absl::StrCat("limit the disk ", serial));
  virTypedParamsFree(parameters, count);
  return error;
}

absl::Status GrowDisk(virDomainPtr domain, const std::string& serial, int64_t size_bytes) {
  ASSIGN_OR_RETURN(const DomainDisk disk, GetLiveDisk(domain, serial));
  virDomainBlockInfo info = {};
  if (virDomainGetBlockInfo(domain, disk.target.c_str(), &info, 0) != 0) {
    return ActionError(absl::StrCat("look at the disk ", serial));
  }
  const auto wanted = static_cast<unsigned long long>(size_bytes);
  if (info.capacity >= wanted) return absl::OkStatus();
  if (virDomainBlockResize(domain, disk.target.c_str(), wanted, VIR_DOMAIN_BLOCK_RESIZE_BYTES) == 0) {
    return absl::OkStatus();
  }
  return ActionError(absl::StrCat("resize the disk ", serial));
}

}  // namespace brume::compute
