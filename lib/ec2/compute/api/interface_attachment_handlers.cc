#include "lib/ec2/compute/api/interface_attachment_handlers.h"

#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/network_interface.pb.h"
#include "lib/base/status_macros.h"
#include "lib/resource/arn.h"
#include "lib/resource/ec2_error.h"

namespace brume::ec2 {
namespace {

absl::StatusOr<v1::AttachNetworkInterfaceResponse> AttachNetworkInterface(
    const v1::AttachNetworkInterfaceRequest& request, compute::InterfaceAttachmentService& attachments) {
  if (request.network_card_index() != 0) {
    return Error("InvalidParameterValue",
                 absl::StrCat("Value (", request.network_card_index(),
                              ") for parameter networkCardIndex is invalid: instances have one network card, 0"));
  }
  compute::InterfaceAttachRequest wanted;
  ASSIGN_OR_RETURN(wanted.eni_id, EniId::Parse(request.network_interface_id()));
  ASSIGN_OR_RETURN(wanted.instance_id, InstanceId::Parse(request.instance_id()));
  wanted.device_index = request.device_index();
  ASSIGN_OR_RETURN(const NetworkInterface eni, attachments.Attach(wanted));
  v1::AttachNetworkInterfaceResponse response;
  response.set_attachment_id(eni.attachment_id);
  response.set_network_card_index(0);
  return response;
}

absl::Status DetachNetworkInterface(const v1::DetachNetworkInterfaceRequest& request,
                                    compute::InterfaceAttachmentService& attachments) {
  return attachments.Detach(request.attachment_id(), request.force());
}

}  // namespace

void AddInterfaceAttachmentActions(gateway::Actions& actions, compute::InterfaceAttachmentService& attachments,
                                   const Settings& settings) {
  actions.Add(AttachNetworkInterface, attachments);
  // An attachment is no resource: the call is about what it holds together.
  actions.Add(DetachNetworkInterface, attachments)
      .DescribedBy([&](const v1::DetachNetworkInterfaceRequest& request, AccessQuestion& question) -> absl::Status {
        ASSIGN_OR_RETURN(const NetworkInterface eni, attachments.Of(request.attachment_id()));
        question.AddResource(ArnOf(settings.account(), eni.id));
        if (!eni.instance_id.empty()) question.AddResource(ArnOf(settings.account(), eni.instance_id));
        return absl::OkStatus();
      });
}

}  // namespace brume::ec2
