// Amazon Resource Names. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
//
//   arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE
//
//   Arn::In(account, "ec2", "subnet/subnet-0123…").text()    "arn:aws:ec2:us-east-1:000000000000:subnet/subnet-0123…"
//   Arn::Global(account.id, "iam", "user/ada").text()        "arn:aws:iam::000000000000:user/ada"
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "lib/resource/account.h"
#include "lib/resource/kinds.h"

namespace brume {

struct Arn {
  std::string partition = "aws";
  std::string service = {};
  std::string region = {};    // empty for services that are the same in all regions: iam, sts
  std::string account = {};   // "aws" for what AWS itself owns
  std::string resource = {};  // all the rest, colons included: "alarm:high", "user/staff/ada"

  // Unset where `text` has not all six parts. Parts may be empty, and nothing is said of what they name.
  static std::optional<Arn> Parse(absl::string_view text);

  static Arn In(const Account& account, absl::string_view service, absl::string_view resource);
  static Arn Global(absl::string_view account_id, absl::string_view service, absl::string_view resource);
  // The account itself, as its owner is called: arn:aws:iam::ACCOUNT:root.
  static Arn Root(absl::string_view account_id);

  // The type of the resource and the rest, by the first `separator`: "user" and "staff/ada"; unset without one. Good
  // while this is.
  std::optional<std::pair<absl::string_view, absl::string_view>> SplitResource(char separator = '/') const&;
  // What follows the last slash of the resource: "ada"; all of it without one. Good while this is.
  absl::string_view name() const&;

  // Whether it is of IAM, which is the same in all regions, in AWS's own partition.
  bool IsOfIam() const { return partition == "aws" && service == "iam" && region.empty(); }

  std::string text() const;
  friend bool operator==(const Arn&, const Arn&) = default;
};

// Of a resource of EC2's, by its id (a key pair by its name); "*" = of those that are yet to be made.
std::string ArnOf(const Account& account, const Kind& kind, absl::string_view name);
template <typename IdType>
std::string ArnOf(const Account& account, const IdType& id) {
  return ArnOf(account, IdType::kKind, id.text());
}

// Whether `text` is meant as an ARN rather than as a name: no name has a colon after "arn".
bool LooksLikeArn(absl::string_view text);

}  // namespace brume
