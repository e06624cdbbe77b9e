#include "lib/http/client.h"

#include <openssl/ssl.h>

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <exception>
#include <limits>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "lib/base/status_macros.h"

namespace brume::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;
using tcp = asio::ip::tcp;

constexpr size_t kReadBytes = 4 * 1024;

absl::Status Failed(absl::string_view what, const error_code& error) {
  if (error == beast::error::timeout) return absl::UnavailableError(absl::StrCat(what, ": it took too long"));
  return absl::UnavailableError(absl::StrCat(what, ": ", error.message()));
}

std::string TextOf(const ClientRequest& request) {
  std::string text =
      absl::StrCat(request.method, " ", request.target, " HTTP/1.1\r\nHost: ", request.authority, "\r\n");
  for (const auto& [name, value] : request.headers) absl::StrAppend(&text, name, ": ", value, "\r\n");
  absl::StrAppend(&text, "Content-Length: ", request.body.size(), "\r\nConnection: close\r\n\r\n", request.body);
  return text;
}

// One exchange, step by step on the calling thread; each step is asynchronous, as only those have a deadline.
class Connection {
 public:
  Connection(const ClientRequest& request, const ClientLimits& limits)
      : request_(request),
        text_(TextOf(request)),
        timeout_(absl::ToChronoMilliseconds(limits.timeout)),
        buffer_(2 * size_t{limits.head_bytes}) {
    parser_.header_limit(limits.head_bytes);
    // It may say what it likes, as nobody reads it. (None is no limit either, but in Beast of Boost 1.74.)
    parser_.body_limit(std::numeric_limits<uint64_t>::max());
  }

  absl::StatusOr<int> Run() {
    error_code error;
    const auto endpoints = tcp::resolver(io_).resolve(request_.host, request_.port, error);
    if (error) return Failed(absl::StrCat("the host ", request_.host, " is not found"), error);
    if (!request_.tls) {
      beast::tcp_stream stream(io_);
      RETURN_IF_ERROR(Connect(stream, endpoints));
      return Talk(stream);
    }
    asio::ssl::context context(asio::ssl::context::tls_client);
    RETURN_IF_ERROR(Prepare(context));
    beast::ssl_stream<beast::tcp_stream> stream(io_, context);
    if (SSL_set_tlsext_host_name(stream.native_handle(), request_.host.c_str()) != 1) {
      return absl::InvalidArgumentError("TLS takes no such host name");
    }
    stream.set_verify_callback(asio::ssl::host_name_verification(request_.host), error);
    if (error) return Failed("TLS cannot be prepared", error);
    RETURN_IF_ERROR(Connect(beast::get_lowest_layer(stream), endpoints));
    RETURN_IF_ERROR(Do("TLS", [&](auto done) {
      stream.async_handshake(asio::ssl::stream_base::client, [done](error_code failed) { done(failed); });
    }));
    return Talk(stream);
  }

 private:
  static absl::Status Prepare(asio::ssl::context& context) {
    error_code error;
    context.set_default_verify_paths(error);
    if (error) return Failed("the system's certificates cannot be read", error);
    context.set_verify_mode(asio::ssl::verify_peer, error);
    if (error || SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION) != 1) {
      return absl::UnavailableError("this OpenSSL has no TLS 1.2");
    }
    return absl::OkStatus();
  }

  // Begins a step and runs it to its end.
  template <typename Begin>
  absl::Status Do(absl::string_view what, Begin begin) {
    std::optional<error_code> result;
    begin([&result](error_code error) { result = error; });
    io_.restart();
    io_.run();
    if (!result.has_value()) return absl::InternalError(absl::StrCat(what, " did not end"));
    return *result ? Failed(what, *result) : absl::OkStatus();
  }

  // The deadline is set once, for this step and all that follow.
  absl::Status Connect(beast::tcp_stream& stream, const tcp::resolver::results_type& endpoints) {
    stream.expires_after(timeout_);
    return Do("no connection", [&](auto done) {
      stream.async_connect(endpoints, [done](error_code error, const tcp::endpoint&) { done(error); });
    });
  }

  template <typename Stream>
  absl::StatusOr<int> Talk(Stream& stream) {
    RETURN_IF_ERROR(Do("it cannot be sent", [&](auto done) {
      asio::async_write(stream, asio::buffer(text_), [done](error_code error, size_t) { done(error); });
    }));
    constexpr absl::string_view kUnanswered = "there is no answer";
    while (!parser_.is_header_done()) {
      const size_t room = std::min(kReadBytes, buffer_.max_size() - buffer_.size());
      size_t bytes = 0;
      RETURN_IF_ERROR(Do(kUnanswered, [&](auto done) {
        stream.async_read_some(buffer_.prepare(room), [&bytes, done](error_code error, size_t read) {
          bytes = read;
          done(error);
        });
      }));
      buffer_.commit(bytes);
      error_code error;
      buffer_.consume(parser_.put(buffer_.data(), error));  // ends at the head's limit, which is below the buffer's
      if (error && error != beast::http::error::need_more) return Failed(kUnanswered, error);
    }
    return static_cast<int>(parser_.get().result_int());
  }

  const ClientRequest& request_;
  const std::string text_;
  const std::chrono::milliseconds timeout_;
  asio::io_context io_{1};
  beast::flat_buffer buffer_;
  beast::http::response_parser<beast::http::empty_body> parser_;
};

}  // namespace

absl::StatusOr<int> Exchange(const ClientRequest& request, const ClientLimits& limits) {
  try {
    return Connection(request, limits).Run();
  } catch (const std::exception& exception) {
    return absl::UnavailableError(exception.what());
  }
}

}  // namespace brume::http
