// The parts of Asio and Beast that the HTTP server is made of, under the names it calls them by.
#pragma once

// ThreadSanitizer does not know fences, and GCC says so in an error. Asio needs them for many threads that run
// handlers; here it is one.
#ifdef __SANITIZE_THREAD__
#define BOOST_ASIO_DISABLE_FENCED_BLOCK
#endif

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
