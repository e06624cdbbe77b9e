#include "lib/ec2/compute/libvirt/guest_freeze.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <pugixml.hpp>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/failpoint.h"
#include "lib/base/log.h"
#include "lib/base/status_macros.h"
#include "lib/base/unique_fd.h"
#include "lib/ec2/compute/libvirt/domain_xml.h"
#include "lib/ec2/compute/libvirt/domains.h"

namespace brume::compute {
namespace {

constexpr int kAnswerSeconds = 5;
constexpr char kMark[] = "frozen";

bool Exists(const std::string& path) {
  struct stat entry = {};
  return lstat(path.c_str(), &entry) == 0;
}

bool Make(const std::string& path) {
  return static_cast<bool>(UniqueFd(open(path.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600)));
}

}  // namespace

bool HasAgent(absl::string_view domain_xml) {
  pugi::xml_document document;
  if (!document.load_buffer(domain_xml.data(), domain_xml.size())) return false;
  const std::string query =
      absl::StrCat("/domain/devices/channel/target[@name='", kAgentChannel, "'][@state='connected']");
  return !document.select_node(query.c_str()).node().empty();
}

bool GuestFreezes::Begin(const std::string& guest) {
  MutexLock lock(mutex_);
  return busy_.insert(guest).second;
}

void GuestFreezes::End(const std::string& guest) {
  MutexLock lock(mutex_);
  busy_.erase(guest);
}

bool GuestFreezes::Thaw(virDomainPtr domain, const std::string& mark) {
  virDomainAgentSetResponseTimeout(domain, kAnswerSeconds, 0);
  const int thawed = virDomainFSThaw(domain, nullptr, 0, 0);
  if (thawed < 0) return false;
  log::Info("{} file systems of {} are thawed", thawed, virDomainGetName(domain));
  return unlink(mark.c_str()) == 0 || errno == ENOENT;
}

absl::Status GuestFreezes::With(virDomainPtr domain, absl::string_view domain_xml,
                                const std::function<absl::Status()>& action) {
  const std::string guest = virDomainGetName(domain);
  const std::string directory = ConsoleDirectory(domain_xml);
  const std::string mark = absl::StrCat(directory, "/", kMark);
  // Without the mark a crash would leave the guest frozen. One that is being thawed just now has an agent that hangs.
  if (directory.empty() || !HasAgent(domain_xml) || !Begin(guest)) return action();
  if (!Make(mark)) {
    log::Warn("the file systems of {} are not frozen: {} cannot be made", guest, mark);
    End(guest);
    return action();
  }
  virDomainAgentSetResponseTimeout(domain, kAnswerSeconds, 0);
  const int frozen = virDomainFSFreeze(domain, nullptr, 0, 0);
  if (frozen < 0) log::Warn("{}", LastVirtError(absl::StrCat("freeze the file systems of ", guest)).message());
  absl::Status done = Failpoint("guest.frozen");
  if (done.ok()) done = action();
  // Also where the freeze failed: its answer may only have been late.
  if (!Thaw(domain, mark)) {
    log::Warn("{}; that is tried again", LastVirtError(absl::StrCat("thaw the file systems of ", guest)).message());
    rest_ = true;
  }
  End(guest);
  return done;
}

void GuestFreezes::Remove(const std::string& directory) {
  // One that stays costs questions to an agent, and nothing else.
  unlink(absl::StrCat(directory, "/", kMark).c_str());
}

absl::Status GuestFreezes::ThawRest(virConnectPtr connection) {
  if (!rest_.exchange(false)) return absl::OkStatus();
  const absl::StatusOr<GuestDirectories> guests = ListConsoles(connection);
  if (!guests.ok()) rest_ = true;
  RETURN_IF_ERROR(guests.status());
  for (const auto& [guest, directory] : *guests) {
    const std::string mark = absl::StrCat(directory, "/", kMark);
    if (!Exists(mark)) continue;
    // With looks after the guest that it works on, and says so again where it must.
    if (!Begin(guest)) continue;
    const absl::StatusOr<DomainHandle> domain = FindOn(connection, guest);
    if (domain.ok() && !Thaw(domain->get(), mark)) rest_ = true;
    End(guest);
  }
  return absl::OkStatus();
}

}  // namespace brume::compute
