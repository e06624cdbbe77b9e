// What HTTP itself says of a request, before anybody asks who signed it. No sockets.
#pragma once

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>

#include "lib/frontend/query/asio.h"
#include "lib/frontend/query/query_server.h"
#include "lib/gateway/signed_request.h"
#include "lib/resource/error_codes.h"

namespace brume::frontend {

using HttpMessage = beast::http::request<beast::http::string_body>;

// An answer that ends the connection. The texts are constants.
struct Refusal {
  int status;
  ec2::KnownCode code;
  const char* message;
};

// The answer to what is no complete request; none = nothing to answer.
std::optional<Refusal> RefusalOfReadError(error_code error);

// What is said against a request whose head was read.
std::optional<Refusal> RefusalOfHead(const HttpMessage& head, bool has_body, const QueryLimits& limits);

// Its views are of the message.
SignedRequest ToSigned(const HttpMessage& message);

}  // namespace brume::frontend
