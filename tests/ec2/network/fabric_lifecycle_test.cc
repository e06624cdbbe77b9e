// Restart, removal, repetition, and what is left on the host.
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "lib/ec2/network/linux/fabric_names.h"
#include "tests/ec2/network/fabric_fixture.h"

namespace brume::network {
namespace {

constexpr absl::Duration kBlocked = absl::Milliseconds(300);

std::string Output(const std::vector<std::string>& argv) {
  const auto text = RunChecked(argv);
  REQUIRE(Good(text.status()));
  return *text;
}

// All that a fabric could leave behind.
std::string HostState() {
  std::string state = Output({"ip", "-o", "link"}) + Output({"ip", "route"}) + Output({"nft", "list", "ruleset"});
  for (const auto& file : std::filesystem::directory_iterator("/run/netns")) state += file.path().string() + "\n";
  return state;
}

int DnsmasqPid(const std::string& directory, const VpcId& id) {
  std::ifstream file(absl::StrCat(directory, "/net/", id.text(), "/dnsmasq.pid"));
  int pid = 0;
  file >> pid;
  return pid;
}

bool Alive(int pid) { return std::filesystem::exists(absl::StrCat("/proc/", pid, "/exe")); }

}  // namespace

TEST_CASE_METHOD(FabricFixture, "after a restart all flows and the name server are adopted", "[fabric]") {
  SyncAll();
  PortSpec a_port = vpc.Port("10.0.1.4", {vpc.members}), b_port = vpc.Port("10.0.1.5", {vpc.members});
  b_port.eni.public_ip = Address("198.18.0.10");
  const auto a = Launch(a_port);
  const auto b = Launch(b_port);
  const UniqueFd listener = b->Serve(80);
  const UniqueFd near_end = a->Connect(Address("10.0.1.5"), 80);
  const UniqueFd far_end = Accept(listener);
  REQUIRE(far_end);
  const int server = DnsmasqPid(directory, vpc.spec.vpc.id);
  REQUIRE(Alive(server));

  Restart();
  CHECK(Carries(near_end, far_end));
  CHECK(absl::IsFailedPrecondition(fabric->PlugPort(a_port)));
  vpc.spec.ports = {a_port, b_port};
  for (GroupSpec& group : vpc.spec.groups) {
    if (group.group.id == vpc.members) group.members = {*a_port.eni.private_ip, *b_port.eni.private_ip};
  }
  SyncAll();
  CHECK(Carries(near_end, far_end));
  CHECK(Carries(far_end, near_end));
  CHECK(DnsmasqPid(directory, vpc.spec.vpc.id) == server);
  CHECK(Alive(server));
  CHECK(a->Reaches(Address("10.0.1.5"), 80));
  CHECK(a->Pings(Address("198.18.0.10")));
  REQUIRE(Good(fabric->PlugPort(a_port)));
}

TEST_CASE_METHOD(FabricFixture, "a synchronisation makes the VPC exactly what it is told", "[fabric]") {
  SyncAll();
  const PortSpec a_port = vpc.Port("10.0.1.4", {vpc.members}), b_port = vpc.Port("10.0.1.5", {vpc.members});
  const auto a = Launch(a_port);
  const auto b = Launch(b_port);
  REQUIRE(a->Pings(Address("10.0.1.5")));
  vpc.spec.ports = {a_port};
  SyncAll();
  CHECK_FALSE(a->Pings(Address("10.0.1.5")));
  CHECK(a->Pings(Address("10.0.1.1")));
  // The unknown tap was not destroyed.
  const auto inventory = fabric->List();
  REQUIRE(Good(inventory.status()));
  CHECK(inventory->taps.size() == 2);
  vpc.spec.ports = {a_port, b_port};
  for (GroupSpec& group : vpc.spec.groups) group.members = {*a_port.eni.private_ip, *b_port.eni.private_ip};
  SyncAll();
  CHECK(a->Pings(Address("10.0.1.5")));
}

TEST_CASE_METHOD(FabricFixture, "a new subnet is served after a synchronisation", "[fabric]") {
  SyncAll();
  Subnet subnet = vpc.spec.subnets.front();
  subnet.id = SubnetId::FromTrusted("subnet-0123456789abcdef0");
  subnet.cidr = Range("10.0.3.0/24");
  vpc.spec.subnets.push_back(subnet);
  SyncAll();
  const auto guest = Launch(vpc.Port("10.0.3.4", {vpc.members}));
  CHECK(guest->Pings(Address("10.0.3.1")));
}

TEST_CASE_METHOD(FabricFixture, "what somebody took away by hand is there again after a synchronisation", "[fabric]") {
  SyncAll();
  PortSpec port = vpc.Port("10.0.1.4", {vpc.members});
  port.eni.public_ip = Address("198.18.0.10");
  const auto guest = Launch(port);
  const std::string name = NamespaceName(vpc.spec.vpc.id);
  vpc.spec.ports = {port};
  for (GroupSpec& group : vpc.spec.groups) group = vpc.Group(group.group.id, {Allow(false, -1, -1, -1, "0.0.0.0/0")});
  SyncAll();
  const std::string whole = HostState();
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"nft", "delete", "table", "inet", "brume_host"},
           {"ip", "route", "flush", "proto", "183"},
           {"ip", "netns", "exec", name, "nft", "flush", "ruleset"},
           {"ip", "netns", "exec", name, "ip", "route", "flush", "proto", "183"},
           {"ip", "netns", "exec", name, "ip", "address", "flush", "dev", "brume0"},
           {"ip", "netns", "exec", name, "ip", "link", "set", TapName(port.eni.id), "down"},
           {"ip", "netns", "del", name}}) {
    REQUIRE(Good(RunChecked(command).status()));
  }
  SyncAll();
  CHECK(HostState() == whole);
  const UniqueFd server = guest->Serve(22);
  CHECK(ConnectTcp(Address("198.18.0.10"), 22, absl::Seconds(5)));
  CHECK(guest->Pings(Address("10.0.1.1")));
  REQUIRE(RunChecked({"ip", "link", "del", HostVethName(vpc.spec.vpc.id)}).ok());
  SyncAll();
  CHECK(ConnectTcp(Address("198.18.0.10"), 22, absl::Seconds(5)));
}

TEST_CASE_METHOD(FabricFixture, "a VPC has a name server as long as it has ports", "[fabric]") {
  SyncAll();
  CHECK(DnsmasqPid(directory, vpc.spec.vpc.id) == 0);
  PortSpec port = vpc.Port("10.0.1.4", {vpc.members}), other = vpc.Port("10.0.1.5", {vpc.members});
  const auto guest = Launch(port), neighbour = Launch(other);
  const int server = DnsmasqPid(directory, vpc.spec.vpc.id);
  CHECK(Alive(server));
  REQUIRE(Good(fabric->UnplugPort(other.eni)));
  CHECK(Alive(server));
  REQUIRE(Good(fabric->UnplugPort(port.eni)));
  CHECK_FALSE(Alive(server));
  CHECK(fabric->Inspect()->empty());
  const auto again = Launch(port);
  const int second = DnsmasqPid(directory, vpc.spec.vpc.id);
  CHECK(Alive(second));
  Restart();
  SyncAll();  // of a VPC that has no port any more
  CHECK_FALSE(Alive(second));
}

TEST_CASE_METHOD(FabricFixture, "no thread waits for work in a VPC where there is none", "[fabric]") {
  const auto threads = [] { return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {}); };
  const auto before = threads();
  const TestVpc other("00000000000000002");
  for (const TestVpc* each : {&std::as_const(vpc), &other}) REQUIRE(Good(fabric->SyncVpc(each->spec)));
  CHECK(Eventually([&] { return threads() == before; }));
  // Others do its work where it has been done.
  const auto guest = Launch(vpc.Port("10.0.1.4", {vpc.members}));
  CHECK(guest->Pings(Address("10.0.1.1")));
}

TEST_CASE_METHOD(FabricFixture, "a name server that died is started again", "[fabric]") {
  SyncAll();
  vpc.spec.ports.push_back(vpc.Port("10.0.1.4", {vpc.members}));
  const auto guest = Launch(vpc.spec.ports.back());
  const int first = DnsmasqPid(directory, vpc.spec.vpc.id);
  REQUIRE(kill(first, SIGKILL) == 0);
  REQUIRE(Eventually([&] { return !Alive(first); }));
  SyncAll();
  const int second = DnsmasqPid(directory, vpc.spec.vpc.id);
  CHECK(second != first);
  CHECK(Alive(second));
}

TEST_CASE_METHOD(FabricFixture, "the name server gives up root when its user can reach its files", "[fabric]") {
  const auto owner = [&] {
    struct stat info;
    REQUIRE(stat(absl::StrCat("/proc/", DnsmasqPid(directory, vpc.spec.vpc.id)).c_str(), &info) == 0);
    return info.st_uid;
  };
  const PortSpec port = vpc.Port("10.0.1.4", {vpc.members});
  SyncAll();
  {
    const auto guest = Launch(port);
    CHECK(owner() != 0);
  }
  REQUIRE(Good(fabric->UnplugPort(port.eni)));
  REQUIRE(Good(fabric->RemoveVpc(vpc.spec.vpc.id)));
  REQUIRE(chmod(directory.c_str(), 0700) == 0);
  SyncAll();
  const auto guest = Launch(port);
  CHECK(owner() == 0);
}

TEST_CASE_METHOD(FabricFixture, "every call may be repeated", "[fabric]") {
  SyncAll();
  SyncAll();
  PortSpec port = vpc.Port("10.0.1.4", {vpc.members, vpc.closed});
  port.eni.public_ip = Address("198.18.0.10");
  REQUIRE(Good(fabric->PreparePort(port)));
  REQUIRE(Good(fabric->PreparePort(port)));
  const Guest guest(port.eni);
  REQUIRE(Good(fabric->PreparePort(port)));
  REQUIRE(Good(fabric->PlugPort(port)));
  REQUIRE(Good(fabric->PlugPort(port)));
  REQUIRE(Good(fabric->PreparePort(port)));
  REQUIRE(Good(fabric->ApplyGroup(vpc.spec.groups[0])));
  REQUIRE(Good(fabric->ApplyGroup(vpc.spec.groups[0])));
  CHECK(absl::IsFailedPrecondition(fabric->RemoveGroup(vpc.spec.vpc.id, vpc.closed)));
  CHECK(absl::IsFailedPrecondition(fabric->RemoveVpc(vpc.spec.vpc.id)));
  REQUIRE(Good(fabric->UnplugPort(port.eni)));
  REQUIRE(Good(fabric->UnplugPort(port.eni)));
  REQUIRE(Good(fabric->RemoveGroup(vpc.spec.vpc.id, vpc.closed)));
  REQUIRE(Good(fabric->RemoveGroup(vpc.spec.vpc.id, vpc.closed)));
  CHECK(absl::IsNotFound(fabric->PlugPort(port)));
  REQUIRE(Good(fabric->RemoveVpc(vpc.spec.vpc.id)));
  REQUIRE(Good(fabric->RemoveVpc(vpc.spec.vpc.id)));
  REQUIRE(Good(fabric->UnplugPort(port.eni)));
}

TEST_CASE_METHOD(FabricFixture, "a group that another's rules name may go and come back", "[fabric]") {
  SyncAll();
  REQUIRE(Good(fabric->ApplyGroup(vpc.Group(vpc.members, {AllowGroup(false, vpc.closed)}))));
  REQUIRE(Good(fabric->RemoveGroup(vpc.spec.vpc.id, vpc.closed)));
  REQUIRE(Good(fabric->ApplyGroup(vpc.Group(vpc.closed, {AllEgress(), AllowGroup(false, vpc.closed)}))));
  REQUIRE(Good(fabric->RemoveGroup(vpc.spec.vpc.id, vpc.members)));
  REQUIRE(Good(fabric->RemoveGroup(vpc.spec.vpc.id, vpc.closed)));
}

TEST_CASE_METHOD(FabricFixture, "nothing is left when everything was taken away", "[fabric]") {
  const std::string before = HostState();
  SyncAll();
  PortSpec port = vpc.Port("10.0.1.4", {vpc.members});
  port.eni.public_ip = Address("198.18.0.10");
  {
    const auto guest = Launch(port);
    REQUIRE(Good(fabric->UnplugPort(port.eni)));
  }
  const PortSpec never_plugged = vpc.Port("10.0.1.5", {vpc.members});
  REQUIRE(Good(fabric->PreparePort(never_plugged)));
  REQUIRE(Good(fabric->UnplugPort(never_plugged.eni)));
  const int server = DnsmasqPid(directory, vpc.spec.vpc.id);
  REQUIRE(Good(fabric->RemoveVpc(vpc.spec.vpc.id)));
  CHECK(HostState() == before);
  CHECK_FALSE(Alive(server));
  CHECK(std::filesystem::is_empty(directory + "/net"));
  const auto inventory = fabric->List();
  REQUIRE(Good(inventory.status()));
  CHECK(inventory->vpcs.empty());
  CHECK(inventory->taps.empty());
}

TEST_CASE_METHOD(FabricFixture, "removing everything needs no knowledge of what there is", "[fabric]") {
  const std::string before = HostState();
  SyncAll();
  const auto guest = Launch(vpc.Port("10.0.1.4", {vpc.members}));
  REQUIRE(Good(fabric->PreparePort(vpc.Port("10.0.1.5", {vpc.members}))));
  const int server = DnsmasqPid(directory, vpc.spec.vpc.id);
  fabric.reset();
  REQUIRE(Good(RemoveEverything(Options())));
  CHECK(HostState() == before);
  CHECK_FALSE(Alive(server));
}

TEST_CASE_METHOD(FabricFixture, "a next owner of an address inherits no connection", "[fabric]") {
  SyncAll();
  const PortSpec a_port = vpc.Port("10.0.1.4", {vpc.members}), b_port = vpc.Port("10.0.1.5", {vpc.members});
  const auto a = Launch(a_port);
  UniqueFd near_end;
  {
    const auto b = Launch(b_port);
    const UniqueFd listener = b->Serve(80);
    near_end = a->Connect(Address("10.0.1.5"), 80);
    const UniqueFd far_end = Accept(listener);
    REQUIRE(Carries(near_end, far_end));
    b->Freeze();
    REQUIRE(Good(fabric->UnplugPort(b_port.eni)));
  }
  PortSpec heir = b_port;
  heir.eni.id = EniId::FromTrusted("eni-0000000000000abcd");
  heir.eni.groups = {vpc.closed};
  const auto b = Launch(heir);
  // Let through only as part of the old connection.
  REQUIRE(send(near_end.get(), "of-the-old-connection", 21, MSG_NOSIGNAL) == 21);
  CHECK_FALSE(a->Reaches(Address("10.0.1.5"), 80, kBlocked));
  CHECK_FALSE(b->Saw("of-the-old-connection"));
}

TEST_CASE_METHOD(FabricFixture, "two VPCs of the same ranges live side by side", "[fabric]") {
  SyncAll();
  const TestVpc twin("00000000000000002");
  REQUIRE(Good(fabric->SyncVpc(twin.spec)));
  PortSpec mine = vpc.Port("10.0.1.4", {vpc.members}), other = twin.Port("10.0.1.4", {twin.members});
  mine.eni.public_ip = Address("198.18.0.10");
  other.eni.public_ip = Address("198.18.0.11");
  const auto a = Launch(mine);
  const auto b = Launch(other);
  const auto c = Launch(twin.Port("10.0.1.5", {twin.members}));
  CHECK(c->Pings(Address("10.0.1.4")));
  CHECK_FALSE(a->Pings(Address("10.0.1.5")));
  for (const TestVpc* each : {static_cast<const TestVpc*>(&vpc), &twin}) {
    REQUIRE(Good(fabric->ApplyGroup(each->Group(each->members, {AllEgress(), Allow(false, -1, -1, -1, "0.0.0.0/0")}))));
  }
  const UniqueFd on_a = a->Serve(80), on_b = b->Serve(80);
  const UniqueFd to_a = ConnectTcp(Address("198.18.0.10"), 80, absl::Seconds(5));
  const UniqueFd to_b = ConnectTcp(Address("198.18.0.11"), 80, absl::Seconds(5));
  REQUIRE(to_a);
  REQUIRE(to_b);
  CHECK(Carries(to_a, Accept(on_a)));
  CHECK(Carries(to_b, Accept(on_b)));
}

TEST_CASE_METHOD(FabricFixture, "many VPCs change at once", "[fabric]") {
  constexpr int kVpcs = 6;
  std::vector<std::thread> threads;
  std::vector<absl::Status> results(kVpcs);
  for (int i = 0; i < kVpcs; ++i) {
    threads.emplace_back([&, i] {
      const TestVpc own(absl::StrCat("0000000000000001", i));
      absl::Status& status = results[i];
      status = fabric->SyncVpc(own.spec);
      for (int round = 0; round < 5; ++round) {
        const PortSpec port = own.Port("10.0.1.4", {own.members, own.closed});
        status.Update(fabric->PreparePort(port));
        status.Update(fabric->PlugPort(port));
        status.Update(
            fabric->ApplyGroup(own.Group(own.closed, {Allow(false, kTcpProtocol, 22, 22 + round, "0.0.0.0/0")})));
        status.Update(fabric->UnplugPort(port.eni));
      }
      status.Update(fabric->RemoveVpc(own.spec.vpc.id));
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const absl::Status& status : results) CHECK(Good(status));
}

}  // namespace brume::network
