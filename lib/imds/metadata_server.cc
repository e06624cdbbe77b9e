#include "lib/imds/metadata_server.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "lib/base/log.h"
#include "lib/base/random.h"
#include "lib/base/status_macros.h"
#include "lib/base/work_pool.h"
#include "lib/ec2/network/interface_service.h"
#include "lib/http/is_listening.h"
#include "lib/http/server.h"
#include "lib/imds/answer.h"
#include "lib/imds/metadata_store.h"

namespace brume::imds {
namespace {

constexpr char kIpv6Suffix[] = "/ipv6";
// Requests that wait of each VPC: as many as EC2 lets an interface ask in a second.
constexpr int kThreads = 1, kQueue = 1024;

http::Response ToHttp(MetadataResponse response) {
  return {.status = response.status,
          .content_type = std::move(response.content_type),
          .headers = std::move(response.headers),
          .body = std::move(response.body),
          .hop_limit = response.hop_limit};
}

http::Response Refusal(http::Fault fault, const http::Request*) {
  switch (fault) {
    case http::Fault::kMalformed:
      return ToHttp(ErrorResponse(400));
    case http::Fault::kHeadTooLarge:
      return ToHttp(ErrorResponse(431));
    case http::Fault::kBodyTooLarge:
    case http::Fault::kTooManyBodies:
      return ToHttp(ErrorResponse(413));
    case http::Fault::kTooManyConnections:
    case http::Fault::kInternal:
      return ToHttp(ErrorResponse(500));
  }
  return ToHttp(ErrorResponse(500));
}

http::ServerOptions HttpOptions(const MetadataServerOptions& options) {
  return {.name = "metadata",
          .server_name = "EC2ws",
          .limits = {.head_bytes = static_cast<uint32_t>(options.header_bytes),
                     .connections = options.connections_per_vpc,
                     .connections_per_peer = options.connections_per_peer,
                     .connections_in_all = options.connections},
          // One deadline for a request and its answer.
          .deadlines = {.idle = options.idle_timeout, .head = options.request_timeout},
          .when_full = http::WhenFull::kEvictIdle,
          .refuse = Refusal};
}

}  // namespace

// Requests are answered on a thread of their own, to which the HTTP server's thread gives them.
class MetadataServer::Impl {
 public:
  Impl(store::Database& database, const Settings& settings, const InstanceTypeTable& types, const Clock& clock,
       MetadataServerOptions options)
      : database_(database),
        settings_(settings),
        types_(types),
        clock_(clock),
        options_(std::move(options)),
        server_(HttpOptions(options_), [this](http::Request request, http::Responder responder) {
          // VPCs take turns, and both listeners of one have one turn.
          const std::string vpc(absl::StripSuffix(request.listener, kIpv6Suffix));
          auto answer = [this, request = std::move(request), responder] { responder.Send(Answer(request)); };
          if (!answering_->Submit(std::move(answer), vpc)) responder.Send(ToHttp(ErrorResponse(503)));
        }) {}
  ~Impl() { Stop(); }

  absl::Status Start() {
    SystemRandom random;
    ASSIGN_OR_RETURN(key_, EnsureTokenKey(database_, random));
    return server_.Start();
  }

  void Stop() {
    server_.Stop();
    answering_.reset();
  }
  // `suffix` tells the listeners of a VPC apart.
  void Add(const VpcId& vpc, absl::string_view suffix, UniqueFd socket) {
    server_.AddListener(absl::StrCat(vpc.text(), suffix), std::move(socket));
  }
  void Remove(const VpcId& vpc, absl::string_view suffix) { server_.RemoveListener(absl::StrCat(vpc.text(), suffix)); }

 private:
  absl::StatusOr<std::optional<NetworkInterface>> InterfaceOf(store::Connection& connection, const VpcId& vpc,
                                                              const std::string& peer, bool ipv6) const {
    if (ipv6) {
      // A link-local one is followed by its link. A guest asks by it before it has another.
      ASSIGN_OR_RETURN(const Ipv6 address, Ipv6::Parse(absl::string_view(peer).substr(0, peer.find('%'))));
      return network::FindInterface(connection, vpc, address);
    }
    ASSIGN_OR_RETURN(const Ipv4 address, Ipv4::Parse(peer));
    return network::FindInterface(connection, vpc, address);
  }

  absl::StatusOr<std::optional<MetadataSource>> SourceOf(const VpcId& vpc, const http::Request& message,
                                                         bool ipv6) const {
    ASSIGN_OR_RETURN(
        std::optional<MetadataSource> source,
        database_.ReadFor([&](store::Connection& connection) -> absl::StatusOr<std::optional<MetadataSource>> {
          ASSIGN_OR_RETURN(const std::optional<NetworkInterface> eni, InterfaceOf(connection, vpc, message.peer, ipv6));
          if (!eni.has_value()) return std::nullopt;
          return ReadSource(connection, settings_, types_, *eni);
        }));
    const bool has_role = source.has_value() && source->profile.has_value() && source->profile->role.has_value();
    if (!has_role || options_.credentials == nullptr) return source;
    // A token that is not good gets no answer at all.
    SessionInstance instance{.id = source->view.instance.id,
                             .delivery = message.FindHeader(kTokenHeader) == nullptr ? "1.0" : "2.0",
                             .vpc_id = vpc.text()};
    const auto& interfaces = source->view.interfaces;
    if (!interfaces.empty() && interfaces.front().private_ip.has_value()) {
      instance.private_ip = interfaces.front().private_ip->text();
    }
    ASSIGN_OR_RETURN(source->credentials, options_.credentials(instance, *source->profile->role));
    return source;
  }

  http::Response Answer(const http::Request& message) const {
    absl::string_view listener = message.listener;
    const bool ipv6 = absl::ConsumeSuffix(&listener, kIpv6Suffix);
    const VpcId vpc = VpcId::FromTrusted(std::string(listener));
    const absl::StatusOr<std::optional<MetadataSource>> source = SourceOf(vpc, message, ipv6);
    if (!source.ok()) {
      log::Error("metadata: cannot read what {} in {} is: {}", message.peer, vpc.text(), source.status().message());
      return ToHttp(ErrorResponse(500));
    }
    const bool refused =
        ipv6 && source->has_value() && (*source)->view.instance.metadata_options.ipv6 == MetadataState::kDisabled;
    if (refused) return ToHttp(ErrorResponse(403));
    const MetadataRequest request{.method = message.method, .target = message.target, .headers = message.headers};
    return ToHttp(AnswerRequest(request, source->has_value() ? &**source : nullptr, key_, clock_.Now()));
  }

  store::Database& database_;
  const Settings& settings_;
  const InstanceTypeTable& types_;
  const Clock& clock_;
  const MetadataServerOptions options_;
  TokenKey key_;
  std::unique_ptr<WorkPool> answering_ = std::make_unique<WorkPool>(kThreads, kQueue);
  http::Server server_;  // its thread uses all the others
};

MetadataServer::MetadataServer(store::Database& database, const Settings& settings, const InstanceTypeTable& types,
                               const Clock& clock, MetadataServerOptions options)
    : impl_(std::make_unique<Impl>(database, settings, types, clock, std::move(options))) {}

MetadataServer::~MetadataServer() = default;

absl::Status MetadataServer::Start() { return impl_->Start(); }

void MetadataServer::Stop() { impl_->Stop(); }

static absl::Status CheckListens(const VpcId& vpc, const UniqueFd& listener) {
  if (http::IsListening(listener.get())) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("metadata: the socket for ", vpc.text(), " does not listen"));
}

absl::Status MetadataServer::AddVpc(const VpcId& vpc, UniqueFd listener) {
  RETURN_IF_ERROR(CheckListens(vpc, listener));
  impl_->Add(vpc, "", std::move(listener));
  return absl::OkStatus();
}

absl::Status MetadataServer::AddVpcIpv6(const VpcId& vpc, UniqueFd listener) {
  RETURN_IF_ERROR(CheckListens(vpc, listener));
  impl_->Add(vpc, kIpv6Suffix, std::move(listener));
  return absl::OkStatus();
}

void MetadataServer::RemoveVpc(const VpcId& vpc) { impl_->Remove(vpc, ""); }

void MetadataServer::RemoveVpcIpv6(const VpcId& vpc) { impl_->Remove(vpc, kIpv6Suffix); }

}  // namespace brume::imds
