#include "lib/base/request_id.h"

#include "absl/strings/str_cat.h"

namespace brume {

std::string NewRequestId(Random& random) {
  return absl::StrCat(random.Hex(8), "-", random.Hex(4), "-4", random.Hex(3), "-a", random.Hex(3), "-", random.Hex(12));
}

}  // namespace brume
