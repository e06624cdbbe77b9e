// Who makes a call.
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace brume {

struct Caller {
  // For people to read in logs and events: "uid:1000" for a local peer, "cn:NAME" for a client certificate, the ARN for
  // a signed call.
  std::string principal = {};
  // The peer's user when it came over the Unix socket.
  std::optional<uid_t> uid = {};
  // May do everything; no policy is asked. True for those the host itself lets in and for the account's root key.
  bool administrator = false;
  std::string source = {};  // "unix" or the peer's address
  // The VPC endpoint that the call came through, and its VPC; empty for a call that came through none.
  std::string vpc_endpoint_id = {}, vpc_id = {};
  std::string request_id = {};
  // Over TLS or a local socket: aws:SecureTransport.
  bool secure = false;
  std::string user_agent = {};

  // As IAM names who signed the call. Empty for those the host lets in: they stand for the account's root.
  std::string arn = {};             // "arn:aws:iam::ACCOUNT:user/ada", "arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION"
  std::string principal_id = {};    // "AIDA…", "AROA…:SESSION"; the account's number for root
  std::string user_name = {};       // of a user: aws:username
  std::string role_id = {};         // "AROA…" of an assumed role
  std::string role_arn = {};        // "arn:aws:iam::ACCOUNT:role/ci/builder" of an assumed role: aws:PrincipalArn
  std::string session_policy = {};  // JSON that bounds what the role allows; empty = no bound
  // ARNs of managed policies that bound it too: what is allowed by one of them, or by session_policy, is not beyond it.
  std::vector<std::string> session_policy_arns = {};
  // Tags of the role's session, and which of them sessions have that it makes in turn.
  std::map<std::string, std::string> session_tags = {};
  std::vector<std::string> transitive_tag_keys = {};
  // Who is behind the role's session: aws:SourceIdentity.
  std::string source_identity = {};
  std::string access_key_id = {};

  // Of temporary credentials: when they were issued.
  std::optional<absl::Time> issued = {};
  // Of a role's credentials that an instance got of the metadata service: the instance, and "2.0" where it had a token
  // of the metadata service, "1.0" where not.
  std::string source_instance = {}, role_delivery = {};
  // Where that instance was when it got them: its VPC and its primary private IPv4 address.
  std::string source_instance_vpc = {}, source_instance_ip = {};
};

}  // namespace brume
