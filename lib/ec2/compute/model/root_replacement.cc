#include "lib/ec2/compute/model/root_replacement.h"

#include <utility>

#include "lib/base/enum_names.h"

namespace brume {
namespace {

constexpr EnumNames kReplacementNames({std::pair{RootReplacementState::kPending, "pending"},
                                       {RootReplacementState::kInProgress, "in-progress"},
                                       {RootReplacementState::kFailing, "failing"},
                                       {RootReplacementState::kSucceeded, "succeeded"},
                                       {RootReplacementState::kFailed, "failed"},
                                       {RootReplacementState::kFailedDetached, "failed-detached"}});

}  // namespace

absl::string_view StateName(RootReplacementState state) { return kReplacementNames.Of(state); }

}  // namespace brume
