#include "lib/ec2/compute/api/instance_option_handlers.h"

#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/instance_options.pb.h"
#include "lib/base/status_macros.h"
#include "lib/gateway/listing.h"
#include "lib/resource/ec2_error.h"

namespace brume::ec2 {
namespace {

constexpr char kStandard[] = "standard";

using Credit = v1::InstanceCreditSpecification;

absl::StatusOr<v1::DescribeInstanceCreditSpecificationsResponse> DescribeInstanceCreditSpecifications(
    const v1::DescribeInstanceCreditSpecificationsRequest& request, compute::InstanceService& instances) {
  using Response = v1::DescribeInstanceCreditSpecificationsResponse;
  static const gateway::Listing<Credit, Response> listing = {"credits", &Credit::instance_id,
                                                             &Response::mutable_instance_credit_specifications};
  ASSIGN_OR_RETURN(const auto ids, gateway::NamedIds<InstanceId>(request, request.instance_ids(), "instanceId"));
  std::vector<Credit> credits;
  // Without ids EC2 shows the unlimited ones.
  if (!ids.empty()) {
    ASSIGN_OR_RETURN(const compute::InstancePage page, instances.Describe(ids, nullptr, 0, 0));
    for (const compute::InstanceView& view : page.instances) {
      Credit& credit = credits.emplace_back();
      credit.set_instance_id(view.instance.id.text());
      credit.set_cpu_credits(kStandard);
    }
  }
  return gateway::Answer(listing, request, std::move(credits));
}

bool IsGone(const Instance& instance) {
  return instance.state == InstanceState::kTerminated || instance.state == InstanceState::kShuttingDown;
}

absl::Status WrongState(const Instance& instance) {
  return ec2::Error("IncorrectInstanceState",
                    absl::StrCat("The instance '", instance.id.text(), "' is ", StateName(instance.state)));
}

// An instance that can still be changed. Errors: InvalidInstanceID.NotFound, IncorrectInstanceState.
absl::Status CheckLives(compute::InstanceService& instances, const std::string& text) {
  ASSIGN_OR_RETURN(const InstanceId id, InstanceId::Parse(text));
  ASSIGN_OR_RETURN(const compute::InstanceView view, instances.Get(id));
  return IsGone(view.instance) ? WrongState(view.instance) : absl::OkStatus();
}

absl::Status SetCredits(compute::InstanceService& instances, const v1::InstanceCreditSpecificationRequest& request) {
  RETURN_IF_ERROR(CheckLives(instances, request.instance_id()));
  if (request.cpu_credits() == kStandard) return absl::OkStatus();
  return ec2::Error("InstanceCreditSpecification.NotSupported",
                    absl::StrCat("The instance '", request.instance_id(),
                                 "' has no burst credits: CPU time is not metered, and 'unlimited' has no meaning"));
}

absl::StatusOr<v1::ModifyInstanceCreditSpecificationResponse> ModifyInstanceCreditSpecification(
    const v1::ModifyInstanceCreditSpecificationRequest& request, compute::InstanceService& instances) {
  v1::ModifyInstanceCreditSpecificationResponse response;
  for (const v1::InstanceCreditSpecificationRequest& wanted : request.instance_credit_specifications()) {
    const absl::Status set = SetCredits(instances, wanted);
    if (set.ok()) {
      response.add_successful_instance_credit_specifications()->set_instance_id(wanted.instance_id());
      continue;
    }
    // What is no fault of the caller's is no answer about one instance.
    if (!ec2::HasErrorCode(set)) return set;
    auto& refused = *response.add_unsuccessful_instance_credit_specifications();
    refused.set_instance_id(wanted.instance_id());
    refused.mutable_error()->set_code(ec2::ErrorCode(set));
    refused.mutable_error()->set_message(std::string(set.message()));
  }
  return response;
}

absl::StatusOr<v1::ModifyInstanceMaintenanceOptionsResponse> ModifyInstanceMaintenanceOptions(
    const v1::ModifyInstanceMaintenanceOptionsRequest& request, compute::InstanceService& instances) {
  RETURN_IF_ERROR(CheckLives(instances, request.instance_id()));
  if (request.auto_recovery() == "disabled") {
    return ec2::Error("UnsupportedOperation",
                      "autoRecovery cannot be disabled: what ran is started again after the host's restart");
  }
  v1::ModifyInstanceMaintenanceOptionsResponse response;
  response.set_instance_id(request.instance_id());
  response.set_auto_recovery("default");
  return response;
}

absl::StatusOr<v1::ModifyPrivateDnsNameOptionsResponse> ModifyPrivateDnsNameOptions(
    const v1::ModifyPrivateDnsNameOptionsRequest& request, compute::InstanceService& instances) {
  RETURN_IF_ERROR(CheckLives(instances, request.instance_id()));
  if (request.private_dns_hostname_type() == "resource-name" || request.enable_resource_name_dns_a_record() ||
      request.enable_resource_name_dns_aaaa_record()) {
    return ec2::Error("UnsupportedOperation",
                      "Instances are named by their private IPv4 addresses (ip-name) and not by their ids");
  }
  v1::ModifyPrivateDnsNameOptionsResponse response;
  response.set_return_(true);
  return response;
}

}  // namespace

void AddInstanceOptionActions(gateway::Actions& actions, compute::InstanceService& instances) {
  actions.Add(DescribeInstanceCreditSpecifications, instances);
  actions.Add(ModifyInstanceCreditSpecification, instances);
  actions.Add(ModifyInstanceMaintenanceOptions, instances);
  actions.Add(ModifyPrivateDnsNameOptions, instances);
}

}  // namespace brume::ec2
