#include "lib/base/utf8.h"

namespace brume {
namespace {

// The length of the character that `text` begins with; 0 when it begins with none.
size_t CharacterLength(absl::string_view text) {
  const auto byte = [&](size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0u; };
  const unsigned first = byte(0);
  const auto follows = [&](size_t at, unsigned min = 0x80, unsigned max = 0xbf) {
    return byte(at) >= min && byte(at) <= max;
  };
  if (text.empty()) return 0;
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf && follows(1)) return 2;
  if (first >= 0xe0 && first <= 0xef && follows(1, first == 0xe0 ? 0xa0 : 0x80, first == 0xed ? 0x9f : 0xbf) &&
      follows(2)) {
    return 3;
  }
  if (first >= 0xf0 && first <= 0xf4 && follows(1, first == 0xf0 ? 0x90 : 0x80, first == 0xf4 ? 0x8f : 0xbf) &&
      follows(2) && follows(3)) {
    return 4;
  }
  return 0;
}

}  // namespace

bool IsUtf8(absl::string_view text) {
  while (!text.empty()) {
    const size_t length = CharacterLength(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string ToUtf8(absl::string_view text) {
  std::string fixed;
  fixed.reserve(text.size());
  while (!text.empty()) {
    const size_t length = CharacterLength(text);
    if (length == 0) {
      fixed += "\xef\xbf\xbd";
    } else {
      fixed.append(text.data(), length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return fixed;
}

std::string CutUtf8(std::string text, size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xc0) == 0x80) --bytes;
  text.resize(bytes);
  return text + "…";
}

}  // namespace brume
