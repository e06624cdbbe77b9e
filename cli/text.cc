#include "cli/text.h"

#include <wchar.h>

#include <algorithm>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"

namespace brume::cli {
namespace {

// Takes one character off the front of `text`. False, with one byte taken, where that is not UTF-8.
bool TakeCharacter(absl::string_view* text, uint32_t* character) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>((*text)[i]); };
  const unsigned char lead = byte(0);
  const size_t length = lead < 0x80                   ? 1
                        : lead >= 0xf0 && lead < 0xf5 ? 4
                        : lead >= 0xe0 && lead < 0xf0 ? 3
                        : lead >= 0xc2 && lead < 0xe0 ? 2
                                                      : 0;
  uint32_t value = length == 1 ? lead : length == 0 ? 0 : lead & (0x7f >> length);
  bool valid = length > 0 && text->size() >= length;
  for (size_t i = 1; valid && i < length; ++i) {
    valid = (byte(i) & 0xc0) == 0x80;
    value = value << 6 | (byte(i) & 0x3f);
  }
  // Overlong forms, surrogates and what lies past the last character.
  if (valid && ((length == 3 && value < 0x800) || (length == 4 && value < 0x10000) || value > 0x10ffff ||
                (value >= 0xd800 && value < 0xe000))) {
    valid = false;
  }
  *character = valid ? value : lead;
  text->remove_prefix(valid ? length : 1);
  return valid;
}

bool SteersTerminal(uint32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) ||
         c == 0x200e || c == 0x200f || c == 0x2028 || c == 0x2029;
}

// Takes what a console's text has at every turn and a reader does not want to see: a carriage return before a newline,
// a colour or cursor sequence (ECMA-48 CSI).
bool TakeTerminalLine(absl::string_view* text) {
  if (absl::StartsWith(*text, "\r\n")) {
    text->remove_prefix(1);
    return true;
  }
  if (!absl::StartsWith(*text, "\x1b[")) return false;
  size_t i = 2;
  while (i < text->size() && (*text)[i] >= 0x20 && (*text)[i] < 0x40) ++i;
  if (i == text->size() || (*text)[i] < 0x40 || (*text)[i] > 0x7e) return false;
  text->remove_prefix(i + 1);
  return true;
}

int WidthOf(uint32_t c) {
  const int width = wcwidth(static_cast<wchar_t>(c));
  return width < 0 ? 1 : width;
}

}  // namespace

bool IsUtf8(absl::string_view text) {
  uint32_t character;
  while (!text.empty()) {
    if (!TakeCharacter(&text, &character)) return false;
  }
  return true;
}

std::string Printable(absl::string_view text, bool keep_lines) {
  std::string shown;
  while (!text.empty()) {
    if (keep_lines && TakeTerminalLine(&text)) continue;
    const absl::string_view before = text;
    uint32_t c;
    const bool valid = TakeCharacter(&text, &c);
    if (!valid) {
      absl::StrAppendFormat(&shown, "\\x%02x", c);
    } else if (!SteersTerminal(c) || (keep_lines && (c == '\n' || c == '\t'))) {
      shown.append(before.data(), before.size() - text.size());
    } else if (c == '\n') {
      shown += "\\n";
    } else if (c == '\r') {
      shown += "\\r";
    } else if (c == '\t') {
      shown += "\\t";
    } else if (c < 0x100) {
      absl::StrAppendFormat(&shown, "\\x%02x", c);
    } else {
      absl::StrAppendFormat(&shown, "\\u%04x", c);
    }
  }
  return shown;
}

int DisplayWidth(absl::string_view text) {
  int width = 0;
  uint32_t c;
  while (!text.empty()) {
    TakeCharacter(&text, &c);
    width += WidthOf(c);
  }
  return width;
}

std::string Truncate(absl::string_view text, int width) {
  if (DisplayWidth(text) <= width) return std::string(text);
  const absl::string_view whole = text;
  int used = 0;
  size_t kept = 0;
  uint32_t c;
  while (!text.empty()) {
    TakeCharacter(&text, &c);
    used += WidthOf(c);
    if (used > width - 1) break;
    kept = whole.size() - text.size();
  }
  return std::string(whole.substr(0, kept)) + "…";
}

std::string Wrap(absl::string_view text, int indent, int width) {
  const std::string margin(indent, ' ');
  std::string wrapped;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    int column = 0;
    for (absl::string_view word : absl::StrSplit(line, ' ', absl::SkipEmpty())) {
      const int size = DisplayWidth(word);
      if (column > 0 && indent + column + 1 + size > width) {
        wrapped += '\n';
        column = 0;
      }
      wrapped += column == 0 ? margin : " ";
      if (column > 0) ++column;
      wrapped.append(word.data(), word.size());
      column += size;
    }
    wrapped += '\n';
  }
  return wrapped;
}

std::string Base64Encode(absl::string_view bytes) { return absl::Base64Escape(bytes); }

bool Base64Decode(absl::string_view text, std::string* bytes) {
  std::string packed;
  std::copy_if(text.begin(), text.end(), std::back_inserter(packed), [](char c) { return !absl::ascii_isspace(c); });
  return packed.size() % 4 == 0 && absl::Base64Unescape(packed, bytes);
}

}  // namespace brume::cli
