#include "daemon/diagnosis.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "daemon/adapters.h"
#include "daemon/guest_users.h"
#include "daemon/host_checks.h"
#include "lib/base/status_macros.h"
#include "lib/base/work_watch.h"
#include "lib/ec2/compute/instance_service.h"
#include "lib/ec2/network/interface_service.h"
#include "lib/ec2/network/network_service.h"
#include "lib/ec2/storage/image_service.h"
#include "lib/ec2/storage/import_service.h"
#include "lib/ec2/storage/volume_service.h"

namespace brume::daemon {
namespace {

using host::HostCheck;

constexpr int64_t kGib = int64_t{1} << 30;

// What the rows say is on this host.
struct Known {
  std::set<std::string> instances, images, volumes, vpcs, taps;
};

absl::StatusOr<Known> ReadKnown(store::Database& database) {
  return database.ReadFor([](store::Connection& c) -> absl::StatusOr<Known> {
    Known known;
    ASSIGN_OR_RETURN(const std::vector<InstanceId> instances, compute::ListInstances(c));
    for (const InstanceId& id : instances) known.instances.insert(id.text());
    ASSIGN_OR_RETURN(const std::vector<Image> images, storage::ListImages(c));
    for (const Image& image : images) known.images.insert(image.id.text());
    // Layers that imports have made and that are no images yet.
    ASSIGN_OR_RETURN(const std::vector<ImageId> imported, storage::ListImagesOfImports(c));
    for (const ImageId& image : imported) known.images.insert(image.text());
    ASSIGN_OR_RETURN(const std::vector<Volume> volumes, storage::ListVolumes(c));
    for (const Volume& volume : volumes) known.volumes.insert(volume.id.text());
    ASSIGN_OR_RETURN(const std::vector<Vpc> vpcs, network::ListVpcs(c));
    for (const Vpc& vpc : vpcs) known.vpcs.insert(vpc.id.text());
    ASSIGN_OR_RETURN(const std::vector<NetworkInterface> interfaces, network::ListInterfaces(c));
    for (const NetworkInterface& eni : interfaces) known.taps.insert(TapName(eni.id));
    return known;
  });
}

// Programs are found through PATH, as the adapters do.
bool InPath(const std::string& program) {
  const char* const path = getenv("PATH");
  for (absl::string_view directory : absl::StrSplit(path == nullptr ? "/usr/sbin:/usr/bin" : path, ':')) {
    if (access(absl::StrCat(directory, "/", program).c_str(), X_OK) == 0) return true;
  }
  return false;
}

HostCheck CheckPrograms() {
  std::vector<std::string> missing;
  for (const char* program : {"qemu-system-x86_64", "qemu-img", "qemu-storage-daemon", "dnsmasq"}) {
    if (!InPath(program)) missing.emplace_back(program);
  }
  if (missing.empty())
    return {"programs", true, "qemu-system-x86_64, qemu-img, qemu-storage-daemon and dnsmasq are installed", ""};
  return {"programs", false, absl::StrCat("not found: ", absl::StrJoin(missing, ", ")),
          "run packaging/install-deps --run"};
}

// "; volumes may grow to 300 GiB of its 512"; empty where that is not known.
std::string Promised(store::Database& database, const DiskSpace& space, int64_t max_gib) {
  const absl::StatusOr<int64_t> sum = database.ReadFor(storage::SumOfSizes);
  if (!sum.ok()) return "";  // the check of the database says it
  return absl::StrCat("; volumes may grow to ", *sum, " GiB of its ", space.total_bytes / kGib,
                      max_gib == 0 ? "" : absl::StrCat(", at most ", max_gib, " by storage.max_overcommit"));
}

HostCheck CheckDisk(const DoctorParts& parts) {
  const std::string& state_dir = parts.config.state_dir;
  const absl::StatusOr<DiskSpace> space = parts.disks.Space();
  if (!space.ok()) return {"disk", false, std::string(space.status().message()), "make the state directory readable"};
  constexpr int64_t kLittle = 5 * kGib;
  const std::string detail =
      absl::StrCat(space->free_bytes / kGib, " GiB free under ", state_dir, ", which is ", PercentUsed(*space),
                   " % full", Promised(parts.database, *space, parts.config.settings.max_volumes_gib));
  if (space->free_bytes >= kLittle && !IsNearlyFull(*space)) return {"disk", true, detail, ""};
  return {"disk", false, detail, "free some space: guests are paused when the disk is full"};
}

void CheckHypervisor(compute::Hypervisor& hypervisor, compute::AccelerationWish configured, host::HostReport& report) {
  const absl::StatusOr<compute::HypervisorInfo> info = hypervisor.Describe();
  if (!info.ok()) {
    report.checks.push_back({"libvirt", false, std::string(info.status().message()),
                             "start libvirtd, or set compute.libvirt_uri to qemu:///embed"});
    return;
  }
  report.hypervisor = {.uri = info->uri,
                       .version = info->version,
                       .acceleration = std::string(compute::kAccelerationNames.Of(info->acceleration)),
                       .acceleration_note = info->acceleration_note};
  report.checks.push_back({"libvirt", true, absl::StrCat(info->version, " at ", info->uri), ""});
  report.checks.push_back(CheckAcceleration(*info, configured));
}

HostCheck CheckFabric(network::Fabric& fabric, const Known& known, std::vector<HostCheck>& orphans) {
  const absl::StatusOr<network::FabricInventory> inventory = fabric.List();
  if (!inventory.ok()) {
    return {"network", false, std::string(inventory.status().message()), "brumed must run as root, with iproute2"};
  }
  for (const VpcId& vpc : inventory->vpcs) {
    if (known.vpcs.contains(vpc.text())) continue;
    orphans.push_back({absl::StrCat("namespace brume-", vpc.text()), false, "no VPC of this installation",
                       absl::StrCat("ip netns delete brume-", vpc.text())});
  }
  for (const std::string& tap : inventory->taps) {
    if (known.taps.contains(tap)) continue;
    orphans.push_back({absl::StrCat("tap ", tap), false, "belongs to no network interface of this installation",
                       absl::StrCat("ip link delete ", tap, ", in the namespace that `ip -all netns exec ip link show ",
                                    tap, "` finds it in")});
  }
  std::vector<std::string> missing;
  for (const std::string& vpc : known.vpcs) {
    const bool there =
        std::any_of(inventory->vpcs.begin(), inventory->vpcs.end(), [&](const VpcId& id) { return id.text() == vpc; });
    if (!there) missing.push_back(vpc);
  }
  if (missing.empty()) return {"network", true, absl::StrCat(inventory->vpcs.size(), " VPC namespaces in place"), ""};
  return {"network", false, absl::StrCat("no namespace for ", absl::StrJoin(missing, ", ")),
          "look at brumed's log for the reason; it keeps trying"};
}

// What somebody else has changed a moment ago, or for good.
std::optional<HostCheck> CheckDamages(network::Fabric& fabric) {
  const absl::StatusOr<std::vector<network::Damage>> damages = fabric.Inspect();
  if (!damages.ok()) return HostCheck{"network state", false, std::string(damages.status().message()), ""};
  if (damages->empty()) return std::nullopt;
  std::vector<std::string> texts;
  for (const network::Damage& damage : *damages) {
    texts.push_back(damage.text());
  }
  return HostCheck{"network state", false, absl::StrJoin(texts, "; "),
                   "brumed makes it again within seconds where it can; its log says why it cannot"};
}

template <typename IdType>
void ReportStrangers(const std::vector<IdType>& found, const std::set<std::string>& known, absl::string_view where,
                     std::vector<HostCheck>& orphans) {
  for (const IdType& id : found) {
    if (known.contains(id.text())) continue;
    orphans.push_back({absl::StrCat(where, "/", id.text()), false, "files without a row in the database",
                       "look what they are before you delete them"});
  }
}

HostCheck CheckFiles(storage::Disks& disks, const Known& known, std::vector<HostCheck>& orphans) {
  const absl::StatusOr<storage::DiskInventory> inventory = disks.List();
  if (!inventory.ok()) return {"files", false, std::string(inventory.status().message()), ""};
  ReportStrangers(inventory->images, known.images, "layers", orphans);
  ReportStrangers(inventory->volumes, known.volumes, "volumes", orphans);
  ReportStrangers(inventory->instances, known.instances, "instances", orphans);
  for (const std::string& entry : inventory->unknown) {
    orphans.push_back({entry, false, "not a file of Brume's", "look what it is before you delete it"});
  }
  return {"files", true,
          absl::StrCat(inventory->images.size(), " images, ", inventory->volumes.size(), " volumes, ",
                       inventory->instances.size(), " instances"),
          ""};
}

// A copy or a download may take minutes; nothing else does that does not hang.
std::optional<HostCheck> CheckWork() {
  constexpr absl::Duration kTooLong = absl::Minutes(5);
  const std::vector<WorkUnderWay> long_ones = WorkOlderThan(kLongWork);
  if (long_ones.empty()) return std::nullopt;
  std::vector<std::string> texts;
  for (const WorkUnderWay& work : long_ones) {
    texts.push_back(absl::StrCat(work.what, " for ", absl::ToInt64Seconds(work.age), " s"));
  }
  const bool ok = long_ones.front().age < kTooLong;
  return HostCheck{"work under way", ok, absl::StrJoin(texts, "; "),
                   ok ? "" : "look in the log for what it waits for; a restart of brumed begins it again"};
}

}  // namespace

HostCheck CheckDatabase(store::Database& database, const absl::Status& pages) {
  if (!pages.ok()) {
    return {"database", false, std::string(pages.message()),
            "stop brumed and put a backup in its place, or what `sqlite3 STATE/brume.db .recover` brings back"};
  }
  const absl::Status read = database.Read([](store::Connection& c) { return network::ListVpcs(c).status(); });
  if (read.ok()) return {"database", true, "answers", ""};
  return {"database", false, std::string(read.message()), "look at brumed's log; the file is STATE/brume.db"};
}

HostCheck CheckAcceleration(const compute::HypervisorInfo& info, compute::AccelerationWish configured) {
  if (info.acceleration != compute::Acceleration::kTcg) {
    return {"acceleration", true, std::string(compute::kAccelerationNames.Of(info.acceleration)), ""};
  }
  if (configured == compute::AccelerationWish::kTcg)
    return {"acceleration", true, "guests are emulated (TCG), as compute.acceleration says", ""};
  return {"acceleration", false, absl::StrCat("guests are emulated (TCG): ", info.acceleration_note),
          "switch virtualization on in the firmware, or let this host's own host pass it on"};
}

std::optional<HostCheck> CheckRepairs(const std::vector<network::Repair>& repairs, absl::Time now) {
  std::vector<std::string> texts;
  for (const network::Repair& repair : repairs) {
    if (repair.at < now - absl::Hours(1)) continue;
    texts.push_back(absl::StrCat(absl::FormatTime("%H:%M:%S", repair.at, absl::UTCTimeZone()), " ", repair.what));
  }
  if (texts.empty()) return std::nullopt;
  return HostCheck{"network repairs", false, absl::StrCat("made again within the hour: ", absl::StrJoin(texts, "; ")),
                   "find what took it away: a reload of nftables.service, for one, flushes the rules of all; let it "
                   "delete its own tables alone"};
}

host::HostReport Diagnose(const DoctorParts& parts) {
  host::HostReport report;
  report.version = BRUME_VERSION;
  report.simulated = parts.config.simulate;
  if (parts.config.simulate) {
    report.checks.push_back({"simulation", false, "THIS BRUME SIMULATES: no guest, network or disk is real",
                             "start brumed without --simulate"});
  } else {
    report.checks.push_back(CheckPrograms());
    if (parts.config.uplink != "none") report.checks.push_back(CheckFirewall());
    report.checks.push_back(
        CheckGuestNetwork(HasVhostNet(), network::DetectShaping(), parts.config.settings.bandwidth_by_type));
    if (parts.config.acceleration != compute::AccelerationWish::kTcg) {
      if (std::optional<HostCheck> kvm = CheckKvmDevice(parts.config.qemu_user)) {
        report.checks.push_back(*std::move(kvm));
      }
    }
  }
  if (!parts.config.simulate) {
    const absl::StatusOr<GuestsOwner> former = FindGuestsOwner(parts.config.qemu_user);
    std::optional<host::HostCheck> users =
        CheckProcessUsers(parts.config.state_dir, parts.config.guest_user_ids, former.ok() ? int64_t{former->uid} : -1);
    if (users.has_value()) report.checks.push_back(*std::move(users));
  }
  CheckHypervisor(parts.hypervisor, parts.config.acceleration, report);
  report.checks.push_back(CheckDatabase(parts.database, parts.database_pages));
  report.checks.push_back(CheckDisk(parts));
  const absl::StatusOr<Known> known = ReadKnown(parts.database);
  if (!known.ok()) return report;  // the failed database check says it already
  report.checks.push_back(CheckFabric(parts.fabric, *known, report.orphans));
  for (std::optional<HostCheck> check :
       {CheckDamages(parts.fabric), CheckRepairs(parts.network_repairs, absl::Now()), CheckWork()}) {
    if (check.has_value()) report.checks.push_back(*std::move(check));
  }
  report.checks.push_back(CheckFiles(parts.disks, *known, report.orphans));
  for (const InstanceId& id : parts.compute.Orphans()) {
    report.orphans.push_back({absl::StrCat("guest ", id.text()), false, "runs here without a row in the database",
                              absl::StrCat("virsh destroy ", id.text(), ", if nobody misses it")});
  }
  return report;
}

}  // namespace brume::daemon
