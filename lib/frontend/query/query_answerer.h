// Requests of the Query API to their answers, on threads of its own: what query_server.h and endpoint_server.h share.
#pragma once

#include <optional>

#include "lib/base/random.h"
#include "lib/base/work_pool.h"
#include "lib/frontend/query/query_call.h"
#include "lib/frontend/query/query_server.h"
#include "lib/http/server.h"

namespace brume::frontend {

// Thread-safe. What it is made of must outlive it. Its end waits for the calls under way: they may hold transactions.
class QueryAnswerer {
 public:
  // `threads` requests are answered at once, and `queue` of each VPC (of those that come by no endpoint together) wait.
  QueryAnswerer(const gateway::Dispatcher& dispatcher, Authenticate authenticate, const QueryServerOptions& options,
                int threads, int queue);

  // For an HTTP server whose listeners this answers for; see HttpServerOptions.
  http::ServerOptions HttpOptions();
  // Answers in a while, or at once with RequestLimitExceeded when too many wait.
  void Answer(http::Request request, http::Responder responder, std::optional<CallOrigin> origin = std::nullopt);

 private:
  http::Response AnswerNow(const http::Request& request, const std::optional<CallOrigin>& origin) const;

  const QueryServerOptions& options_;
  const QueryCalls calls_;
  mutable SystemRandom random_;
  WorkPool pool_;  // last: its calls use all the others
};

}  // namespace brume::frontend
