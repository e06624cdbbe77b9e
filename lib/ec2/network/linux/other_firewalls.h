// Firewalls of other programs on the host, as Docker, ufw, firewalld and libvirt make them: chains of theirs by which a
// forwarded packet is dropped unless a rule of that chain accepts it. No table of ours can overrule them, so each gets
// two rules that accept the links bmv…, marked with the comment "brume": as the last ones, so that whatever a rule of
// that program says is said first, and only its last word is ours. Pure.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace brume::network {

// A chain of the hook forward that every packet of IPv4 goes through.
struct ForwardChain {
  std::string family, table, name;
  bool drops = false;  // by its policy

  // "ip filter FORWARD", as nft(8) names a chain.
  std::string text() const { return family + " " + table + " " + name; }
};

// Among what `nft -j list chains` printed; Brume's own are left out. Error: Internal when it is not that.
absl::StatusOr<std::vector<ForwardChain>> ForwardChains(absl::string_view json);

// The commands of nft(8) by which the chain, whose rules `nft -j list chain` printed, accepts guests' links at its end.
// Those that take ours away again, where it drops nothing (any more). Empty when it is so already. Error: Internal when
// the text is not that.
absl::StatusOr<std::string> CommandsToPass(const ForwardChain& chain, absl::string_view json);

// Those that take every rule of ours away.
absl::StatusOr<std::string> CommandsToWithdraw(const ForwardChain& chain, absl::string_view json);

// Whether a packet that no rule before the last one decided is dropped, rules of ours left aside.
absl::StatusOr<bool> DropsTheRest(const ForwardChain& chain, absl::string_view json);

}  // namespace brume::network
