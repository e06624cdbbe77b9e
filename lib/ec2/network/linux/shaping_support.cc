#include "lib/ec2/network/linux/shaping_support.h"

#include <sched.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <optional>

#include "lib/base/status_macros.h"
#include "lib/ec2/network/linux/namespace_thread.h"
#include "lib/ec2/network/linux/rtnetlink.h"
#include "lib/ec2/network/linux/traffic_control.h"

namespace brume::network {

ShapingSupport DetectShaping() {
  ShapingSupport support;
  const auto enter = []() -> absl::Status {
    return unshare(CLONE_NEWNET) == 0 ? absl::OkStatus() : absl::ErrnoToStatus(errno, "cannot try a namespace");
  };
  const auto thread = NamespaceThread::Start("net-probe", enter);
  if (!thread.ok()) return support;
  const absl::Status tried = (*thread)->Run([&]() -> absl::Status {
    ASSIGN_OR_RETURN(Rtnetlink links, Rtnetlink::Open());
    ASSIGN_OR_RETURN(TrafficControl control, TrafficControl::Open());
    ASSIGN_OR_RETURN(const std::optional<Link> lo, links.FindLink("lo"));
    if (!lo.has_value()) return absl::InternalError("no loopback");
    constexpr int64_t kAnyRate = 1'000'000;
    RETURN_IF_ERROR(control.SetRate(lo->index, kAnyRate));
    support.receive = true;
    RETURN_IF_ERROR(links.AddIfb("probe"));
    ASSIGN_OR_RETURN(const std::optional<Link> ifb, links.FindLink("probe"));
    if (!ifb.has_value()) return absl::InternalError("no ifb");
    RETURN_IF_ERROR(control.SetRate(ifb->index, kAnyRate));
    RETURN_IF_ERROR(control.Redirect(lo->index, ifb->index));
    support.send = true;
    return absl::OkStatus();
  });
  // What could not be made is what the kernel lacks.
  (void)tried.ok();
  return support;
}

}  // namespace brume::network
