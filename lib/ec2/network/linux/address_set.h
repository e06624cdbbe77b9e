// A set of IPv4 addresses in order, as one vector: a group's thousands of members are compared at each change of one.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <utility>
#include <vector>

#include "lib/resource/ipv4.h"

namespace brume::network {

class AddressSet {
 public:
  AddressSet() = default;
  AddressSet(std::initializer_list<Ipv4> addresses) : AddressSet(std::vector<Ipv4>(addresses)) {}
  // In any order, and more than once.
  explicit AddressSet(std::vector<Ipv4> addresses) : addresses_(std::move(addresses)) {
    if (!std::is_sorted(addresses_.begin(), addresses_.end())) std::sort(addresses_.begin(), addresses_.end());
    addresses_.erase(std::unique(addresses_.begin(), addresses_.end()), addresses_.end());
  }

  void insert(Ipv4 address) {
    const auto place = std::lower_bound(addresses_.begin(), addresses_.end(), address);
    if (place == addresses_.end() || *place != address) addresses_.insert(place, address);
  }
  void erase(Ipv4 address) {
    const auto place = std::lower_bound(addresses_.begin(), addresses_.end(), address);
    if (place != addresses_.end() && *place == address) addresses_.erase(place);
  }
  bool contains(Ipv4 address) const { return std::binary_search(addresses_.begin(), addresses_.end(), address); }
  std::vector<Ipv4>::const_iterator begin() const { return addresses_.begin(); }
  std::vector<Ipv4>::const_iterator end() const { return addresses_.end(); }
  // Those that are not in `other`.
  std::vector<Ipv4> Without(const AddressSet& other) const;

  friend bool operator==(const AddressSet&, const AddressSet&) = default;

 private:
  std::vector<Ipv4> addresses_;  // sorted, each once
};

inline std::vector<Ipv4> AddressSet::Without(const AddressSet& other) const {
  std::vector<Ipv4> rest;
  // Most are the same on both sides.
  auto [own, theirs] = std::mismatch(begin(), end(), other.begin(), other.end());
  std::set_difference(own, end(), theirs, other.end(), std::back_inserter(rest));
  return rest;
}

}  // namespace brume::network
