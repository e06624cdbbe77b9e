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
  const size_t last = id.rfind('-'), first = id.find('-');
  if (last == absl::string_view::npos) return nullptr;
  const Kind* const kind = FindKind(id.substr(0, last));
  return kind != nullptr ? kind : FindKind(id.substr(0, first));
}

}  // namespace brume
