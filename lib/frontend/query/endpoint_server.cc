#include "lib/frontend/query/endpoint_server.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/base/status_macros.h"
#include "lib/frontend/query/query_answerer.h"
#include "lib/http/is_listening.h"
#include "lib/http/server.h"

namespace brume::frontend {
namespace {

constexpr uint16_t kPlainPort = 80, kSecurePort = 443;
// Guests take no more of the daemon than this many calls at a time, beside those of the API's own address.
constexpr int kThreads = 4;
// Of each VPC.
constexpr int kQueue = 64;
// Of each port, beside the bounds of each endpoint: they are descriptors of the daemon.
constexpr size_t kConnections = 4096;

// A listener's name says what comes by it: "vpc-…/vpce-…/ec2/10.0.1.9/443".
std::string ListenerName(const VpcId& vpc, const EndpointAddress& address, bool secure) {
  const std::string text = std::visit([](const auto& each) { return each.text(); }, address.address);
  return absl::StrCat(vpc.text(), "/", address.id.text(), "/", address.service, "/", text, "/",
                      secure ? kSecurePort : kPlainPort);
}

CallOrigin OriginOf(const std::string& listener) {
  const std::vector<std::string> parts = absl::StrSplit(listener, '/');
  return {.vpc_id = parts.at(0), .vpc_endpoint_id = parts.at(1), .service = parts.at(2)};
}

}  // namespace

// The servers of both ports.
class EndpointServer::Serving {
 public:
  explicit Serving(const EndpointServerParts& parts)
      : secures_(!parts.options.tls_cert_path.empty()),
        answerer_(parts.dispatcher, parts.authenticate, parts.options, kThreads, kQueue),
        plain_(Options(/*secure=*/false), HandlerOfRequests()),
        secure_(Options(/*secure=*/true), HandlerOfRequests()) {}

  absl::Status Start() {
    RETURN_IF_ERROR(plain_.Start());
    return secures_ ? secure_.Start() : absl::OkStatus();
  }
  http::Server& server(bool secure) { return secure ? secure_ : plain_; }

 private:
  http::ServerOptions Options(bool secure) {
    http::ServerOptions options = answerer_.HttpOptions();
    options.name = "endpoint";
    options.limits.connections_in_all = kConnections;
    if (!secure) options.tls_cert_path = options.tls_key_path = "";
    return options;
  }
  http::Handler HandlerOfRequests() {
    return [this](http::Request request, http::Responder responder) {
      CallOrigin origin = OriginOf(request.listener);
      answerer_.Answer(std::move(request), std::move(responder), std::move(origin));
    };
  }

  const bool secures_;
  QueryAnswerer answerer_;
  http::Server plain_, secure_;  // they go first, so that no call begins while those under way end
};

EndpointServer::EndpointServer(EndpointServerParts parts) : parts_(std::move(parts)) {}

EndpointServer::~EndpointServer() { Stop(); }

absl::Status EndpointServer::Start() {
  MutexLock lock(mutex_);
  if (serving_ != nullptr) RETURN_IF_ERROR(serving_->Start());
  phase_ = Phase::kServing;
  return absl::OkStatus();
}

bool EndpointServer::IsOpen(const std::string& listener) {
  MutexLock lock(mutex_);
  const auto found = listeners_.find(listener);
  return found != listeners_.end() && http::IsListening(found->second.handle.get());
}

absl::Status EndpointServer::EnsureServing() {
  if (phase_ == Phase::kStopped) return absl::UnavailableError("the API is not served any more");
  if (serving_ != nullptr) return absl::OkStatus();
  auto serving = std::make_unique<Serving>(parts_);
  if (phase_ == Phase::kServing) RETURN_IF_ERROR(serving->Start());
  serving_ = std::move(serving);
  return absl::OkStatus();
}

absl::Status EndpointServer::Open(const VpcId& vpc, const EndpointAddress& address, bool secure) {
  const std::string name = ListenerName(vpc, address, secure);
  if (IsOpen(name)) return absl::OkStatus();
  ASSIGN_OR_RETURN(UniqueFd socket, parts_.listen(vpc, address.address, secure ? kSecurePort : kPlainPort));
  ASSIGN_OR_RETURN(UniqueFd handle, http::HandleOf(socket));
  MutexLock lock(mutex_);
  RETURN_IF_ERROR(EnsureServing());
  serving_->server(secure).AddListener(name, std::move(socket));
  listeners_.insert_or_assign(name, Listener{.vpc = vpc, .secure = secure, .handle = std::move(handle)});
  return absl::OkStatus();
}

absl::Status EndpointServer::CloseOthers(const VpcId& vpc, const std::set<std::string>& wanted) {
  MutexLock lock(mutex_);
  if (phase_ == Phase::kStopped) return absl::UnavailableError("the API is not served any more");
  for (auto it = listeners_.begin(); it != listeners_.end();) {
    if (it->second.vpc != vpc || wanted.contains(it->first)) {
      ++it;
      continue;
    }
    serving_->server(it->second.secure).RemoveListener(it->first);
    it = listeners_.erase(it);
  }
  return absl::OkStatus();
}

absl::Status EndpointServer::Serve(const VpcId& vpc, const std::vector<EndpointAddress>& addresses) {
  if (parts_.listen == nullptr) return absl::OkStatus();
  std::set<std::string> wanted;
  for (const EndpointAddress& address : addresses) {
    wanted.insert(ListenerName(vpc, address, /*secure=*/false));
    if (secure()) wanted.insert(ListenerName(vpc, address, /*secure=*/true));
  }
  RETURN_IF_ERROR(CloseOthers(vpc, wanted));
  for (const EndpointAddress& address : addresses) {
    RETURN_IF_ERROR(Open(vpc, address, /*secure=*/false));
    if (secure()) RETURN_IF_ERROR(Open(vpc, address, /*secure=*/true));
  }
  return absl::OkStatus();
}

bool EndpointServer::StillServes(const VpcId& vpc) {
  MutexLock lock(mutex_);
  for (const auto& [name, listener] : listeners_) {
    if (listener.vpc == vpc && !http::IsListening(listener.handle.get())) return false;
  }
  return true;
}

void EndpointServer::Stop() {
  std::unique_ptr<Serving> serving;
  {
    MutexLock lock(mutex_);
    phase_ = Phase::kStopped;
    listeners_.clear();
    serving = std::move(serving_);
  }
  // Outside of the lock: it waits for calls, which may be about endpoints.
  serving.reset();
}

}  // namespace brume::frontend
