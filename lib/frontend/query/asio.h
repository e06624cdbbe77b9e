// The parts of Asio and Beast that the HTTP server is made of, under the names it calls them by.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/tcp_stream.hpp>

namespace brume::frontend {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;
using tcp = boost::asio::ip::tcp;

}  // namespace brume::frontend
