// Text that came from elsewhere, made safe and measured for a terminal.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace brume::cli {

// True for a well-formed UTF-8 text.
bool IsUtf8(absl::string_view text);

// `text` with everything that could steer a terminal made visible: control characters of both sets and bidirectional
// overrides become \n, \t, \xHH or \uHHHH, bytes that are no UTF-8 become \xHH. With `keep_lines` newlines and tabs
// stay, and colour and cursor sequences are left out.
std::string Printable(absl::string_view text, bool keep_lines = false);

// Columns a printable text takes on a terminal.
int DisplayWidth(absl::string_view text);

// At most `width` columns of a printable text, the last one "…" where something was cut off.
std::string Truncate(absl::string_view text, int width);

// `text` broken at spaces into lines of at most `width` columns, each after `indent` spaces. Line breaks stay.
std::string Wrap(absl::string_view text, int indent, int width);

std::string Base64Encode(absl::string_view bytes);
// False when `text` is not base64 (line breaks are allowed).
bool Base64Decode(absl::string_view text, std::string* bytes);

}  // namespace brume::cli
