// The texts of single values in a Query request.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace brume::frontend {

// Each is empty where the text is no such value.

// "true" or "false" in letters of any case.
std::optional<bool> ParseBoolean(absl::string_view text);

// Decimal digits with a - before them or none; nothing else, and no number out of range.
std::optional<int32_t> ParseInteger(absl::string_view text);
std::optional<int64_t> ParseLong(absl::string_view text);

// A decimal number, with a fraction and an exponent or without; finite.
std::optional<double> ParseDouble(absl::string_view text);

// ISO 8601 as SDKs send it (a date; a date and time with any fraction, in UTC or at an offset; no zone is UTC) in the
// schema's form, 2026-01-01T00:00:00.000Z. A fraction is cut to milliseconds.
std::optional<std::string> ParseTimestamp(absl::string_view text);

// RFC 4648 base64 with its padding; line breaks are skipped.
std::optional<std::string> ParseBase64(absl::string_view text);

}  // namespace brume::frontend
