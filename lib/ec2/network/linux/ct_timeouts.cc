#include "lib/ec2/network/linux/ct_timeouts.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace brume::network {
namespace {

// `opened`: what its opener's timeouts decide. The priorities put the chains before those that translate addresses,
// after which the kernel asks none of type nat any more.
constexpr char kSkeleton[] = R"(
add table inet brume_timeouts
add map inet brume_timeouts openers { type ifname . inet_proto : verdict; }
add set inet brume_timeouts opened { type ifname . inet_proto; }
add map inet brume_timeouts receivers { type ifname . inet_proto : verdict; }
add chain inet brume_timeouts begun { type nat hook prerouting priority -101; policy accept; }
add chain inet brume_timeouts received { type nat hook postrouting priority 99; policy accept; }
flush chain inet brume_timeouts begun
flush chain inet brume_timeouts received
flush map inet brume_timeouts openers
flush set inet brume_timeouts opened
flush map inet brume_timeouts receivers
add rule inet brume_timeouts begun iifname . meta l4proto vmap @openers
add rule inet brume_timeouts received iifname . meta l4proto @opened return
add rule inet brume_timeouts received oifname . meta l4proto vmap @receivers
)";
constexpr char kNoTable[] = "add table inet brume_timeouts\ndelete table inet brume_timeouts\n";

// One object of the kernel's.
struct Object {
  std::string name;
  const char* protocol = "tcp";
  std::string policy;  // "established: 400"
  friend auto operator<=>(const Object& a, const Object& b) { return a.name <=> b.name; }
  friend bool operator==(const Object& a, const Object& b) { return a.name == b.name; }
};

std::string NumberOr(const std::optional<int>& seconds, const char* otherwise) {
  return seconds.has_value() ? absl::StrCat(*seconds) : otherwise;
}

std::vector<Object> ObjectsOf(const ConnectionTracking& tracking) {
  std::vector<Object> objects;
  if (tracking.tcp_established_timeout.has_value()) {
    const int seconds = *tracking.tcp_established_timeout;
    objects.push_back({absl::StrCat("tcp-", seconds), "tcp", absl::StrCat("established: ", seconds)});
  }
  if (!tracking.udp_timeout.has_value() && !tracking.udp_stream_timeout.has_value()) return objects;
  std::vector<std::string> policy;
  if (tracking.udp_timeout.has_value()) policy.push_back(absl::StrCat("unreplied: ", *tracking.udp_timeout));
  if (tracking.udp_stream_timeout.has_value()) {
    policy.push_back(absl::StrCat("replied: ", *tracking.udp_stream_timeout));
  }
  objects.push_back(
      {absl::StrCat("udp-", NumberOr(tracking.udp_timeout, "x"), "-", NumberOr(tracking.udp_stream_timeout, "x")),
       "udp", absl::StrJoin(policy, ", ")});
  return objects;
}

std::set<Object> ObjectsOf(const PortTimeouts& timeouts) {
  std::set<Object> objects;
  for (const auto& [tap, tracking] : timeouts) {
    for (Object& object : ObjectsOf(tracking)) objects.insert(std::move(object));
  }
  return objects;
}

// Leaves one that stands.
void Declare(std::string& text, const Object& object) {
  absl::StrAppend(&text, "add ct timeout inet brume_timeouts ", object.name, " {\nprotocol ", object.protocol,
                  "\nl3proto ip\npolicy = { ", object.policy, " }\n}\n");
  absl::StrAppend(&text, "add chain inet brume_timeouts ", object.name, "\nflush chain inet brume_timeouts ",
                  object.name, "\nadd rule inet brume_timeouts ", object.name, " ct timeout set \"", object.name,
                  "\"\n");
}

// The chain has to be there, so it is made where somebody took it.
void Remove(std::string& text, const std::string& name) {
  absl::StrAppend(&text, "add chain inet brume_timeouts ", name, "\nflush chain inet brume_timeouts ", name,
                  "\ndelete chain inet brume_timeouts ", name, "\ndelete ct timeout inet brume_timeouts ", name, "\n");
}

void ChangeElements(std::string& text, const char* verb, const std::string& tap, const ConnectionTracking& tracking) {
  for (const Object& object : ObjectsOf(tracking)) {
    const std::string key = absl::StrCat("\"", tap, "\" . ", object.protocol);
    for (const char* map : {"openers", "receivers"}) {
      absl::StrAppend(&text, verb, " element inet brume_timeouts ", map, " { ", key, " : jump ", object.name, " }\n");
    }
    absl::StrAppend(&text, verb, " element inet brume_timeouts opened { ", key, " }\n");
  }
}

}  // namespace

PortTimeouts TimeoutsOf(const std::map<std::string, PortRules>& ports) {
  PortTimeouts timeouts;
  for (const auto& [tap, port] : ports) SetTimeouts(tap, &port, timeouts);
  return timeouts;
}

void SetTimeouts(const std::string& tap, const PortRules* port, PortTimeouts& timeouts) {
  if (port == nullptr || port->tracking == ConnectionTracking()) {
    timeouts.erase(tap);
  } else {
    timeouts[tap] = port->tracking;
  }
}

std::string ChangeTimeoutsText(const PortTimeouts& before, const PortTimeouts& after) {
  if (before == after) return "";
  if (after.empty()) return kNoTable;
  std::string text;
  if (before.empty()) text = kSkeleton;
  const std::set<Object> old = ObjectsOf(before), fresh = ObjectsOf(after);
  for (const Object& object : fresh) {
    if (!old.contains(object)) Declare(text, object);
  }
  for (const auto& [tap, tracking] : before) {
    const auto now = after.find(tap);
    if (now == after.end() || now->second != tracking) ChangeElements(text, "delete", tap, tracking);
  }
  for (const auto& [tap, tracking] : after) {
    const auto was = before.find(tap);
    if (was == before.end() || was->second != tracking) ChangeElements(text, "add", tap, tracking);
  }
  for (const Object& object : old) {
    if (!fresh.contains(object)) Remove(text, object.name);
  }
  return text;
}

std::string ReplaceTimeoutsText(const std::vector<std::string>& standing, const PortTimeouts& after) {
  if (after.empty()) return kNoTable;
  std::string text = kSkeleton;
  const std::set<Object> wanted = ObjectsOf(after);
  for (const Object& object : wanted) Declare(text, object);
  for (const auto& [tap, tracking] : after) ChangeElements(text, "add", tap, tracking);
  for (const std::string& name : standing) {
    const bool stays = std::any_of(wanted.begin(), wanted.end(), [&](const Object& each) { return each.name == name; });
    if (!stays) Remove(text, name);
  }
  return text;
}

}  // namespace brume::network
