// The one table of the error codes that the APIs answer with: whose they are, what they are to gRPC, and their HTTP
// status. A new code is a new row; one that has no row does not compile.
// Sources: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html, the "Common Errors" page of
// each other API, and the error shapes of botocore's service models.
#pragma once

#include <cstddef>
#include <iterator>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace brume::ec2 {

// The APIs, as bits.
enum ApiBits : unsigned {
  kEc2 = 1 << 0,
  kSts = 1 << 1,
  kIam = 1 << 2,
  kAutoscaling = 1 << 3,
  kCloudwatch = 1 << 4,
  kEbs = 1 << 5,
  kOthers = kSts | kIam | kAutoscaling | kCloudwatch | kEbs,
  kEvery = kEc2 | kOthers,
};

// The bit of the API with this name in credential scopes ("monitoring"); kEvery for a name that is not known.
unsigned ApiBitOf(absl::string_view signing_name);

struct ErrorRow {
  absl::string_view code;
  unsigned apis;            // ApiBits. A code with another HTTP status in another API has a second row
  absl::StatusCode status;  // of gRPC, the same in all rows of a code
  int http_status;
  absl::string_view elsewhere = {};  // what APIs other than EC2's call it; empty = the same
  absl::string_view shape = {};      // its name in AWS's models, which JSON and CBOR have; empty = the same
};

// Sorted by code.
inline constexpr ErrorRow kErrorRows[] = {
    {"AccessDenied", kEvery, absl::StatusCode::kPermissionDenied, 403, {}, "AccessDeniedException"},
    {"ActiveInstanceRefreshNotFound", kAutoscaling, absl::StatusCode::kNotFound, 400},
    {"ActiveVpcPeeringConnectionPerVpcLimitExceeded", kEc2, absl::StatusCode::kResourceExhausted, 400},
    {"AddressLimitExceeded", kEc2, absl::StatusCode::kResourceExhausted, 400},
    {"AlreadyExists", kAutoscaling, absl::StatusCode::kAlreadyExists, 400},
    {"AnalysisExistsForNetworkInsightsPath", kEc2, absl::StatusCode::kFailedPrecondition, 400},
    {"AttachmentLimitExceeded", kEc2, absl::StatusCode::kResourceExhausted, 400},
    {"AuthFailure", kEvery, absl::StatusCode::kPermissionDenied, 401},
    {"AuthorizationQueryParametersError", kEvery, absl::StatusCode::kInvalidArgument, 400},
    {"CannotDelete", kEc2, absl::StatusCode::kFailedPrecondition, 400},
    {"CidrConflict", kEc2, absl::StatusCode::kFailedPrecondition, 400},
    {"CidrLimitExceeded", kEc2, absl::StatusCode::kResourceExhausted, 400},
    {"ConcurrentModification", kIam, absl::StatusCode::kAborted, 409},
    {"ConcurrentModificationException", kCloudwatch, absl::StatusCode::kAborted, 429},
    {"ConflictException", kEbs, absl::StatusCode::kAborted, 409},
    {"DefaultSubnetAlreadyExistsInAvailabilityZone", kEc2, absl::StatusCode::kAlreadyExists, 400},
    {"DefaultVpcAlreadyExists", kEc2, absl::StatusCode::kAlreadyExists, 400},
    {"DefaultVpcDoesNotExist", kEc2, absl::StatusCode::kFailedPrecondition, 400},
    {"DeleteConflict", kIam, absl::StatusCode::kFailedPrecondition, 409},
    {"DependencyViolation", kEc2, absl::StatusCode::kFailedPrecondition, 400},
    {"DryRunOperation", kEc2, absl::StatusCode::kFailedPrecondition, 412},
    {"DuplicateSubnetsInSameZone", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"EgressOnlyInternetGatewayLimitExceeded", kEc2, absl::StatusCode::kResourceExhausted, 400},
    {"EntityAlreadyExists", kIam, absl::StatusCode::kAlreadyExists, 409},
    {"EntityTemporarilyUnmodifiable", kIam, absl::StatusCode::kFailedPrecondition, 409},
    {"ExpiredToken", kEvery, absl::StatusCode::kUnauthenticated, 403, {}, "ExpiredTokenException"},
    {"ExpiredTokenException", kSts, absl::StatusCode::kUnauthenticated, 400},
    {"FilterLimitExceeded", kEc2, absl::StatusCode::kResourceExhausted, 400},
    {"FlowLogAlreadyExists", kEc2, absl::StatusCode::kAlreadyExists, 400},
    {"FlowLogsLimitExceeded", kEc2, absl::StatusCode::kResourceExhausted, 400},
    {"Gateway.NotAttached", kEc2, absl::StatusCode::kFailedPrecondition, 400},
    {"IdempotentInstanceTerminated", kEc2, absl::StatusCode::kFailedPrecondition, 400},
    {"IdempotentParameterMismatch", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"IncompleteSignature", kEvery, absl::StatusCode::kUnauthenticated, 400, {}, "IncompleteSignatureException"},
    {"IncorrectInstanceState", kEc2, absl::StatusCode::kFailedPrecondition, 400},
    {"IncorrectModificationState", kEc2, absl::StatusCode::kFailedPrecondition, 400},
    {"IncorrectState", kEc2, absl::StatusCode::kFailedPrecondition, 400},
    {"InstanceCreditSpecification.NotSupported", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"InstanceLimitExceeded", kEc2, absl::StatusCode::kResourceExhausted, 400},
    {"InstanceRefreshInProgress", kAutoscaling, absl::StatusCode::kFailedPrecondition, 400},
    // EC2 counts what it has no room for among its own errors, which clients try again.
    {"InsufficientAddressCapacity", kEc2, absl::StatusCode::kResourceExhausted, 500},
    {"InsufficientFreeAddressesInSubnet", kEc2, absl::StatusCode::kResourceExhausted, 400},
    {"InsufficientInstanceCapacity", kEc2, absl::StatusCode::kResourceExhausted, 500},
    {"InternalError", kEvery, absl::StatusCode::kInternal, 500, "InternalFailure"},
    {"InternalFailure", kOthers & ~kEbs, absl::StatusCode::kInternal, 500},
    {"InternalFailure", kEbs, absl::StatusCode::kInternal, 500, {}, "InternalServerException"},
    {"InternalServiceError", kCloudwatch, absl::StatusCode::kInternal, 500, {}, "InternalServiceFault"},
    {"InternetGatewayLimitExceeded", kEc2, absl::StatusCode::kResourceExhausted, 400},
    {"InvalidAMIID.Malformed", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidAMIID.NotFound", kEc2, absl::StatusCode::kNotFound, 400},
    {"InvalidAMIID.Unavailable", kEc2, absl::StatusCode::kFailedPrecondition, 400},
    {"InvalidAMIName.Duplicate", kEc2, absl::StatusCode::kAlreadyExists, 400},
    {"InvalidAMIName.Malformed", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidAction", kEvery, absl::StatusCode::kInvalidArgument, 400, {}, "UnknownOperationException"},
    {"InvalidAddress.Locked", kEc2, absl::StatusCode::kFailedPrecondition, 400},
    {"InvalidAddress.Malformed", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidAddress.NotFound", kEc2, absl::StatusCode::kNotFound, 400},
    {"InvalidAllocationID.NotFound", kEc2, absl::StatusCode::kNotFound, 400},
    {"InvalidAssociationID.NotFound", kEc2, absl::StatusCode::kNotFound, 400},
    {"InvalidAttachment.NotFound", kEc2, absl::StatusCode::kNotFound, 400},
    {"InvalidAttachmentID.NotFound", kEc2, absl::StatusCode::kNotFound, 400},
    {"InvalidBlockDeviceMapping", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidCapacityReservationId.NotFound", kEc2, absl::StatusCode::kNotFound, 400},
    {"InvalidClientTokenId", kEvery, absl::StatusCode::kUnauthenticated, 403, {}, "UnrecognizedClientException"},
    {"InvalidConversionTaskId", kEc2, absl::StatusCode::kNotFound, 400},
    {"InvalidConversionTaskId.Malformed", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidDhcpOptionID.NotFound", kEc2, absl::StatusCode::kNotFound, 400},
    // What only DeleteDhcpOptions says of an id that is not there.
    {"InvalidDhcpOptionsID.NotFound", kEc2, absl::StatusCode::kNotFound, 400},
    {"InvalidDhcpOptionsId.Malformed", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidEgressOnlyInternetGatewayId.Malformed", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidEgressOnlyInternetGatewayId.NotFound", kEc2, absl::StatusCode::kNotFound, 400},
    {"InvalidExportTaskID.Malformed", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidExportTaskID.NotFound", kEc2, absl::StatusCode::kNotFound, 400},
    {"InvalidFlowLogId.Malformed", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidFlowLogId.NotFound", kEc2, absl::StatusCode::kNotFound, 400},
    {"InvalidFormat", kCloudwatch, absl::StatusCode::kInvalidArgument, 400, {}, "InvalidFormatFault"},
    {"InvalidGatewayID.NotFound", kEc2, absl::StatusCode::kNotFound, 400},
    {"InvalidGroup.Duplicate", kEc2, absl::StatusCode::kAlreadyExists, 400},
    {"InvalidGroup.NotFound", kEc2, absl::StatusCode::kNotFound, 400},
    {"InvalidGroupId.Malformed", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidID", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidIPAddress.InUse", kEc2, absl::StatusCode::kFailedPrecondition, 400},
    {"InvalidInput", kIam, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidInstanceAttributeValue", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidInstanceID", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidInstanceID.Malformed", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidInstanceID.NotFound", kEc2, absl::StatusCode::kNotFound, 400},
    {"InvalidInstanceType", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidInternetGatewayID.NotFound", kEc2, absl::StatusCode::kNotFound, 400},
    {"InvalidInternetGatewayId.Malformed", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidKey.Format", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidKeyPair.Duplicate", kEc2, absl::StatusCode::kAlreadyExists, 400},
    {"InvalidKeyPair.NotFound", kEc2, absl::StatusCode::kNotFound, 400},
    {"InvalidLaunchTemplateId.Malformed", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidLaunchTemplateId.NotFound", kEc2, absl::StatusCode::kNotFound, 400},
    {"InvalidLaunchTemplateId.VersionNotFound", kEc2, absl::StatusCode::kNotFound, 400},
    {"InvalidLaunchTemplateName.AlreadyExistsException", kEc2, absl::StatusCode::kAlreadyExists, 400},
    {"InvalidLaunchTemplateName.MalformedException", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidLaunchTemplateName.NotFoundException", kEc2, absl::StatusCode::kNotFound, 400},
    {"InvalidNatGatewayID.NotFound", kEc2, absl::StatusCode::kNotFound, 400},
    {"InvalidNetworkAclEntry.NotFound", kEc2, absl::StatusCode::kNotFound, 400},
    {"InvalidNetworkAclID.NotFound", kEc2, absl::StatusCode::kNotFound, 400},
    {"InvalidNetworkAclId.Malformed", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidNetworkInsightsAnalysisId.Malformed", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidNetworkInsightsAnalysisId.NotFound", kEc2, absl::StatusCode::kNotFound, 400},
    {"InvalidNetworkInsightsPathId.Malformed", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidNetworkInsightsPathId.NotFound", kEc2, absl::StatusCode::kNotFound, 400},
    {"InvalidNetworkInterface.InUse", kEc2, absl::StatusCode::kFailedPrecondition, 400},
    {"InvalidNetworkInterfaceID.NotFound", kEc2, absl::StatusCode::kNotFound, 400},
    {"InvalidNetworkInterfaceId.Malformed", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidNextToken", kEvery, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidParameter", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidParameterCombination",
     kEvery,
     absl::StatusCode::kInvalidArgument,
     400,
     {},
     "InvalidParameterCombinationException"},
    {"InvalidParameterDependency", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidParameterValue", kEvery, absl::StatusCode::kInvalidArgument, 400, {}, "InvalidParameterValueException"},
    {"InvalidPermission.Duplicate", kEc2, absl::StatusCode::kAlreadyExists, 400},
    {"InvalidPermission.NotFound", kEc2, absl::StatusCode::kNotFound, 400},
    {"InvalidPlacementGroup.Unknown", kEc2, absl::StatusCode::kNotFound, 400},
    {"InvalidPolicyDocument", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidPrefixListID.NotFound", kEc2, absl::StatusCode::kNotFound, 400},
    {"InvalidPrefixListId.Malformed", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidPrefixListId.NotFound", kEc2, absl::StatusCode::kNotFound, 400},
    {"InvalidPrefixListModification", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidQueryParameter", kEvery, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidReplaceRootVolumeTaskId.Malformed", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidReplaceRootVolumeTaskId.NotFound", kEc2, absl::StatusCode::kNotFound, 400},
    {"InvalidRequest", kEvery, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidReservationID.Malformed", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidReservationID.NotFound", kEc2, absl::StatusCode::kNotFound, 400},
    {"InvalidRoute.NotFound", kEc2, absl::StatusCode::kNotFound, 400},
    {"InvalidRouteTableID.NotFound", kEc2, absl::StatusCode::kNotFound, 400},
    {"InvalidRouteTableId.Malformed", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidSecurityGroupRuleId.Malformed", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidSecurityGroupRuleId.NotFound", kEc2, absl::StatusCode::kNotFound, 400},
    {"InvalidServiceName", kEc2, absl::StatusCode::kNotFound, 400},
    {"InvalidSnapshot.InUse", kEc2, absl::StatusCode::kFailedPrecondition, 400},
    {"InvalidSnapshot.NotFound", kEc2, absl::StatusCode::kNotFound, 400},
    {"InvalidSnapshotID.Malformed", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidStateTransition", kEc2, absl::StatusCode::kFailedPrecondition, 400},
    {"InvalidSubnet.Conflict", kEc2, absl::StatusCode::kFailedPrecondition, 400},
    {"InvalidSubnet.Range", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidSubnetCidrBlockAssociationID.Malformed", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidSubnetCidrBlockAssociationID.NotFound", kEc2, absl::StatusCode::kNotFound, 400},
    {"InvalidSubnetID.Malformed", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidSubnetID.NotFound", kEc2, absl::StatusCode::kNotFound, 400},
    {"InvalidUserData.Malformed", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidUserID.Malformed", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidVolume.NotFound", kEc2, absl::StatusCode::kNotFound, 400},
    {"InvalidVolume.ZoneMismatch", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidVolumeID.Malformed", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidVolumeModification.NotFound", kEc2, absl::StatusCode::kNotFound, 400},
    {"InvalidVpc.Range", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidVpcCidrBlockAssociationID.NotFound", kEc2, absl::StatusCode::kNotFound, 400},
    {"InvalidVpcCidrBlockAssociationId.Malformed", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidVpcEndpointId.Malformed", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidVpcEndpointId.NotFound", kEc2, absl::StatusCode::kNotFound, 400},
    {"InvalidVpcID.Malformed", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidVpcID.NotFound", kEc2, absl::StatusCode::kNotFound, 400},
    {"InvalidVpcPeeringConnectionID.NotFound", kEc2, absl::StatusCode::kNotFound, 400},
    {"InvalidVpcPeeringConnectionId.Malformed", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"InvalidVpcPeeringConnectionState.DnsHostnamesDisabled", kEc2, absl::StatusCode::kFailedPrecondition, 400},
    {"InvalidVpnGatewayID.NotFound", kEc2, absl::StatusCode::kNotFound, 400},
    {"InvalidZone.NotFound", kEc2, absl::StatusCode::kNotFound, 400},
    {"IrreversibleInstanceRefresh", kAutoscaling, absl::StatusCode::kFailedPrecondition, 400},
    {"LaunchTemplateLimitExceeded", kEc2, absl::StatusCode::kResourceExhausted, 400},
    {"LaunchTemplateVersionLimitExceeded", kEc2, absl::StatusCode::kResourceExhausted, 400},
    {"LimitExceeded", kIam, absl::StatusCode::kResourceExhausted, 409},
    {"LimitExceeded", kAutoscaling | kCloudwatch, absl::StatusCode::kResourceExhausted, 400, {}, "LimitExceededFault"},
    {"MalformedPolicyDocument", kIam | kSts, absl::StatusCode::kInvalidArgument, 400},
    {"MalformedQueryString", kEvery, absl::StatusCode::kInvalidArgument, 400},
    {"MissingAction", kEvery, absl::StatusCode::kInvalidArgument, 400},
    {"MissingAuthenticationToken",
     kEvery,
     absl::StatusCode::kUnauthenticated,
     403,
     {},
     "MissingAuthenticationTokenException"},
    {"MissingInput", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"MissingParameter", kEvery, absl::StatusCode::kInvalidArgument, 400, {}, "MissingRequiredParameterException"},
    {"NatGatewayLimitExceeded", kEc2, absl::StatusCode::kResourceExhausted, 400},
    {"NatGatewayMalformed", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"NatGatewayNotFound", kEc2, absl::StatusCode::kNotFound, 400},
    {"NetworkAclEntryAlreadyExists", kEc2, absl::StatusCode::kAlreadyExists, 400},
    {"NetworkAclEntryLimitExceeded", kEc2, absl::StatusCode::kResourceExhausted, 400},
    {"NetworkAclLimitExceeded", kEc2, absl::StatusCode::kResourceExhausted, 400},
    {"NetworkInsightsAnalysisLimitExceeded", kEc2, absl::StatusCode::kResourceExhausted, 400},
    {"NetworkInsightsPathLimitExceeded", kEc2, absl::StatusCode::kResourceExhausted, 400},
    {"NoSuchAssociation", kEc2, absl::StatusCode::kNotFound, 400},
    {"NoSuchEntity", kIam | kSts, absl::StatusCode::kNotFound, 404},
    {"NoSuchVersion", kEvery, absl::StatusCode::kInvalidArgument, 400},
    {"NotExportable", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"NotImplemented", kEvery, absl::StatusCode::kUnimplemented, 501},
    {"NotSupportedService", kIam, absl::StatusCode::kNotFound, 404},
    {"OperationNotPermitted", kEc2, absl::StatusCode::kFailedPrecondition, 400},
    {"OutstandingVpcPeeringConnectionLimitExceeded", kEc2, absl::StatusCode::kResourceExhausted, 400},
    {"PackedPolicyTooLarge", kSts, absl::StatusCode::kInvalidArgument, 400},
    {"PolicyNotAttachable", kIam, absl::StatusCode::kInvalidArgument, 400},
    {"PrefixListMaxEntriesExceeded", kEc2, absl::StatusCode::kResourceExhausted, 400},
    {"PrefixListVersionMismatch", kEc2, absl::StatusCode::kFailedPrecondition, 400},
    {"PrivateIpAddressLimitExceeded", kEc2, absl::StatusCode::kResourceExhausted, 400},
    {"RegionDisabledException", kSts, absl::StatusCode::kPermissionDenied, 403},
    {"RequestEntityTooLarge", kEvery, absl::StatusCode::kInvalidArgument, 413},
    {"RequestExpired", kEvery, absl::StatusCode::kUnauthenticated, 400},
    {"RequestHeaderSectionTooLarge", kEvery, absl::StatusCode::kInvalidArgument, 431},
    {"RequestLimitExceeded", kEvery, absl::StatusCode::kResourceExhausted, 503, "Throttling"},
    {"Resource.AlreadyAssociated", kEc2, absl::StatusCode::kFailedPrecondition, 400},
    {"ResourceContention", kAutoscaling, absl::StatusCode::kAborted, 500},
    {"ResourceInUse", kAutoscaling, absl::StatusCode::kFailedPrecondition, 400},
    {"ResourceLimitExceeded", kEc2, absl::StatusCode::kResourceExhausted, 400},
    {"ResourceNotFound", kCloudwatch, absl::StatusCode::kNotFound, 404},
    {"ResourceNotFoundException", kCloudwatch, absl::StatusCode::kNotFound, 404},
    // EBS's have their reason behind a dot.
    {"ResourceNotFoundException.SNAPSHOT_NOT_FOUND",
     kEbs,
     absl::StatusCode::kNotFound,
     404,
     {},
     "ResourceNotFoundException"},
    {"RouteAlreadyExists", kEc2, absl::StatusCode::kAlreadyExists, 400},
    {"RouteLimitExceeded", kEc2, absl::StatusCode::kResourceExhausted, 400},
    {"RouteTableLimitExceeded", kEc2, absl::StatusCode::kResourceExhausted, 400},
    {"RulesPerSecurityGroupLimitExceeded", kEc2, absl::StatusCode::kResourceExhausted, 400},
    {"ScalingActivityInProgress", kAutoscaling, absl::StatusCode::kFailedPrecondition, 400},
    {"SecurityGroupLimitExceeded", kEc2, absl::StatusCode::kResourceExhausted, 400},
    {"SecurityGroupsPerInterfaceLimitExceeded", kEc2, absl::StatusCode::kResourceExhausted, 400},
    {"SerialConsoleSessionLimitExceeded", kEc2, absl::StatusCode::kResourceExhausted, 400},
    {"SerializationException", kEvery, absl::StatusCode::kInvalidArgument, 400},
    {"ServiceFailure", kIam, absl::StatusCode::kInternal, 500},
    {"ServiceLinkedRoleFailure", kAutoscaling, absl::StatusCode::kInternal, 500},
    {"ServiceQuotaExceededException.DEPENDENCY_SERVICE_QUOTA_EXCEEDED",
     kEbs,
     absl::StatusCode::kResourceExhausted,
     402,
     {},
     "ServiceQuotaExceededException"},
    {"ServiceUnavailable", kOthers, absl::StatusCode::kUnavailable, 503, {}, "ServiceUnavailableException"},
    {"SignatureDoesNotMatch", kEvery, absl::StatusCode::kUnauthenticated, 403, {}, "InvalidSignatureException"},
    {"SubnetLimitExceeded", kEc2, absl::StatusCode::kResourceExhausted, 400},
    {"TagLimitExceeded", kEc2, absl::StatusCode::kResourceExhausted, 400},
    {"Throttling", kOthers & ~kEbs, absl::StatusCode::kResourceExhausted, 400, {}, "ThrottlingException"},
    {"Throttling", kEbs, absl::StatusCode::kResourceExhausted, 400, {}, "RequestThrottledException"},
    {"UnauthorizedOperation", kEvery, absl::StatusCode::kPermissionDenied, 403, "AccessDenied"},
    {"Unavailable", kEvery, absl::StatusCode::kUnavailable, 503, "ServiceUnavailable"},
    {"UnknownParameter", kEvery, absl::StatusCode::kInvalidArgument, 400},
    {"UnmodifiableEntity", kIam, absl::StatusCode::kInvalidArgument, 400},
    {"UnsupportedHibernationConfiguration", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"UnsupportedOperation", kEvery, absl::StatusCode::kInvalidArgument, 400},
    {"VPCIdNotSpecified", kEc2, absl::StatusCode::kInvalidArgument, 400},
    {"ValidationError", kOthers, absl::StatusCode::kInvalidArgument, 400, {}, "ValidationException"},
    {"ValidationException.INVALID_BLOCK", kEbs, absl::StatusCode::kInvalidArgument, 400, {}, "ValidationException"},
    {"ValidationException.INVALID_BLOCK_TOKEN",
     kEbs,
     absl::StatusCode::kInvalidArgument,
     400,
     {},
     "ValidationException"},
    {"ValidationException.INVALID_DEPENDENCY_REQUEST",
     kEbs,
     absl::StatusCode::kInvalidArgument,
     400,
     {},
     "ValidationException"},
    {"ValidationException.INVALID_PAGE_TOKEN",
     kEbs,
     absl::StatusCode::kInvalidArgument,
     400,
     {},
     "ValidationException"},
    {"ValidationException.INVALID_PARAMETER_VALUE",
     kEbs,
     absl::StatusCode::kInvalidArgument,
     400,
     {},
     "ValidationException"},
    {"ValidationException.INVALID_SNAPSHOT_ID",
     kEbs,
     absl::StatusCode::kInvalidArgument,
     400,
     {},
     "ValidationException"},
    {"ValidationException.INVALID_TAG", kEbs, absl::StatusCode::kInvalidArgument, 400, {}, "ValidationException"},
    {"ValidationException.INVALID_VOLUME_SIZE",
     kEbs,
     absl::StatusCode::kInvalidArgument,
     400,
     {},
     "ValidationException"},
    {"ValidationException.UNRELATED_SNAPSHOTS",
     kEbs,
     absl::StatusCode::kInvalidArgument,
     400,
     {},
     "ValidationException"},
    {"VolumeInUse", kEc2, absl::StatusCode::kFailedPrecondition, 400},
    {"VolumeLimitExceeded", kEc2, absl::StatusCode::kResourceExhausted, 400},
    {"VpcEndpointLimitExceeded", kEc2, absl::StatusCode::kResourceExhausted, 400},
    {"VpcLimitExceeded", kEc2, absl::StatusCode::kResourceExhausted, 400},
    {"VpcPeeringConnectionAlreadyExists", kEc2, absl::StatusCode::kAlreadyExists, 400},
};

// Where the first row of `code` is; -1 when it has none. No pointers: to compare those is no constant expression to a
// compiler that looks for undefined behaviour.
constexpr int IndexOfErrorRow(absl::string_view code) {
  constexpr int kSize = std::size(kErrorRows);
  int low = 0, high = kSize;
  while (low != high) {
    const int middle = low + (high - low) / 2;
    if (kErrorRows[middle].code < code) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low != kSize && kErrorRows[low].code == code ? low : -1;
}

// A code of the table.
//   Error("InvalidInstanceID.NotFound", …)                        // looked up by the compiler
//   Error(given ? KnownCode("InvalidParameterCombination") : KnownCode("MissingParameter"), …)
class KnownCode {
 public:
  // A code that is not in the table makes the call no constant expression.
  template <size_t size>
  consteval KnownCode(const char (&code)[size])  // NOLINT(google-explicit-constructor)
      : row_(&kErrorRows[CheckedIndex(absl::string_view(code, size - 1))]) {}

  // For text that is known at run time only; unset when it is not in the table.
  static std::optional<KnownCode> Find(absl::string_view code);

  absl::string_view text() const { return row_->code; }
  absl::StatusCode status() const { return row_->status; }

  // The code as the APIs of `apis` (ApiBits) call it: UnauthorizedOperation is AccessDenied outside EC2.
  KnownCode In(unsigned apis) const;

  // The name of its shape in the models of the APIs: InvalidParameterValueException.
  absl::string_view Shape(unsigned apis) const;

  // The status of an HTTP answer of the API `apis`. 400 where the code is another API's, which this one repeats.
  int HttpStatus(unsigned apis) const;

  friend bool operator==(KnownCode a, KnownCode b) { return a.row_ == b.row_; }

 private:
  explicit constexpr KnownCode(const ErrorRow* row) : row_(row) {}
  static consteval int CheckedIndex(absl::string_view code) {
    const int index = IndexOfErrorRow(code);
    if (index < 0) throw "the code is not in kErrorRows";
    return index;
  }
  // Null where the code is another API's.
  const ErrorRow* RowOf(unsigned apis) const;
  const ErrorRow* row_;  // the first of the code's rows
};

}  // namespace brume::ec2
