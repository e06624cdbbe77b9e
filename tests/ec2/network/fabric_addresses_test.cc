// Ports of several private addresses, over real namespaces and packets.
#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "tests/ec2/network/fabric_fixture.h"

namespace brume::network {
namespace {

void AddAddress(Guest& guest, const char* address) {
  REQUIRE(guest.Run({"ip", "address", "add", absl::StrCat(address, "/24"), "dev", "eth0"}).exit_code == 0);
}

PortSpec With(PortSpec port, std::vector<SecondaryAddress> secondary) {
  port.eni.secondary = std::move(secondary);
  return port;
}

}  // namespace

TEST_CASE_METHOD(FabricFixture, "a guest is reached at each of its private addresses, and at no other", "[fabric]") {
  SyncAll();
  const PortSpec port = vpc.Port("10.0.1.4", {vpc.members});
  const auto guest = Launch(port), other = Launch(vpc.Port("10.0.1.5", {vpc.members}));
  const UniqueFd server = guest->Serve(80);
  AddAddress(*guest, "10.0.1.44");
  CHECK_FALSE(other->Reaches(Address("10.0.1.44"), 80, absl::Seconds(1)));

  REQUIRE(Good(fabric->PlugPort(With(port, {{.private_ip = Address("10.0.1.44")}}))));
  CHECK(other->Reaches(Address("10.0.1.4"), 80));
  CHECK(other->Reaches(Address("10.0.1.44"), 80));
  // What rules that name its group stand for is both.
  const UniqueFd of_other = other->Serve(81);
  CHECK(guest->Run({"ip", "route", "add", "10.0.1.5/32", "via", "10.0.1.1", "src", "10.0.1.44"}).exit_code == 0);
  CHECK(guest->Reaches(Address("10.0.1.5"), 81));

  REQUIRE(Good(fabric->PlugPort(port)));
  CHECK_FALSE(other->Reaches(Address("10.0.1.44"), 80, absl::Seconds(1)));
  CHECK_FALSE(guest->Reaches(Address("10.0.1.5"), 81, absl::Seconds(1)));
}

TEST_CASE_METHOD(FabricFixture, "an address that moves takes no connection along to its next owner", "[fabric]") {
  SyncAll();
  const PortSpec a = vpc.Port("10.0.1.4", {vpc.members}), b = vpc.Port("10.0.1.5", {vpc.members});
  const auto from = Launch(a), to = Launch(b), client = Launch(vpc.Port("10.0.1.6", {vpc.members}));
  const PortSpec c = vpc.Port("10.0.1.6", {vpc.members});
  const SecondaryAddress moving = {.private_ip = Address("10.0.1.44")};
  AddAddress(*from, "10.0.1.44");
  AddAddress(*to, "10.0.1.44");
  const UniqueFd first = from->Serve(80), second = to->Serve(80);
  vpc.spec.groups.front().members = {*a.eni.private_ip, *b.eni.private_ip, *c.eni.private_ip, moving.private_ip};
  vpc.spec.ports = {With(a, {moving}), b, c};
  SyncAll();
  const UniqueFd connection = client->Connect(moving.private_ip, 80);
  REQUIRE(connection);
  const UniqueFd accepted = Accept(first);
  CHECK(Carries(connection, accepted));

  vpc.spec.ports = {a, With(b, {moving}), c};
  SyncAll();
  CHECK(fabric->Inspect().value().empty());
  CHECK_FALSE(Carries(connection, accepted, absl::Seconds(1)));
  const UniqueFd again = client->Connect(moving.private_ip, 80);
  REQUIRE(again);
  CHECK(Carries(again, Accept(second)));
}

TEST_CASE_METHOD(FabricFixture, "a route to a second address that somebody deletes is found and made again",
                 "[fabric]") {
  SyncAll();
  const PortSpec port = With(vpc.Port("10.0.1.4", {vpc.members}), {{.private_ip = Address("10.0.1.44")}});
  const auto guest = Launch(port);
  vpc.spec.ports = {port};
  CHECK(fabric->Inspect().value().empty());
  const std::string inside = absl::StrCat("brume-", vpc.spec.vpc.id.text());
  REQUIRE(Good(RunChecked({"ip", "-n", inside, "route", "del", "10.0.1.44/32"}).status()));
  const std::vector<Damage> damages = fabric->Inspect().value();
  REQUIRE(damages.size() == 1);
  CHECK(damages.front().what == "the route to 10.0.1.44 is gone");
  SyncAll();
  CHECK(fabric->Inspect().value().empty());
}

}  // namespace brume::network
