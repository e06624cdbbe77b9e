#include "lib/frontend/query/endpoint_server.h"

#include <exception>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/base/log.h"
#include "lib/base/random.h"
#include "lib/base/request_id.h"
#include "lib/base/status_macros.h"
#include "lib/base/work_pool.h"
#include "lib/frontend/query/http_adapter.h"
#include "lib/http/is_listening.h"
#include "lib/http/server.h"

namespace brume::frontend {
namespace {

constexpr uint16_t kPlainPort = 80, kSecurePort = 443;
// Guests take no more of the daemon than this many calls at a time, beside those of the API's own address.
constexpr int kThreads = 4;
// Of each VPC.
constexpr int kQueue = 64;

// A listener's name says what comes by it: "vpc-…/vpce-…/ec2/10.0.1.9/443".
std::string ListenerName(const VpcId& vpc, const EndpointAddress& address, bool secure) {
  return absl::StrCat(vpc.text(), "/", address.id.text(), "/", address.service, "/", address.address.text(), "/",
                      secure ? kSecurePort : kPlainPort);
}

CallOrigin OriginOf(const std::string& listener) {
  const std::vector<std::string> parts = absl::StrSplit(listener, '/');
  return {.vpc_id = parts.at(0), .vpc_endpoint_id = parts.at(1), .service = parts.at(2)};
}

}  // namespace

// The servers of both ports, with their threads.
class EndpointServer::Serving {
 public:
  explicit Serving(const EndpointServerParts& parts)
      : parts_(parts),
        calls_(parts.dispatcher, parts.authenticate,
               {.strict_region = parts.options.strict_region, .body_bytes = parts.options.limits.body_bytes}),
        plain_(Options(/*secure=*/false), HandlerOfRequests()),
        secure_(Options(/*secure=*/true), HandlerOfRequests()),
        pool_(kThreads, kQueue) {}
  // A call under way is let end after it: it may hold a transaction.
  ~Serving() {
    plain_.Stop();
    secure_.Stop();
  }

  absl::Status Start() {
    RETURN_IF_ERROR(plain_.Start());
    return parts_.options.tls_cert_path.empty() ? absl::OkStatus() : secure_.Start();
  }
  http::Server& server(bool secure) { return secure ? secure_ : plain_; }

 private:
  http::ServerOptions Options(bool secure) {
    QueryServerOptions options = parts_.options;
    if (!secure) options.tls_cert_path = options.tls_key_path = "";
    http::ServerOptions http = HttpServerOptions(options, [this] { return NewRequestId(random_); });
    http.name = "endpoint";
    return http;
  }

  http::Handler HandlerOfRequests() {
    return [this](http::Request request, http::Responder responder) {
      // VPCs take turns: the guests of one keep no other's waiting.
      const std::string vpc = OriginOf(request.listener).vpc_id;
      auto answer = [this, request = std::move(request), responder] { responder.Send(Answer(request)); };
      if (pool_.Submit(std::move(answer), vpc)) return;
      const std::string id = NewRequestId(random_);
      http::Response refusal = ToHttp(RefusedByHttp(503, "RequestLimitExceeded", "Request limit exceeded.", id), id,
                                      parts_.options.simulated);
      refusal.close = true;
      responder.Send(std::move(refusal));
    };
  }

  // On a thread of the pool.
  http::Response Answer(const http::Request& request) const {
    const std::string id = NewRequestId(random_);
    const bool simulated = parts_.options.simulated;
    try {
      return ToHttp(calls_.Answer({.http = ToSigned(request),
                                   .source = request.peer,
                                   .secure = request.secure,
                                   .request_id = id,
                                   .origin = OriginOf(request.listener)}),
                    id, simulated);
    } catch (const std::exception& exception) {
      log::Error("endpoint: a call of {} by {} fails: {}", request.peer, request.listener, exception.what());
      return ToHttp(RefusedByHttp(500, "InternalError", "An internal error has occurred.", id), id, simulated);
    }
  }

  const EndpointServerParts& parts_;
  const QueryCalls calls_;
  mutable SystemRandom random_;
  http::Server plain_, secure_;
  WorkPool pool_;  // last: its calls use all the others
};

EndpointServer::EndpointServer(EndpointServerParts parts) : parts_(std::move(parts)) {}

EndpointServer::~EndpointServer() { Stop(); }

absl::Status EndpointServer::Start() {
  MutexLock lock(mutex_);
  if (serving_ != nullptr) RETURN_IF_ERROR(serving_->Start());
  phase_ = Phase::kServing;
  return absl::OkStatus();
}

absl::Status EndpointServer::Open(const VpcId& vpc, const EndpointAddress& address, bool secure) {
  const std::string name = ListenerName(vpc, address, secure);
  const auto present = listeners_.find(name);
  if (present != listeners_.end() && http::IsListening(present->second.handle.get())) return absl::OkStatus();
  if (serving_ == nullptr) {
    auto serving = std::make_unique<Serving>(parts_);
    if (phase_ == Phase::kServing) RETURN_IF_ERROR(serving->Start());
    serving_ = std::move(serving);
  }
  ASSIGN_OR_RETURN(UniqueFd socket, parts_.listen(vpc, address.address, secure ? kSecurePort : kPlainPort));
  ASSIGN_OR_RETURN(UniqueFd handle, http::HandleOf(socket));
  serving_->server(secure).AddListener(name, std::move(socket));
  listeners_.insert_or_assign(name, Listener{.vpc = vpc, .secure = secure, .handle = std::move(handle)});
  return absl::OkStatus();
}

absl::Status EndpointServer::Serve(const VpcId& vpc, const std::vector<EndpointAddress>& addresses) {
  if (parts_.listen == nullptr) return absl::OkStatus();
  MutexLock lock(mutex_);
  if (phase_ == Phase::kStopped) return absl::UnavailableError("the API is not served any more");
  std::set<std::string> wanted;
  for (const EndpointAddress& address : addresses) {
    wanted.insert(ListenerName(vpc, address, /*secure=*/false));
    if (secure()) wanted.insert(ListenerName(vpc, address, /*secure=*/true));
  }
  for (auto it = listeners_.begin(); it != listeners_.end();) {
    if (it->second.vpc != vpc || wanted.contains(it->first)) {
      ++it;
      continue;
    }
    serving_->server(it->second.secure).RemoveListener(it->first);
    it = listeners_.erase(it);
  }
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
