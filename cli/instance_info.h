// What `brume info` shows of an instance.
#pragma once

#include "absl/time/time.h"
#include "brume/ec2/v1/image.pb.h"
#include "brume/ec2/v1/instance.pb.h"
#include "brume/ec2/v1/security_group.pb.h"
#include "brume/ec2/v1/volume.pb.h"
#include "cli/commands.h"
#include "cli/short_table.h"

namespace brume::cli {

struct InstanceDetails {
  ec2::v1::Instance instance;
  ec2::v1::Image image;  // empty where it is gone
  ec2::v1::DescribeVolumesResponse volumes;
  ec2::v1::DescribeSecurityGroupsResponse groups;
};

ShortRecord InstanceRecord(const InstanceDetails& details, absl::Time now);

Command InfoCommand();

}  // namespace brume::cli
