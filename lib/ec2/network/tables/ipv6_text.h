// IPv6 addresses and ranges as columns keep them: in the form that they are shown in.
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/resource/ipv6.h"

namespace brume::network {

// `T`: Ipv6 or CidrIpv6. See Encoded in table.h.
template <typename T>
struct Ipv6Text {
  static std::string ToStore(const T& value) { return value.text(); }
  static absl::Status FromStore(const std::string& text, T& value) {
    const absl::StatusOr<T> parsed = T::Parse(text);
    if (!parsed.ok()) return absl::DataLossError("not IPv6");
    value = *parsed;
    return absl::OkStatus();
  }
};

// '' where there is none.
template <typename T>
struct OptionalText {
  static std::string ToStore(const std::optional<T>& value) { return value.has_value() ? value->text() : ""; }
  static absl::Status FromStore(const std::string& text, std::optional<T>& value) {
    value.reset();
    return text.empty() ? absl::OkStatus() : Ipv6Text<T>::FromStore(text, value.emplace());
  }
};
using OptionalIpv6Text = OptionalText<CidrIpv6>;

}  // namespace brume::network
