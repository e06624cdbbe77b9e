// The data types of SSH on the wire: RFC 4251, section 5.
#pragma once

#include <openssl/bn.h>

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace brume::compute {

void AppendUint32(std::string& out, uint32_t value);
void AppendString(std::string& out, absl::string_view text);
// Of a number that is not negative.
void AppendMpint(std::string& out, const BIGNUM& number);
// Takes a string off the front; false when there is no whole one.
bool ConsumeString(absl::string_view& in, absl::string_view* text);

}  // namespace brume::compute
