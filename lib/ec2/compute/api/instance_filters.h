// The filters of DescribeInstances and DescribeInstanceStatus.
#pragma once

#include <string>

#include "lib/ec2/compute/instance_view.h"
#include "lib/ec2/compute/status_service.h"
#include "lib/gateway/filters.h"
#include "lib/resource/settings.h"

namespace brume::ec2 {

// The table refers to `settings`.
gateway::FilterTable<compute::InstanceView> InstanceFilters(const Settings& settings);

struct StatusView {
  const compute::InstanceView* view;
  compute::InstanceStatus status;
  std::string zone_id = {};
};
const gateway::FilterTable<StatusView>& StatusFilters();

}  // namespace brume::ec2
