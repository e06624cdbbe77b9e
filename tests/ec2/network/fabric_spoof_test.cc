// What a guest makes up to take another's place: DHCP messages and IP fragments.
#include <arpa/inet.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/ec2/network/fabric_fixture.h"

namespace brume::network {
namespace {

constexpr char kRouterMacText[] = "02:b0:00:00:00:01";
constexpr uint8_t kDiscover = 1, kRequest = 3, kDecline = 4, kRelease = 7, kInform = 8;
constexpr uint16_t kServerPort = 67, kClientPort = 68;

std::string Raw(uint32_t host_order) {
  const uint32_t value = htonl(host_order);
  return std::string(reinterpret_cast<const char*>(&value), sizeof(value));
}

// How every answer begins that gives out `address`.
std::string Gives(uint32_t transaction, Ipv4 address) {
  return std::string("\x02\x01\x06\x00", 4) + Raw(transaction) + Raw(0) + Raw(0) + Raw(address.value);
}

FrameAddresses Broadcast(const PortSpec& from) {
  return {from.eni.mac, "ff:ff:ff:ff:ff:ff", Ipv4{0}, Address("255.255.255.255")};
}

Frame Dhcp(const FrameAddresses& addresses, const DhcpFields& fields) {
  return UdpFrame(addresses, kClientPort, kServerPort, DhcpMessage(fields));
}

}  // namespace

class DhcpFixture : public FabricFixture {
 protected:
  DhcpFixture() {
    SyncAll();
    owner_port = vpc.Port("10.0.1.4", {vpc.members});
    other_port = vpc.Port("10.0.1.5", {vpc.members});
    owner = Launch(owner_port);
    other = Launch(other_port);
  }

  // Whether the guest is offered its address; an answer to an earlier message would have come before it.
  bool IsOffered(Guest& guest, const PortSpec& port) {
    const uint32_t transaction = ++last_transaction;
    DhcpFields fields{.type = kDiscover, .chaddr = port.eni.mac};
    fields.transaction = transaction;
    guest.Send(Dhcp(Broadcast(port), fields));
    return Eventually([&] { return guest.Saw(Gives(transaction, *port.eni.private_ip)); });
  }

  void Lease() {
    DhcpFields fields{.type = kRequest, .chaddr = owner_port.eni.mac};
    fields.requested = *owner_port.eni.private_ip;
    fields.server = Address("10.0.1.1");
    fields.client_id = "the owner";
    fields.transaction = ++last_transaction;
    owner->Send(Dhcp(Broadcast(owner_port), fields));
    REQUIRE(Eventually([&] { return owner->Saw(Gives(fields.transaction, *owner_port.eni.private_ip)); }));
    REQUIRE(Eventually([&] { return absl::StrContains(Leases(), " 10.0.1.4 "); }));
  }

  std::string Leases() const {
    std::ifstream file(absl::StrCat(directory, "/net/", vpc.spec.vpc.id.text(), "/leases"));
    return {std::istreambuf_iterator<char>(file), {}};
  }

  PortSpec owner_port, other_port;
  std::unique_ptr<Guest> owner, other;
  uint32_t last_transaction = 0x1000;
};

TEST_CASE_METHOD(DhcpFixture, "no guest takes another's lease or address by a DHCP message", "[fabric]") {
  const Ipv4 stolen = *owner_port.eni.private_ip, server = Address("10.0.1.1");
  const std::string victim = owner_port.eni.mac, self = other_port.eni.mac;
  struct Case {
    const char* what;
    DhcpFields fields;
  };
  std::vector<Case> cases;
  for (const uint8_t type : {kDiscover, kRequest, kDecline, kRelease, kInform}) {
    cases.push_back({"the owner's chaddr", {.type = type, .chaddr = victim}});
    cases.push_back({"the owner's chaddr in a longer one", {.type = type, .chaddr = victim, .hlen = 16}});
    cases.push_back({"the owner's chaddr by a relay", {.type = type, .chaddr = victim, .giaddr = server}});
    cases.push_back({"the owner's ciaddr", {.type = type, .chaddr = self, .ciaddr = stolen}});
    cases.push_back({"the owner's client identifier", {.type = type, .chaddr = self, .client_id = "the owner"}});
  }
  const FrameAddresses own{self, kRouterMacText, *other_port.eni.private_ip, server};
  for (const Case& each : cases) {
    Lease();
    const std::string before = Leases();
    for (const bool to_all : {true, false}) {
      for (const bool in_fragments : {false, true}) {
        DhcpFields fields = each.fields;
        fields.server = fields.type == kDecline ? Address("10.0.2.1") : server;
        fields.requested = stolen;
        fields.transaction = ++last_transaction;
        INFO(each.what << ", type " << int{fields.type} << (to_all ? ", to all" : ", to the server")
                       << (in_fragments ? ", in fragments" : ""));
        const Frame whole = Dhcp(to_all ? Broadcast(other_port) : own, fields);
        if (in_fragments) {
          // chaddr begins 28 octets in.
          for (const Frame& part : UdpFragments(whole, static_cast<uint16_t>(last_transaction), 24)) other->Send(part);
        } else {
          other->Send(whole);
        }
        REQUIRE(IsOffered(*other, other_port));
        CHECK(Leases() == before);
        CHECK_FALSE(other->Saw(Gives(fields.transaction, stolen)));
        REQUIRE(IsOffered(*owner, owner_port));
      }
    }
  }
}

TEST_CASE_METHOD(DhcpFixture, "an address that its own guest declined or released is offered to it again", "[fabric]") {
  // The name server takes itself for one of its addresses when it is declined, and for each when it is asked.
  for (const char* server : {"10.0.1.1", "10.0.2.1"}) {
    for (const uint8_t type : {kDecline, kRelease}) {
      for (const bool leased : {false, true}) {
        INFO("type " << int{type} << " to " << server << (leased ? ", leased" : ", without a lease"));
        if (leased) Lease();
        DhcpFields fields{.type = type, .chaddr = owner_port.eni.mac};
        if (type == kRelease) fields.ciaddr = *owner_port.eni.private_ip;
        if (type == kDecline) fields.requested = *owner_port.eni.private_ip;
        fields.server = Address(server);
        owner->Send(Dhcp(Broadcast(owner_port), fields));
        REQUIRE(IsOffered(*owner, owner_port));
      }
    }
  }
}

TEST_CASE_METHOD(FabricFixture, "no fragment of one guest ends up in another's datagram", "[fabric]") {
  SyncAll();
  const PortSpec victim_port = vpc.Port("10.0.1.4", {vpc.members}), liar_port = vpc.Port("10.0.1.5", {vpc.members}),
                 target_port = vpc.Port("10.0.1.6", {vpc.members});
  const auto victim = Launch(victim_port), liar = Launch(liar_port), target = Launch(target_port);
  const auto datagram = [&](const std::string& mac, const std::string& payload) {
    return UdpFrame({mac, kRouterMacText, *victim_port.eni.private_ip, *target_port.eni.private_ip}, 4000, 4000,
                    payload);
  };
  constexpr size_t kHead = 16;
  const UniqueFd server = target->ServeDatagrams(4000);
  const std::string& own_mac = victim_port.eni.mac;
  uint16_t id = 100;
  // A fragment with the victim's address, and the liar's MAC or the victim's; before the victim's own or after.
  for (const std::string& mac : {liar_port.eni.mac, own_mac}) {
    for (const bool forged_first : {true, false}) {
      for (const size_t forged_part : {0, 1}) {
        INFO("as " << mac << (forged_first ? ", before" : ", after") << ", part " << forged_part);
        ++id;
        const std::string honest_text = absl::StrCat("honest head ", id, "+honest tail ", id);
        const auto honest = UdpFragments(datagram(own_mac, honest_text), id, kHead);
        const auto forged =
            UdpFragments(datagram(mac, absl::StrCat("forged head ", id, "+forged tail ", id)), id, kHead);
        if (forged_first) liar->Send(forged[forged_part]);
        // The pumps of two guests keep no order between them: the router has the forged one when it answers the liar.
        if (forged_first) REQUIRE(liar->Pings(Address("10.0.1.1")));
        victim->Send(honest[1 - forged_part]);
        REQUIRE(victim->Pings(Address("10.0.1.1")));
        if (!forged_first) liar->Send(forged[forged_part]);
        REQUIRE(liar->Pings(Address("10.0.1.1")));
        victim->Send(honest[forged_part]);
        // What leaves the router is in fragments again.
        REQUIRE(ReceiveDatagram(server) == honest_text);
        CHECK_FALSE(target->Saw(absl::StrCat(forged_part == 0 ? "forged head " : "forged tail ", id)));
      }
    }
  }
}

TEST_CASE_METHOD(FabricFixture, "a guest's own large datagrams pass in fragments, and a DHCP server's do not",
                 "[fabric]") {
  SyncAll();
  const PortSpec a_port = vpc.Port("10.0.1.4", {vpc.members}), b_port = vpc.Port("10.0.1.5", {vpc.members});
  const auto a = Launch(a_port), b = Launch(b_port);
  const FrameAddresses there{a_port.eni.mac, kRouterMacText, *a_port.eni.private_ip, *b_port.eni.private_ip};
  const std::string payload = "begin" + std::string(2000, '.') + "end of datagram";
  const UniqueFd server = b->ServeDatagrams(4000);
  for (const Frame& part : UdpFragments(UdpFrame(there, 67, 68, "as a server, in two"), 7, 8)) a->Send(part);
  for (const Frame& part : UdpFragments(UdpFrame(there, 4000, 4000, payload), 8, 1000)) a->Send(part);
  CHECK(ReceiveDatagram(server) == payload);
  CHECK_FALSE(b->Saw("as a server"));
}

}  // namespace brume::network
