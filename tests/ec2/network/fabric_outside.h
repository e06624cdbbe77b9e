// A machine that is not this host.
#pragma once

#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "lib/ec2/network/linux/namespace_thread.h"
#include "tests/ec2/network/fabric_fixture.h"

namespace brume::network {

inline constexpr Ipv4 kOutside{0xc0000202};                                                     // 192.0.2.2
inline constexpr Ipv6 kOutside6{{0x20, 0x01, 0x0d, 0xb8, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2}};  // 2001:db8:2::2

// A machine beyond the host: a namespace "outside" on the host's link "wan", which has no route to the pool.
class Outside {
 public:
  Outside() {
    auto thread = NamespaceThread::Start("outside", [] {
      return unshare(CLONE_NEWNET) == 0 ? absl::OkStatus() : absl::ErrnoToStatus(errno, "unshare");
    });
    REQUIRE(Good(thread.status()));
    thread_ = *std::move(thread);
    const pid_t tid = thread_->Run([] { return gettid(); });
    Ip({"link", "add", "wan", "type", "veth", "peer", "name", "eth0", "netns", std::to_string(tid)});
    Ip({"address", "add", "192.0.2.1/24", "dev", "wan"});
    Ip({"link", "set", "wan", "up"});
    thread_->Run([&] {
      Ip({"address", "add", "192.0.2.2/24", "dev", "eth0"});
      Ip({"link", "set", "eth0", "up"});
      return true;
    });
  }
  ~Outside() {
    if (name_server_ > 1) kill(name_server_, SIGKILL);
    CHECK(RunChecked({"ip", "link", "del", "wan"}).ok());
  }
  // 2001:db8:2::2, beside the host's 2001:db8:2::1, through which it reaches everything else.
  void AddIpv6() {
    Ip({"-6", "address", "add", "2001:db8:2::1/64", "dev", "wan", "nodad"});
    thread_->Run([&] {
      Ip({"-6", "address", "add", "2001:db8:2::2/64", "dev", "eth0", "nodad"});
      Ip({"-6", "route", "add", "default", "via", "2001:db8:2::1"});
      return true;
    });
  }
  template <typename Job>
  auto OnThread(Job job) {
    return thread_->Run(std::move(job));
  }
  UniqueFd Serve(uint16_t port) {
    return thread_->Run([&] { return ServeTcp(port); });
  }
  UniqueFd ServeDatagrams(uint16_t port) {
    return thread_->Run([&] { return ServeUdp(port); });
  }
  // Answers "www.example.test" at 192.0.2.2 until the end.
  void ServeNames(const std::string& directory) {
    const std::string pid_file = directory + "/outside.pid";
    const auto started = thread_->Run([&] {
      return RunChecked({"dnsmasq", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--user=root",
                         "--address=/www.example.test/192.0.2.77", "--pid-file=" + pid_file});
    });
    REQUIRE(Good(started.status()));
    std::ifstream(pid_file) >> name_server_;
  }

 private:
  static void Ip(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "ip");
    REQUIRE(Good(RunChecked(arguments).status()));
  }
  std::unique_ptr<NamespaceThread> thread_;
  int name_server_ = 0;
};

}  // namespace brume::network
