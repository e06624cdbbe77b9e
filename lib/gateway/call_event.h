// A call as an event to remember.
#pragma once

#include "lib/gateway/dispatcher.h"
#include "lib/gateway/event.h"

namespace brume::gateway {

// Parameters are JSON without what is secret, cut at 4 KiB. Resources are the ids that the request names, and of a call
// that changed something those in its answer, 200 at most.
Event EventOf(const CallRecord& record);

}  // namespace brume::gateway
