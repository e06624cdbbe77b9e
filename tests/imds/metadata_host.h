// A metadata server on a loopback socket over a real store, and a client that speaks HTTP by hand, so that it can also
// speak it wrongly. An address of 127.0.0.0/8 stands for a guest: the kernel lets a client bind to any of them.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "lib/base/clock.h"
#include "lib/base/unique_fd.h"
#include "lib/ec2/compute/tables/instance_table.h"
#include "lib/ec2/network/tables/network_table.h"
#include "lib/ec2/network/tables/security_group_table.h"
#include "lib/ec2/tagging/tag_table.h"
#include "lib/imds/metadata_server.h"

namespace brume::imds {

inline sockaddr_in SocketAddress(const std::string& address, uint16_t port) {
  sockaddr_in socket_address = {};
  socket_address.sin_family = AF_INET;
  socket_address.sin_port = htons(port);
  inet_pton(AF_INET, address.c_str(), &socket_address.sin_addr);
  return socket_address;
}

// A fault of the connection shows as an answer of status 0: Catch's assertions are for the main thread only.
struct HttpAnswer {
  int status = 0;                              // 0 = the connection ended without one
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

class HttpClient {
 public:
  HttpClient(const std::string& source_address, uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const sockaddr_in from = SocketAddress(source_address, 0), to = SocketAddress("127.0.0.1", port);
    if (bind(fd_.get(), reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0 ||
        connect(fd_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
      fd_.reset();
    }
  }

  // False when the peer has closed the connection.
  bool Send(const std::string& text) {
    for (size_t sent = 0; sent < text.size();) {
      const ssize_t count = send(fd_.get(), text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
      if (count <= 0) return false;
      sent += count;
    }
    return true;
  }
  // The next answer; `head` = it has no body whatever its length says.
  HttpAnswer Receive(bool head = false) {
    HttpAnswer answer;
    size_t end;
    while ((end = read_.find("\r\n\r\n")) == std::string::npos) {
      if (!Fill()) return answer;
    }
    const std::vector<std::string> lines = absl::StrSplit(read_.substr(0, end), "\r\n");
    read_.erase(0, end + 4);
    for (size_t i = 1; i < lines.size(); ++i) {
      const std::pair<std::string, std::string> field = absl::StrSplit(lines[i], absl::MaxSplits(": ", 1));
      answer.headers[absl::AsciiStrToLower(field.first)] = field.second;
    }
    size_t length = 0;
    if (!absl::SimpleAtoi(answer.headers["content-length"], &length)) return answer;
    while (!head && read_.size() < length) {
      if (!Fill()) return answer;
    }
    if (!head) answer.body = read_.substr(0, length);
    if (!head) read_.erase(0, length);
    const std::vector<std::string> words = absl::StrSplit(lines[0], absl::MaxSplits(' ', 2));
    if (words.size() != 3 || !absl::SimpleAtoi(words[1], &answer.status)) answer.status = 0;
    return answer;
  }
  // Whether the peer closes the connection within `limit`, having sent nothing more.
  bool IsClosedWithin(absl::Duration limit) {
    pollfd poll_fd = {fd_.get(), POLLIN, 0};
    if (poll(&poll_fd, 1, static_cast<int>(absl::ToInt64Milliseconds(limit))) != 1) return false;
    char byte;
    return recv(fd_.get(), &byte, 1, 0) <= 0;
  }
  int fd() const { return fd_.get(); }

 private:
  // False at the end of the stream, and when the peer says nothing for 20 s.
  bool Fill() {
    pollfd poll_fd = {fd_.get(), POLLIN, 0};
    if (poll(&poll_fd, 1, 20000) != 1) return false;
    char buffer[4096];
    const ssize_t count = recv(fd_.get(), buffer, sizeof buffer, 0);
    if (count > 0) read_.append(buffer, count);
    return count > 0;
  }

  UniqueFd fd_;
  std::string read_;
};

inline std::string RequestText(const std::string& method, const std::string& target, const std::string& headers = "") {
  return absl::StrCat(method, " ", target, " HTTP/1.1\r\nHost: 169.254.169.254\r\n", headers, "\r\n");
}

// One connection, one request.
inline HttpAnswer Fetch(const std::string& source, uint16_t port, const std::string& method, const std::string& target,
                        const std::string& headers = "") {
  HttpClient client(source, port);
  client.Send(RequestText(method, target, headers + "Connection: close\r\n"));
  return client.Receive(method == "HEAD");
}

class MetadataHost {
 public:
  explicit MetadataHost(MetadataServerOptions options = {}) : options_(options) {
    char name[] = "/tmp/brume-metadata-XXXXXX";
    REQUIRE(mkdtemp(name) != nullptr);
    directory_ = name;
    database_ = store::Database::Open(directory_ + "/brume.db").value();
    vpc_.id = VpcId::FromTrusted("vpc-0123456789abcdef0");
    vpc_.cidr = Cidr::Parse("127.0.0.0/8").value();
    subnet_.id = SubnetId::FromTrusted("subnet-0123456789abcdef0");
    subnet_.vpc_id = vpc_.id;
    subnet_.cidr = Cidr::Parse("127.1.0.0/16").value();
    subnet_.availability_zone = "us-east-1a";
    group_ = {SecurityGroupId::FromTrusted("sg-0123456789abcdef0"), vpc_.id, "default", "default VPC security group"};
    Write([&](store::Connection& c) {
      network::NetworkTable networks(c);
      REQUIRE(networks.InsertVpc(vpc_).ok());
      REQUIRE(networks.InsertSubnet(subnet_).ok());
      REQUIRE(network::SecurityGroupTable(c).Insert(group_).ok());
      return absl::OkStatus();
    });
    StartServer();
  }
  ~MetadataHost() {
    server_.reset();
    database_.reset();
    std::filesystem::remove_all(directory_);
  }

  void Write(const std::function<absl::Status(store::Connection&)>& change) {
    const absl::Status status = database_->Write(change);
    INFO(status.ToString());
    REQUIRE(status.ok());
  }

  // A running instance with this private address; `digit` tells its ids from others'.
  Instance AddInstance(const std::string& address, char digit) {
    Instance instance;
    instance.id = InstanceId::FromTrusted(std::string("i-0123456789abcdef") + digit);
    instance.reservation_id = ReservationId::FromTrusted(std::string("r-0123456789abcdef") + digit);
    instance.instance_type = "b1.tiny";
    instance.state = InstanceState::kRunning;
    instance.launch_time = absl::FromUnixSeconds(1769853600);
    instance.key_name = "laptop";
    instance.public_key = "ssh-ed25519 AAAAExample laptop";
    instance.user_data = std::string("#!/bin/sh\n\0\xff", 12);
    instance.metadata_options.tags = MetadataState::kEnabled;
    instance.availability_zone = subnet_.availability_zone;
    instance.vpc_id = vpc_.id;
    instance.subnet_id = subnet_.id;
    instance.root_device_name = "/dev/vda";
    NetworkInterface eni;
    eni.id = EniId::FromTrusted(std::string("eni-0123456789abcdef") + digit);
    eni.vpc_id = vpc_.id;
    eni.subnet_id = subnet_.id;
    eni.instance_id = instance.id;
    eni.private_ip = Ipv4::Parse(address).value();
    eni.public_ip = Ipv4{0xc6120000u + static_cast<uint32_t>(digit)};
    eni.mac = MacAddressFor(*eni.private_ip);
    eni.groups = {group_.id};
    Write([&](store::Connection& c) {
      REQUIRE(compute::InstanceTable(c).Insert(instance, 128, 1).ok());
      REQUIRE(network::NetworkTable(c).InsertInterface(eni).ok());
      return tagging::TagTable(c).Set(instance.id.text(), "Name", "web");
    });
    return instance;
  }

  // Changes the metadata options of an instance's row.
  template <typename Change>
  void ChangeOptions(const InstanceId& id, Change change) {
    Write([&](store::Connection& c) {
      compute::InstanceTable instances(c);
      absl::StatusOr<Instance> instance = instances.Get(id);
      REQUIRE(instance.ok());
      change(instance->metadata_options);
      return instances.Update(*instance);
    });
  }

  // A new server over the same store, as after a restart of the daemon.
  void StartServer() {
    server_.reset();
    server_ = std::make_unique<MetadataServer>(*database_, settings_, types_, clock_, options_);
    REQUIRE(server_->Start().ok());
    port_ = Serve(vpc_.id);
  }

  // Begins to serve a VPC, which need not have a row; the port at which it does.
  uint16_t Serve(const VpcId& vpc) {
    UniqueFd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = SocketAddress("127.0.0.1", 0);
    // Without it the port stays taken for as long as a connection that was cut lingers in TIME_WAIT.
    const int yes = 1;
    REQUIRE(setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0);
    REQUIRE(bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(listen(listener.get(), 128) == 0);
    socklen_t size = sizeof address;
    REQUIRE(getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    REQUIRE(server_->AddVpc(vpc, std::move(listener)).ok());
    return ntohs(address.sin_port);
  }

  // One that was given a VPC and never started.
  std::unique_ptr<MetadataServer> IdleServer(UniqueFd listener) {
    auto server = std::make_unique<MetadataServer>(*database_, settings_, types_, clock_, options_);
    REQUIRE(server->AddVpc(vpc_.id, std::move(listener)).ok());
    return server;
  }

  MetadataServer& server() { return *server_; }
  ManualClock& clock() { return clock_; }
  const VpcId& vpc() const { return vpc_.id; }
  uint16_t port() const { return port_; }

 private:
  const MetadataServerOptions options_;
  std::string directory_;
  std::unique_ptr<store::Database> database_;
  Vpc vpc_;
  Subnet subnet_;
  SecurityGroup group_;
  Settings settings_;
  InstanceTypeTable types_;
  ManualClock clock_{absl::FromUnixSeconds(1769860000)};
  std::unique_ptr<MetadataServer> server_;
  uint16_t port_ = 0;
};

}  // namespace brume::imds
