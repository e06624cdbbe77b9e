// What a call is known by in answers, logs and events.
#pragma once

#include <string>

#include "lib/base/random.h"

namespace brume {

// A UUID, as EC2's request ids are.
std::string NewRequestId(Random& random);

}  // namespace brume
