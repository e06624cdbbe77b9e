#include "tests/ec2/network/fabric_fixture.h"

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>

namespace brume::network {

FabricFixture::FabricFixture() {
  EnterSandbox();
  std::string name = "/tmp/brume-fabric-XXXXXX";
  REQUIRE(mkdtemp(name.data()) != nullptr);
  directory = name;
  chmod(directory.c_str(), 0711);  // as a state directory: its inner files are for who knows them
  Restart();
}

FabricFixture::~FabricFixture() {
  fabric.reset();
  // A failure shows in the next case, which begins by finding what is left.
  CHECK(Good(RemoveEverything(Options())));
  std::error_code ignored;
  std::filesystem::remove_all(directory, ignored);
}

LinuxFabricOptions FabricFixture::Options() const {
  return {.state_dir = directory,
          .uplink = uplink,
          .pass_firewalls = pass_firewalls,
          .public_pool = Range("198.18.0.0/16"),
          .dns_upstream = dns_upstream,
          .max_connections_per_port = max_connections,
          .shaping = DetectShaping(),
          .max_flows = max_flows,
          .tap_owner = std::nullopt,
          .tap_group = std::nullopt};
}

void FabricFixture::Restart() {
  fabric.reset();
  auto made = MakeLinuxFabric(Options());
  REQUIRE(Good(made.status()));
  fabric = *std::move(made);
}

std::unique_ptr<Guest> FabricFixture::Launch(const PortSpec& port) {
  REQUIRE(Good(fabric->PreparePort(port)));
  auto guest = std::make_unique<Guest>(port.eni);
  REQUIRE(Good(fabric->PlugPort(port)));
  if (port.eni.ipv6_native()) return guest;
  for (const SecurityGroupId& group : port.eni.groups) vpc.launched[group].push_back(*port.eni.private_ip);
  for (const Subnet& subnet : vpc.spec.subnets) {
    if (subnet.cidr->Contains(*port.eni.private_ip)) guest->Configure(*subnet.cidr);
  }
  return guest;
}

}  // namespace brume::network
