// Between the HTTP server and the calls of the Query API: what is refused before anybody asks who signed it, and the
// forms of requests and answers. No sockets.
#pragma once

#include <functional>
#include <string>

#include "lib/frontend/query/query_call.h"
#include "lib/frontend/query/query_server.h"
#include "lib/gateway/signed_request.h"
#include "lib/http/server.h"

namespace brume::frontend {

// All of the server's options that follow from the API's, with what it refuses. Each refusal has a request id of its
// own.
http::ServerOptions HttpServerOptions(const QueryServerOptions& options, std::function<std::string()> new_request_id);

// Its views are of the request.
SignedRequest ToSigned(const http::Request& request);

http::Response ToHttp(QueryAnswer answer, const std::string& request_id, bool simulated);

// In the protocol of the request: there are too many to take it, which ends the connection; and it failed unforeseen.
http::Response Overloaded(const http::Request& request, const std::string& request_id, bool simulated);
http::Response Failed(const http::Request& request, const std::string& request_id, bool simulated);

}  // namespace brume::frontend
