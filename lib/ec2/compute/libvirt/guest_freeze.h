// File systems of guests with an agent (qemu-guest-agent, at the channel org.qemu.guest_agent.0) are frozen while their
// disks are switched, so that what is on the old ones is consistent.
#pragma once

#include <atomic>
#include <functional>
#include <set>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "lib/base/mutex.h"
#include "lib/ec2/compute/libvirt/virt.h"

namespace brume::compute {

// Whether the guest of this live domain has its agent's channel open. Pure.
bool HasAgent(absl::string_view domain_xml);

// What may be frozen is known by a file in the guest's directory, so that it is thawed after a crash of this process
// too. Thread-safe.
class GuestFreezes {
 public:
  // Calls `action`, which returns its outcome, while the guest's file systems are frozen, and thaws them whatever came
  // of it. A guest without an agent is not waited for; one whose agent does not answer costs seconds, and `action` is
  // called all the same. `domain_xml` is the domain's live description. Blocking; on the pool.
  absl::Status With(virDomainPtr domain, absl::string_view domain_xml, const std::function<absl::Status()>& action);

  // Thaws the guests that With, in this process or an earlier one, could not be sure to have thawed. Costs nothing when
  // none is known of. Blocking, seconds for each agent that does not answer.
  absl::Status ThawRest(virConnectPtr connection);
  // The next ThawRest looks for files of an earlier process too.
  void ListRest() { rest_ = true; }
  bool has_rest() const { return rest_; }
  // The guest that has this directory is off: nothing of it is frozen.
  void Remove(const std::string& directory);

 private:
  // Whether there was nothing to thaw, or there is nothing any more.
  bool Thaw(virDomainPtr domain, const std::string& mark);
  bool Begin(const std::string& guest);
  void End(const std::string& guest);

  Mutex mutex_;
  std::set<std::string> busy_ ABSL_GUARDED_BY(mutex_);  // guests on which a call works
  std::atomic<bool> rest_ = false;
};

}  // namespace brume::compute
