#include "lib/frontend/query/query_answerer.h"

#include <exception>
#include <memory>
#include <string>
#include <utility>

#include "lib/base/log.h"
#include "lib/base/request_id.h"
#include "lib/frontend/query/http_adapter.h"

namespace brume::frontend {

QueryAnswerer::QueryAnswerer(const gateway::Dispatcher& dispatcher, Authenticate authenticate,
                             const QueryServerOptions& options, int threads, int queue)
    : options_(options),
      calls_(dispatcher, std::move(authenticate),
             {.strict_region = options.strict_region, .body_bytes = options.limits.body_bytes}),
      pool_(threads, queue) {}

http::ServerOptions QueryAnswerer::HttpOptions() {
  return HttpServerOptions(options_, [this] { return NewRequestId(random_); });
}

void QueryAnswerer::Answer(http::Request request, http::Responder responder, std::optional<CallOrigin> origin) {
  const std::string source = origin.has_value() ? origin->vpc_id : "";
  const auto kept = std::make_shared<const http::Request>(std::move(request));
  const bool taken = pool_.Submit(
      [this, kept, responder, origin = std::move(origin)] { responder.Send(AnswerNow(*kept, origin)); }, source);
  if (!taken) responder.Send(Overloaded(*kept, NewRequestId(random_), options_.simulated));
}

// On a thread of the pool.
http::Response QueryAnswerer::AnswerNow(const http::Request& request, const std::optional<CallOrigin>& origin) const {
  const std::string id = NewRequestId(random_);
  try {
    return ToHttp(calls_.Answer({.http = ToSigned(request),
                                 .source = request.peer,
                                 .secure = request.secure,
                                 .request_id = id,
                                 .origin = origin}),
                  id, options_.simulated);
  } catch (const std::exception& exception) {
    log::Error("query: a call of {} by {} fails: {}", request.peer, request.listener, exception.what());
    return Failed(request, id, options_.simulated);
  }
}

}  // namespace brume::frontend
