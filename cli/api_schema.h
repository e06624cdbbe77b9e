// The API as the CLI sees it: actions, their fields and comments, so that commands and help need no code per action.
// A command needs few of hundreds of actions: descriptors are built, and comments read, when they are asked for.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cli/schema_comments.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace brume::cli {

// One rpc of a service that belongs to a public API.
struct ApiAction {
  std::string name;      // "run-instances"
  std::string api_name;  // "RunInstances"
  const google::protobuf::MethodDescriptor* method = nullptr;
  bool paginated = false;
  std::string wait_state;      // for --wait; empty = the action has none
  std::string family = {};     // "ec2"
  int family_number = 0;       // of ApiFamily
  std::string full_name = {};  // "brume.ec2.v1.Instances.RunInstances"
};

// Not for several threads at once.
class Schema {
 public:
  // The one that this program's messages are generated from.
  static absl::StatusOr<std::unique_ptr<Schema>> Generated();
  // Another. `descriptor_set`: a serialized FileDescriptorSet with all imports and source info.
  static absl::StatusOr<std::unique_ptr<Schema>> Parse(absl::string_view descriptor_set);

  // In the order of files and services; within a service as written.
  const std::vector<ApiAction>& actions() const;
  // Of several public APIs that have it, that of the one that ApiFamily numbers first: EC2's before others'. Null when
  // there is none.
  const ApiAction* FindAction(absl::string_view name) const;
  // The same within one public API, by its name: "iam", "cloudwatch".
  const ApiAction* FindActionOf(absl::string_view family, absl::string_view name) const;
  std::vector<std::string> FamilyNames() const;
  bool HasFamily(absl::string_view name) const;
  // "monitoring" of "cloudwatch"; "" where there is no such public API.
  std::string SigningName(absl::string_view family) const;
  std::vector<std::string> ActionNames() const;

  // An empty message of `type`. Lives no longer than this.
  std::unique_ptr<google::protobuf::Message> NewMessage(const google::protobuf::Descriptor* type) const;

  const google::protobuf::DescriptorPool& pool() const;

  ~Schema();

 private:
  struct Parts;
  Schema();
  absl::Status List(const std::vector<EncodedFile>& files);

  std::unique_ptr<Parts> parts_;
};

// The schema compiled into this program.
absl::StatusOr<std::unique_ptr<Schema>> LoadEmbeddedSchema();

// What the CLI needs of a field's options.
struct FieldTraits {
  bool required = false;
  bool secret = false;
  bool blob = false;
  bool timestamp = false;
  bool ignored = false;
  std::string id_prefix;  // of the kind of id it is: "vol"; "*" for any kind; empty = it is not an id
  std::vector<std::string> one_of;
  std::string min, max, max_length;  // empty = no bound
};
FieldTraits TraitsOf(const google::protobuf::FieldDescriptor& field);

// True for EC2's {"Value": …} wrappers; their one field is number 0 of the message.
bool IsAttributeValue(const google::protobuf::Descriptor* message);

// "--instance-ids" without the dashes, and "InstanceIds".
std::string FlagName(const google::protobuf::FieldDescriptor& field);
std::string MemberName(const google::protobuf::FieldDescriptor& field);

// The field `camel` names in JSON and shorthand; null when there is none.
const google::protobuf::FieldDescriptor* FindMember(const google::protobuf::Descriptor* message,
                                                    absl::string_view camel);

}  // namespace brume::cli
