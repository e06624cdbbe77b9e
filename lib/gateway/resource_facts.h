// What is true of a resource that is there, as policies ask about it: ec2:ResourceTag/KEY, ec2:InstanceType …
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/gateway/access_question.h"
#include "lib/resource/tags.h"

namespace brume::gateway {

// aws:ResourceTag/KEY and SERVICE:ResourceTag/KEY of each tag.
void AddTagFacts(const TagMap& tags, AccessContext& facts, absl::string_view service = "ec2");

// Not thread-safe while functions are added; thread-safe afterwards.
class ResourceFacts {
 public:
  // Takes what stands after the type in the ARN, of Auto Scaling's the name at its end. NotFound, or any error with
  // EC2's code: it is not there, and nothing is true of it; the call is refused for that later. Any other error refuses
  // the call.
  using Function = std::function<absl::StatusOr<AccessContext>(const std::string& name)>;

  // Of EC2's and Auto Scaling's resources of this type in ARNs ("instance", "autoScalingGroup"). All that are added for
  // a type answer together.
  void Add(absl::string_view arn_type, Function function);

  // Where requests may name a resource of this type otherwise than its ARN does: `name` takes what
  // Function does and returns what should stand after the type; NotFound, or an error with EC2's code, leaves it. One
  // function a type.
  using NameFunction = std::function<absl::StatusOr<std::string>(const std::string& name)>;
  void AddName(absl::string_view arn_type, NameFunction name);

  // Where a resource has the condition key `from` it has `to` as well, with what `derived` makes of the value; of one
  // that is yet to be made too.
  void Derive(std::string from, std::string to, std::function<std::string(const std::string& value)> derived);
  void AddDerived(AccessContext& keys) const;

  // The ARN by which policies know what `arn` means. Errors as of a function's own.
  absl::StatusOr<std::string> ProperArn(const std::string& arn) const;

  // Empty for "*", for what is yet to be made ("instance/*"), and for types nobody added.
  absl::StatusOr<AccessContext> Of(const std::string& arn) const;

 private:
  std::map<std::string, std::vector<Function>, std::less<>> by_type_;
  std::map<std::string, NameFunction, std::less<>> names_;
  struct Derivation {
    std::string from, to;
    std::function<std::string(const std::string& value)> derived;
  };
  std::vector<Derivation> derivations_;
};

}  // namespace brume::gateway
