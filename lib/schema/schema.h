// The schema as compiled in: what is served, and what its options say.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"

namespace brume::schema {

// The value of the option `id` for the id of any kind.
inline constexpr char kAnyId[] = "*";

// The services of proto/brume, in order of their files' names.
std::vector<const google::protobuf::ServiceDescriptor*> Services();

// The public API a service belongs to, by the options of its ApiFamily.
struct ApiFamilyInfo {
  std::string signing_name;   // in credential scopes: "ec2", "monitoring"
  std::string service_name;   // in ARNs and policies: "ec2", "cloudwatch"
  std::string api_version;    // "2016-11-15"; empty for what is not served over HTTP
  bool aws_query = false;     // Name.member.1 and <XResult>, not EC2's Name.1; members have their own names
  bool rest = false;          // REST-JSON, and no forms
  std::string xml_namespace;  // "http://ec2.amazonaws.com/doc/2016-11-15/"
  std::string invalid_code;   // of every fault Validate finds: "ValidationError"; empty = a code for each
  std::string rpc_service;    // in AWS JSON and RPC v2 CBOR: "GraniteServiceVersion20100801"; empty = it speaks neither
  std::string shape_namespace;  // of its errors in them: "com.amazonaws.cloudwatch"
};
// The reference stays good.
const ApiFamilyInfo& Family(const google::protobuf::ServiceDescriptor& service);

// True for a method that takes or gives a stream: the dispatcher does not serve those.
bool IsStreaming(const google::protobuf::MethodDescriptor& method);

// The rpc, without streams, whose request `message` is; null when it is of none, or of several.
const google::protobuf::MethodDescriptor* MethodOf(const google::protobuf::Descriptor& message);

// That of the services of `file`'s package; null where it has none.
const ApiFamilyInfo* FamilyOf(const google::protobuf::FileDescriptor& file);

// Whether messages of `file` are written as AWS_QUERY says: those of its package's services are.
bool IsAwsQuery(const google::protobuf::FileDescriptor& file);

// What a Query request calls a field: "ImageId"; and the element it is in XML: "imageId", in AWS_QUERY "ImageId".
std::string QueryName(const google::protobuf::FieldDescriptor& field);
std::string XmlName(const google::protobuf::FieldDescriptor& field);

// The name of a field in messages to the caller: as a Query request spells it, in EC2's with a small first letter.
// The field image_id is "imageId", instance_ids is "instanceId"; IAM's user_name is "UserName".
std::string ParameterName(const google::protobuf::FieldDescriptor& field);

// The element of each item of the list `field`: "item", "member".
std::string XmlItemName(const google::protobuf::FieldDescriptor& field);
// The name of the item `number`, from 1, of the list `field` that is called `name`: "instanceId.1", "Tags.member.1".
std::string ItemName(const google::protobuf::FieldDescriptor& field, absl::string_view name, int number);

}  // namespace brume::schema
