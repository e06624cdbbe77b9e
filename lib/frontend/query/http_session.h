// One connection of the Query API's HTTP server.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "lib/base/random.h"
#include "lib/base/work_pool.h"
#include "lib/frontend/query/asio.h"
#include "lib/frontend/query/query_call.h"
#include "lib/frontend/query/query_server.h"

namespace brume::frontend {

// What connections share. Used on the server's thread only, but for the calls and the pool.
struct SessionParts {
  const QueryServerOptions& options;
  const QueryCalls& calls;
  WorkPool& pool;
  Random& random;
  asio::ssl::context* tls;    // null = plain HTTP
  uint64_t bodies_bytes = 0;  // held by requests now
  bool stopping = false;      // answers are the last of their connections
};

// Lives in its server's map and in the handlers that wait for it. On the server's thread only.
class HttpSession {
 public:
  virtual ~HttpSession() = default;
  // Reads requests and answers them.
  virtual void Start() = 0;
  // Says in place of an answer that there are too many connections, and closes.
  virtual void TurnAway() = 0;
  // Ends it now; its handlers see an error and let go.
  virtual void Cut() = 0;
  // Whether a request was read whole and its answer is not written yet.
  virtual bool busy() const = 0;
};

// `parts` must outlive it; `ended` is called once.
std::shared_ptr<HttpSession> MakeHttpSession(SessionParts& parts, tcp::socket socket, std::string peer,
                                             std::function<void()> ended);

}  // namespace brume::frontend
