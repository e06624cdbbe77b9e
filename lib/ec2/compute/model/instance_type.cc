#include "lib/ec2/compute/model/instance_type.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"

namespace brume {
namespace {

struct BuiltIn {
  const char* name;
  int vcpus;
  int64_t memory_mib;
};

// vCPUs and memory as published at https://aws.amazon.com/ec2/instance-types/ ; b1 is ours.
constexpr BuiltIn kBuiltIn[] = {
    {"b1.tiny", 1, 128},         {"b1.micro", 1, 256},        {"b1.small", 1, 512},        {"b1.medium", 1, 1024},
    {"b1.large", 2, 2048},       {"b1.xlarge", 4, 4096},      {"t2.nano", 1, 512},         {"t2.micro", 1, 1024},
    {"t2.small", 1, 2048},       {"t2.medium", 2, 4096},      {"t2.large", 2, 8192},       {"t2.xlarge", 4, 16384},
    {"t2.2xlarge", 8, 32768},    {"t3.nano", 2, 512},         {"t3.micro", 2, 1024},       {"t3.small", 2, 2048},
    {"t3.medium", 2, 4096},      {"t3.large", 2, 8192},       {"t3.xlarge", 4, 16384},     {"t3.2xlarge", 8, 32768},
    {"t3a.nano", 2, 512},        {"t3a.micro", 2, 1024},      {"t3a.small", 2, 2048},      {"t3a.medium", 2, 4096},
    {"t3a.large", 2, 8192},      {"t3a.xlarge", 4, 16384},    {"t3a.2xlarge", 8, 32768},   {"m4.large", 2, 8192},
    {"m4.xlarge", 4, 16384},     {"m4.2xlarge", 8, 32768},    {"m5.large", 2, 8192},       {"m5.xlarge", 4, 16384},
    {"m5.2xlarge", 8, 32768},    {"m5.4xlarge", 16, 65536},   {"m5.8xlarge", 32, 131072},  {"m5.12xlarge", 48, 196608},
    {"m5.16xlarge", 64, 262144}, {"m5.24xlarge", 96, 393216}, {"m6i.large", 2, 8192},      {"m6i.xlarge", 4, 16384},
    {"m6i.2xlarge", 8, 32768},   {"m6i.4xlarge", 16, 65536},  {"m6i.8xlarge", 32, 131072}, {"c5.large", 2, 4096},
    {"c5.xlarge", 4, 8192},      {"c5.2xlarge", 8, 16384},    {"c5.4xlarge", 16, 32768},   {"c5.9xlarge", 36, 73728},
    {"c5.12xlarge", 48, 98304},  {"c5.18xlarge", 72, 147456}, {"c5.24xlarge", 96, 196608}, {"c6i.large", 2, 4096},
    {"c6i.xlarge", 4, 8192},     {"c6i.2xlarge", 8, 16384},   {"c6i.4xlarge", 16, 32768},  {"r5.large", 2, 16384},
    {"r5.xlarge", 4, 32768},     {"r5.2xlarge", 8, 65536},    {"r5.4xlarge", 16, 131072},  {"r5.8xlarge", 32, 262144},
    {"r5.12xlarge", 48, 393216}, {"r5.16xlarge", 64, 524288}, {"r5.24xlarge", 96, 786432}, {"r6i.large", 2, 16384},
    {"r6i.xlarge", 4, 32768},    {"r6i.2xlarge", 8, 65536},   {"r6i.4xlarge", 16, 131072},
};

// As DescribeInstanceTypes of EC2 has it; the longest prefix of a type's name counts.
constexpr std::pair<const char*, const char*> kNetworkPerformance[] = {
    {"t2.", "Low to Moderate"},     {"t2.xlarge", "Moderate"},       {"t2.2xlarge", "Moderate"},
    {"t3.", "Up to 5 Gigabit"},     {"t3a.", "Up to 5 Gigabit"},     {"m4.", "High"},
    {"m4.large", "Moderate"},       {"m5.", "Up to 10 Gigabit"},     {"m5.8xlarge", "10 Gigabit"},
    {"m5.12xlarge", "12 Gigabit"},  {"m5.16xlarge", "20 Gigabit"},   {"m5.24xlarge", "25 Gigabit"},
    {"m6i.", "Up to 12.5 Gigabit"}, {"m6i.8xlarge", "12.5 Gigabit"}, {"c5.", "Up to 10 Gigabit"},
    {"c5.9xlarge", "12 Gigabit"},   {"c5.12xlarge", "12 Gigabit"},   {"c5.18xlarge", "25 Gigabit"},
    {"c5.24xlarge", "25 Gigabit"},  {"c6i.", "Up to 12.5 Gigabit"},  {"r5.", "Up to 10 Gigabit"},
    {"r5.8xlarge", "10 Gigabit"},   {"r5.12xlarge", "12 Gigabit"},   {"r5.16xlarge", "20 Gigabit"},
    {"r5.24xlarge", "25 Gigabit"},  {"r6i.", "Up to 12.5 Gigabit"},
};

// Network interfaces, and private IPv4 addresses of each, as DescribeInstanceTypes of EC2 has them; the longest prefix
// of a type's name counts, and then its size.
struct LimitsRow {
  const char* family;
  const char* size;
  InterfaceLimits limits;
};
constexpr LimitsRow kInterfaceLimits[] = {
    {"", "tiny", {2, 2}},       {"", "nano", {2, 2}},       {"", "micro", {2, 2}},      {"", "small", {3, 4}},
    {"", "medium", {3, 6}},     {"", "large", {3, 10}},     {"", "xlarge", {4, 15}},    {"", "2xlarge", {4, 15}},
    {"", "4xlarge", {8, 30}},   {"", "8xlarge", {8, 30}},   {"", "9xlarge", {8, 30}},   {"", "12xlarge", {8, 30}},
    {"", "16xlarge", {15, 50}}, {"", "18xlarge", {15, 50}}, {"", "24xlarge", {15, 50}}, {"b1", "large", {3, 12}},
    {"t2", "large", {3, 12}},   {"t2", "xlarge", {3, 15}},  {"t2", "2xlarge", {3, 15}}, {"t3", "large", {3, 12}},
    {"t3a", "small", {2, 4}},   {"t3a", "large", {3, 12}},  {"m4", "large", {2, 10}},
};
constexpr InterfaceLimits kUsualLimits = {4, 15};

}  // namespace

InterfaceLimits InterfaceLimitsOf(absl::string_view type_name) {
  const size_t dot = std::min(type_name.find('.'), type_name.size());
  const absl::string_view family = type_name.substr(0, dot),
                          size = type_name.substr(std::min(dot + 1, type_name.size()));
  InterfaceLimits found = kUsualLimits;
  for (const LimitsRow& row : kInterfaceLimits) {
    // Those of one family stand behind those of all.
    if (size == row.size && (row.family[0] == '\0' || family == row.family)) found = row.limits;
  }
  return found;
}

absl::string_view NetworkPerformance(const InstanceType& type) {
  absl::string_view best = "Moderate";
  size_t prefix_length = 0;
  for (const auto& [prefix, words] : kNetworkPerformance) {
    const absl::string_view of = prefix;
    if (of.size() > prefix_length && absl::StartsWith(type.name, of))
      std::tie(prefix_length, best) = std::tuple(of.size(), words);
  }
  return best;
}

int64_t BandwidthMbit(const InstanceType& type) {
  if (type.network_mbit > 0) return type.network_mbit;
  absl::string_view words = NetworkPerformance(type);
  absl::ConsumePrefix(&words, "Up to ");
  double gigabit = 0;
  constexpr double kMbit = 1000;
  if (!absl::ConsumeSuffix(&words, " Gigabit") || !absl::SimpleAtod(words, &gigabit)) return 0;
  return static_cast<int64_t>(gigabit * kMbit);
}

int NicQueues(const InstanceType& type, int max_queues) { return std::clamp(type.vcpus, 1, std::max(max_queues, 1)); }

bool IsBurstable(const InstanceType& type) { return absl::StartsWith(type.name, "t2.") || IsUnlimitedByDefault(type); }

bool SupportsIpv6Only(absl::string_view type_name) {
  return !absl::StartsWith(type_name, "t2.") && !absl::StartsWith(type_name, "m4.");
}

bool IsUnlimitedByDefault(const InstanceType& type) {
  return absl::StartsWith(type.name, "t3.") || absl::StartsWith(type.name, "t3a.");
}

InstanceTypeTable::InstanceTypeTable(const std::vector<InstanceType>& extra) {
  for (const BuiltIn& type : kBuiltIn) types_[type.name] = {type.name, type.vcpus, type.memory_mib};
  for (const InstanceType& type : extra) types_[type.name] = type;
}

const InstanceType* InstanceTypeTable::Find(absl::string_view name) const {
  const auto it = types_.find(std::string_view(name.data(), name.size()));
  return it == types_.end() ? nullptr : &it->second;
}

}  // namespace brume
