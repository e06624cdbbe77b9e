// What somebody else takes away or changes while brumed runs: seen by an inspection that costs little, and made again.
#include <signal.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/base/clock.h"
#include "lib/base/mutex.h"
#include "lib/base/seeded_random.h"
#include "lib/ec2/network/linux/fabric_names.h"
#include "lib/ec2/network/linux/sysctl.h"
#include "lib/ec2/network/network_reconciler.h"
#include "lib/ec2/network/network_service.h"
#include "tests/ec2/network/fabric_fixture.h"

namespace brume::network {
namespace {

constexpr absl::Duration kBlocked = absl::Milliseconds(300);

using Command = std::vector<std::string>;

std::string Output(const Command& argv) {
  const auto text = RunChecked(argv);
  REQUIRE(Good(text.status()));
  return *text;
}

}  // namespace

class RepairFixture : public FabricFixture {
 protected:
  RepairFixture() {
    uplink = "auto";
    Restart();
    SyncAll();
    port = vpc.Port("10.0.1.4", {vpc.members});
    port.eni.public_ip = Address("198.18.0.10");
    guest = Launch(port);
    vpc.spec.ports = {port};
    for (GroupSpec& group : vpc.spec.groups) {
      group = vpc.Group(group.group.id, {AllEgress(), Allow(false, -1, -1, -1, "0.0.0.0/0")});
    }
    SyncAll();
    server = guest->Serve(22);
  }

  std::vector<Damage> Inspect() {
    const auto damages = fabric->Inspect();
    REQUIRE(Good(damages.status()));
    return *damages;
  }
  std::string Texts() {
    std::string texts;
    for (const Damage& damage : Inspect()) texts += damage.what + "\n";
    return texts;
  }
  // As who looks every few seconds does.
  void Repair() {
    bool host = false, of_vpc = false;
    for (const Damage& damage : Inspect()) {
      if (!damage.repairable) continue;
      (damage.vpc.has_value() ? of_vpc : host) = true;
    }
    if (host) REQUIRE(Good(fabric->SyncHost()));
    if (of_vpc) SyncAll();
  }
  Command Inside(Command command) const {
    Command whole = {"nsenter", "--net=" + NamespacePath(vpc.spec.vpc.id)};
    whole.insert(whole.end(), command.begin(), command.end());
    return whole;
  }
  std::string State() const {
    return Output({"ip", "-o", "address"}) + Output({"ip", "route"}) + Output({"nft", "list", "ruleset"}) +
           Output(Inside({"ip", "-o", "address"})) + Output(Inside({"ip", "route"})) +
           // Without what the rules count; with what says who the ports are.
           Output(Inside({"nft", "-t", "list", "ruleset"})) +
           Output(Inside({"nft", "list", "map", "inet", "brume", "bindings"})) +
           Output(Inside({"nft", "list", "map", "inet", "brume", "to_public"}));
  }
  // The host reaches the guest, the guest has names, and cannot call the host.
  void CheckWorks() {
    const UniqueFd client = ConnectTcp(Address("198.18.0.10"), 22, absl::Seconds(5));
    CHECK(client);
    if (client) Accept(server);
    CHECK(Eventually([&] {
      const auto answer = guest->Run({"busybox", "nslookup", "ip-10-0-1-4.ec2.internal", "10.0.0.2"});
      return absl::StrContains(answer.standard_output, "10.0.1.4");
    }));
    const UniqueFd of_host = ServeTcp(4444);
    CHECK_FALSE(guest->Reaches(Address("198.18.0.1"), 4444, kBlocked));
  }

  PortSpec port;
  std::unique_ptr<Guest> guest;
  UniqueFd server;
};

TEST_CASE_METHOD(RepairFixture, "whatever somebody takes away of the network is seen and made again", "[fabric]") {
  const std::string veth = HostVethName(vpc.spec.vpc.id), tap = TapName(port.eni.id);
  const std::string pid_file = absl::StrCat(directory, "/net/", vpc.spec.vpc.id.text(), "/dnsmasq.pid");
  struct Case {
    Command command;
    const char* text;
  };
  const std::vector<Case> cases = {
      {{"nft", "flush", "ruleset"}, "table brume_host was changed"},
      {{"nft", "delete", "table", "inet", "brume_host"}, "table brume_host was changed"},
      {{"nft", "flush", "chain", "inet", "brume_host", "input"}, "table brume_host was changed"},
      {{"nft", "add", "table", "inet", "brume_host", "{ flags dormant ; }"}, "table brume_host was changed"},
      {{"sysctl", "-q", "-w", "net.ipv4.ip_forward=0"}, "the host does not forward"},
      {{"ip", "route", "flush", "proto", "183"}, "the route of 198.18.0.0/16 is gone"},
      {{"ip", "route", "del", "198.18.0.10"}, "the host's route to 198.18.0.10 is gone"},
      {{"ip", "link", "set", veth, "down"}, "the link bmv0000000001 is gone or down"},
      {{"ip", "link", "del", veth}, "the link uplink is gone"},
      {Inside({"nft", "flush", "ruleset"}), "its packet rules"},
      {Inside({"nft", "delete", "table", "arp", "brume"}), "its packet rules"},
      {Inside({"nft", "delete", "element", "inet", "brume", "ports", absl::StrCat("{ \"", tap, "\" }")}),
       "its packet rules"},
      {Inside({"nft", "add", "rule", "inet", "brume", "router", "accept"}), "its packet rules"},
      {Inside({"sysctl", "-q", "-w", "net.ipv4.ip_forward=0"}), "the router does not forward"},
      {Inside({"sysctl", "-q", "-w", absl::StrCat("net.ipv4.conf.", tap, ".proxy_arp=0")}), "does not answer ARP"},
      {Inside({"ip", "route", "flush", "proto", "183"}), "the route to 10.0.1.4 is gone"},
      {Inside({"ip", "route", "del", "default"}), "the route to 0.0.0.0/0 is gone"},
      {Inside({"ip", "address", "flush", "dev", "brume0"}), "the router's address 169.254.169.254 is gone"},
      {Inside({"ip", "link", "set", "uplink", "down"}), "the link uplink is down"},
      {Inside({"ip", "link", "set", "brume0", "down"}), "the link brume0 is down"},
      {Inside({"ip", "link", "del", "brume0"}), "the link brume0 is gone"},
      {Inside({"ip", "link", "set", tap, "down"}), "is down"},
      {{"ip", "netns", "del", NamespaceName(vpc.spec.vpc.id)}, "the name of its namespace is gone"},
      {{"sh", "-c", "kill -KILL $(cat " + pid_file + ")"}, "its dnsmasq is gone"},
  };
  const std::string whole = State();
  REQUIRE(Texts() == "");
  for (const Case& each : cases) {
    INFO(absl::StrCat(each.command[0], " ", each.command[1], " ", each.command[2], " … ", each.command.back()));
    Output(each.command);
    // A process is gone a moment after it was killed.
    REQUIRE(Eventually([&] { return absl::StrContains(Texts(), each.text); }));
    Repair();
    CHECK(Texts() == "");
    CheckWorks();
  }
  // Deleted and made again, some have other numbers; nothing else differs.
  CHECK(std::count(whole.begin(), whole.end(), '\n') == [&] {
    const std::string now = State();
    return std::count(now.begin(), now.end(), '\n');
  }());
}

TEST_CASE_METHOD(RepairFixture, "what brumed and others change for themselves is no damage", "[fabric]") {
  const auto none = [&] { return Texts() == ""; };
  const PortSpec second = vpc.Port("10.0.1.5", {vpc.members, vpc.closed});
  {
    const auto other = Launch(second);
    CHECK(none());
    REQUIRE(Good(fabric->ApplyGroup(vpc.Group(vpc.closed, {AllEgress()}))));
    CHECK(none());
    // Of its members alone: one that comes, one that is there, one that goes.
    for (const char* address : {"10.0.9.9", "10.0.9.9", "10.0.9.8"}) {
      vpc.launched[vpc.closed] = {*second.eni.private_ip, Address(address)};
      REQUIRE(Good(fabric->ApplyGroup(vpc.Group(vpc.closed, {AllEgress()}))));
      CHECK(none());
    }
    vpc.launched.clear();
    PortSpec moved = second;
    moved.eni.public_ip = port.eni.public_ip;
    REQUIRE(Good(fabric->PlugPort(moved)));
    CHECK(none());
    REQUIRE(Good(fabric->UnplugPort(second.eni)));
  }
  CHECK(none());
  for (const char* command : {"add table inet other", "add chain inet other c { type filter hook input priority 5; }",
                              "add rule inet other c accept", "delete table inet other"}) {
    Output({"nft", command});
    CHECK(none());
  }
  REQUIRE(Good(fabric->RemoveGroup(vpc.spec.vpc.id, vpc.closed)));
  CHECK(none());
  Restart();
  CHECK(none());
  SyncAll();
  CHECK(none());
}

TEST_CASE_METHOD(RepairFixture, "a member that comes after others changed the rules leaves that to be seen and mended",
                 "[fabric]") {
  GroupSpec group = vpc.spec.groups[1];
  group.members = {Address("10.0.9.9")};
  Output(Inside({"nft", "add", "rule", "inet", "brume", "router", "accept"}));
  REQUIRE(Good(fabric->ApplyGroup(group)));
  CHECK(absl::StrContains(Texts(), "its packet rules"));
  SyncAll();
  CHECK(Texts() == "");
  // Where there is no set any more, the change says so, and changes nothing.
  Output(Inside({"nft", "flush", "ruleset"}));
  group.members = {Address("10.0.9.8")};
  CHECK_FALSE(fabric->ApplyGroup(group).ok());
  CHECK(absl::StrContains(Texts(), "its packet rules"));
  SyncAll();
  CHECK(Texts() == "");
}

TEST_CASE_METHOD(RepairFixture, "a tap deleted under its guest is told until the guest has another", "[fabric]") {
  Output(Inside({"ip", "link", "del", TapName(port.eni.id)}));
  CHECK(absl::StrContains(Texts(), absl::StrCat("the tap ", TapName(port.eni.id), " is gone")));
  Repair();
  const std::vector<Damage> left = Inspect();
  REQUIRE(left.size() == 1);
  CHECK_FALSE(left.front().repairable);
  CHECK(absl::StrContains(left.front().what, "was deleted under its guest"));
  SyncAll();
  CHECK(Inspect().size() == 1);
  server.reset();
  guest.reset();
  REQUIRE(Good(fabric->UnplugPort(port.eni)));
  CHECK(Texts() == "");
  guest = Launch(port);
  server = guest->Serve(22);
  CHECK(Texts() == "");
  CheckWorks();
}

// The parts that changed, as the kernel notified, since the last Clear.
class ChangeRecorder {
 public:
  explicit ChangeRecorder(LinuxFabric& fabric) : fabric_(fabric) {
    fabric_.ListenForChanges([this](const FabricPart& part) {
      MutexLock lock(mutex_);
      parts_.insert(part);
    });
  }
  ~ChangeRecorder() { fabric_.ListenForChanges(nullptr); }
  void Clear() {
    MutexLock lock(mutex_);
    parts_.clear();
  }
  bool Has(const FabricPart& part) {
    MutexLock lock(mutex_);
    return parts_.contains(part);
  }

 private:
  LinuxFabric& fabric_;
  Mutex mutex_;
  std::set<FabricPart> parts_ ABSL_GUARDED_BY(mutex_);
};

// Whether the kernel has said of the VPC's links all that it says of itself, which is up to a second after they were
// made (their carrier), and nobody has yet to read it. `ip link` and that news take the same lock of the kernel's.
bool IsQuiet(const VpcId& vpc) {
  const std::string net = "--net=" + NamespacePath(vpc);
  const std::vector<std::string> links = absl::StrSplit(Output({"nsenter", net, "ip", "-o", "link"}), '\n');
  for (const std::string& link : links) {
    // The uplink has its peer, the bridge has no port.
    if (absl::StrContains(link, ": uplink") && !absl::StrContains(link, "state UP")) return false;
    if (absl::StrContains(link, ": brume0") && !absl::StrContains(link, "state DOWN")) return false;
  }
  const std::vector<std::string> sockets =
      absl::StrSplit(Output({"nsenter", net, "cat", "/proc/net/netlink"}), '\n', absl::SkipEmpty());
  for (const std::string& socket : sockets) {
    const std::vector<std::string> columns = absl::StrSplit(socket, ' ', absl::SkipEmpty());
    REQUIRE(columns.size() > 4);
    if (columns[4] != "Rmem" && columns[4] != "0") return false;
  }
  return true;
}

int ThreadsNamed(const std::string& name) {
  int count = 0;
  for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string comm;
    std::ifstream(thread.path() / "comm") >> comm;
    if (comm == name) ++count;
  }
  return count;
}

TEST_CASE_METHOD(RepairFixture, "the kernel tells of what somebody takes away of the network, and of which VPC",
                 "[fabric]") {
  const TestVpc other("00000000000000002");
  REQUIRE(Good(fabric->SyncVpc(other.spec)));
  CHECK(ThreadsNamed("net-watch") == 1);
  const std::string veth = HostVethName(vpc.spec.vpc.id), tap = TapName(port.eni.id);
  const FabricPart host, here = vpc.spec.vpc.id;
  struct Case {
    Command command;
    FabricPart part;
  };
  const std::vector<Case> cases = {
      {{"nft", "flush", "ruleset"}, host},
      {{"nft", "delete", "table", "inet", "brume_host"}, host},
      {{"sysctl", "-q", "-w", "net.ipv4.ip_forward=0"}, host},
      {{"ip", "route", "del", "198.18.0.10"}, host},
      {{"ip", "link", "set", veth, "down"}, host},
      {{"ip", "link", "del", veth}, here},
      {Inside({"nft", "flush", "ruleset"}), here},
      {Inside({"nft", "add", "rule", "inet", "brume", "router", "accept"}), here},
      {Inside({"nft", "delete", "element", "inet", "brume", "ports", absl::StrCat("{ \"", tap, "\" }")}), here},
      {Inside({"sysctl", "-q", "-w", "net.ipv4.ip_forward=0"}), here},
      {Inside({"sysctl", "-q", "-w", absl::StrCat("net.ipv4.conf.", tap, ".proxy_arp=0")}), here},
      {Inside({"ip", "route", "del", "default"}), here},
      {Inside({"ip", "rule", "del", "priority", "1000"}), here},
      {Inside({"ip", "address", "flush", "dev", "brume0"}), here},
      {Inside({"ip", "link", "set", "uplink", "down"}), here},
      {Inside({"ip", "link", "set", tap, "down"}), here},
  };
  REQUIRE(Eventually([&] { return IsQuiet(other.spec.vpc.id); }));
  ChangeRecorder recorder(*fabric);
  for (const Case& each : cases) {
    INFO(absl::StrCat(each.command[0], " ", each.command[1], " ", each.command[2], " … ", each.command.back()));
    // What the repair before changed is notified too; an inspection of what is whole changes nothing.
    REQUIRE(Texts() == "");
    recorder.Clear();
    Output(each.command);
    REQUIRE(Eventually([&] { return recorder.Has(each.part); }));
    CHECK_FALSE(recorder.Has(other.spec.vpc.id));
    Repair();
  }
  REQUIRE(Good(fabric->RemoveVpc(other.spec.vpc.id)));
}

// The reconciler over a real fabric, whose sweep does not come again.
class UnsweptFixture : public FabricFixture {
 protected:
  UnsweptFixture() {
    uplink = "auto";
    Restart();
    auto opened = store::Database::Open(directory + "/brume.db");
    REQUIRE(Good(opened.status()));
    database = *std::move(opened);
    REQUIRE(Good(NetworkService(*database, settings, random).EnsureDefaults()));
    const AttachedInstances nobody{
        .list_live = [](store::Connection&) { return std::vector<InstanceId>(); },
        .show_source_dest_check = [](store::Connection&, const InstanceId&, bool) { return absl::OkStatus(); },
        .max_addresses = [](store::Connection&, const InstanceId&) { return 0; }};
    reconciler = std::make_unique<NetworkReconciler>(
        *database, clock, *fabric, settings,
        NetworkReconcilerHooks{.instances = nobody, .on_vpc_ready = [](const Vpc&) { return absl::OkStatus(); }},
        absl::Hours(1));
    reconciler->Start();
    REQUIRE(Eventually([&] { return Stands({}, "brume_host") && fabric->Parts().size() == 2; }));
    inside = {"nsenter", "--net=" + NamespacePath(*fabric->Parts().back())};
    REQUIRE(Eventually([&] { return Stands(inside, "brume") && IsWhole(); }));
  }
  ~UnsweptFixture() { reconciler.reset(); }

  static bool Stands(Command before, const std::string& table) {
    before.insert(before.end(), {"nft", "list", "table", "inet", table});
    const auto text = RunChecked(before);
    return text.ok() && absl::StrContains(*text, "drop");
  }
  bool IsWhole() {
    const auto damages = fabric->Inspect();
    return damages.ok() && damages->empty();
  }

  Settings settings;
  SeededRandom random{1};
  RealClock clock;
  std::unique_ptr<store::Database> database;
  std::unique_ptr<NetworkReconciler> reconciler;
  Command inside;
};

TEST_CASE_METHOD(UnsweptFixture, "flushed rules and a link that was taken down stand again without a sweep",
                 "[fabric]") {
  CHECK(reconciler->Repairs().empty());
  Output({"nft", "flush", "ruleset"});
  REQUIRE(Eventually([&] { return Stands({}, "brume_host"); }));
  Command flush = inside;
  flush.insert(flush.end(), {"nft", "flush", "ruleset"});
  Output(flush);
  REQUIRE(Eventually([&] { return Stands(inside, "brume"); }));
  Command set_down = inside;
  set_down.insert(set_down.end(), {"ip", "link", "set", "brume0", "down"});
  Output(set_down);
  REQUIRE(Eventually([&] { return IsWhole(); }));
  CHECK(reconciler->Repairs().size() >= 3);
}

}  // namespace brume::network
