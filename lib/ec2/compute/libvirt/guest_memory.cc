#include "lib/ec2/compute/libvirt/guest_memory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <initializer_list>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <pugixml.hpp>
#include <sstream>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "lib/base/log.h"
#include "lib/base/pass_list.h"
#include "lib/base/status_macros.h"
#include "lib/base/unique_fd.h"
#include "lib/ec2/compute/libvirt/domains.h"
#include "lib/ec2/compute/libvirt/qemu_monitor.h"

namespace brume::compute {
namespace {

using Json = nlohmann::json;

constexpr char kMemoryFile[] = "memory.luks", kDomainFile[] = "memory.xml";
// Names inside QEMU, and of the one state in the file.
constexpr char kSecret[] = "memory-key", kFileNode[] = "memory-file", kLuksNode[] = "memory-luks",
               kNode[] = "memory-qcow2", kTag[] = "memory";
constexpr absl::Duration kPoll = absl::Milliseconds(20);
// The key is as random as the one it protects: there is nothing to be gained from a slow derivation.
constexpr int kDeriveMs = 10;
// For all tries together; one takes less than a second of a processor.
constexpr absl::Duration kMaxFormatting = absl::Minutes(1);
constexpr int64_t kMib = int64_t{1} << 20;

std::string PathOf(const std::string& directory, const char* file) { return absl::StrCat(directory, "/", file); }

absl::Status Do(virDomainPtr domain, const std::string& command, Json arguments) {
  return Execute(domain, command, std::move(arguments)).status();
}

// A command that begins a job of QEMU's; waits for its end.
absl::Status DoJob(virDomainPtr domain, const std::string& command, Json arguments) {
  const std::string id = absl::StrCat(command, "-of-memory");
  arguments["job-id"] = id;
  Execute(domain, "job-dismiss", {{"id", id}}).IgnoreError();  // of an earlier life of this process
  RETURN_IF_ERROR(Do(domain, command, std::move(arguments)));
  while (true) {
    ASSIGN_OR_RETURN(const Json jobs, Execute(domain, "query-jobs"));
    Json own;
    for (const Json& job : jobs) {
      if (TextIn(job, "id") == id) own = job;
    }
    if (own.is_null()) return absl::InternalError(absl::StrCat("QEMU knows nothing of its ", command));
    if (TextIn(own, "status") == "concluded") {
      RETURN_IF_ERROR(Do(domain, "job-dismiss", {{"id", id}}));
      if (!own.contains("error")) return absl::OkStatus();
      return absl::InternalError(absl::StrCat("QEMU's ", command, " failed: ", TextIn(own, "error")));
    }
    absl::SleepFor(kPoll);
  }
}

// Formats the file as LUKS, for which QEMU measures the processor, before it writes anything: it cannot always while
// the host is busy, and is asked again.
absl::Status FormatLuks(virDomainPtr domain) {
  constexpr char kUnmeasured[] = "Unable to get accurate CPU usage";
  const absl::Time last_try = absl::Now() + kMaxFormatting;
  for (;;) {
    const absl::Status status = DoJob(domain, "blockdev-create",
                                      {{"options",
                                        {{"driver", "luks"},
                                         {"file", kFileNode},
                                         {"key-secret", kSecret},
                                         {"size", kMib},
                                         {"iter-time", kDeriveMs}}}});
    if (!absl::StrContains(status.message(), kUnmeasured) || absl::Now() > last_try) return status;
  }
}

// QEMU lets go of the file. What of it is not there is no fault.
void Close(virDomainPtr domain) {
  for (const char* const node : {kNode, kLuksNode, kFileNode}) {
    Execute(domain, "blockdev-del", {{"node-name", node}}).IgnoreError();
  }
  Execute(domain, "object-del", {{"id", kSecret}}).IgnoreError();
}

enum class Opening { kMade, kMake };

absl::Status Open(virDomainPtr domain, const MemoryFiles& files, Opening opening) {
  RETURN_IF_ERROR(
      Do(domain, "object-add",
         {{"qom-type", "secret"}, {"id", kSecret}, {"format", "base64"}, {"data", absl::Base64Escape(files.key)}}));
  RETURN_IF_ERROR(
      Do(domain, "blockdev-add",
         {{"driver", "file"}, {"node-name", kFileNode}, {"filename", PathOf(files.directory, kMemoryFile)}}));
  if (opening == Opening::kMake) {
    RETURN_IF_ERROR(FormatLuks(domain));
  }
  RETURN_IF_ERROR(Do(domain, "blockdev-add",
                     {{"driver", "luks"}, {"node-name", kLuksNode}, {"file", kFileNode}, {"key-secret", kSecret}}));
  if (opening == Opening::kMake) {
    RETURN_IF_ERROR(
        DoJob(domain, "blockdev-create", {{"options", {{"driver", "qcow2"}, {"file", kLuksNode}, {"size", kMib}}}}));
  }
  return Do(domain, "blockdev-add", {{"driver", "qcow2"}, {"node-name", kNode}, {"file", kLuksNode}});
}

Json OfMemory() { return {{"tag", kTag}, {"vmstate", kNode}, {"devices", Json::array({kNode})}}; }

absl::Status CheckRoom(const std::string& directory, int64_t memory_mib) {
  struct statvfs facts = {};
  if (statvfs(directory.c_str(), &facts) != 0)
    return absl::ErrnoToStatus(errno, absl::StrCat("looking at ", directory));
  const auto free_mib = static_cast<int64_t>(facts.f_bavail * facts.f_frsize / kMib);
  // Devices and tables take some more.
  const int64_t wanted = memory_mib + memory_mib / 16 + 64;
  if (free_mib >= wanted) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("the memory needs ", wanted, " MiB of the disk, which has ", free_mib, " MiB left"));
}

absl::StatusOr<UniqueFd> MakeFile(const std::string& path) {
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return absl::ErrnoToStatus(errno, absl::StrCat("removing ", path));
  UniqueFd file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return absl::ErrnoToStatus(errno, absl::StrCat("making ", path));
  return file;
}

// The domain, and the container as an empty file that QEMU may write to.
absl::Status MakeFiles(virDomainPtr domain, const MemoryFiles& files, const QemuUser& user) {
  const std::unique_ptr<char, decltype(&free)> xml(virDomainGetXMLDesc(domain, VIR_DOMAIN_XML_MIGRATABLE), free);
  if (xml == nullptr) return ActionError("read a guest's description");
  const absl::string_view text = xml.get();
  ASSIGN_OR_RETURN(const UniqueFd description, MakeFile(PathOf(files.directory, kDomainFile)));
  if (write(description.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      fsync(description.get()) != 0) {
    return absl::ResourceExhaustedError("a guest's description cannot be written");
  }
  ASSIGN_OR_RETURN(const UniqueFd memory, MakeFile(PathOf(files.directory, kMemoryFile)));
  if (fchown(memory.get(), user.uid, user.gid) == 0) return absl::OkStatus();
  return absl::ErrnoToStatus(errno, absl::StrCat("giving a file to ", user.name));
}

absl::Status Sync(const std::string& path) {
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (file && fsync(file.get()) == 0) return absl::OkStatus();
  return absl::ErrnoToStatus(errno, absl::StrCat("writing ", path));
}

absl::Status Write(virDomainPtr domain, const MemoryFiles& files) {
  const absl::Cleanup close = [domain] { Close(domain); };
  Close(domain);  // what an earlier life of this process left
  RETURN_IF_ERROR(Open(domain, files, Opening::kMake));
  if (virDomainSuspend(domain) != 0) return ActionError("pause a guest");
  return DoJob(domain, "snapshot-save", OfMemory());
}

// Those that it has: of those there is only room for nothing is in its memory.
int64_t ProcessorsOf(const pugi::xml_node& domain) {
  const pugi::xml_node vcpu = domain.child("vcpu");
  return vcpu.attribute("current") ? vcpu.attribute("current").as_llong() : vcpu.text().as_llong();
}

// What of a domain must be the same for its memory to fit: how much there is of what, and which devices.
std::string MachineOf(const pugi::xml_node& domain) {
  std::string machine = absl::StrCat(
      "memory ",
      domain.child("memory").text().as_llong() *
          (std::string(domain.child("memory").attribute("unit").value()) == "MiB" ? 1024 : 1),
      " KiB, vcpus ", ProcessorsOf(domain), ", firmware ", domain.child("os").child("loader").text().get(), ", disks");
  std::map<std::string, int> devices;
  for (const pugi::xml_node& disk : domain.child("devices").children("disk")) ++devices[disk.child_value("serial")];
  for (const pugi::xml_node& nic : domain.child("devices").children("interface")) {
    ++devices[nic.child("mac").attribute("address").value()];
  }
  for (const auto& [name, count] : devices) absl::StrAppend(&machine, " ", name);
  return machine;
}

// The first disk of this serial.
pugi::xml_node DiskOf(const pugi::xml_node& domain, const std::string& serial) {
  for (const pugi::xml_node& disk : domain.child("devices").children("disk")) {
    if (serial == disk.child_value("serial")) return disk;
  }
  return {};
}

}  // namespace

absl::Status SaveMemory(virDomainPtr domain, const MemoryFiles& files, int64_t memory_mib, const QemuUser& user) {
  RETURN_IF_ERROR(RemoveMemory(files.directory));
  RETURN_IF_ERROR(CheckRoom(files.directory, memory_mib));
  absl::Status saved = MakeFiles(domain, files, user);
  if (saved.ok()) saved = Write(domain, files);
  if (saved.ok()) saved = Sync(PathOf(files.directory, kMemoryFile));
  if (saved.ok()) return saved;
  if (virDomainResume(domain) != 0) log::Warn("{} stays paused", virDomainGetName(domain));
  RemoveMemory(files.directory).IgnoreError();  // it is told why nothing was saved
  return saved;
}

absl::Status LoadMemory(virDomainPtr domain, const MemoryFiles& files) {
  const absl::Cleanup close = [domain] { Close(domain); };
  RETURN_IF_ERROR(Open(domain, files, Opening::kMade));
  return DoJob(domain, "snapshot-load", OfMemory());
}

absl::Status GiveMemory(const std::string& directory, uid_t uid, gid_t gid) {
  const std::string path = PathOf(directory, kMemoryFile);
  return GiveFile(path, uid, gid);
}

absl::Status RemoveMemory(const std::string& directory) {
  for (const char* const file : {kMemoryFile, kDomainFile}) {
    const std::string path = PathOf(directory, file);
    if (unlink(path.c_str()) != 0 && errno != ENOENT)
      return absl::ErrnoToStatus(errno, absl::StrCat("removing ", path));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadSavedDomain(const std::string& directory) {
  std::ifstream file(PathOf(directory, kDomainFile), std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (file.bad() || text.empty()) return absl::NotFoundError("the memory's file is gone");
  return text;
}

absl::StatusOr<std::string> SavedDomain(absl::string_view saved, absl::string_view fresh) {
  pugi::xml_document then, now;
  if (!then.load_buffer(saved.data(), saved.size()) || !now.load_buffer(fresh.data(), fresh.size())) {
    return absl::FailedPreconditionError("the memory's description is no XML");
  }
  pugi::xml_node domain = then.child("domain");
  const std::string was = MachineOf(domain), is = MachineOf(now.child("domain"));
  if (was != is) return absl::FailedPreconditionError(absl::StrCat("the memory is of another machine: ", was));
  for (pugi::xml_node disk : domain.child("devices").children("disk")) {
    const pugi::xml_node wanted = DiskOf(now.child("domain"), disk.child_value("serial"));
    while (disk.remove_child("backingStore")) continue;
    disk.remove_child("source");
    const pugi::xml_node source = disk.insert_copy_after(wanted.child("source"), disk.child("driver"));
    if (wanted.child("backingStore")) disk.insert_copy_after(wanted.child("backingStore"), source);
    disk.remove_child("iotune");
    if (wanted.child("iotune")) disk.append_copy(wanted.child("iotune"));
  }
  while (domain.remove_child("seclabel")) continue;
  for (const pugi::xml_node& label : now.child("domain").children("seclabel")) domain.append_copy(label);
  std::ostringstream text;
  then.save(text, "", pugi::format_raw | pugi::format_no_declaration);
  return text.str();
}

}  // namespace brume::compute
