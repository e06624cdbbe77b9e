#include "daemon/wiring.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "brume/autoscaling/v1/group.pb.h"
#include "brume/ec2/v1/launch_template.pb.h"
#include "daemon/adapters.h"
#include "daemon/database_watch.h"
#include "daemon/diagnosis.h"
#include "daemon/host_settings.h"
#include "daemon/modules.h"
#include "lib/autoscaling/launch_conversion.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/random.h"
#include "lib/base/status_macros.h"
#include "lib/base/work_watch.h"
#include "lib/ec2/compute/launch_template_conversion.h"
#include "lib/ec2/network/network_service.h"
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
#include "lib/schema/message_fields.h"

namespace brume::daemon {
namespace {

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
    const std::string service(kEndpointServiceNames.Of(each.service));
    if (each.private_ip.has_value()) addresses.push_back({each.id, service, *each.private_ip});
    if (each.ipv6.has_value()) addresses.push_back({each.id, service, *each.ipv6});
  }
  return addresses;
}

host::BackupFunctions BackupFunctionsOf(storage::BackupService& backups) {
  return {.start =
              [&backups](const host::BackupOrder& order) {
                return backups.Begin({.directory = order.directory, .keep = order.keep, .with_key = order.with_key});
              },
          .describe = [&backups]() -> std::optional<host::BackupReport> {
            const std::optional<storage::BackupView> last = backups.Last();
            if (!last.has_value()) return std::nullopt;
            return host::BackupReport{.id = last->id,
                                      .directory = last->directory,
                                      .state = std::string(storage::StateName(last->state)),
                                      .message = last->message,
                                      .total_bytes = last->progress.total_bytes,
                                      .done_bytes = last->progress.done_bytes,
                                      .copied_bytes = last->progress.copied_bytes,
                                      .files = last->progress.files};
          },
          .cancel = [&backups] { backups.Cancel(); }};
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
        modules_({.config = config_,
                  .types = types_,
                  .clock = clock_,
                  .random = random_,
                  .database = *database_,
                  .adapters = adapters_,
                  .serve_endpoints =
                      [this](const VpcId& id, const std::vector<network::EndpointSpec>& endpoints) {
                        return endpoints_.Serve(id, AddressesOf(endpoints));
                      },
                  .are_endpoints_served = [this](const VpcId& id) { return endpoints_.StillServes(id); }}),
        events_(*database_, clock_, config_.events),
        limiter_(config_.limits, clock_),
        host_(config_.settings, events_, statistics_,
              {.describe = [this] { return DescribeHost(); },
               .rebuild = [this] { return RebuildStorage(); },
               .backups = BackupFunctionsOf(modules_.storage().backups())}),
        dispatcher_({.account = config_.settings.account(),
                     .admit = [this](const auto& method, const auto& request,
                                     const Caller& caller) { return limiter_.Admit(method, request, caller); },
                     .authorize =
                         [this](const Caller& caller, const AccessQuestion& question) {
                           return modules_.iam().authorizer().Authorize(caller, question);
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
        endpoints_(
            {.dispatcher = dispatcher_,
             .authenticate =
                 [this](const SignedRequest& request) { return modules_.iam().authenticator().Authenticate(request); },
             .listen = ListenByBoth(config_, *adapters_.fabric),
             .options = QueryOptions(config_)}) {}

  ~RealDaemon() override { Stop(); }

  // Default rows, the root's key, handlers and the gRPC server; apart from the constructor because it can fail.
  absl::Status Assemble() {
    RETURN_IF_ERROR(modules_.Load());
    gateway::Actions actions(dispatcher_);
    modules_.Register(actions);
    host_.Register(actions);
    RETURN_IF_ERROR(dispatcher_.CheckComplete());
    return absl::OkStatus();
  }

  absl::Status Serve() override {
    watch_.Start();
    work_watch_.Start();
    RETURN_IF_ERROR(modules_.Start());
    RETURN_IF_ERROR(ServePrometheus());
    if (!config_.ec2_listen.empty()) {
      ASSIGN_OR_RETURN(query_, frontend::MakeQueryServer(
                                   dispatcher_,
                                   [this](const SignedRequest& request) {
                                     return modules_.iam().authenticator().Authenticate(request);
                                   },
                                   QueryOptions(config_)));
      ec2_url_ = query_->url();
    }
    RETURN_IF_ERROR(endpoints_.Start());
    frontend::CertificateUser certificate_user;
    if (config_.grpc_client_certificates == "user") {
      certificate_user = [this](const std::string& name, Caller& caller) {
        return modules_.iam().identities().Become(name, caller);
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
    prometheus_.reset();
    modules_.Stop();
    watch_.Stop();
  }

 private:
  absl::Status AuthorizeByEndpoint(const Caller& caller, const AccessQuestion& question) {
    ASSIGN_OR_RETURN(const std::string policy,
                     modules_.network().vpc_endpoints().PolicyOf(VpcEndpointId::FromTrusted(caller.vpc_endpoint_id)));
    return modules_.iam().authorizer().AuthorizeByEndpoint(caller, policy, question);
  }

  absl::Status ServePrometheus() {
    if (config_.prometheus_listen.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(prometheus_,
                     frontend::MakePrometheusServer(
                         [this] { return modules_.cloudwatch().ExpositionText(statistics_) + watch_.ExpositionText(); },
                         {.listen = config_.prometheus_listen, .allow_remote = config_.prometheus_allow_remote}));
    log::Info("metrics for Prometheus are served at {}", prometheus_->url());
    return absl::OkStatus();
  }

  absl::StatusOr<UniqueFd> OpenConsole(const std::string& text) {
    ASSIGN_OR_RETURN(const InstanceId id, InstanceId::Parse(text));
    return modules_.compute().consoles().Open(id);
  }

  host::HostReport DescribeHost() {
    host::HostReport report = Diagnose({.config = config_,
                                        .database = *database_,
                                        .database_pages = watch_.Found(),
                                        .hypervisor = *adapters_.hypervisor,
                                        .compute = modules_.compute(),
                                        .fabric = *adapters_.fabric,
                                        .network_repairs = modules_.network().Repairs(),
                                        .disks = *adapters_.disks});
    report.ec2_url = ec2_url_;
    return report;
  }

  absl::StatusOr<std::vector<host::HostCheck>> RebuildStorage() {
    ASSIGN_OR_RETURN(const storage::RebuildReport report, modules_.storage().records().Rebuild());
    modules_.storage().OnDisksFreed();  // which reconciles all images and snapshots
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
  WorkWatch work_watch_;
  const Adapters adapters_;
  Modules modules_;
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

}  // namespace

std::vector<store::Conversion> Conversions() {
  const auto spec = schema::FieldsFromBytes<compute::LaunchSpec, ec2::v1::RequestLaunchTemplateData>;
  const auto policy = schema::FieldsFromBytes<scaling::MixedPolicy, autoscaling::v1::MixedInstancesPolicy>;
  return {compute::LaunchTemplateConversion(spec),
          autoscaling::LaunchConversion({.read_spec = spec, .read_policy = policy})};
}

absl::StatusOr<std::unique_ptr<Daemon>> Daemon::Build(const Config& config) {
  ASSIGN_OR_RETURN(std::unique_ptr<store::Database> database,
                   store::Database::Open(config.state_dir + "/brume.db", Conversions()));
  ASSIGN_OR_RETURN(Adapters adapters, MakeAdapters(config));
  ASSIGN_OR_RETURN(const Config complete, WithHostSettings(config, adapters));
  auto daemon = std::make_unique<RealDaemon>(complete, std::move(database), std::move(adapters));
  RETURN_IF_ERROR(daemon->Assemble());
  return daemon;
}

}  // namespace brume::daemon
