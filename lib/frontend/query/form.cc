#include "lib/frontend/query/form.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/resource/ec2_error.h"

namespace brume::frontend {
namespace {

absl::Status Malformed(absl::string_view why) {
  return ec2::Error("MalformedQueryString", absl::StrCat("The query string contains a syntax error: ", why));
}

// Of a digit that absl::ascii_isxdigit knows.
int HexValue(char digit) { return digit <= '9' ? digit - '0' : absl::ascii_tolower(digit) - 'a' + 10; }

absl::StatusOr<std::string> Decode(absl::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      decoded.push_back(' ');
    } else if (text[i] != '%') {
      decoded.push_back(text[i]);
    } else if (i + 2 < text.size() && absl::ascii_isxdigit(text[i + 1]) && absl::ascii_isxdigit(text[i + 2])) {
      decoded.push_back(static_cast<char>(HexValue(text[i + 1]) * 16 + HexValue(text[i + 2])));
      i += 2;
    } else {
      return Malformed("two hexadecimal digits must follow each %");
    }
  }
  return decoded;
}

}  // namespace

absl::StatusOr<Form> ParseForm(absl::string_view urlencoded) {
  Form form;
  while (!urlencoded.empty()) {
    const absl::string_view piece = urlencoded.substr(0, urlencoded.find('&'));
    urlencoded.remove_prefix(std::min(piece.size() + 1, urlencoded.size()));
    if (piece.empty()) continue;
    if (form.size() == kMaxFormFields) {
      return Malformed(absl::StrCat("more than ", kMaxFormFields, " parameters"));
    }
    const size_t equals = piece.find('=');
    FormField field;
    ASSIGN_OR_RETURN(field.name, Decode(piece.substr(0, equals)));
    if (field.name.empty()) return Malformed("a parameter without a name");
    if (equals != absl::string_view::npos) {
      ASSIGN_OR_RETURN(field.value, Decode(piece.substr(equals + 1)));
    }
    form.push_back(std::move(field));
  }
  return form;
}

}  // namespace brume::frontend
