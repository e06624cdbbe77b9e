// What DHCP tells guests and what the resolver answers them, by real exchanges with the VPC's dnsmasq.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/ec2/network/linux/small_files.h"
#include "lib/ec2/network/path_explanation.h"
#include "tests/ec2/network/fabric_probe.h"

namespace brume::network {
namespace {

constexpr char kResolver[] = "10.0.0.2", kPublicName[] = "ec2-198-18-0-5.compute-1.amazonaws.com";

class NamesFixture : public FabricFixture {
 protected:
  // What a client asks for beside its address, gateway and domain, and is told.
  std::string LeaseOf(Guest& guest) {
    const std::string script = directory + "/script", lease = directory + "/lease";
    {
      std::ofstream file(script);
      file << "#!/bin/sh\n[ \"$1\" = bound ] || exit 0\n"
           << "echo \"dns=$dns domain=$domain hostname=$hostname ntp=$ntpsrv wins=$wins "
           << "type=$opt46 server=$serverid\" > " << lease << "\n"
           << "ip address replace $ip/$mask dev $interface; ip route replace default via $router\n";
    }
    std::filesystem::permissions(script, std::filesystem::perms::all);
    std::filesystem::remove(lease);
    const CommandResult client = guest.Run({"busybox", "udhcpc", "-f", "-n", "-q", "-t", "5", "-T", "1", "-i", "eth0",
                                            "-O", "ntpsrv", "-O", "wins", "-O", "46", "-s", script});
    INFO(client.standard_error);
    REQUIRE(client.exit_code == 0);
    std::ifstream file(lease);
    std::string told;
    std::getline(file, told);
    return told;
  }
  // The next lease that says so; what the last one said stands in the message where none does.
  void EventuallyLeased(Guest& guest, const std::string& wanted) {
    std::string lease;
    Eventually([&] { return (lease = LeaseOf(guest)) == wanted; });
    CHECK(lease == wanted);
  }
  std::string Ask(Guest& guest, const std::string& question, const std::string& server = kResolver) {
    return guest.Run({"busybox", "nslookup", question, server}).standard_output;
  }
  bool Answers(Guest& guest, const std::string& question, const std::string& answer) {
    return Eventually([&] { return absl::StrContains(Ask(guest, question), answer); });
  }
  std::string Pid() { return ReadFile(directory + "/net/" + vpc.spec.vpc.id.text() + "/dnsmasq.pid").value(); }
};

}  // namespace

TEST_CASE_METHOD(NamesFixture, "a lease says what the VPC's set of options has, and a change reaches the next one",
                 "[fabric]") {
  SyncAll();
  vpc.spec.ports.push_back(vpc.Port("10.0.1.4", {vpc.members}));
  const auto guest = Launch(vpc.spec.ports.back());
  CHECK(LeaseOf(*guest) == "dns=10.0.0.2 domain=ec2.internal hostname=ip-10-0-1-4 ntp= wins= type= server=10.0.1.1");
  const std::string pid = Pid();
  vpc.spec.dhcp = {.domain = "corp.example",
                   .name_servers = {Address("192.0.2.53"), Address("10.0.0.2")},
                   .ntp_servers = {Address("169.254.169.123"), Address("192.0.2.123")},
                   .netbios_name_servers = {Address("10.0.0.7")},
                   .netbios_node_type = 2};
  SyncAll();
  EventuallyLeased(*guest,
                   "dns=192.0.2.53 10.0.0.2 domain=corp.example hostname=ip-10-0-1-4 "
                   "ntp=169.254.169.123 192.0.2.123 wins=10.0.0.7 type=02 server=10.0.1.1");
  // The names of the VPC are what they were.
  CHECK(Answers(*guest, "ip-10-0-1-4.ec2.internal", "10.0.1.4"));
  CHECK_FALSE(absl::StrContains(Ask(*guest, "ip-10-0-1-4.corp.example"), "10.0.1.4"));
  // Several domains are one option (15), whatever this client makes of it.
  vpc.spec.dhcp.domain = "corp.example lab.example";
  SyncAll();
  CHECK(Eventually([&] {
    LeaseOf(*guest);
    return guest->Saw(absl::StrCat("\x0f\x18", vpc.spec.dhcp.domain));
  }));
  // A VPC without a set.
  vpc.spec.dhcp = {};
  SyncAll();
  EventuallyLeased(*guest, "dns= domain= hostname=ip-10-0-1-4 ntp= wins= type= server=10.0.1.1");
  CHECK(Pid() == pid);
}

TEST_CASE_METHOD(NamesFixture, "a domain that is none is refused, and what stands is left as it is", "[fabric]") {
  SyncAll();
  vpc.spec.ports.push_back(vpc.Port("10.0.1.4", {vpc.members}));
  const auto guest = Launch(vpc.spec.ports.back());
  const std::string path = absl::StrCat(directory, "/net/", vpc.spec.vpc.id.text(), "/dhcp-options");
  const std::string before = ReadFile(path).value(), pid = Pid();
  vpc.spec.dhcp.domain = "corp.example\ndhcp-script=/tmp/x";
  CHECK(fabric->SyncVpc(vpc.spec).code() == absl::StatusCode::kInvalidArgument);
  CHECK(ReadFile(path).value() == before);
  CHECK(Pid() == pid);
}

TEST_CASE_METHOD(NamesFixture, "a VPC without DNS support has no resolver that answers", "[fabric]") {
  SyncAll();
  vpc.spec.ports.push_back(vpc.Port("10.0.1.4", {vpc.members}));
  const auto guest = Launch(vpc.spec.ports.back());
  CHECK(Answers(*guest, "ip-10-0-1-4.ec2.internal", "10.0.1.4"));
  vpc.spec.vpc.attributes.dns_support = false;
  SyncAll();
  for (const char* server : {kResolver, "169.254.169.253", "10.0.1.1"}) {
    INFO(server);
    const CommandResult asked =
        guest->Run({"timeout", "0.5", "busybox", "nslookup", "ip-10-0-1-4.ec2.internal", server});
    CHECK_FALSE(absl::StrContains(asked.standard_output, "10.0.1.4"));
  }
  vpc.spec.vpc.attributes.dns_support = true;
  SyncAll();
  CHECK(Answers(*guest, "ip-10-0-1-4.ec2.internal", "10.0.1.4"));
}

TEST_CASE_METHOD(NamesFixture,
                 "the router answers at its own addresses what is said of it, whatever groups and ACLs say",
                 "[fabric]") {
  constexpr absl::Duration kQuiet = absl::Milliseconds(250);
  vpc.spec.groups = {vpc.Group(vpc.closed, {})};
  vpc.spec.acls = {
      {.subnets = {vpc.spec.subnets[0].id}, .entries = {Entry(false, 100, false, -1), Entry(true, 100, false, -1)}}};
  vpc.spec.nats = {{.id = {},
                    .number = 1,
                    .subnet = vpc.spec.subnets[1].id,
                    .private_ip = Address("10.0.2.200"),
                    .public_ip = std::nullopt}};
  SyncAll();
  vpc.spec.ports.push_back(vpc.Port("10.0.1.4", {vpc.closed}));
  const auto guest = Launch(vpc.spec.ports.back());
  const auto metadata = fabric->Listen(vpc.spec.vpc.id, Address("169.254.169.254"), 80);
  REQUIRE(Good(metadata.status()));
  for (const bool dns : {true, false}) {
    vpc.spec.vpc.attributes.dns_support = dns;
    SyncAll();
    const auto check = [&](const char* to, int protocol, int port, bool answers) {
      INFO(to << " " << protocol << " " << port << " " << dns);
      const PathExplanation said = ExplainPath({&vpc.spec, 1}, {.vpc = vpc.spec.vpc.id,
                                                                .source = Address("10.0.1.4"),
                                                                .destination = Address(to),
                                                                .protocol = protocol,
                                                                .port = port});
      CHECK(said.arrives == answers);
      REQUIRE(said.hops.size() == 2);
      CHECK(said.hops.back().id == to);
      CHECK(said.hops.back().code == (answers ? "" : "BAD_STATE"));
      if (protocol == kIcmpProtocol) {
        CHECK(guest->Pings(Address(to)) == answers);
      } else if (protocol == kTcpProtocol) {
        CHECK(guest->Reaches(Address(to), static_cast<uint16_t>(port), answers ? absl::Seconds(5) : kQuiet) == answers);
      } else {
        const auto asked = guest->Run({"timeout", answers ? "5" : "0.5", "busybox", "nslookup", "10.0.1.4", to});
        CHECK(absl::StrContains(asked.standard_output, "ip-10-0-1-4.ec2.internal") == answers);
      }
    };
    for (const char* resolver : {kResolver, "169.254.169.253", "10.0.1.1", "10.0.2.1"}) {
      check(resolver, kTcpProtocol, 53, dns);
      check(resolver, kUdpProtocol, 53, dns);
      check(resolver, kIcmpProtocol, -1, true);
      check(resolver, kTcpProtocol, 80, false);
    }
    check("169.254.169.254", kTcpProtocol, 80, true);
    check("169.254.169.254", kTcpProtocol, 53, false);
    check("169.254.169.254", kIcmpProtocol, -1, true);
    check("10.0.2.200", kTcpProtocol, 53, false);
    check("10.0.2.200", kIcmpProtocol, -1, true);
  }
}

TEST_CASE_METHOD(NamesFixture, "public names lead to private addresses inside their VPC and to public ones elsewhere",
                 "[fabric]") {
  SyncAll();
  const auto asker = Launch(vpc.Port("10.0.1.4", {vpc.members}));
  CHECK(Answers(*asker, kPublicName, "Address: 198.18.0.5"));
  PortSpec port = vpc.Port("10.0.2.7", {vpc.members});
  port.public_hostname = kPublicName;
  port.eni.secondary = {{.private_ip = Address("10.0.2.8")}};
  port.secondary_public_hostnames = {{Address("10.0.2.8"), "ec2-198-18-0-6.compute-1.amazonaws.com"}};
  const auto named = Launch(port);
  CHECK(Answers(*asker, kPublicName, "Address: 10.0.2.7"));
  CHECK_FALSE(absl::StrContains(Ask(*asker, kPublicName), "198.18.0.5"));
  CHECK(Answers(*asker, "ec2-198-18-0-6.compute-1.amazonaws.com", "Address: 10.0.2.8"));
  // Both ways, and the private name first for a private address.
  CHECK(Answers(*asker, "198.18.0.5", absl::StrCat("name = ", kPublicName)));
  CHECK(Answers(*asker, "10.0.2.7", "name = ip-10-0-2-7.ec2.internal"));
  CHECK(Answers(*asker, "10.0.2.8", "name = ip-10-0-2-8.ec2.internal"));
  // Only addresses of the pool have such a name.
  CHECK_FALSE(absl::StrContains(Ask(*asker, "ec2-198-19-0-5.compute-1.amazonaws.com"), "198.19.0.5"));
  REQUIRE(Good(fabric->UnplugPort(port.eni)));
  CHECK(Answers(*asker, kPublicName, "Address: 198.18.0.5"));
}

TEST_CASE_METHOD(NamesFixture, "an elastic address is looked up by the name it was given, until that is taken away",
                 "[fabric]") {
  SyncAll();
  vpc.spec.ports.push_back(vpc.Port("10.0.1.4", {vpc.members}));
  const auto asker = Launch(vpc.spec.ports.back());
  vpc.spec.reverse_names = {{Address("198.18.0.5"), "mail.example.com"}};
  SyncAll();
  CHECK(Answers(*asker, "198.18.0.5", "name = mail.example.com"));
  CHECK(Answers(*asker, "198.18.0.6", "name = ec2-198-18-0-6.compute-1.amazonaws.com"));
  // It names nothing the other way.
  CHECK_FALSE(absl::StrContains(Ask(*asker, "mail.example.com"), "198.18.0.5"));
  vpc.spec.reverse_names.clear();
  SyncAll();
  CHECK(Answers(*asker, "198.18.0.5", absl::StrCat("name = ", kPublicName)));
}

TEST_CASE_METHOD(NamesFixture, "instances are found by the name of their tag, all of one name together", "[fabric]") {
  vpc.spec.tag_domain = "lab.example";
  SyncAll();
  PortSpec one = vpc.Port("10.0.1.4", {vpc.members}), other = vpc.Port("10.0.1.5", {vpc.members});
  one.tag_hostname = other.tag_hostname = "web.lab.example";
  const auto first = Launch(one), second = Launch(other);
  CHECK(Answers(*first, "web.lab.example", "Address: 10.0.1.4"));
  CHECK(Answers(*first, "web.lab.example", "Address: 10.0.1.5"));
  CHECK(Answers(*first, "10.0.1.5", "name = ip-10-0-1-5.ec2.internal"));
  other.tag_hostname = "db.lab.example";
  REQUIRE(Good(fabric->PlugPort(other)));
  CHECK(Answers(*first, "db.lab.example", "Address: 10.0.1.5"));
  CHECK_FALSE(absl::StrContains(Ask(*first, "web.lab.example"), "10.0.1.5"));
  // The domain is the VPC's alone: what it does not have is not asked elsewhere.
  CHECK(absl::StrContains(Ask(*first, "mail.lab.example"), "NXDOMAIN"));
}

TEST_CASE_METHOD(NamesFixture, "a resolver knows the public names of a peer's ports while it is told them",
                 "[fabric]") {
  SyncAll();
  TestVpc other("00000000000000002");
  CHECK(absl::IsNotFound(fabric->PublicNames(other.spec.vpc.id).status()));
  REQUIRE(Good(fabric->SyncVpc(other.spec)));
  PortSpec port = other.Port("10.0.2.7", {other.members});
  port.public_hostname = kPublicName;
  const auto far = Launch(port);
  const auto names = fabric->PublicNames(other.spec.vpc.id);
  REQUIRE(Good(names.status()));
  CHECK(*names == std::vector<PublicName>{{Address("10.0.2.7"), kPublicName}});
  vpc.spec.ports = {vpc.Port("10.0.1.4", {vpc.members}), vpc.Port("10.0.1.5", {vpc.members})};
  const auto asker = Launch(vpc.spec.ports[0]);
  CHECK(Answers(*asker, kPublicName, "Address: 198.18.0.5"));
  REQUIRE(Good(fabric->SetPeerNames(vpc.spec.vpc.id, *names)));
  CHECK(Answers(*asker, kPublicName, "Address: 10.0.2.7"));
  // They stand while ports come and go and over a sync.
  const auto third = Launch(vpc.spec.ports[1]);
  SyncAll();
  CHECK(Answers(*third, kPublicName, "Address: 10.0.2.7"));
  REQUIRE(Good(fabric->UnplugPort(port.eni)));
  CHECK(fabric->PublicNames(other.spec.vpc.id)->empty());
  REQUIRE(Good(fabric->SetPeerNames(vpc.spec.vpc.id, {})));
  CHECK(Answers(*third, kPublicName, "Address: 198.18.0.5"));
  Restart();
  CHECK(fabric->PublicNames(vpc.spec.vpc.id).status().code() == absl::StatusCode::kFailedPrecondition);
  CHECK(fabric->SetPeerNames(vpc.spec.vpc.id, {}).code() == absl::StatusCode::kFailedPrecondition);
}

}  // namespace brume::network
