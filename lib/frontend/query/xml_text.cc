#include "lib/frontend/query/xml_text.h"

#include <array>

#include "lib/gateway/validate.h"

namespace brume::frontend {
namespace {

constexpr char kReplacement[] = "\xef\xbf\xbd";

// The bytes that stand for themselves.
constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> plain = {};
  for (int c = 0x20; c < 0x80; ++c) plain[c] = c != '&' && c != '<' && c != '>' && c != '"';
  plain['\t'] = plain['\n'] = true;
  return plain;
}();

// The bytes of the character that `text` begins with, 0 when it begins with none that XML can hold.
size_t CharacterLength(absl::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const size_t length = first < 0x80 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  const absl::string_view character = text.substr(0, length);
  if (length == 0 || !gateway::IsUtf8(character)) return 0;
  return character == "\xef\xbf\xbe" || character == "\xef\xbf\xbf" ? 0 : length;
}

}  // namespace

void AppendXmlText(std::string& xml, absl::string_view text) {
  while (!text.empty()) {
    size_t plain = 0;
    while (plain < text.size() && kPlain[static_cast<unsigned char>(text[plain])]) ++plain;
    xml.append(text.data(), plain);
    text.remove_prefix(plain);
    if (text.empty()) return;
    size_t taken = 1;
    switch (text[0]) {
      case '&':
        xml += "&amp;";
        break;
      case '<':
        xml += "&lt;";
        break;
      case '>':
        xml += "&gt;";
        break;
      case '"':
        xml += "&quot;";
        break;
      case '\r':
        xml += "&#13;";
        break;
      default:
        if (const size_t length = CharacterLength(text); length > 0) {
          xml.append(text.data(), length);
          taken = length;
        } else {
          xml += kReplacement;
        }
    }
    text.remove_prefix(taken);
  }
}

}  // namespace brume::frontend
