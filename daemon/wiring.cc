#include "daemon/wiring.h"

#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "brume/autoscaling/v1/group.pb.h"
#include "brume/ec2/v1/launch_template.pb.h"
#include "daemon/catalogue_file.h"
#include "daemon/database_watch.h"
#include "daemon/diagnosis.h"
#include "daemon/host_checks.h"
#include "daemon/state_directory.h"
#include "lib/autoscaling/launch_conversion.h"
#include "lib/autoscaling/module.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/random.h"
#include "lib/base/status_macros.h"
#include "lib/cloudwatch/module.h"
#include "lib/ec2/compute/attached_instances.h"
#include "lib/ec2/compute/instance_lookup_service.h"
#include "lib/ec2/compute/launch_template_conversion.h"
#include "lib/ec2/compute/libvirt/firmware.h"
#include "lib/ec2/compute/libvirt/libvirt_hypervisor.h"
#include "lib/ec2/compute/module.h"
#include "lib/ec2/network/linux/host_flow_log_files.h"
#include "lib/ec2/network/linux/linux_fabric.h"
#include "lib/ec2/network/module.h"
#include "lib/ec2/network/network_service.h"
#include "lib/ec2/network/simulated_fabric.h"
#include "lib/ec2/network/simulated_flow_log_files.h"
#include "lib/ec2/storage/module.h"
#include "lib/ec2/storage/qcow2/host_block_files.h"
#include "lib/ec2/storage/qcow2/host_export_files.h"
#include "lib/ec2/storage/qcow2/host_import_files.h"
#include "lib/ec2/storage/qcow2/qcow2_disks.h"
#include "lib/ec2/storage/simulated_block_files.h"
#include "lib/ec2/storage/simulated_disks.h"
#include "lib/ec2/storage/simulated_export_files.h"
#include "lib/ec2/storage/simulated_import_files.h"
#include "lib/ec2/tagging/module.h"
#include "lib/frontend/grpc/grpc_server.h"
#include "lib/frontend/prometheus/prometheus_server.h"
#include "lib/frontend/query/endpoint_server.h"
#include "lib/frontend/query/query_server.h"
#include "lib/gateway/actions.h"
#include "lib/gateway/call_event.h"
#include "lib/gateway/call_statistics.h"
#include "lib/gateway/dispatcher.h"
#include "lib/gateway/event_log.h"
#include "lib/gateway/request_limiter.h"
#include "lib/host/module.h"
#include "lib/iam/endpoint_policy.h"
#include "lib/iam/module.h"
#include "lib/imds/module.h"
#include "lib/schema/message_fields.h"

namespace brume::daemon {
namespace {

struct QemuUser {
  uid_t uid = 0;
  gid_t gid = 0;
};

absl::StatusOr<QemuUser> FindQemuUser(const std::string& name) {
  std::string buffer(16384, '\0');
  passwd entry = {};
  passwd* found = nullptr;
  if (getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
    return absl::FailedPreconditionError(absl::StrCat("the user ", name,
                                                      " that guests run as does not exist: run packaging/install-deps "
                                                      "--run, or set compute.qemu_user"));
  }
  return QemuUser{found->pw_uid, found->pw_gid};
}

std::string HostBootId(bool simulate) {
  // Simulated guests end with the daemon: each of its lives is another boot of their host, after which they run again.
  if (simulate) return SystemRandom().Hex(32);
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(file, id);
  return id;
}

// Host capacity is read here, once: the services see it as settings.
void FillCapacity(Config& config) {
  Settings& settings = config.settings;
  if (config.simulate) {
    // What is not real takes no room.
    settings.host_memory_mib = int64_t{1} << 40;
    settings.host_cpus = 1 << 24;
    return;
  }
  struct sysinfo info = {};
  if (sysinfo(&info) == 0) {
    settings.host_memory_mib = static_cast<int64_t>(info.totalram) * info.mem_unit >> 20;
  }
  settings.host_cpus = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
}

// 0 = no limit.
absl::StatusOr<int64_t> MaxVolumesGib(const Config& config, storage::Disks& disks) {
  if (config.max_storage_overcommit == 0) return 0;
  ASSIGN_OR_RETURN(const DiskSpace space, disks.Space());
  const double gib = config.max_storage_overcommit * static_cast<double>(space.total_bytes >> 30);
  return std::max<int64_t>(static_cast<int64_t>(gib), 1);
}

// What QEMU takes beside a guest's memory: an emulated guest's translated code lies there too.
int64_t GuestOverheadMib(compute::Hypervisor& hypervisor) {
  constexpr int64_t kKvmMib = 40, kEmulatedMib = 100;
  // Not Describe, which waits for libvirt: serving must not.
  switch (hypervisor.Acceleration()) {
    case compute::Acceleration::kSimulated:
      return 0;
    case compute::Acceleration::kKvm:
      return kKvmMib;
    case compute::Acceleration::kTcg:
      break;
  }
  return kEmulatedMib;
}

// What differs between a real host and a simulated one; everything above is the same.
struct Adapters {
  std::unique_ptr<compute::Hypervisor> hypervisor;
  std::unique_ptr<network::Fabric> fabric;
  std::unique_ptr<network::FlowLogFiles> flow_log_files;
  std::unique_ptr<storage::Disks> disks;
  std::unique_ptr<storage::ImportFiles> import_files;
  std::unique_ptr<storage::ExportFiles> export_files;
  std::unique_ptr<storage::BlockFiles> block_files;
  compute::StatusMonitorOptions status = {};
};

std::string LibvirtUri(const Config& config) {
  return config.libvirt_uri.empty() ? compute::EmbeddedUri(config.state_dir) : config.libvirt_uri;
}

// The host's own name servers, less those on loopback, which no guest's query can reach.
std::vector<std::string> HostNameServers() {
  std::vector<std::string> servers;
  for (const char* path : {"/run/systemd/resolve/resolv.conf", "/etc/resolv.conf"}) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
      absl::string_view rest = line;
      if (!absl::ConsumePrefix(&rest, "nameserver ")) continue;
      const absl::StatusOr<Ipv4> address = Ipv4::Parse(absl::StripAsciiWhitespace(rest));
      constexpr uint32_t kLoopbackByte = 127;
      if (address.ok() && address->value >> 24 != kLoopbackByte) servers.push_back(address->text());
    }
    if (!servers.empty()) break;
  }
  return servers;
}

// Several queues are of use only where the kernel carries each: with KVM, by vhost-net.
int MaxNicQueues(compute::Hypervisor& hypervisor) {
  constexpr int kMaxQueues = 8;
  return hypervisor.Acceleration() == compute::Acceleration::kKvm && HasVhostNet() ? kMaxQueues : 1;
}

network::LinuxFabricOptions FabricOptions(const Config& config, const QemuUser& user) {
  return {.state_dir = config.state_dir,
          .uplink = config.uplink,
          .pass_firewalls = config.pass_firewalls,
          .public_pool = config.settings.public_pool,
          .dns_upstream = config.dns_upstream.empty() ? HostNameServers() : config.dns_upstream,
          .max_connections_per_port = config.max_connections_per_interface,
          .shaping = network::DetectShaping(),
          .tap_owner = user.uid,
          .tap_group = user.gid};
}

absl::StatusOr<Adapters> MakeRealAdapters(const Config& config) {
  if (geteuid() != 0) {
    return absl::FailedPreconditionError("brumed must run as root to make guests and networks; --simulate needs none");
  }
  ASSIGN_OR_RETURN(const QemuUser user, FindQemuUser(config.qemu_user));
  Adapters adapters;
  ASSIGN_OR_RETURN(adapters.hypervisor,
                   compute::NewLibvirtHypervisor({.uri = LibvirtUri(config),
                                                  .state_dir = config.state_dir,
                                                  .qemu_user = config.qemu_user,
                                                  .acceleration = config.acceleration,
                                                  .console_log_limit_bytes = config.console_log_kib * 1024,
                                                  .disk_statistics_period = config.disk_period}));
  ASSIGN_OR_RETURN(adapters.fabric, network::MakeLinuxFabric(FabricOptions(config, user)));
  adapters.flow_log_files = std::make_unique<network::HostFlowLogFiles>(network::HostFlowLogOptions{
      .directories =
          config.export_dirs.empty() ? std::vector<std::string>{config.state_dir + "/export"} : config.export_dirs});
  ASSIGN_OR_RETURN(adapters.disks, storage::OpenQcow2Disks({.state_dir = config.state_dir,
                                                            .import_dirs = config.import_dirs,
                                                            .qemu_uid = user.uid,
                                                            .qemu_gid = user.gid}));
  ASSIGN_OR_RETURN(adapters.import_files,
                   storage::OpenHostImportFiles({.state_dir = config.state_dir,
                                                 .import_dirs = config.import_dirs,
                                                 .keyring_dir = config.keyring_dir,
                                                 .worker_uid = user.uid,
                                                 .worker_gid = user.gid,
                                                 .fetch = {.private_urls = config.import_urls}}));
  ASSIGN_OR_RETURN(adapters.export_files, storage::OpenHostExportFiles({.state_dir = config.state_dir,
                                                                        .export_dirs = config.export_dirs,
                                                                        .worker_uid = user.uid,
                                                                        .worker_gid = user.gid}));
  ASSIGN_OR_RETURN(adapters.block_files,
                   storage::OpenHostBlockFiles({.state_dir = config.state_dir, .reader = {user.uid, user.gid}}));
  return adapters;
}

absl::StatusOr<Adapters> MakeSimulatedAdapters(const Config& config) {
  log::Warn("THIS BRUME SIMULATES: no guest, network or disk is real");
  Adapters adapters;
  ASSIGN_OR_RETURN(adapters.hypervisor,
                   compute::NewLibvirtHypervisor({.uri = "test:///default", .state_dir = config.state_dir}));
  adapters.fabric = std::make_unique<network::SimulatedFabric>();
  adapters.flow_log_files = std::make_unique<network::SimulatedFlowLogFiles>();
  adapters.disks = std::make_unique<storage::SimulatedDisks>();
  adapters.import_files = std::make_unique<storage::SimulatedImportFiles>();
  adapters.export_files = std::make_unique<storage::SimulatedExportFiles>();
  adapters.block_files = std::make_unique<storage::SimulatedBlockFiles>([] { return absl::Now(); });
  adapters.status.threads = 1;  // they are for waiting, and no answer is waited for here
  return adapters;
}

frontend::QueryServerOptions QueryOptions(const Config& config) {
  frontend::QueryServerOptions options{.listen = config.ec2_listen,
                                       .tls_cert_path = config.ec2_tls_cert,
                                       .tls_key_path = config.ec2_tls_key,
                                       .allow_plaintext = config.ec2_allow_plaintext,
                                       .strict_region = config.ec2_strict_region ? config.settings.region : "",
                                       .simulated = config.simulate};
  options.limits.connections = config.ec2_connections;
  options.limits.connections_per_peer = config.ec2_connections_per_address;
  return options;
}

std::vector<frontend::EndpointAddress> AddressesOf(const std::vector<network::EndpointSpec>& endpoints) {
  std::vector<frontend::EndpointAddress> addresses;
  for (const network::EndpointSpec& each : endpoints) {
    addresses.push_back({each.id, std::string(kEndpointServiceNames.Of(each.service)), each.private_ip});
  }
  return addresses;
}

// Constructed top to bottom, destroyed bottom to top: each part outlives those that use it.
class RealDaemon final : public Daemon {
 public:
  RealDaemon(const Config& config, std::unique_ptr<store::Database> database, Adapters adapters)
      : config_(config),
        types_(config.instance_types),
        database_(std::move(database)),
        watch_(config.state_dir + "/brume.db"),
        adapters_(std::move(adapters)),
        iam_(*database_, clock_, random_, config_.settings),
        imds_({.database = *database_,
               .settings = config_.settings,
               .types = types_,
               .clock = clock_,
               .listen = GuestListener(),
               .listen_ipv6 = MetadataIpv6Listener(),
               .session_of =
                   [this](const InstanceId& id, const Identity& role, const std::string& delivery) {
                     return iam_.instance_sessions().Of(id, role, delivery);
                   }}),
        tagging_(*database_),
        network_({.database = *database_,
                  .random = random_,
                  .clock = clock_,
                  .settings = config_.settings,
                  .fabric = *adapters_.fabric,
                  .flow_log_files = *adapters_.flow_log_files,
                  .tags = tagging_.tags(),
                  .hooks = {.instances = compute::AnswersForNetwork(&types_, &config_.settings),
                            .on_vpc_ready = [this](const Vpc& vpc) { return imds_.Serve(vpc.id); },
                            .serve_endpoints =
                                [this](const VpcId& id, const std::vector<network::EndpointSpec>& endpoints) {
                                  return endpoints_.Serve(id, AddressesOf(endpoints));
                                },
                            .on_vpc_gone = [this](const VpcId& id) { imds_.StopServing(id); },
                            .is_vpc_ready = [this](const VpcId& id) { return imds_.StillServes(id); },
                            .are_endpoints_served = [this](const VpcId& id) { return endpoints_.StillServes(id); }},
                  .check_endpoint_policy = iam::CheckEndpointPolicy}),
        storage_({.database = *database_,
                  .clock = clock_,
                  .random = random_,
                  .settings = config_.settings,
                  .disks = *adapters_.disks,
                  .import_files = *adapters_.import_files,
                  .export_files = *adapters_.export_files,
                  .block_files = *adapters_.block_files,
                  .tags = tagging_.tags(),
                  .wake_instance = [this](const InstanceId& id) { compute_.WakeInstance(id); },
                  .machine_of = [this](const InstanceId& id) { return compute_.MachineOf(id); },
                  .has_instances = compute::HasInstancesOf,
                  .catalogue = config_.catalogue}),
        compute_({.database = *database_,
                  .settings = config_.settings,
                  .types = types_,
                  .clock = clock_,
                  .random = random_,
                  .hypervisor = *adapters_.hypervisor,
                  .ports = network_.ports(),
                  .port_meter = *adapters_.fabric,
                  .disks = *adapters_.disks,
                  .networks = network_.networks(),
                  .image_names = storage_.image_names(),
                  .tags = tagging_.tags(),
                  .profiles = iam_.instance_profiles(),
                  .status = adapters_.status,
                  .host_boot_id = HostBootId(config_.simulate),
                  .hooks = {.wake_vpc = [this](const VpcId& id) { network_.WakeVpc(id); },
                            .on_disks_freed = [this] { storage_.OnDisksFreed(); },
                            .wake_volume = [this](const VolumeId& id) { storage_.WakeVolume(id); },
                            .on_reconciled = [this](const InstanceId& id) { autoscaling_.OnInstance(id); }}}),
        cloudwatch_({.database = *database_,
                     .settings = config_.settings,
                     .clock = clock_,
                     .random = random_,
                     .guests = *adapters_.hypervisor,
                     .ports = *adapters_.fabric,
                     .status_of = compute_.status_of(),
                     .instances = compute_.instances(),
                     .metrics = config_.metrics,
                     .sampler = config_.sampler,
                     .measure_guests = !config_.simulate,
                     .webhooks = config_.webhooks,
                     .on_scaling = [this](const std::string& policy_arn) { autoscaling_.OnAlarmAction(policy_arn); }}),
        autoscaling_({.database = *database_,
                      .settings = config_.settings,
                      .types = types_,
                      .clock = clock_,
                      .random = random_,
                      .instances = compute_.instances(),
                      .status_of = compute_.status_of(),
                      .launch_templates = compute_.launch_templates(),
                      .launches = compute_.launches(),
                      .metrics = cloudwatch_.metrics(),
                      .alarms = cloudwatch_.alarms(),
                      .profiles = iam_.instance_profiles(),
                      .sample_period = config_.sampler.period,
                      .webhooks = config_.webhooks}),
        events_(*database_, clock_, config_.events),
        limiter_(config_.limits, clock_),
        host_(config_.settings, events_, statistics_,
              {.describe = [this] { return DescribeHost(); }, .rebuild = [this] { return RebuildStorage(); }}),
        dispatcher_({.account = config_.settings.account(),
                     .admit = [this](const auto& method, const auto& request,
                                     const Caller& caller) { return limiter_.Admit(method, request, caller); },
                     .authorize =
                         [this](const Caller& caller, const AccessQuestion& question) {
                           return iam_.authorizer().Authorize(caller, question);
                         },
                     .authorize_endpoint =
                         [this](const Caller& caller, const AccessQuestion& question) {
                           return AuthorizeByEndpoint(caller, question);
                         },
                     .record =
                         [this](const gateway::CallRecord& record) {
                           statistics_.Count(record);
                           events_.Append(gateway::EventOf(record));
                         }}),
        endpoints_({.dispatcher = dispatcher_,
                    .authenticate =
                        [this](const SignedRequest& request) { return iam_.authenticator().Authenticate(request); },
                    .listen = GuestListener(),
                    .options = QueryOptions(config_)}) {}

  ~RealDaemon() override { Stop(); }

  // Default rows, the root's key, handlers and the gRPC server; apart from the constructor because it can fail.
  absl::Status Assemble() {
    RETURN_IF_ERROR(network_.EnsureDefaults());
    RETURN_IF_ERROR(cloudwatch_.Load());
    RETURN_IF_ERROR(iam_.Load(config_.state_dir));
    gateway::Actions actions(dispatcher_);
    tagging_.Register(actions);
    network_.Register(actions);
    storage_.Register(actions);
    compute_.Register(actions);
    iam_.Register(actions);
    cloudwatch_.Register(actions);
    autoscaling_.Register(actions);
    host_.Register(actions);
    RETURN_IF_ERROR(dispatcher_.CheckComplete());
    return absl::OkStatus();
  }

  absl::Status Serve() override {
    watch_.Start();
    RETURN_IF_ERROR(imds_.Start());
    network_.Start();
    storage_.Start();
    compute_.Start();
    RETURN_IF_ERROR(cloudwatch_.Start());
    RETURN_IF_ERROR(ServePrometheus());
    autoscaling_.Start();
    if (!config_.ec2_listen.empty()) {
      ASSIGN_OR_RETURN(
          query_,
          frontend::MakeQueryServer(
              dispatcher_, [this](const SignedRequest& request) { return iam_.authenticator().Authenticate(request); },
              QueryOptions(config_)));
      ec2_url_ = query_->url();
    }
    RETURN_IF_ERROR(endpoints_.Start());
    frontend::CertificateUser certificate_user;
    if (config_.grpc_client_certificates == "user") {
      certificate_user = [this](const std::string& name, Caller& caller) {
        return iam_.identities().Become(name, caller);
      };
    }
    // Last: who waits for the daemon waits for its socket.
    ASSIGN_OR_RETURN(
        grpc_, frontend::MakeGrpcServer(dispatcher_, {.unix_socket_path = config_.state_dir + "/brumed.sock",
                                                      .tcp_listen = config_.grpc_listen,
                                                      .tls_cert_path = config_.grpc_tls_cert,
                                                      .tls_key_path = config_.grpc_tls_key,
                                                      .tls_client_ca_path = config_.grpc_tls_client_ca,
                                                      .allow_insecure_loopback = config_.grpc_insecure_loopback,
                                                      .certificate_user = certificate_user,
                                                      .simulated = config_.simulate,
                                                      .open_console = [this](const std::string& id, const Caller&) {
                                                        return OpenConsole(id);
                                                      }}));
    return absl::OkStatus();
  }

  bool Healthy() override {
    return database_->Read([](store::Connection& c) { return network::FindDefaultVpc(c).status(); }).ok();
  }

  void Stop() override {
    query_.reset();
    endpoints_.Stop();
    grpc_.reset();
    autoscaling_.Stop();
    prometheus_.reset();
    cloudwatch_.Stop();
    compute_.Stop();
    storage_.Stop();
    network_.Stop();
    imds_.Stop();
    watch_.Stop();
  }

 private:
  decltype(imds::ImdsParts::listen) GuestListener() {
    if (config_.simulate) return nullptr;
    return
        [this](const VpcId& vpc, Ipv4 address, uint16_t port) { return adapters_.fabric->Listen(vpc, address, port); };
  }

  decltype(imds::ImdsParts::listen_ipv6) MetadataIpv6Listener() {
    if (config_.simulate) return nullptr;
    return [this](const VpcId& vpc, const Ipv6& address, uint16_t port) {
      return adapters_.fabric->Listen(vpc, address, port);
    };
  }
  absl::Status AuthorizeByEndpoint(const Caller& caller, const AccessQuestion& question) {
    ASSIGN_OR_RETURN(const std::string policy,
                     network_.vpc_endpoints().PolicyOf(VpcEndpointId::FromTrusted(caller.vpc_endpoint_id)));
    return iam_.authorizer().AuthorizeByEndpoint(caller, policy, question);
  }

  absl::Status ServePrometheus() {
    if (config_.prometheus_listen.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(prometheus_,
                     frontend::MakePrometheusServer(
                         [this] { return cloudwatch_.ExpositionText(statistics_) + watch_.ExpositionText(); },
                         {.listen = config_.prometheus_listen, .allow_remote = config_.prometheus_allow_remote}));
    log::Info("metrics for Prometheus are served at {}", prometheus_->url());
    return absl::OkStatus();
  }

  absl::StatusOr<UniqueFd> OpenConsole(const std::string& text) {
    ASSIGN_OR_RETURN(const InstanceId id, InstanceId::Parse(text));
    return compute_.consoles().Open(id);
  }

  host::HostReport DescribeHost() {
    host::HostReport report = Diagnose({.config = config_,
                                        .database = *database_,
                                        .database_pages = watch_.Found(),
                                        .hypervisor = *adapters_.hypervisor,
                                        .compute = compute_,
                                        .fabric = *adapters_.fabric,
                                        .network_repairs = network_.Repairs(),
                                        .disks = *adapters_.disks});
    report.ec2_url = ec2_url_;
    return report;
  }

  absl::StatusOr<std::vector<host::HostCheck>> RebuildStorage() {
    ASSIGN_OR_RETURN(const storage::RebuildReport report, storage_.records().Rebuild());
    storage_.OnDisksFreed();  // which reconciles all images and snapshots
    std::vector<host::HostCheck> disks;
    for (const std::string& id : report.rebuilt) disks.push_back({id, true, "made again of its record", ""});
    for (const auto& [id, reason] : report.refused) disks.push_back({id, false, reason, ""});
    return disks;
  }

  const Config config_;
  const RealClock clock_;
  SystemRandom random_;
  const InstanceTypeTable types_;
  const std::unique_ptr<store::Database> database_;
  DatabaseWatch watch_;
  const Adapters adapters_;
  iam::IamModule iam_;
  imds::ImdsModule imds_;
  tagging::TaggingModule tagging_;
  network::NetworkModule network_;
  storage::StorageModule storage_;
  compute::ComputeModule compute_;
  cloudwatch::CloudwatchModule cloudwatch_;
  autoscaling::AutoscalingModule autoscaling_;
  gateway::EventLog events_;
  gateway::CallStatistics statistics_;
  gateway::RequestLimiter limiter_;
  host::HostModule host_;
  gateway::Dispatcher dispatcher_;
  frontend::EndpointServer endpoints_;
  std::string ec2_url_;  // set before grpc_ serves, whose calls alone read it
  std::unique_ptr<frontend::GrpcServer> grpc_;
  std::unique_ptr<frontend::QueryServer> query_;
  std::unique_ptr<frontend::PrometheusServer> prometheus_;
};

// What SQL cannot convert of databases that earlier versions wrote.
std::vector<store::Conversion> Conversions() {
  const auto spec = schema::FieldsFromBytes<compute::LaunchSpec, ec2::v1::RequestLaunchTemplateData>;
  const auto policy = schema::FieldsFromBytes<scaling::MixedPolicy, autoscaling::v1::MixedInstancesPolicy>;
  return {compute::LaunchTemplateConversion(spec),
          autoscaling::LaunchConversion({.read_spec = spec, .read_policy = policy})};
}

}  // namespace

absl::StatusOr<std::unique_ptr<Daemon>> Daemon::Build(const Config& config) {
  ASSIGN_OR_RETURN(std::unique_ptr<store::Database> database,
                   store::Database::Open(config.state_dir + "/brume.db", Conversions()));
  ASSIGN_OR_RETURN(Adapters adapters, config.simulate ? MakeSimulatedAdapters(config) : MakeRealAdapters(config));
  Config complete = config;
  ASSIGN_OR_RETURN(complete.catalogue, ReadCatalogue(config.catalogue_dir));
  FillCapacity(complete);
  ASSIGN_OR_RETURN(complete.settings.max_volumes_gib, MaxVolumesGib(config, *adapters.disks));
  complete.settings.bandwidth_by_type = config.bandwidth == "by-type";
  complete.settings.api_has_certificate = !config.ec2_tls_cert.empty();
  complete.settings.has_uefi = config.simulate || compute::FindFirmware().ok();
  complete.settings.max_nic_queues = MaxNicQueues(*adapters.hypervisor);
  if (complete.settings.guest_overhead_mib == 0) {
    complete.settings.guest_overhead_mib = GuestOverheadMib(*adapters.hypervisor);
  }
  auto daemon = std::make_unique<RealDaemon>(complete, std::move(database), std::move(adapters));
  RETURN_IF_ERROR(daemon->Assemble());
  return daemon;
}

absl::Status RemoveHostState(const Config& config) {
  ASSIGN_OR_RETURN(const UniqueFd claim, ClaimStateDirectory(config.state_dir));
  ASSIGN_OR_RETURN(const Adapters adapters, MakeRealAdapters(config));
  ASSIGN_OR_RETURN(const std::vector<InstanceId> guests, adapters.hypervisor->List());
  if (!guests.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat(guests.size(), " guests run on this host (", guests.front().text(), " …); stop them first"));
  }
  return network::RemoveEverything(FabricOptions(config, {}));
}

}  // namespace brume::daemon
