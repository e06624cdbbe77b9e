// A database in a directory of its own, and rows to fill it with.
#pragma once

#include <memory>
#include <string>

#include "absl/strings/str_format.h"
#include "lib/ec2/compute/tables/instance_table.h"
#include "lib/ec2/compute/tables/key_pair_table.h"
#include "lib/ec2/network/tables/network_table.h"
#include "lib/ec2/network/tables/security_group_table.h"
#include "lib/ec2/storage/model/storage.h"
#include "lib/ec2/storage/tables/image_table.h"
#include "lib/ec2/storage/tables/volume_table.h"
#include "lib/ec2/tagging/tag_table.h"
#include "lib/store/connection.h"
#include "lib/store/database.h"
#include "lib/store/value_table.h"
#include "tests/support/temp_dir.h"

namespace brume::store {

inline std::unique_ptr<Database> OpenOk(const std::string& path) { return Value(Database::Open(path)); }

// The n-th id of a kind.
template <typename SomeId>
SomeId Nth(const char* prefix, int n) {
  return Value(SomeId::Parse(absl::StrFormat("%s-%017x", prefix, n)));
}

inline const absl::Time kNow = absl::FromUnixMicros(1767225600123456);

inline Instance MakeInstance(int n) {
  Instance i;
  i.id = Nth<InstanceId>("i", n);
  i.reservation_id = Nth<ReservationId>("r", n);
  i.image_id = Nth<ImageId>("ami", 1);
  i.instance_type = "b1.small";
  i.state = InstanceState::kRunning;
  i.state_since = i.launch_time = kNow;
  i.uuid = "ec2e1916-9099-7caf-fd21-012345abcdef";
  i.availability_zone = "us-east-1a";
  return i;
}

inline Vpc MakeVpc(int n) { return {Nth<VpcId>("vpc", n), Cidr{Ipv4{0xac1f0000}, 16}, n == 1, {}}; }
inline Subnet MakeSubnet(int n) {
  return {Nth<SubnetId>("subnet", n), Nth<VpcId>("vpc", n), Cidr{Ipv4{0xac1f0000}, 20}, "us-east-1a", true, true, {}};
}
inline SecurityGroup MakeGroup(int n) {
  return {Nth<SecurityGroupId>("sg", n), Nth<VpcId>("vpc", 1), absl::StrFormat("group %d", n), "some hosts"};
}
inline NetworkInterface MakeInterface(int n) {
  NetworkInterface e;
  e.id = Nth<EniId>("eni", n);
  e.vpc_id = Nth<VpcId>("vpc", 1);
  e.subnet_id = Nth<SubnetId>("subnet", 1);
  e.private_ip = Ipv4{0xac1f0004u + static_cast<uint32_t>(n)};
  e.mac = MacAddressFor(*e.private_ip);
  return e;
}
inline Image MakeImage(int n) {
  Image i;
  i.id = Nth<ImageId>("ami", n);
  i.name = absl::StrFormat("image %d", n);
  i.state = ImageState::kAvailable;
  i.created = kNow;
  return i;
}
inline Volume MakeVolume(int n) {
  Volume v;
  v.id = Nth<VolumeId>("vol", n);
  v.size_gib = 8;
  v.created = kNow;
  return v;
}

// VPC 1 with its subnet and groups 1 to 3.
inline absl::Status InsertNetwork(Connection& c) {
  RETURN_IF_ERROR(network::NetworkTable(c).InsertVpc(MakeVpc(1)));
  RETURN_IF_ERROR(network::NetworkTable(c).InsertSubnet(MakeSubnet(1)));
  for (int n = 1; n <= 3; ++n) RETURN_IF_ERROR(network::SecurityGroupTable(c).Insert(MakeGroup(n)));
  return absl::OkStatus();
}

// A database of its own.
struct Store {
  TempDir dir;
  std::unique_ptr<Database> db = OpenOk(dir / "brume.db");

  template <typename Change>
  absl::Status Write(Change change) {
    return db->Write(change);
  }
  template <typename Query>
  auto Read(Query query) {
    return Value(db->ReadFor(query));
  }
};

}  // namespace brume::store
