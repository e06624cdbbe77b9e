// The modules of this daemon, and what each is given: of the host, and of the modules before it.
#pragma once

#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "daemon/adapters.h"
#include "daemon/config.h"
#include "lib/autoscaling/module.h"
#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/cloudwatch/module.h"
#include "lib/ec2/compute/module.h"
#include "lib/ec2/network/module.h"
#include "lib/ec2/storage/module.h"
#include "lib/ec2/tagging/module.h"
#include "lib/gateway/actions.h"
#include "lib/iam/module.h"
#include "lib/imds/module.h"
#include "lib/store/database.h"

namespace brume::daemon {

// All of it outlives the modules.
struct ModulesParts {
  const Config& config;  // with what host_settings.h adds
  const InstanceTypeTable& types;
  const Clock& clock;
  Random& random;
  store::Database& database;
  const Adapters& adapters;
  // See network::NetworkHooks.
  std::function<absl::Status(const VpcId& vpc, const std::vector<network::EndpointSpec>& endpoints)> serve_endpoints;
  std::function<bool(const VpcId& vpc)> are_endpoints_served;
};

class Modules {
 public:
  explicit Modules(const ModulesParts& parts);

  // What must be there before the first call: default rows, alarms, the root's key.
  absl::Status Load();
  void Register(gateway::Actions& actions);
  absl::Status Start();
  // Idempotent.
  void Stop();

  iam::IamModule& iam() { return iam_; }
  network::NetworkModule& network() { return network_; }
  storage::StorageModule& storage() { return storage_; }
  compute::ComputeModule& compute() { return compute_; }
  cloudwatch::CloudwatchModule& cloudwatch() { return cloudwatch_; }

 private:
  // Each reads the modules that stand above its own.
  imds::ImdsParts ForImds();
  network::NetworkParts ForNetwork();
  storage::StorageParts ForStorage();
  compute::ComputeParts ForCompute();
  cloudwatch::CloudwatchParts ForCloudwatch();
  autoscaling::AutoscalingParts ForAutoscaling();

  const ModulesParts parts_;
  // In order: each outlives those that use it.
  iam::IamModule iam_;
  imds::ImdsModule imds_;
  tagging::TaggingModule tagging_;
  network::NetworkModule network_;
  storage::StorageModule storage_;
  compute::ComputeModule compute_;
  cloudwatch::CloudwatchModule cloudwatch_;
  autoscaling::AutoscalingModule autoscaling_;
};

}  // namespace brume::daemon
