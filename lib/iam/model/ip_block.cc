#include "lib/iam/model/ip_block.h"

#include <arpa/inet.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"

namespace brume::iam {
namespace {

bool ParseAddress(absl::string_view text, bool v6, std::array<uint8_t, 16>& bytes) {
  return inet_pton(v6 ? AF_INET6 : AF_INET, std::string(text).c_str(), bytes.data()) == 1;
}

bool IsV6(absl::string_view text) { return text.find(':') != absl::string_view::npos; }

}  // namespace

absl::StatusOr<IpBlock> IpBlock::Parse(absl::string_view text) {
  IpBlock block;
  const size_t slash = text.find('/');
  block.v6_ = IsV6(text);
  const int max_bits = block.v6_ ? 128 : 32;
  block.prefix_bits_ = max_bits;
  const bool bits_good =
      slash == absl::string_view::npos || (absl::SimpleAtoi(text.substr(slash + 1), &block.prefix_bits_) &&
                                           block.prefix_bits_ >= 0 && block.prefix_bits_ <= max_bits);
  if (bits_good && ParseAddress(text.substr(0, slash), block.v6_, block.bytes_)) return block;
  return absl::InvalidArgumentError("is no address and no block of addresses");
}

bool IpBlock::Contains(absl::string_view address) const {
  std::array<uint8_t, 16> bytes = {};
  if (IsV6(address) != v6_ || !ParseAddress(address, v6_, bytes)) return false;
  for (int i = 0; i < prefix_bits_; i += 8) {
    const int bits = prefix_bits_ - i < 8 ? prefix_bits_ - i : 8;
    const auto mask = static_cast<uint8_t>(0xff << (8 - bits));
    if (((bytes[i / 8] ^ bytes_[i / 8]) & mask) != 0) return false;
  }
  return true;
}

}  // namespace brume::iam
