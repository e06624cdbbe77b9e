// An instance as the metadata tests use it: two interfaces, a key, tags, user data.
#pragma once

#include "lib/imds/metadata_tree.h"

namespace brume::imds {

inline MetadataSource ExampleSource() {
  MetadataSource source;
  Instance& instance = source.view.instance;
  instance.id = InstanceId::FromTrusted("i-0123456789abcdef0");
  instance.reservation_id = ReservationId::FromTrusted("r-0123456789abcdef0");
  instance.launch_index = 2;
  instance.image_id = ImageId::FromTrusted("ami-0123456789abcdef0");
  instance.instance_type = "t3.micro";
  instance.state = InstanceState::kRunning;
  instance.launch_time = absl::FromUnixSeconds(1769853600);  // 2026-01-31T10:00:00Z
  instance.key_name = "laptop";
  instance.user_data = std::string("#!/bin/sh\necho hello\0\xff\n", 23);
  instance.metadata_options.tags = MetadataState::kEnabled;
  instance.availability_zone = "us-east-1b";
  instance.root_device_name = "/dev/vda";

  source.vpc.id = VpcId::FromTrusted("vpc-0123456789abcdef0");
  source.vpc.cidr = Cidr::Parse("10.0.0.0/16").value();
  Subnet subnet;
  subnet.id = SubnetId::FromTrusted("subnet-0123456789abcdef0");
  subnet.cidr = Cidr::Parse("10.0.1.0/24").value();
  source.subnets[subnet.id] = subnet;

  const SecurityGroupId group = SecurityGroupId::FromTrusted("sg-0123456789abcdef0");
  const SecurityGroupId other_group = SecurityGroupId::FromTrusted("sg-0123456789abcdef1");
  source.view.group_names = {{group, "default"}, {other_group, "web"}};
  NetworkInterface eni;
  eni.id = EniId::FromTrusted("eni-0123456789abcdef0");
  eni.vpc_id = source.vpc.id;
  eni.subnet_id = subnet.id;
  eni.mac = "02:00:0a:00:01:04";
  eni.private_ip = Ipv4::Parse("10.0.1.4").value();
  eni.public_ip = Ipv4::Parse("198.18.0.7").value();
  eni.groups = {group, other_group};
  source.view.interfaces.push_back(eni);
  eni.id = EniId::FromTrusted("eni-0123456789abcdef1");
  eni.device_index = 1;
  eni.mac = "02:00:0a:00:01:05";
  eni.private_ip = Ipv4::Parse("10.0.1.5").value();
  eni.public_ip = std::nullopt;
  eni.groups = {group};
  source.view.interfaces.push_back(eni);

  Volume root, data;
  root.device_name = "/dev/vda";
  data.device_name = "/dev/sdf";
  source.view.volumes = {root, data};
  source.view.tags = {{"Name", "web 1"}, {"with space", "x"}, {"a/b", "x"},      {"..", "x"},
                      {"_index", "x"},   {"1=key", "x"},      {"env=prod", "y"}, {"empty", ""}};
  source.architecture = "x86_64";
  source.public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample laptop";
  source.region = "us-east-1";
  source.zone_id = "use1-az2";
  source.account_id = "000000000000";
  source.domain = "ec2.internal";
  return source;
}

// The same with an instance profile, its role and the role's credentials.
inline MetadataSource SourceWithRole() {
  MetadataSource source = ExampleSource();
  Identity role;
  role.id = "AROAWEB";
  role.kind = IdentityKind::kRole;
  role.name = "web";
  InstanceProfile& profile = source.profile.emplace();
  profile.id = "AIPASERVERS";
  profile.name = "servers";
  profile.role = role;
  const absl::Time associated = source.view.instance.launch_time;
  source.view.profile = {.id = "iip-assoc-0123456789abcdef0",
                         .instance_id = source.view.instance.id,
                         .profile_id = profile.id,
                         .profile_arn = "arn:aws:iam::000000000000:instance-profile/servers",
                         .associated = associated};
  source.credentials = {.access_key_id = "ASIAX",
                        .secret_access_key = "se/cr+et",
                        .token = "to/k+en==",
                        .updated = associated,
                        .expires = associated + absl::Hours(6)};
  return source;
}

}  // namespace brume::imds
