// Stand-ins for virtual machines: real network stacks behind real taps.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "lib/base/subprocess.h"
#include "lib/base/unique_fd.h"
#include "lib/ec2/network/fabric.h"
#include "lib/ec2/network/linux/namespace_thread.h"

namespace brume::network {

// The test program's own host: network and mount namespaces of its own, /run/netns empty. Once a process.
void EnterSandbox();

// Until `holds`, at most ten seconds.
bool Eventually(const std::function<bool()>& holds);

using Frame = std::string;

// A namespace with a card "eth0" whose frames go to and from the tap of an ENI, which it opens in the host's namespace
// as QEMU does, by a thread in the middle.
class Guest {
 public:
  // The tap was prepared and not yet plugged.
  explicit Guest(const NetworkInterface& eni);
  ~Guest();

  // Runs a program inside.
  CommandResult Run(const std::vector<std::string>& argv);
  // Takes the ENI's address by hand, with the route of its subnet.
  void Configure(const Cidr& subnet);
  // Sends a frame as it stands.
  void Send(const Frame& frame);
  // Whether a frame that came in from the network holds `bytes`.
  bool Saw(const std::string& bytes) { return Count(bytes) > 0; }
  // How many such frames came in.
  size_t Count(const std::string& bytes);
  // No frame leaves or enters any more, as if the machine had lost its power.
  void Freeze() { frozen_ = true; }

  // A TCP server; its address is every one the guest has.
  UniqueFd Serve(uint16_t port);
  // A UDP socket, for ReceiveDatagram.
  UniqueFd ServeDatagrams(uint16_t port);
  // A connection, none when it does not come about in time.
  UniqueFd Connect(Ipv4 to, uint16_t port, absl::Duration timeout = absl::Seconds(5));
  bool Reaches(Ipv4 to, uint16_t port, absl::Duration timeout = absl::Seconds(5)) {
    return static_cast<bool>(Connect(to, port, timeout));
  }
  bool Pings(Ipv4 to);
  // Whatever `job` does in the guest's namespace.
  template <typename Job>
  auto OnThread(Job job) {
    return thread_->Run(std::move(job));
  }

 private:
  void Pump();

  const NetworkInterface eni_;
  UniqueFd outside_, inside_, stop_;
  std::unique_ptr<NamespaceThread> thread_;
  std::mutex mutex_;
  std::vector<Frame> seen_;
  std::atomic<bool> frozen_ = false;
  std::thread pump_;
};

// In the namespace of the calling thread.
UniqueFd ServeTcp(uint16_t port);
UniqueFd ServeUdp(uint16_t port);
UniqueFd ConnectTcp(Ipv4 to, uint16_t port, absl::Duration timeout);
// True when one byte sent on `from` comes out of `to`.
bool Carries(const UniqueFd& from, const UniqueFd& to, absl::Duration timeout = absl::Seconds(5));
// The next connection of a server.
UniqueFd Accept(const UniqueFd& server);
// The next datagram, none when it does not come in time.
std::optional<std::string> ReceiveDatagram(const UniqueFd& socket, absl::Duration timeout = absl::Seconds(5));
// Who is at the other end.
Ipv4 PeerOf(const UniqueFd& connection);

// Frames a guest could make up. MACs as text.
struct FrameAddresses {
  std::string source_mac;
  std::string target_mac;
  Ipv4 source, target;
};
Frame UdpFrame(const FrameAddresses& addresses, uint16_t source_port, uint16_t target_port, const std::string& payload);
// An ICMP echo request, whose answer holds `payload` too.
Frame PingFrame(const FrameAddresses& addresses, const std::string& payload);
// The same as two IP fragments under the identification `id`; `head` octets of payload are in the first (8 n).
std::vector<Frame> UdpFragments(const Frame& whole, uint16_t id, size_t head);
struct DhcpFields {
  uint8_t type = 1;  // of the message (RFC 2132): 3 DHCPREQUEST, 4 DHCPDECLINE, 7 DHCPRELEASE
  std::string chaddr;
  uint8_t hlen = 6;
  Ipv4 ciaddr = Ipv4{0}, giaddr = Ipv4{0};
  // Unset = without that option.
  std::optional<Ipv4> requested = std::nullopt, server = std::nullopt;
  std::string client_id = "";
  uint32_t transaction = 1;
};
// The payload of a client's message.
std::string DhcpMessage(const DhcpFields& fields);
// Ethernet source and ARP sender may differ.
Frame ArpRequest(const FrameAddresses& addresses, const std::string& sender_mac);
std::string ArpReplyFor(Ipv4 answered);  // what every such reply holds

}  // namespace brume::network
