// What a client compresses.
#pragma once

#include <zlib.h>

#include <catch2/catch.hpp>
#include <string>

namespace brume {

// One member of gzip.
inline std::string Gzip(const std::string& text) {
  z_stream stream = {};
  constexpr int kGzipWindow = 16 + MAX_WBITS, kMemory = 8;
  REQUIRE(deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kGzipWindow, kMemory, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string body(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(body.data());
  stream.avail_out = static_cast<uInt>(body.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  body.resize(stream.total_out);
  deflateEnd(&stream);
  return body;
}

}  // namespace brume
