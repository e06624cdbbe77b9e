// Text from outside (a header, a form, a file's name, another program's message) on its way to where only UTF-8 may go:
// protobuf's strings, JSON, XML.
#pragma once

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace brume {

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
bool IsUtf8(absl::string_view text);

// `text` with U+FFFD in the place of each byte that is part of no character; as it is where it is UTF-8.
std::string ToUtf8(absl::string_view text);

// `text` where it has at most `bytes`; else as many whole characters as fit, and "…". `text` is UTF-8.
std::string CutUtf8(std::string text, size_t bytes);

}  // namespace brume
