// The table of instance types: EC2's common ones with their vCPUs and memory, b1.* of our own for many small guests,
// and what the administrator adds.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace brume {

struct InstanceType {
  std::string name;  // "t3.micro"
  int vcpus = 1;
  int64_t memory_mib = 128;
  int64_t network_mbit = 0;  // a second, of each interface, as the administrator says; 0 = nothing is said
};

// Threads of each core, of every type.
inline constexpr int kThreadsPerCore = 1;

// Whether EC2 charges it burst credits: t2, t3, t3a.
bool IsBurstable(const InstanceType& type);
// How many network interfaces an instance of the type has at most, and how many private addresses each of them.
struct InterfaceLimits {
  int interfaces = 0;
  int addresses = 0;
};
// As at EC2, by the type's name; of a size that EC2 does not have, what its middling ones have.
InterfaceLimits InterfaceLimitsOf(absl::string_view type_name);
// EC2's words for how fast its network is; of a type of another family "Moderate".
absl::string_view NetworkPerformance(const InstanceType& type);
// Megabits a second that an interface sends and receives at most: what the administrator says, else the number in
// EC2's words. 0 = no limit, as where the words have no number.
int64_t BandwidthMbit(const InstanceType& type);
// Queues of its network cards: one for each vCPU, `max_queues` at most.
int NicQueues(const InstanceType& type, int max_queues);
// Whether it may have an interface in an IPv6-only subnet: EC2's types that run on Xen may not.
bool SupportsIpv6Only(absl::string_view type_name);
// What EC2 gives a burstable one that does not say: "unlimited", but for a t2.
bool IsUnlimitedByDefault(const InstanceType& type);

// Immutable after construction; thread-safe.
// Instances of more memory do not hibernate, as at EC2.
inline constexpr int64_t kMaxHibernatedMemoryMib = int64_t{150} * 1024;

class InstanceTypeTable {
 public:
  // The built-in table and `extra`, which may replace built-in entries.
  explicit InstanceTypeTable(const std::vector<InstanceType>& extra = {});

  // Null when unknown.
  const InstanceType* Find(absl::string_view name) const;
  // By name.
  const std::map<std::string, InstanceType, std::less<>>& all() const { return types_; }

 private:
  std::map<std::string, InstanceType, std::less<>> types_;
};

}  // namespace brume
