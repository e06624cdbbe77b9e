#include "lib/ec2/network/linux/tap.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "lib/base/side_effect.h"
#include "lib/base/status_macros.h"
#include "lib/base/unique_fd.h"
#include "lib/ec2/network/linux/sysctl.h"

namespace brume::network {

absl::Status CreateTap(const std::string& name, const TapOwner& owner, bool multi_queue) {
  const auto failed = [&](absl::string_view what) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot make tap ", name, ": ", what));
  };
  const SideEffect effect("tap.make");
  RETURN_IF_ERROR(effect.status());
  const UniqueFd fd(open("/dev/net/tun", O_RDWR | O_CLOEXEC));
  if (!fd) return failed("/dev/net/tun");
  ifreq request = {};
  strncpy(request.ifr_name, name.c_str(), IFNAMSIZ - 1);
  // The flags QEMU asks for; a tap made with others could not be opened by it.
  constexpr int kFlags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
  request.ifr_flags = static_cast<short>(multi_queue ? kFlags | IFF_MULTI_QUEUE : kFlags);
  if (ioctl(fd.get(), TUNSETIFF, &request) != 0) {
    // Only one opener at a time: a guest holds it, so it was made before, and whole.
    return errno == EBUSY ? absl::OkStatus() : failed("TUNSETIFF");
  }
  if (owner.user.has_value() && ioctl(fd.get(), TUNSETOWNER, *owner.user) != 0) return failed("TUNSETOWNER");
  if (owner.group.has_value() && ioctl(fd.get(), TUNSETGROUP, *owner.group) != 0) return failed("TUNSETGROUP");
  const absl::Status no_ipv6 = WriteSysctl(absl::StrCat("ipv6/conf/", name, "/disable_ipv6"), "1");
  if (!no_ipv6.ok() && !absl::IsNotFound(no_ipv6)) return no_ipv6;  // a kernel without IPv6 has none to switch off
  if (ioctl(fd.get(), TUNSETPERSIST, 1) != 0) return failed("TUNSETPERSIST");
  return absl::OkStatus();
}

}  // namespace brume::network
