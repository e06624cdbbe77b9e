#include "lib/resource/kinds.h"

namespace brume {
namespace {

constexpr bool ArePrefixesSorted() {
  for (size_t i = 1; i < std::size(kKinds); ++i) {
    if (kKinds[i].prefix <= kKinds[i - 1].prefix) return false;
  }
  return true;
}
static_assert(ArePrefixesSorted(), "kKinds is sorted by prefix, and no two kinds have the same");

}  // namespace

const Kind* KindOfId(absl::string_view id) {
  const size_t dash = id.find('-');
  return dash == absl::string_view::npos ? nullptr : FindKind(id.substr(0, dash));
}

}  // namespace brume
