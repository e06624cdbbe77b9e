#include "lib/http/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <array>

#include "absl/status/status.h"

namespace brume::http {
namespace {

// inflateInit2: the largest window there is, and gzip alone.
constexpr int kGzipWindow = 16 + MAX_WBITS;

class Inflater {
 public:
  explicit Inflater(absl::string_view body) {
    // zlib's type of input is older than const.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
    stream_.avail_in = static_cast<uInt>(body.size());
    ready_ = inflateInit2(&stream_, kGzipWindow) == Z_OK;
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  absl::StatusOr<std::string> Run(size_t max_bytes) {
    if (!ready_) return absl::InternalError("zlib has no memory");
    std::string text;
    int state = Z_OK;
    while (state != Z_STREAM_END || stream_.avail_in > 0) {
      if (state == Z_STREAM_END) inflateReset(&stream_);  // the next member
      stream_.next_out = buffer_.data();
      stream_.avail_out = static_cast<uInt>(buffer_.size());
      state = inflate(&stream_, Z_NO_FLUSH);
      if (state == Z_MEM_ERROR) return absl::InternalError("zlib has no memory");
      // Z_BUF_ERROR: it wants more, and there is no more.
      if (state != Z_OK && state != Z_STREAM_END) return absl::InvalidArgumentError("not gzip, or not all of it");
      const size_t got = buffer_.size() - stream_.avail_out;
      if (got > max_bytes - text.size()) return absl::ResourceExhaustedError("more than is taken");
      text.append(reinterpret_cast<const char*>(buffer_.data()), got);
    }
    return text;
  }

 private:
  z_stream stream_ = {};
  bool ready_ = false;
  std::array<Bytef, 16384> buffer_;
};

}  // namespace

absl::StatusOr<std::string> Gunzip(absl::string_view body, size_t max_bytes) { return Inflater(body).Run(max_bytes); }

}  // namespace brume::http
