// The bytes of one connection of a Server, plain or in TLS. Included by server_session.h alone: Boost's headers go no
// further, and what is instantiated for both kinds of streams is no more than this.
#pragma once

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <functional>
#include <memory>
#include <utility>

namespace brume::http {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;
using tcp = asio::ip::tcp;

// One operation at a time; the caller keeps its buffers, and what holds the transport, until `done` is called, on the
// thread of its io_context and never before the call returns.
class Transport {
 public:
  using Done = std::function<void(error_code, size_t)>;
  using Buffers = std::array<asio::const_buffer, 2>;

  virtual ~Transport() = default;
  virtual bool secure() const = 0;
  virtual void Handshake(Done done) = 0;  // as the server
  virtual void ReadSome(asio::mutable_buffer room, Done done) = 0;
  virtual void Write(const Buffers& buffers, Done done) = 0;  // all of it
  // Says in TLS that nothing more comes; an error where that cannot be said.
  virtual void Shutdown(Done done) = 0;
  // Below TLS. Its deadline is that of every operation.
  virtual beast::tcp_stream& tcp_stream() = 0;
};

class PlainTransport final : public Transport {
 public:
  explicit PlainTransport(tcp::socket socket) : stream_(std::move(socket)) {}
  bool secure() const override { return false; }
  void Handshake(Done done) override { Post({}, std::move(done)); }
  void ReadSome(asio::mutable_buffer room, Done done) override { stream_.async_read_some(room, std::move(done)); }
  void Write(const Buffers& buffers, Done done) override { asio::async_write(stream_, buffers, std::move(done)); }
  void Shutdown(Done done) override { Post(asio::error::operation_not_supported, std::move(done)); }
  beast::tcp_stream& tcp_stream() override { return stream_; }

 private:
  void Post(error_code error, Done done) {
    asio::post(stream_.get_executor(), [error, done = std::move(done)] { done(error, 0); });
  }

  beast::tcp_stream stream_;
};

class TlsTransport final : public Transport {
 public:
  TlsTransport(tcp::socket socket, asio::ssl::context& context) : stream_(std::move(socket), context) {}
  bool secure() const override { return true; }
  void Handshake(Done done) override {
    stream_.async_handshake(asio::ssl::stream_base::server,
                            [done = std::move(done)](error_code error) { done(error, 0); });
  }
  void ReadSome(asio::mutable_buffer room, Done done) override { stream_.async_read_some(room, std::move(done)); }
  void Write(const Buffers& buffers, Done done) override { asio::async_write(stream_, buffers, std::move(done)); }
  void Shutdown(Done done) override {
    stream_.async_shutdown([done = std::move(done)](error_code error) { done(error, 0); });
  }
  beast::tcp_stream& tcp_stream() override { return beast::get_lowest_layer(stream_); }

 private:
  beast::ssl_stream<beast::tcp_stream> stream_;
};

}  // namespace brume::http
