#include "lib/iam/api/iam_page.h"

#include "lib/resource/ec2_error.h"

namespace brume::iam {

absl::StatusOr<std::string> ParseMarker(absl::string_view list, absl::string_view marker) {
  absl::StatusOr<std::string> position = gateway::ParseToken(list, marker);
  if (position.ok()) return position;
  return ec2::Error("ValidationError", "Invalid Marker: it must be one an earlier answer gave");
}

}  // namespace brume::iam
