// Scaling activities as answers show them.
#pragma once

#include "brume/autoscaling/v1/activity.pb.h"
#include "lib/autoscaling/model/activity.h"

namespace brume::autoscaling {

v1::Activity RenderActivity(const scaling::Activity& activity);

}  // namespace brume::autoscaling
