// Packets of each protocol from one machine to another, and the rules that let them through.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <functional>

#include "tests/ec2/network/fabric_fixture.h"

namespace brume::network {

inline constexpr absl::Duration kSoon = absl::Seconds(5), kSilence = absl::Milliseconds(250);
inline constexpr uint16_t kPort = 7000;
inline constexpr int kUdpProtocol = 17;

// Somebody who sends and is sent to.
struct Machine {
  std::function<UniqueFd(Ipv4, absl::Duration)> connect;
  std::function<UniqueFd(uint16_t)> datagrams;
  std::function<bool(Ipv4)> ping;
  UniqueFd tcp = {}, udp = {};  // that serve at kPort
};

inline bool Send(const UniqueFd& socket, Ipv4 to, uint16_t port) {
  sockaddr_in where = {};
  where.sin_family = AF_INET;
  where.sin_port = htons(port);
  where.sin_addr.s_addr = htonl(to.value);
  return sendto(socket.get(), "x", 1, 0, reinterpret_cast<sockaddr*>(&where), sizeof(where)) == 1;
}

// Answers the datagram that `server` has got, so that the connection is one of both sides.
inline bool AnswerOne(const UniqueFd& server, const UniqueFd& client, absl::Duration timeout) {
  char byte = 0;
  sockaddr_in from = {};
  socklen_t size = sizeof(from);
  const timeval limit = absl::ToTimeval(timeout);
  setsockopt(server.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  if (recvfrom(server.get(), &byte, 1, 0, reinterpret_cast<sockaddr*>(&from), &size) != 1) return false;
  sendto(server.get(), "y", 1, 0, reinterpret_cast<sockaddr*>(&from), size);
  return ReceiveDatagram(client, kSoon).has_value();
}

inline bool Reaches(Machine& from, Machine& to, Ipv4 address, int protocol, bool expected) {
  const absl::Duration patience = expected ? kSoon : kSilence;
  if (protocol == kIcmpProtocol) return from.ping(address);
  if (protocol == kTcpProtocol) {
    const UniqueFd connection = from.connect(address, patience);
    if (connection) Accept(to.tcp);
    return static_cast<bool>(connection);
  }
  const UniqueFd socket = from.datagrams(0);
  return Send(socket, address, kPort) && AnswerOne(to.udp, socket, patience);
}

inline SecurityGroupRule Rule(bool egress, int protocol, const char* cidr) {
  return protocol == kIcmpProtocol ? Allow(egress, protocol, -1, -1, cidr)
                                   : Allow(egress, protocol, kPort, kPort, cidr);
}
inline SecurityGroupRule RuleOfGroup(bool egress, int protocol, const SecurityGroupId& peer) {
  SecurityGroupRule rule = Rule(egress, protocol, "0.0.0.0/0");
  rule.cidr.reset();
  rule.referenced_group = peer;
  return rule;
}

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

inline Machine Of(Guest& guest) {
  Machine machine;
  machine.connect = [&guest](Ipv4 to, absl::Duration timeout) { return guest.Connect(to, kPort, timeout); };
  machine.datagrams = [&guest](uint16_t port) { return guest.ServeDatagrams(port); };
  machine.ping = [&guest](Ipv4 to) { return guest.Pings(to); };
  machine.tcp = guest.Serve(kPort);
  machine.udp = guest.ServeDatagrams(kPort);
  return machine;
}

}  // namespace brume::network
