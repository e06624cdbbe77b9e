// How fast packets pass a VPC beside the same path without a rule, and how long a change takes until it is in the
// kernel. Run by hand, as root:
//   tests/isolated build/release/bin/fabric_bench "[speed]"
#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <numeric>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "lib/ec2/network/linux/fabric_names.h"
#include "lib/ec2/network/linux/namespace_thread.h"
#include "tests/ec2/network/fabric_fixture.h"

namespace brume::network {
namespace {

using Command = std::vector<std::string>;

void Run(const Command& argv) { REQUIRE(Good(RunChecked(argv).status())); }

double Median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

// A namespace behind a link that stands where a guest's tap would: frames come from the kernel, with nobody's copying
// in the middle.
class Neighbour {
 public:
  Neighbour(const PortSpec& port, const Cidr& subnet) {
    auto thread = NamespaceThread::Start("neighbour", [] {
      return unshare(CLONE_NEWNET) == 0 ? absl::OkStatus() : absl::ErrnoToStatus(errno, "unshare");
    });
    REQUIRE(Good(thread.status()));
    thread_ = *std::move(thread);
    const pid_t tid = thread_->Run([] { return gettid(); });
    Run({"ip", "link", "add", TapName(port.eni.id), "type", "veth", "peer", "name", "eth0", "netns",
         absl::StrCat(tid)});
    thread_->Run([&] {
      Run({"ip", "link", "set", "eth0", "address", port.eni.mac});
      Run({"ip", "link", "set", "eth0", "up"});
      Run({"ip", "address", "add", absl::StrCat(port.eni.private_ip->text(), "/", subnet.prefix_length), "dev",
           "eth0"});
      Run({"ip", "route", "add", "default", "via", RouterAddress(subnet).text()});
      return true;
    });
  }
  template <typename Work>
  auto In(Work work) {
    return thread_->Run(std::move(work));
  }

 private:
  std::unique_ptr<NamespaceThread> thread_;
};

// Bytes a second that one connection carries.
double Throughput(const UniqueFd& sender, const UniqueFd& receiver, absl::Duration length) {
  REQUIRE(fcntl(sender.get(), F_SETFL, 0) == 0);  // waits until there is room
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    const std::string block(128 * 1024, 'x');
    while (!stop && send(sender.get(), block.data(), block.size(), MSG_NOSIGNAL) > 0) {
    }
  });
  std::string into(256 * 1024, 0);
  double bytes = 0;
  const absl::Time start = absl::Now();
  while (absl::Now() - start < length) bytes += std::max<ssize_t>(0, recv(receiver.get(), into.data(), into.size(), 0));
  const double rate = bytes / absl::ToDoubleSeconds(absl::Now() - start);
  stop = true;
  shutdown(sender.get(), SHUT_RDWR);
  writer.join();
  return rate;
}

double ProcessorTime() {
  timespec now = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return absl::ToDoubleMicroseconds(absl::DurationFromTimespec(now));
}

// Microseconds of this thread's processor time for `octets` to go from one end of a connection to the other: the kernel
// forwards them on the way, in the thread that sends them. The least of many, which others on the machine leave alone.
double TimeToCarry(const UniqueFd& sender, const UniqueFd& receiver, size_t octets) {
  constexpr int kRounds = 40, kTimes = 200;
  std::string buffer(octets, 'x');
  double least = 1e9;
  for (int round = 0; round < kRounds; ++round) {
    const double start = ProcessorTime();
    for (int i = 0; i < kTimes; ++i) {
      REQUIRE(send(sender.get(), buffer.data(), octets, MSG_NOSIGNAL) == static_cast<ssize_t>(octets));
      REQUIRE(recv(receiver.get(), buffer.data(), octets, MSG_WAITALL) == static_cast<ssize_t>(octets));
    }
    least = std::min(least, (ProcessorTime() - start) / kTimes);
  }
  return least;
}

class SpeedFixture : public FabricFixture {
 protected:
  // Two ports of one VPC with many groups besides their own.
  SpeedFixture() {
    for (int i = 0; i < 1000; ++i) {
      const auto id = SecurityGroupId::FromTrusted(absl::StrCat("sg-", absl::Hex(0xa0000 + i, absl::kZeroPad16), "f"));
      vpc.spec.groups.push_back(vpc.Group(id, {AllEgress(), Allow(false, kTcpProtocol, 22, 22, "10.0.0.0/8")}));
    }
    a = vpc.Port("10.0.1.4", {vpc.members});
    b = vpc.Port("10.0.2.5", {vpc.members});
    vpc.launched[vpc.members] = {*a.eni.private_ip, *b.eni.private_ip};
    vpc.spec.groups[0] = vpc.Group(vpc.members, {AllEgress(), AllowGroup(false, vpc.members)});
    SyncAll();
    near = std::make_unique<Neighbour>(a, *vpc.spec.subnets[0].cidr);
    far = std::make_unique<Neighbour>(b, *vpc.spec.subnets[1].cidr);
    REQUIRE(Good(fabric->PlugPort(a)));
    REQUIRE(Good(fabric->PlugPort(b)));
    vpc.spec.ports = {a, b};
    server = far->In([] { return ServeTcp(7000); });
  }

  ~SpeedFixture() {
    CHECK(Good(fabric->SyncVpc(vpc.spec)));
    CHECK(Good(fabric->UnplugPort(a.eni)));
    CHECK(Good(fabric->UnplugPort(b.eni)));
  }

  double Carried() {
    const UniqueFd sender = near->In([] { return ConnectTcp(Address("10.0.2.5"), 7000, absl::Seconds(5)); });
    REQUIRE(sender);
    const UniqueFd receiver = Accept(server);
    return Throughput(sender, receiver, absl::Seconds(1));
  }
  // Connections made, answered and ended in a second.
  double Connections() {
    int made = 0;
    const absl::Time start = absl::Now();
    near->In([&] {
      while (absl::Now() - start < absl::Seconds(1)) {
        const UniqueFd one = ConnectTcp(Address("10.0.2.5"), 7000, absl::Seconds(5));
        REQUIRE(one);
        REQUIRE(Accept(server));
        ++made;
      }
      return true;
    });
    return made / absl::ToDoubleSeconds(absl::Now() - start);
  }
  void RemoveRules() { Run({"nsenter", "--net=" + NamespacePath(vpc.spec.vpc.id), "nft", "flush", "ruleset"}); }
  // The median over rounds of what is measured with the rules, and pair by pair with none.
  template <typename Measure>
  void Compare(const char* what, double unit, Measure measure) {
    std::vector<double> with, without, ratios;
    for (int round = 0; round < 9; ++round) {
      SyncAll();
      with.push_back(measure() / unit);
      RemoveRules();
      without.push_back(measure() / unit);
      ratios.push_back(with.back() / without.back());
    }
    std::sort(ratios.begin(), ratios.end());
    std::printf("%s: %.1f, plain forwarding %.1f, ratio %.3f (%.3f-%.3f)\n", what, Median(with), Median(without),
                Median(ratios), ratios.front(), ratios.back());
  }

  PortSpec a, b;
  std::unique_ptr<Neighbour> near, far;
  UniqueFd server;
};

}  // namespace

TEST_CASE_METHOD(SpeedFixture, "packets through a VPC with 1,000 groups, and without a rule", "[bench][speed]") {
  Compare("one TCP connection, Gbit/s", 1e9 / 8, [&] { return Carried(); });
  Compare("connections a second", 1, [&] { return Connections(); });
}

TEST_CASE_METHOD(SpeedFixture, "processor time of a packet through a VPC with 1,000 groups, and without a rule",
                 "[bench][speed]") {
  for (const size_t octets : {size_t{1}, size_t{65536}}) {
    std::vector<double> with, without, more;
    for (int round = 0; round < 5; ++round) {
      const auto measure = [&] {
        const UniqueFd sender = near->In([] { return ConnectTcp(Address("10.0.2.5"), 7000, absl::Seconds(5)); });
        REQUIRE(sender);
        const UniqueFd receiver = Accept(server);
        const int room = 8 << 20;
        setsockopt(receiver.get(), SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
        REQUIRE(fcntl(sender.get(), F_SETFL, 0) == 0);
        return TimeToCarry(sender, receiver, octets);
      };
      SyncAll();
      with.push_back(measure());
      RemoveRules();
      without.push_back(measure());
      more.push_back(with.back() - without.back());
    }
    std::printf("%zu octets by TCP: %.2f us, plain forwarding %.2f us, more %.2f us\n", octets, Median(with),
                Median(without), Median(more));
  }
}

TEST_CASE_METHOD(FabricFixture, "time until a change of a group is in the kernel", "[bench][speed]") {
  const auto milliseconds = [](const auto& work) {
    const absl::Time start = absl::Now();
    REQUIRE(Good(work()));
    return absl::ToDoubleMilliseconds(absl::Now() - start);
  };
  for (const int size : {10, 1000}) {
    std::vector<SecurityGroupRule> rules = {AllEgress()};
    for (int i = 0; i < size; ++i) rules.push_back(Allow(false, kTcpProtocol, 1000 + i, 1000 + i, "10.0.0.0/8"));
    for (int i = 0; i < size; ++i) {
      vpc.launched[vpc.members].push_back(Ipv4{Address("10.0.8.0").value + static_cast<uint32_t>(i)});
    }
    vpc.spec.groups[0] = vpc.Group(vpc.members, rules);
    SyncAll();
    std::vector<double> rule_times, member_times;
    for (int round = 0; round < 21; ++round) {
      rules.push_back(Allow(false, kTcpProtocol, 22, 22 + round, "10.0.0.0/8"));
      const GroupSpec with_rule = vpc.Group(vpc.members, rules);
      rule_times.push_back(milliseconds([&] { return fabric->ApplyGroup(with_rule); }));
    }
    // Apart from those, and many: the kernel goes on freeing the rules that a change replaced, which the first ones
    // wait for.
    for (int round = 0; round < 301; ++round) {
      vpc.launched[vpc.members].push_back(Ipv4{Address("10.0.32.0").value + static_cast<uint32_t>(round)});
      const GroupMembers members{.vpc = vpc.spec.vpc.id, .group = vpc.members, .members = vpc.launched[vpc.members]};
      member_times.push_back(milliseconds([&] { return fabric->ApplyMembers(members); }));
    }
    std::printf("%d members, %d rules: one rule more %.2f ms, one member more %.3f ms\n", size, size,
                Median(rule_times), Median(member_times));
    vpc.launched.clear();
  }
}

}  // namespace brume::network
