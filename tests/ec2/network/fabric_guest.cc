#include "tests/ec2/network/fabric_guest.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/ether.h>
#include <netinet/if_ether.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "lib/ec2/network/linux/rtnetlink.h"

namespace brume::network {
namespace {

constexpr size_t kVnetHeader = 10;  // before each frame of a tap with IFF_VNET_HDR

UniqueFd OpenTap(const std::string& name) {
  UniqueFd fd(open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK));
  ifreq request = {};
  strncpy(request.ifr_name, name.c_str(), IFNAMSIZ - 1);
  request.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
  if (!fd || ioctl(fd.get(), TUNSETIFF, &request) != 0) return UniqueFd();
  return fd;
}

template <typename T>
std::string Bytes(const T& value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof(value));
}

std::string MacBytes(const std::string& text) {
  ether_addr mac = {};
  ether_aton_r(text.c_str(), &mac);
  return Bytes(mac);
}

std::string AddressBytes(Ipv4 address) { return Bytes(htonl(address.value)); }

// RFC 1071.
uint16_t Checksum(const std::string& octets) {
  uint32_t sum = 0;
  std::vector<uint16_t> words((octets.size() + 1) / 2);
  memcpy(words.data(), octets.data(), octets.size());
  for (const uint16_t word : words) sum += word;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

}  // namespace

void EnterSandbox() {
  static const bool done = [] {
    // The program has one thread at this point.
    REQUIRE(unshare(CLONE_NEWNET | CLONE_NEWNS) == 0);
    REQUIRE(mount("", "/", "none", MS_PRIVATE | MS_REC, nullptr) == 0);
    mkdir("/run/netns", 0755);
    REQUIRE(mount("brume-test", "/run/netns", "tmpfs", 0, nullptr) == 0);
    REQUIRE(RunChecked({"ip", "link", "set", "lo", "up"}).ok());
    return true;
  }();
  REQUIRE(done);
}

bool Eventually(const std::function<bool()>& holds) {
  const absl::Time deadline = absl::Now() + absl::Seconds(10);
  while (!holds()) {
    if (absl::Now() > deadline) return false;
    absl::SleepFor(absl::Milliseconds(2));
  }
  return true;
}

Guest::Guest(const NetworkInterface& eni) : eni_(eni), stop_(eventfd(0, EFD_CLOEXEC)) {
  outside_ = OpenTap(TapName(eni.id));
  REQUIRE(outside_);
  auto thread = NamespaceThread::Start(
      "guest", [] { return unshare(CLONE_NEWNET) == 0 ? absl::OkStatus() : absl::ErrnoToStatus(errno, "unshare"); });
  REQUIRE(thread.ok());
  thread_ = *std::move(thread);
  const absl::Status ready = thread_->Run([&]() -> absl::Status {
    inside_ = OpenTap("eth0");
    absl::StatusOr<Rtnetlink> links = Rtnetlink::Open();
    if (!links.ok()) return links.status();
    const auto card = links->FindLink("eth0");
    if (!card.ok() || !card->has_value()) return absl::InternalError("no eth0");
    absl::Status status = links->SetLink((*card)->index, true, eni.mac);
    status.Update(links->SetLink(1, true, ""));
    return status;
  });
  INFO(ready);
  REQUIRE(ready.ok());
  pump_ = std::thread([this] { Pump(); });
}

Guest::~Guest() {
  eventfd_write(stop_.get(), 1);
  pump_.join();
}

void Guest::Pump() {
  std::array<char, 70000> buffer;
  while (true) {
    std::array<pollfd, 3> events = {pollfd{outside_.get(), POLLIN, 0}, pollfd{inside_.get(), POLLIN, 0},
                                    pollfd{stop_.get(), POLLIN, 0}};
    if (poll(events.data(), events.size(), -1) < 0) continue;
    if (events[2].revents != 0) return;
    if (events[0].revents != 0) {
      const ssize_t count = read(outside_.get(), buffer.data(), buffer.size());
      if (count > 0 && !frozen_) {
        {
          std::lock_guard lock(mutex_);
          seen_.emplace_back(buffer.data() + kVnetHeader, count - kVnetHeader);
        }
        // A full queue loses frames, as wires do.
        if (write(inside_.get(), buffer.data(), count) < 0) continue;
      }
    }
    if (events[1].revents != 0) {
      const ssize_t count = read(inside_.get(), buffer.data(), buffer.size());
      if (count > 0 && !frozen_ && write(outside_.get(), buffer.data(), count) < 0) continue;
    }
  }
}

CommandResult Guest::Run(const std::vector<std::string>& argv) {
  auto result = thread_->Run([&] { return RunCommand(argv); });
  INFO(result.status());
  REQUIRE(result.ok());
  return *std::move(result);
}

void Guest::Configure(const Cidr& subnet) {
  const std::string address = absl::StrCat(eni_.private_ip->text(), "/", subnet.prefix_length);
  REQUIRE(Run({"ip", "address", "add", address, "dev", "eth0"}).exit_code == 0);
  REQUIRE(Run({"ip", "route", "add", "default", "via", RouterAddress(subnet).text()}).exit_code == 0);
}

void Guest::Send(const Frame& frame) {
  const std::string whole = std::string(kVnetHeader, '\0') + frame;
  REQUIRE(write(outside_.get(), whole.data(), whole.size()) == static_cast<ssize_t>(whole.size()));
}

size_t Guest::Count(const std::string& bytes) {
  std::lock_guard lock(mutex_);
  return std::count_if(seen_.begin(), seen_.end(),
                       [&](const Frame& frame) { return frame.find(bytes) != std::string::npos; });
}

UniqueFd Guest::Serve(uint16_t port) {
  UniqueFd server = thread_->Run([&] { return ServeTcp(port); });
  REQUIRE(server);
  return server;
}

UniqueFd Guest::ServeDatagrams(uint16_t port) {
  UniqueFd server = thread_->Run([&] { return ServeUdp(port); });
  REQUIRE(server);
  return server;
}

UniqueFd Guest::Connect(Ipv4 to, uint16_t port, absl::Duration timeout) {
  return thread_->Run([&] { return ConnectTcp(to, port, timeout); });
}

bool Guest::Pings(Ipv4 to) { return Run({"busybox", "ping", "-c", "1", "-W", "1", to.text()}).exit_code == 0; }

UniqueFd ServeUdp(uint16_t port) {
  UniqueFd udp(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in where = {};
  where.sin_family = AF_INET;
  where.sin_port = htons(port);
  return bind(udp.get(), reinterpret_cast<sockaddr*>(&where), sizeof(where)) == 0 ? std::move(udp) : UniqueFd();
}

UniqueFd ServeTcp(uint16_t port) {
  UniqueFd server(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  setsockopt(server.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in where = {};
  where.sin_family = AF_INET;
  where.sin_port = htons(port);
  const bool good =
      bind(server.get(), reinterpret_cast<sockaddr*>(&where), sizeof(where)) == 0 && listen(server.get(), 16) == 0;
  return good ? std::move(server) : UniqueFd();
}

UniqueFd ConnectTcp(Ipv4 to, uint16_t port, absl::Duration timeout) {
  UniqueFd client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in where = {};
  where.sin_family = AF_INET;
  where.sin_port = htons(port);
  where.sin_addr.s_addr = htonl(to.value);
  if (connect(client.get(), reinterpret_cast<sockaddr*>(&where), sizeof(where)) != 0 && errno != EINPROGRESS) {
    return UniqueFd();
  }
  pollfd event = {client.get(), POLLOUT, 0};
  int error = 0;
  socklen_t size = sizeof(error);
  if (poll(&event, 1, static_cast<int>(absl::ToInt64Milliseconds(timeout))) <= 0 ||
      getsockopt(client.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) {
    return UniqueFd();
  }
  return client;
}

UniqueFd Accept(const UniqueFd& server) {
  pollfd event = {server.get(), POLLIN, 0};
  if (poll(&event, 1, 5000) <= 0) return UniqueFd();
  return UniqueFd(accept4(server.get(), nullptr, nullptr, SOCK_CLOEXEC));
}

std::optional<std::string> ReceiveDatagram(const UniqueFd& socket, absl::Duration timeout) {
  pollfd event = {socket.get(), POLLIN, 0};
  if (poll(&event, 1, static_cast<int>(absl::ToInt64Milliseconds(timeout))) <= 0) return std::nullopt;
  std::array<char, 65536> buffer;
  const ssize_t count = recv(socket.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (count < 0) return std::nullopt;
  return std::string(buffer.data(), count);
}

Ipv4 PeerOf(const UniqueFd& connection) {
  sockaddr_in peer = {};
  socklen_t size = sizeof(peer);
  getpeername(connection.get(), reinterpret_cast<sockaddr*>(&peer), &size);
  return Ipv4{ntohl(peer.sin_addr.s_addr)};
}

bool Carries(const UniqueFd& from, const UniqueFd& to, absl::Duration timeout) {
  char byte = 'x';
  pollfd event = {to.get(), POLLIN, 0};
  return send(from.get(), &byte, 1, MSG_NOSIGNAL) == 1 &&
         poll(&event, 1, static_cast<int>(absl::ToInt64Milliseconds(timeout))) > 0 &&
         recv(to.get(), &byte, 1, MSG_DONTWAIT) == 1;
}

Frame PingFrame(const FrameAddresses& addresses, const std::string& payload) {
  iphdr ip = {};
  ip.version = 4;
  ip.ihl = sizeof(ip) / 4;
  ip.ttl = 64;
  ip.protocol = IPPROTO_ICMP;
  icmphdr icmp = {};
  icmp.type = ICMP_ECHO;
  ip.tot_len = htons(sizeof(ip) + sizeof(icmp) + payload.size());
  ip.saddr = htonl(addresses.source.value);
  ip.daddr = htonl(addresses.target.value);
  ip.check = Checksum(Bytes(ip));
  icmp.checksum = Checksum(Bytes(icmp) + payload);
  return MacBytes(addresses.target_mac) + MacBytes(addresses.source_mac) + Bytes(htons(ETH_P_IP)) + Bytes(ip) +
         Bytes(icmp) + payload;
}

Frame UdpFrame(const FrameAddresses& addresses, uint16_t source_port, uint16_t target_port,
               const std::string& payload) {
  udphdr udp = {};
  udp.source = htons(source_port);
  udp.dest = htons(target_port);
  udp.len = htons(sizeof(udp) + payload.size());
  iphdr ip = {};
  ip.version = 4;
  ip.ihl = sizeof(ip) / 4;
  ip.ttl = 64;
  ip.protocol = IPPROTO_UDP;
  ip.tot_len = htons(sizeof(ip) + sizeof(udp) + payload.size());
  ip.saddr = htonl(addresses.source.value);
  ip.daddr = htonl(addresses.target.value);
  ip.check = Checksum(Bytes(ip));
  return MacBytes(addresses.target_mac) + MacBytes(addresses.source_mac) + Bytes(htons(ETH_P_IP)) + Bytes(ip) +
         Bytes(udp) + payload;
}

std::vector<Frame> UdpFragments(const Frame& whole, uint16_t id, size_t head) {
  const size_t headers = sizeof(ether_header) + sizeof(iphdr), split = headers + sizeof(udphdr) + head;
  std::vector<Frame> fragments;
  for (const bool first : {true, false}) {
    iphdr ip;
    memcpy(&ip, whole.data() + sizeof(ether_header), sizeof(ip));
    const std::string part = first ? whole.substr(headers, split - headers) : whole.substr(split);
    constexpr uint16_t kMoreFragments = 0x2000;
    ip.id = htons(id);
    ip.frag_off = htons(first ? kMoreFragments : static_cast<uint16_t>((split - headers) / 8));
    ip.tot_len = htons(sizeof(ip) + part.size());
    ip.check = 0;
    ip.check = Checksum(Bytes(ip));
    fragments.push_back(whole.substr(0, sizeof(ether_header)) + Bytes(ip) + part);
  }
  return fragments;
}

std::string DhcpMessage(const DhcpFields& fields) {
  std::string message = {1, 1, static_cast<char>(fields.hlen), 0};
  message += Bytes(htonl(fields.transaction)) + std::string(4, '\0') + AddressBytes(fields.ciaddr) +
             std::string(8, '\0') + AddressBytes(fields.giaddr) + MacBytes(fields.chaddr) +
             std::string(10 + 64 + 128, '\0');
  message += "\x63\x82\x53\x63";
  const auto option = [&](uint8_t code, const std::string& value) {
    message += {static_cast<char>(code), static_cast<char>(value.size())};
    message += value;
  };
  option(53, std::string(1, static_cast<char>(fields.type)));
  if (fields.requested.has_value()) option(50, AddressBytes(*fields.requested));
  if (fields.server.has_value()) option(54, AddressBytes(*fields.server));
  if (!fields.client_id.empty()) option(61, fields.client_id);
  message += '\xff';
  return message;
}

Frame ArpRequest(const FrameAddresses& addresses, const std::string& sender_mac) {
  arphdr header = {};
  header.ar_hrd = htons(ARPHRD_ETHER);
  header.ar_pro = htons(ETH_P_IP);
  header.ar_hln = 6;
  header.ar_pln = 4;
  header.ar_op = htons(ARPOP_REQUEST);
  return MacBytes("ff:ff:ff:ff:ff:ff") + MacBytes(addresses.source_mac) + Bytes(htons(ETH_P_ARP)) + Bytes(header) +
         MacBytes(sender_mac) + AddressBytes(addresses.source) + std::string(6, '\0') + AddressBytes(addresses.target);
}

std::string ArpReplyFor(Ipv4 answered) {
  return Bytes(htons(ARPOP_REPLY)) + MacBytes("02:b0:00:00:00:01") + AddressBytes(answered);
}

}  // namespace brume::network
