#include "cli/launch_key.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "brume/ec2/v1/key_pair.pb.h"
#include "brume/ec2/v1/vpc.pb.h"
#include "cli/open_port.h"
#include "cli/spelling.h"
#include "cli/ssh.h"
#include "cli/typed_call.h"
#include "lib/base/status_macros.h"
#include "lib/base/subprocess.h"
#include "lib/base/unique_fd.h"

namespace brume::cli {
namespace {

// ~/.ssh/brume-KEY is where brume ssh looks for the key of KEY.
constexpr char kCreatedKey[] = "default";
constexpr char kLaunchGroup[] = "brume-launch";

PortWish SshPort() { return {.protocol = "tcp", .from = 22, .to = 22}; }

absl::Status KeyFileFault(const std::string& path) {
  return absl::InvalidArgumentError(absl::StrCat("the private key cannot be saved as ", path, ": ",
                                                 std::strerror(errno),
                                                 ". No key pair was created; name one that is there: --key NAME"));
}

absl::Status WriteKey(int file, const std::string& path, const std::string& text) {
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t wrote = write(file, text.data() + done, text.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return KeyFileFault(path);
    done += static_cast<size_t>(wrote);
  }
  return fsync(file) == 0 ? absl::OkStatus() : KeyFileFault(path);
}

void DeleteKeyPair(Client& client, const std::string& name) {
  ec2::v1::DeleteKeyPairRequest request;
  request.set_key_name(name);
  // What failed before is the one to be told.
  Call<ec2::v1::DeleteKeyPairResponse>(client, request).status().IgnoreError();
}

// A key that an earlier daemon's key pair left: it serves again, if it needs no passphrase.
absl::StatusOr<LaunchKey> ImportKey(Client& client, const std::string& path, Undo* undo) {
  const auto printed = RunCommand({"ssh-keygen", "-y", "-P", "", "-f", path});
  if (!printed.ok() || printed->exit_code != 0) {
    errno = EEXIST;
    return KeyFileFault(path);
  }
  ec2::v1::ImportKeyPairRequest request;
  request.set_key_name(kCreatedKey);
  request.set_public_key_material(printed->standard_output);
  RETURN_IF_ERROR(Call<ec2::v1::ImportKeyPairResponse>(client, request).status());
  undo->Push([&client] { DeleteKeyPair(client, kCreatedKey); });
  return LaunchKey{.name = kCreatedKey, .file = path, .created = true};
}

// The file first: a key pair whose private key is nowhere is of no use.
absl::StatusOr<LaunchKey> CreateKey(Client& client, Undo* undo) {
  const char* const home = std::getenv("HOME");
  if (home == nullptr || home[0] != '/') {
    return absl::InvalidArgumentError("there is no key pair, and HOME does not say where to save one: --key NAME");
  }
  const std::string directory = absl::StrCat(home, "/.ssh");
  if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) return KeyFileFault(directory);
  const std::string path = absl::StrCat(directory, "/brume-", kCreatedKey);
  const UniqueFd file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file && errno == EEXIST) return ImportKey(client, path, undo);
  if (!file) return KeyFileFault(path);
  undo->Push([path] { unlink(path.c_str()); });
  ec2::v1::CreateKeyPairRequest request;
  request.set_key_name(kCreatedKey);
  request.set_key_type("ed25519");
  ASSIGN_OR_RETURN(const auto created, Call<ec2::v1::CreateKeyPairResponse>(client, request));
  undo->Push([&client] { DeleteKeyPair(client, kCreatedKey); });
  RETURN_IF_ERROR(WriteKey(file.get(), path, created.key_material()));
  return LaunchKey{.name = kCreatedKey, .file = path, .created = true};
}

absl::Status DeleteLaunchGroup(Client& client, const std::string& id) {
  ec2::v1::DeleteSecurityGroupRequest request;
  request.set_group_id(id);
  return Call<ec2::v1::DeleteSecurityGroupResponse>(client, request).status();
}

bool LetsSshIn(const ec2::v1::SecurityGroup& group) {
  for (const ec2::v1::IpPermission& rule : group.ip_permissions()) {
    const bool all = rule.ip_protocol() == "-1";
    if (all || (rule.ip_protocol() == "tcp" && rule.from_port() <= 22 && rule.to_port() >= 22)) return true;
  }
  return false;
}

absl::StatusOr<std::string> DefaultVpc(Client& client) {
  ec2::v1::DescribeVpcsRequest request;
  ec2::v1::Filter& filter = *request.add_filters();
  filter.set_name("is-default");
  filter.add_values("true");
  ASSIGN_OR_RETURN(const auto answer, Call<ec2::v1::DescribeVpcsResponse>(client, request));
  if (answer.vpcs().empty()) {
    return absl::FailedPreconditionError(
        "there is no default VPC to launch into: brume create-default-vpc, or brume run-instances --subnet-id …");
  }
  return answer.vpcs(0).vpc_id();
}

}  // namespace

absl::StatusOr<LaunchKey> KeyToLaunchWith(Client& client, const std::string& wanted, Undo* undo) {
  ASSIGN_OR_RETURN(const auto answer,
                   Call<ec2::v1::DescribeKeyPairsResponse>(client, ec2::v1::DescribeKeyPairsRequest()));
  std::vector<std::string> names;
  std::vector<LaunchKey> here;
  for (const ec2::v1::KeyPairInfo& key : answer.key_pairs()) {
    names.push_back(key.key_name());
    const std::string file = FindIdentity(key.key_name());
    if (key.key_name() == wanted) return LaunchKey{.name = wanted, .file = file};
    if (!file.empty()) here.push_back({.name = key.key_name(), .file = file});
  }
  if (!wanted.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("there is no key pair '", wanted, "'.", DidYouMean(wanted, names),
                                                   " All: brume describe-key-pairs"));
  }
  if (names.empty()) return CreateKey(client, undo);
  if (names.size() == 1) return LaunchKey{.name = names[0], .file = here.empty() ? "" : here[0].file};
  if (here.size() == 1) return here[0];
  return absl::InvalidArgumentError(
      absl::StrCat("there are several key pairs: --key with one of ", absl::StrJoin(names, ", ")));
}

absl::StatusOr<std::string> GroupToLaunchInto(Client& client, Undo* undo) {
  ASSIGN_OR_RETURN(const std::string vpc, DefaultVpc(client));
  ASSIGN_OR_RETURN(const auto found, FindSecurityGroup(client, kLaunchGroup, vpc));
  if (found.has_value()) {
    if (!LetsSshIn(*found)) RETURN_IF_ERROR(AllowPort(client, found->group_id(), SshPort(), "0.0.0.0/0"));
    return found->group_id();
  }
  ec2::v1::CreateSecurityGroupRequest request;
  request.set_group_name(kLaunchGroup);
  request.set_description("SSH to what brume launch launched");
  request.set_vpc_id(vpc);
  const auto created = Call<ec2::v1::CreateSecurityGroupResponse>(client, request);
  if (ApiErrorCode(created.status()) == "InvalidGroup.Duplicate") return GroupToLaunchInto(client, undo);
  RETURN_IF_ERROR(created.status());
  const std::string id = created->group_id();
  undo->Push([&client, id] { DeleteLaunchGroup(client, id).IgnoreError(); });
  RETURN_IF_ERROR(AllowPort(client, id, SshPort(), "0.0.0.0/0"));
  return id;
}

}  // namespace brume::cli
