// What tests of the services share: the real store in a directory of its own, a clock that stands still, ids that
// repeat, and rows as a launch would leave them.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/seeded_random.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/model/instance.h"
#include "lib/ec2/compute/tables/instance_table.h"
#include "lib/ec2/network/model/network.h"
#include "lib/ec2/network/network_service.h"
#include "lib/ec2/network/tables/network_table.h"
#include "lib/ec2/network/tables/security_group_table.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/settings.h"
#include "lib/store/database.h"
#include "tests/support/temp_dir.h"

namespace brume {

struct ServiceFixture {
  TempDir directory;
  std::unique_ptr<store::Database> database = store::Database::Open(directory / "brume.db").value();
  SeededRandom random{42};
  ManualClock clock{absl::FromUnixSeconds(1'700'000'000)};
  Settings settings;

  void EnsureNetwork() { Must(network::NetworkService(*database, settings, random).EnsureDefaults()); }

  static void Must(const absl::Status& status) {
    if (!status.ok()) throw std::runtime_error(status.ToString());
  }

  Subnet FirstSubnet() {
    return database
        ->ReadFor([](store::Connection& c) -> absl::StatusOr<Subnet> {
          ASSIGN_OR_RETURN(std::vector<Subnet> subnets, network::NetworkTable(c).ListSubnets(std::nullopt));
          return subnets.at(0);
        })
        .value();
  }

  SecurityGroup DefaultGroup() {
    return database
        ->ReadFor([](store::Connection& c) -> absl::StatusOr<SecurityGroup> {
          ASSIGN_OR_RETURN(std::vector<SecurityGroup> groups, network::SecurityGroupTable(c).List(std::nullopt));
          return groups.at(0);
        })
        .value();
  }

  // A running instance; with an interface in `groups` (the default group when empty) at the subnet's next free address.
  Instance AddInstance(std::vector<SecurityGroupId> groups = {}) {
    const Subnet subnet = FirstSubnet();
    if (groups.empty()) groups.push_back(DefaultGroup().id);
    Instance instance;
    instance.id = InstanceId::New(random);
    instance.reservation_id = ReservationId::New(random);
    instance.instance_type = "b1.tiny";
    instance.state = InstanceState::kRunning;
    instance.state_since = instance.launch_time = clock.Now();
    instance.vpc_id = subnet.vpc_id;
    instance.subnet_id = subnet.id;
    instance.availability_zone = subnet.availability_zone;
    Must(database->Write([&](store::Connection& c) -> absl::Status {
      RETURN_IF_ERROR(compute::InstanceTable(c).Insert(instance, 128, 1));
      NetworkInterface eni;
      eni.id = EniId::New(random);
      eni.vpc_id = subnet.vpc_id;
      eni.subnet_id = subnet.id;
      eni.instance_id = instance.id;
      ASSIGN_OR_RETURN(eni.private_ip, network::AllocatePrivateIp(c, subnet, random));
      eni.mac = MacAddressFor(*eni.private_ip);
      eni.groups = groups;
      return network::NetworkTable(c).InsertInterface(eni);
    }));
    return instance;
  }

  NetworkInterface InterfaceOf(const InstanceId& id) {
    return database
        ->ReadFor([&](store::Connection& c) -> absl::StatusOr<NetworkInterface> {
          ASSIGN_OR_RETURN(std::vector<NetworkInterface> found, network::NetworkTable(c).ListInterfacesOf({&id, 1}));
          return found.at(0);
        })
        .value();
  }

  // A change of a committed row, as another part of the program would make it.
  template <typename Change>
  Instance ChangeInstance(const InstanceId& id, Change&& change) {
    Instance changed;
    Must(database->Write([&](store::Connection& c) -> absl::Status {
      ASSIGN_OR_RETURN(changed, compute::InstanceTable(c).Get(id));
      change(changed);
      return compute::InstanceTable(c).Update(changed);
    }));
    return changed;
  }
};

inline std::string Code(const absl::Status& status) { return ec2::ErrorCode(status); }
template <typename T>
std::string Code(const absl::StatusOr<T>& result) {
  return ec2::ErrorCode(result.status());
}

}  // namespace brume
