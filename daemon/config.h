// brumed's configuration: packaging/brumed.toml documents every setting and its default; flags override the file.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/cloudwatch/metric_service.h"
#include "lib/cloudwatch/sampler.h"
#include "lib/ec2/compute/hypervisor.h"
#include "lib/ec2/compute/model/instance_type.h"
#include "lib/ec2/storage/model/catalogue.h"
#include "lib/gateway/event_log.h"
#include "lib/gateway/request_limiter.h"
#include "lib/resource/settings.h"
#include "lib/resource/user_id_range.h"

namespace brume::daemon {

struct Config {
  std::string state_dir = "/var/lib/brume";
  std::string log_level = "info";  // debug, info, warn, error
  std::string log_file;            // empty = standard error
  // Everything real but the host: no guests, no namespaces, no disks, no root.
  bool simulate = false;

  // gRPC over TCP; empty = only the Unix socket STATE/brumed.sock.
  std::string grpc_listen;
  std::string grpc_tls_cert, grpc_tls_key, grpc_tls_client_ca;
  std::string grpc_client_certificates = "administrator";  // administrator, user
  // Plain TCP, on a loopback address only.
  bool grpc_insecure_loopback = false;

  // The Query API; empty = none.
  std::string ec2_listen = "127.0.0.1:8773";
  std::string ec2_tls_cert, ec2_tls_key;
  // Plain HTTP at an address that is not loopback.
  bool ec2_allow_plaintext = false;
  // Only requests signed for ec2.region are taken; otherwise any region is a name for this one.
  bool ec2_strict_region = false;
  int ec2_connections = 256;
  int ec2_connections_per_address = 64;

  std::string libvirt_uri;  // empty = qemu:///embed under the state directory
  std::string qemu_user = "brume-qemu";
  UserIdRange guest_user_ids = kDefaultGuestUserIds;
  compute::AccelerationWish acceleration = compute::AccelerationWish::kAuto;
  int64_t console_log_kib = 1024;

  std::string uplink = "auto";               // auto, none, or an interface
  bool pass_firewalls = true;                // rules of ours in other firewalls' chains let guests' links pass
  std::string bandwidth = "by-type";         // of interfaces; or off: no limit
  std::vector<std::string> dns_upstream;     // empty = the host's own resolvers
  int max_connections_per_interface = 8192;  // that it may have begun and the kernel still tracks
  double max_storage_overcommit = 0;         // volumes' sizes to that of the file system they lie on; 0 = any
  std::vector<std::string> import_dirs;      // empty = STATE/import
  std::vector<std::string> export_dirs;      // whose directories are buckets; empty = STATE/export
  std::vector<std::string> import_urls;      // how URLs begin that may lead to addresses that are not on the Internet
  std::string catalogue_dir = "/etc/brume/catalogue.d";
  std::string keyring_dir = "/etc/brume/keyrings";  // what callers of ImportImage may name for signatures
  Catalogue catalogue;  // of images that can be imported by name; read once flags are applied

  gateway::RequestLimits limits;
  gateway::EventLogOptions events;
  std::vector<std::string> webhooks;  // how the URLs that alarms may name begin
  cloudwatch::MetricServiceOptions metrics;
  cloudwatch::SamplerOptions sampler;
  absl::Duration disk_period = absl::Seconds(60);
  // /metrics for Prometheus; empty = none.
  std::string prometheus_listen;
  bool prometheus_allow_remote = false;

  Settings settings;
  std::vector<InstanceType> instance_types;
};

// Reads a TOML file over the defaults. Errors name file, line and setting: unknown settings and values of another type
// or out of bounds are refused, never skipped.
absl::StatusOr<Config> ReadConfig(const std::string& path, Config defaults);

// What cannot be judged setting by setting. Called once flags are applied.
absl::Status CheckConfig(const Config& config);

}  // namespace brume::daemon
