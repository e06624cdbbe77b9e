#include "daemon/host_checks.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "daemon/diagnosis.h"
#include "tests/support/temp_dir.h"

namespace brume::daemon {

TEST_CASE("a firewall accepts guests when rules accept their links in both directions", "[doctor]") {
  const std::string from = "\t\tiifname \"bmv*\" counter packets 0 bytes 0 accept\n";
  const std::string to = "\t\toifname \"bmv*\" counter packets 0 bytes 0 accept\n";
  CHECK(AcceptsGuests(from + to));
  CHECK_FALSE(AcceptsGuests(from));
  CHECK_FALSE(AcceptsGuests(to));
  CHECK_FALSE(AcceptsGuests("iifname \"bmv*\" drop\noifname \"bmv*\" drop\n"));
  CHECK_FALSE(AcceptsGuests("-P FORWARD DROP\n-A FORWARD -i docker0 -j ACCEPT\n"));
  CHECK(AcceptsGuests("-P FORWARD DROP\n-A DOCKER-USER -i bmv+ -j ACCEPT\n-A DOCKER-USER -o bmv+ -j ACCEPT\n"));
}

TEST_CASE("a KVM device the guests' user may not open is a fault with its fix", "[doctor]") {
  const TempDir directory;
  const std::string device = directory / "kvm";
  std::ofstream(device).put('x');
  REQUIRE(chmod((directory / "").c_str(), 0755) == 0);
  REQUIRE(chmod(device.c_str(), 0600) == 0);
  const std::optional<host::HostCheck> closed = CheckKvmDevice("nobody", device);
  REQUIRE(closed.has_value());
  CHECK_FALSE(closed->ok);
  CHECK(closed->detail == "nobody may not open " + device);
  CHECK(closed->fix.find("chmod 0660 " + device) != std::string::npos);
  REQUIRE(chmod(device.c_str(), 0666) == 0);
  CHECK(CheckKvmDevice("nobody", device)->ok);
  CHECK_FALSE(CheckKvmDevice("no-such-user", device)->ok);
}

TEST_CASE("emulation is a fault of the host's, unless the configuration asks for it", "[doctor]") {
  compute::HypervisorInfo info;
  info.acceleration = compute::Acceleration::kTcg;
  info.acceleration_note = "there is no /dev/kvm";
  for (const auto configured : {compute::AccelerationWish::kAuto, compute::AccelerationWish::kKvm}) {
    const host::HostCheck check = CheckAcceleration(info, configured);
    CHECK_FALSE(check.ok);
    CHECK(check.fix.find("firmware") != std::string::npos);
  }
  const host::HostCheck wanted = CheckAcceleration(info, compute::AccelerationWish::kTcg);
  CHECK(wanted.ok);
  CHECK(wanted.fix.empty());
  info.acceleration = compute::Acceleration::kKvm;
  CHECK(CheckAcceleration(info, compute::AccelerationWish::kAuto).ok);
}

TEST_CASE("what was made again on the host is told for an hour", "[doctor]") {
  const absl::Time now = absl::FromUnixSeconds(1800000000);
  CHECK_FALSE(CheckRepairs({}, now).has_value());
  CHECK_FALSE(CheckRepairs({{now - absl::Hours(2), "host: the table is gone"}}, now).has_value());
  const auto check = CheckRepairs({{now - absl::Hours(2), "old"}, {now - absl::Minutes(1), "vpc-1: gone"}}, now);
  REQUIRE(check.has_value());
  CHECK_FALSE(check->ok);
  CHECK(check->detail == "made again within the hour: 07:59:00 vpc-1: gone");
}

TEST_CASE("where there is no KVM device nothing is said of it", "[doctor]") {
  CHECK_FALSE(CheckKvmDevice("root", "/nowhere/kvm").has_value());
}

TEST_CASE("how guests' packets are carried is told, and a kernel that cannot limit bandwidth is a fault", "[doctor]") {
  CHECK_FALSE(HasVhostNet("/nowhere/vhost-net"));
  const network::ShapingSupport all{.receive = true, .send = true}, some{.receive = true, .send = false};
  const host::HostCheck check = CheckGuestNetwork(/*vhost_net=*/true, all, /*limited=*/true);
  CHECK(check.ok);
  CHECK(check.detail.find("vhost-net") != std::string::npos);
  CHECK(check.detail.find("limited by instance type") != std::string::npos);
  CHECK(CheckGuestNetwork(false, all, true).detail.find("by QEMU") != std::string::npos);
  for (const network::ShapingSupport& lacking : {some, network::ShapingSupport()}) {
    CHECK_FALSE(CheckGuestNetwork(false, lacking, true).ok);
    CHECK(CheckGuestNetwork(false, lacking, false).ok);
  }
}

}  // namespace brume::daemon
