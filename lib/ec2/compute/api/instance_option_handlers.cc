#include "lib/ec2/compute/api/instance_option_handlers.h"

#include "brume/ec2/v1/instance_options.pb.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/api/instance_render.h"
#include "lib/ec2/compute/launch_service.h"
#include "lib/gateway/listing.h"
#include "lib/resource/ec2_error.h"
#include "lib/schema/message_fields.h"

namespace brume::ec2 {
namespace {

constexpr char kStandard[] = "standard";
constexpr char kUnlimited[] = "unlimited";

using Credit = v1::InstanceCreditSpecification;

bool IsGone(const Instance& instance) { return !CheckModifiable(instance).ok(); }

absl::StatusOr<v1::DescribeInstanceCreditSpecificationsResponse> DescribeInstanceCreditSpecifications(
    const v1::DescribeInstanceCreditSpecificationsRequest& request, compute::InstanceService& instances) {
  using Response = v1::DescribeInstanceCreditSpecificationsResponse;
  static const gateway::Listing<Credit, Response> listing = {"credits", &Credit::instance_id,
                                                             &Response::mutable_instance_credit_specifications};
  ASSIGN_OR_RETURN(const auto ids, gateway::NamedIds<InstanceId>(request, request.instance_ids(), "instanceId"));
  std::vector<Credit> credits;
  ASSIGN_OR_RETURN(const compute::InstancePage page, instances.Describe({.ids = ids}));
  for (const compute::InstanceView& view : page.instances) {
    const absl::Status burstable = compute::CheckBurstable(view.instance);
    // Without ids EC2 shows the unlimited ones.
    if (ids.empty() && (!burstable.ok() || !view.instance.unlimited_credits || IsGone(view.instance))) continue;
    RETURN_IF_ERROR(burstable);
    Credit& credit = credits.emplace_back();
    credit.set_instance_id(view.instance.id.text());
    credit.set_cpu_credits(view.instance.unlimited_credits ? kUnlimited : kStandard);
  }
  return gateway::Answer(listing, request, std::move(credits));
}

absl::Status SetCredits(compute::InstanceService& instances, const v1::InstanceCreditSpecificationRequest& request) {
  ASSIGN_OR_RETURN(const InstanceId id, InstanceId::Parse(request.instance_id()));
  return instances.SetCredits(id, request.cpu_credits() == kUnlimited);
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
  ASSIGN_OR_RETURN(const InstanceId id, InstanceId::Parse(request.instance_id()));
  ASSIGN_OR_RETURN(compute::InstanceView view, instances.Get(id));
  if (request.has_auto_recovery()) {
    view.instance.auto_recovery = request.auto_recovery() == "default";
    RETURN_IF_ERROR(instances.SetAutoRecovery(id, view.instance.auto_recovery));
  }
  v1::ModifyInstanceMaintenanceOptionsResponse response;
  response.set_instance_id(id.text());
  response.set_auto_recovery(std::string(AutoRecovery(view.instance.auto_recovery)));
  response.set_reboot_migration(kRebootMigration);
  return response;
}

absl::StatusOr<v1::ModifyPrivateDnsNameOptionsResponse> ModifyPrivateDnsNameOptions(
    const v1::ModifyPrivateDnsNameOptionsRequest& request, compute::InstanceService& instances) {
  ASSIGN_OR_RETURN(const InstanceId id, InstanceId::Parse(request.instance_id()));
  compute::LaunchSpec::PrivateDnsNameOptions options;
  schema::ReadFields(request, options);
  if (request.has_private_dns_hostname_type()) options.hostname_type = request.private_dns_hostname_type();
  RETURN_IF_ERROR(instances.ModifyDnsNameOptions(id, compute::ParseDnsNameOptions(options)));
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
