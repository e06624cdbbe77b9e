// Managed prefix lists.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/base/enum_names.h"
#include "lib/resource/ids.h"
#include "lib/resource/ipv4.h"
#include "lib/resource/ipv6.h"

namespace brume {

// What is asked of a list is done when the call ends, so that none is ever in progress.
enum class PrefixListState { kCreateComplete = 1, kModifyComplete = 2, kModifyFailed = 3, kRestoreComplete = 4 };
std::true_type IsPersisted(PrefixListState);  // the database keeps its values
inline constexpr EnumNames kPrefixListStateNames({std::pair{PrefixListState::kCreateComplete, "create-complete"},
                                                  {PrefixListState::kModifyComplete, "modify-complete"},
                                                  {PrefixListState::kModifyFailed, "modify-failed"},
                                                  {PrefixListState::kRestoreComplete, "restore-complete"}});

struct PrefixList {
  PrefixListId id;
  std::string name;
  bool ipv6 = false;  // of its entries: all are of one family
  int max_entries = 0;
  int64_t current_version = 1;
  PrefixListState state = PrefixListState::kCreateComplete;
  std::string state_message = {};  // why it failed
  std::string client_token = {};   // empty = none
  std::string parameters_digest = {};
};

// A range of either family.
using AnyCidr = std::variant<Cidr, CidrIpv6>;
inline std::string TextOf(const AnyCidr& cidr) {
  return std::visit([](const auto& range) { return range.text(); }, cidr);
}
// Host bits are cleared. Error: InvalidParameterValue.
absl::StatusOr<AnyCidr> ParseAnyCidr(absl::string_view text, bool ipv6);

struct PrefixListEntry {
  AnyCidr cidr;
  std::string description = {};
  friend bool operator==(const PrefixListEntry&, const PrefixListEntry&) = default;
};

}  // namespace brume
