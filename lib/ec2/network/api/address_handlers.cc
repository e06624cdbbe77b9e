#include "lib/ec2/network/api/address_handlers.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/address.pb.h"
#include "lib/base/status_macros.h"
#include "lib/gateway/filters.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/ids.h"
#include "lib/resource/ipv4.h"

namespace brume::ec2 {
namespace {

// No call makes an address, so each that is named is one that is not there.
absl::StatusOr<v1::DescribeAddressesResponse> DescribeAddresses(const v1::DescribeAddressesRequest& request) {
  RETURN_IF_ERROR(gateway::KeptBy(request).status());
  for (const std::string& text : request.public_ips()) {
    if (!Ipv4::Parse(text).ok()) {
      return ec2::Error("InvalidAddress.Malformed", "Invalid IPv4 address in the parameter publicIp");
    }
    return ec2::Error("InvalidAddress.NotFound", absl::StrCat("Address '", text, "' not found."));
  }
  for (const std::string& id : request.allocation_ids()) {
    return AllocationId::NotFound(absl::string_view(id).substr(0, 64));
  }
  return v1::DescribeAddressesResponse();
}

}  // namespace

void AddAddressActions(gateway::Actions& actions) { actions.Add(DescribeAddresses); }

}  // namespace brume::ec2
