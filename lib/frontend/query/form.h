// A Query request's parameters: the application/x-www-form-urlencoded text of a POST body or a GET query.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace brume::frontend {

struct FormField {
  std::string name;
  std::string value;
};
// In the order they came; a name may come twice.
using Form = std::vector<FormField>;

// The maximum of fields of a form. The largest call of EC2's, 1,000 rules of a security group, has fewer.
inline constexpr size_t kMaxFormFields = 16384;

// Decodes %XX and +. A field without "=" has an empty value; an empty one ("&&") is skipped. The text may hold any
// bytes. Error: MalformedQueryString for a % that two hexadecimal digits do not follow, a field without a name, and
// more than kMaxFormFields.
absl::StatusOr<Form> ParseForm(absl::string_view urlencoded);

}  // namespace brume::frontend
