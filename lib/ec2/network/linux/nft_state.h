// What nftables holds in one network namespace, asked by netlink without reading any rule's text: whether somebody else
// changed it. And the change that is asked for most, which has to cost the same whatever else there is.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/ec2/network/linux/netlink_socket.h"
#include "lib/resource/ipv4.h"

namespace brume::network {

// An element of a set with a counter. The key's parts are as the kernel has them, each in whole registers of four
// bytes.
struct CountedElement {
  std::string key;
  int64_t packets = 0, bytes = 0;
};

// What comes into a set of IPv4 addresses, none of them an interval, and what leaves it.
struct AddressSetChange {
  std::string table, set;
  std::vector<Ipv4> added, removed;
};

// Belongs to the namespace of the thread that opens it. Not thread-safe. Errors as of NetlinkSocket.
class NftState {
 public:
  static absl::StatusOr<NftState> Open();

  // Grows by one with each transaction in the namespace, whoever's.
  absl::StatusOr<uint32_t> Generation();
  // The kernel's description of a table of family inet, its chains and its rules: two are equal only while nobody
  // changed one of them. Elements of sets are not in it. Empty when there is no such table.
  absl::StatusOr<std::string> Fingerprint(const std::string& table);
  // The names of the objects (of any type) in a table of family inet. Empty when there is no such table.
  absl::StatusOr<std::vector<std::string>> Objects(const std::string& table);
  // One transaction, about a table of family inet. An address may be added that is there; NotFound when one that is to
  // be removed is not, or the set.
  absl::Status Change(const AddressSetChange& change);
  // Of a set in a table of family inet; NotFound when there is none.
  absl::StatusOr<std::vector<CountedElement>> CountedElements(const std::string& table, const std::string& set);

 private:
  explicit NftState(NetlinkSocket socket) : socket_(std::move(socket)) {}

  NetlinkSocket socket_;
};

}  // namespace brume::network
