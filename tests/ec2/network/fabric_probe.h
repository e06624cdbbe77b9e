// Packets of each protocol from one machine to another, and the rules that let them through.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <functional>

#include "tests/ec2/network/fabric_fixture.h"
#include "tests/ec2/network/fabric_ipv6.h"

namespace brume::network {

inline constexpr absl::Duration kSoon = absl::Seconds(5), kSilence = absl::Milliseconds(250);
inline constexpr uint16_t kPort = 7000;
inline constexpr int kUdpProtocol = 17;

// How somebody sends by one family and is sent to.
template <typename Address>
struct Stack {
  std::function<UniqueFd(const Address&, absl::Duration)> connect = nullptr;
  std::function<UniqueFd(uint16_t)> datagrams = nullptr;
  std::function<bool(const Address&)> ping = nullptr;
  UniqueFd tcp = {}, udp = {};  // that serve at kPort
};

struct Machine {
  Stack<Ipv4> ipv4 = {};
  Stack<Ipv6> ipv6 = {};
};
inline Stack<Ipv4>& StackFor(Machine& machine, const Ipv4&) { return machine.ipv4; }
inline Stack<Ipv6>& StackFor(Machine& machine, const Ipv6&) { return machine.ipv6; }

inline bool Send(const UniqueFd& socket, Ipv4 to, uint16_t port) {
  sockaddr_in where = {};
  where.sin_family = AF_INET;
  where.sin_port = htons(port);
  where.sin_addr.s_addr = htonl(to.value);
  return sendto(socket.get(), "x", 1, 0, reinterpret_cast<sockaddr*>(&where), sizeof(where)) == 1;
}

inline bool Send(const UniqueFd& socket, const Ipv6& to, uint16_t port) { return SendDatagram6(socket, to, port, "x"); }

// Answers the datagram that `server` has got, so that the connection is one of both sides.
inline bool AnswerOne(const UniqueFd& server, const UniqueFd& client, absl::Duration timeout) {
  char byte = 0;
  sockaddr_storage from = {};
  socklen_t size = sizeof(from);
  const timeval limit = absl::ToTimeval(timeout);
  setsockopt(server.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  if (recvfrom(server.get(), &byte, 1, 0, reinterpret_cast<sockaddr*>(&from), &size) != 1) return false;
  sendto(server.get(), "y", 1, 0, reinterpret_cast<sockaddr*>(&from), size);
  return ReceiveDatagram(client, kSoon).has_value();
}

// ICMP stands for ICMPv6 too.
template <typename Address>
bool Reaches(Machine& from, Machine& to, const Address& address, int protocol, bool expected) {
  const absl::Duration patience = expected ? kSoon : kSilence;
  Stack<Address>& sender = StackFor(from, address);
  Stack<Address>& receiver = StackFor(to, address);
  if (protocol == kIcmpProtocol) return sender.ping(address);
  if (protocol == kTcpProtocol) {
    const UniqueFd connection = sender.connect(address, patience);
    if (connection) Accept(receiver.tcp);
    return static_cast<bool>(connection);
  }
  const UniqueFd socket = sender.datagrams(0);
  return Send(socket, address, kPort) && AnswerOne(receiver.udp, socket, patience);
}

// The number that the protocol has in the address's family.
inline int NumberFor(const Ipv4&, int protocol) { return protocol; }
inline int NumberFor(const Ipv6&, int protocol) { return protocol == kIcmpProtocol ? kIcmpv6Protocol : protocol; }

inline SecurityGroupRule Rule(bool egress, int protocol, const char* cidr) {
  return protocol == kIcmpProtocol ? Allow(egress, protocol, -1, -1, cidr)
                                   : Allow(egress, protocol, kPort, kPort, cidr);
}
inline SecurityGroupRule Rule6(bool egress, int protocol, const char* cidr) {
  SecurityGroupRule rule = Rule(egress, protocol, "0.0.0.0/0");
  rule.protocol = NumberFor(Ipv6(), protocol);
  rule.cidr.reset();
  rule.cidr_ipv6 = Range6(cidr);
  return rule;
}
inline SecurityGroupRule AllEgress6() { return Allow6(true, -1, -1, -1, "::/0"); }

inline NetworkAclEntry Entry(bool egress, int number, bool allow, int protocol) {
  NetworkAclEntry entry;
  entry.egress = egress;
  entry.number = number;
  entry.allow = allow;
  entry.protocol = protocol;
  entry.from_port = protocol == kTcpProtocol || protocol == kUdpProtocol ? 0 : -1;
  entry.to_port = entry.from_port == 0 ? 65535 : -1;
  return entry;
}
inline NetworkAclEntry Entry6(bool egress, int number, bool allow, int protocol) {
  NetworkAclEntry entry = Entry(egress, number, allow, NumberFor(Ipv6(), protocol));
  entry.cidr_ipv6 = CidrIpv6{};
  return entry;
}

inline Machine Of(Guest& guest) {
  Machine machine;
  machine.ipv4.connect = [&guest](Ipv4 to, absl::Duration timeout) { return guest.Connect(to, kPort, timeout); };
  machine.ipv4.datagrams = [&guest](uint16_t port) { return guest.ServeDatagrams(port); };
  machine.ipv4.ping = [&guest](Ipv4 to) { return guest.Pings(to); };
  machine.ipv4.tcp = guest.Serve(kPort);
  machine.ipv4.udp = guest.ServeDatagrams(kPort);
  machine.ipv6.connect = [&guest](const Ipv6& to, absl::Duration timeout) {
    return guest.OnThread([&] { return ConnectTcp6(to, kPort, timeout); });
  };
  machine.ipv6.datagrams = [&guest](uint16_t port) { return guest.OnThread([&] { return ServeUdp6(port); }); };
  machine.ipv6.ping = [&guest](const Ipv6& to) {
    return guest.Run({"busybox", "ping", "-6", "-c", "1", "-W", "1", to.text()}).exit_code == 0;
  };
  machine.ipv6.tcp = guest.OnThread([] { return ServeTcp6(kPort); });
  machine.ipv6.udp = guest.OnThread([] { return ServeUdp6(kPort); });
  return machine;
}

}  // namespace brume::network
