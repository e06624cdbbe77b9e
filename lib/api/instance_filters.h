// The filters of DescribeInstances and DescribeInstanceStatus.
#pragma once

#include "lib/api/filters.h"
#include "lib/compute/instance_view.h"
#include "lib/compute/status_monitor.h"
#include "lib/domain/settings.h"

namespace brume::api {

// The table refers to `settings`.
FilterTable<compute::InstanceView> InstanceFilters(const Settings& settings);

struct StatusView {
  const compute::InstanceView* view;
  compute::InstanceStatus status;
};
const FilterTable<StatusView>& StatusFilters();

}  // namespace brume::api
