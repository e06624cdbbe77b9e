#include "cli/launch_command.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <optional>
#include <sstream>
#include <thread>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "brume/ec2/v1/tag.pb.h"
#include "cli/call.h"
#include "cli/console_history.h"
#include "cli/instances.h"
#include "cli/launch_image.h"
#include "cli/launch_key.h"
#include "cli/names.h"
#include "cli/short_options.h"
#include "cli/short_table.h"
#include "cli/short_wait.h"
#include "cli/ssh.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "cli/typed_call.h"
#include "lib/base/status_macros.h"

namespace brume::cli {
namespace {

using Instances = std::vector<ec2::v1::Instance>;

constexpr absl::Duration kPatienceWithBoot = absl::Minutes(10);

struct LaunchWishes {
  std::string image, name, type, key;
  std::string user_data;  // base64; empty = none
  int count = 1;
  bool wait = true;
  absl::Duration timeout;
};

absl::StatusOr<std::string> UserDataFrom(const std::string& path) {
  constexpr size_t kMostBytes = 16 << 10;  // EC2's
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  if (!file.is_open() || !file || content.str().empty()) {
    return absl::InvalidArgumentError(absl::StrCat("--cloud-init: ", path, " cannot be read, or is empty"));
  }
  if (content.str().size() > kMostBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("--cloud-init: ", path, " has ", content.str().size(), " bytes; user data has at most 16384"));
  }
  return Base64Encode(content.str());
}

absl::StatusOr<LaunchWishes> ParseLaunch(const ParsedOptions& options) {
  LaunchWishes wishes;
  const auto text = [&](const char* name) {
    const std::string* const value = options.Find(name);
    return value == nullptr ? "" : *value;
  };
  if (!options.positional.empty()) wishes.image = options.positional[0];
  wishes.name = text("name");
  wishes.type = text("type");
  wishes.key = text("key");
  wishes.wait = options.Find("no-wait") == nullptr;
  if (options.Find("name") != nullptr && (wishes.name.empty() || wishes.name.size() > 200)) {
    return absl::InvalidArgumentError("--name takes 1 to 200 characters");
  }
  const std::string count = text("count");
  if (!count.empty() && (!absl::SimpleAtoi(count, &wishes.count) || wishes.count < 1 || wishes.count > 1000)) {
    return absl::InvalidArgumentError(absl::StrCat("--count takes a number from 1 to 1000, not '", count, "'"));
  }
  if (const std::string* const file = options.Find("cloud-init")) {
    ASSIGN_OR_RETURN(wishes.user_data, UserDataFrom(*file));
  }
  ASSIGN_OR_RETURN(wishes.timeout, TimeoutOf(options, kPatienceWithBoot));
  return wishes;
}

std::vector<std::string> NumberedNames(const std::string& name, int count) {
  std::vector<std::string> names = {name};
  if (count > 1) names.clear();
  for (int i = 1; count > 1 && i <= count; ++i) names.push_back(absl::StrCat(name, "-", i));
  return names;
}

// Names by which the new instances are told from all others.
absl::StatusOr<std::vector<std::string>> FreeNames(Client& client, const LaunchWishes& wishes,
                                                   const LaunchImage& image) {
  ASSIGN_OR_RETURN(const Instances there,
                   DescribeInstances(client, {{"instance-state-name", {"pending", "running", "stopping", "stopped"}}}));
  const auto holder = [&](const std::vector<std::string>& names) -> const ec2::v1::Instance* {
    for (const ec2::v1::Instance& instance : there) {
      if (std::find(names.begin(), names.end(), TagOf(instance, "Name")) != names.end()) return &instance;
    }
    return nullptr;
  };
  if (!wishes.name.empty()) {
    const std::vector<std::string> names = NumberedNames(wishes.name, wishes.count);
    if (const ec2::v1::Instance* const taken = holder(names)) {
      return absl::InvalidArgumentError(absl::StrCat("there is already an instance ", CalledAs(*taken), ", ",
                                                     taken->state().name(), ": choose another --name"));
    }
    return names;
  }
  std::string base = image.name.substr(0, 100);
  for (int i = 1;; ++i) {
    const std::vector<std::string> names = NumberedNames(i == 1 ? base : absl::StrCat(base, "-", i), wishes.count);
    if (holder(names) == nullptr) return names;
  }
}

absl::Status NameEach(Client& client, const std::vector<std::string>& names, Instances* instances) {
  for (size_t i = 0; i < instances->size() && i < names.size(); ++i) {
    ec2::v1::Instance& instance = (*instances)[i];
    for (ec2::v1::Tag& tag : *instance.mutable_tags()) {
      if (tag.key() == "Name") tag.set_value(names[i]);
    }
    if (names.size() == 1) continue;  // it was launched with it
    ec2::v1::CreateTagsRequest request;
    request.add_resources(instance.instance_id());
    ec2::v1::Tag& tag = *request.add_tags();
    tag.set_key("Name");
    tag.set_value(names[i]);
    RETURN_IF_ERROR(Call<ec2::v1::CreateTagsResponse>(client, request).status());
  }
  return absl::OkStatus();
}

struct Launched {
  Instances instances;
  LaunchImage image;
  LaunchKey key;
};

// All or nothing: what was created for a launch that is refused is deleted again.
absl::StatusOr<Launched> Launch(Client& client, const LaunchWishes& wishes) {
  Launched launched;
  ASSIGN_OR_RETURN(launched.image, ImageToLaunch(client, wishes.image));
  ASSIGN_OR_RETURN(const std::vector<std::string> names, FreeNames(client, wishes, launched.image));
  Undo undo;
  ASSIGN_OR_RETURN(launched.key, KeyToLaunchWith(client, wishes.key, &undo));
  ASSIGN_OR_RETURN(const std::string group, GroupToLaunchInto(client, &undo));
  ec2::v1::RunInstancesRequest request;
  request.set_image_id(launched.image.id);
  request.set_key_name(launched.key.name);
  request.add_security_group_ids(group);
  request.set_min_count(wishes.count);
  request.set_max_count(wishes.count);
  if (!wishes.type.empty()) request.set_instance_type(wishes.type);
  if (!wishes.user_data.empty()) request.set_user_data(wishes.user_data);
  ec2::v1::TagSpecification& tags = *request.add_tag_specifications();
  tags.set_resource_type("instance");
  ec2::v1::Tag& name = *tags.add_tags();
  name.set_key("Name");
  name.set_value(names[0]);
  ASSIGN_OR_RETURN(auto answer, Call<ec2::v1::RunInstancesResponse>(client, request));
  undo.Dismiss();
  for (ec2::v1::Instance& instance : *answer.mutable_instances()) launched.instances.push_back(std::move(instance));
  const absl::Status named = NameEach(client, names, &launched.instances);
  if (!named.ok()) {
    std::vector<std::string> ids;
    for (const ec2::v1::Instance& instance : launched.instances) ids.push_back(instance.instance_id());
    std::fprintf(stderr, "Launched, but not all named apart: %s\n", absl::StrJoin(ids, " ").c_str());
  }
  RETURN_IF_ERROR(named);
  return launched;
}

std::string ShortNames(const Instances& instances) {
  std::vector<std::string> names;
  for (const ec2::v1::Instance& instance : instances) names.push_back(ShortNameOf(instance));
  return absl::StrJoin(names, " ");
}

// The last line a booting guest wrote, for the progress.
std::string BootLine(Client& client, const std::string& instance_id) {
  const absl::StatusOr<std::string> text = ConsoleText(client, instance_id);
  // It is only shown beside the seconds.
  if (!text.ok()) return "";
  std::string last;
  for (absl::string_view line : absl::StrSplit(*text, absl::ByAnyChar("\r\n"))) {
    if (!absl::StripAsciiWhitespace(line).empty()) last = std::string(absl::StripAsciiWhitespace(line));
  }
  return Printable(last, /*keep_lines=*/true);
}

absl::Status WaitForLogin(Client& client, ec2::v1::Instance* instance, absl::Time start, absl::Time deadline,
                          const std::string& goes_on) {
  const std::string address = SshAddressOf(*instance);
  if (address.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat(CalledAs(*instance), " runs, but has no public address to log in at: its subnet gives none"));
  }
  Progress progress;
  while (!SpeaksSsh(address, absl::Seconds(1))) {
    Instances one = {*instance};
    // It may stop by itself while it boots.
    RETURN_IF_ERROR(WaitForState(client, &one, "running", absl::ZeroDuration(), goes_on));
    progress.Show(absl::StrCat(ShortNameOf(*instance), " runs at ", address, " and boots"),
                  absl::StrCat(absl::ToInt64Seconds(absl::Now() - start), " s  ",
                               IsTerminal(STDERR_FILENO) ? BootLine(client, instance->instance_id()) : ""));
    RETURN_IF_ERROR(CheckNotInterrupted(goes_on));
    if (absl::Now() > deadline) {
      return absl::DeadlineExceededError(absl::StrCat(CalledAs(*instance), " does not answer at ", address,
                                                      " port 22 after ", absl::ToInt64Seconds(absl::Now() - start),
                                                      " s. ", goes_on, LastWords(client, instance->instance_id())));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(250));
  }
  return absl::OkStatus();
}

absl::Status WaitUntilReady(Client& client, const LaunchWishes& wishes, Instances* instances) {
  const absl::Time start = absl::Now(), deadline = start + wishes.timeout;
  const std::string names = ShortNames(*instances);
  const std::string goes_on =
      absl::StrCat(names, instances->size() == 1 ? " goes" : " go", " on booting: brume logs NAME -f shows it. To end ",
                   instances->size() == 1 ? "it" : "them", ": brume rm ", names);
  RETURN_IF_ERROR(WaitForState(client, instances, "running", wishes.timeout, goes_on));
  if (client.simulated()) return absl::OkStatus();  // there is no guest to wait for
  for (ec2::v1::Instance& instance : *instances) {
    RETURN_IF_ERROR(WaitForLogin(client, &instance, start, deadline, goes_on));
  }
  return absl::OkStatus();
}

// What a person types next.
std::string NextSteps(const Launched& launched) {
  const std::string name = Printable(ShortNameOf(launched.instances[0]));
  const bool reachable = !launched.key.file.empty();
  std::string text;
  if (!reachable) {
    absl::StrAppend(&text, "The private key of ", Printable(launched.key.name),
                    " is not here: give it with --identity FILE, or use brume console ", name, ".\n");
  }
  const std::string identity = reachable ? "" : " --identity FILE";
  absl::StrAppend(&text, "\n  brume shell ", name, identity, "\n  brume cp FILE ", name, ":", identity,
                  "\n  brume open 80 ", name, "\n  brume rm ", ShortNames(launched.instances), "\n");
  return text;
}

absl::Status SayLaunched(const Launched& launched, bool waited, absl::Duration took, const GlobalOptions& global) {
  std::string text;
  for (const ec2::v1::Instance& instance : launched.instances) {
    const std::string name = Printable(ShortNameOf(instance)), address = SshAddressOf(instance);
    if (!ShowsTables(global)) {
      absl::StrAppend(&text, name, "\t", instance.instance_id(), "\t", address.empty() ? "-" : address, "\n");
    } else if (waited) {
      absl::StrAppend(&text, name, " is ready at ", address, " after ", absl::ToInt64Seconds(took), " s.\n");
    } else {
      absl::StrAppend(&text, name, " (", instance.instance_id(), ") is ", instance.state().name(), ".\n");
    }
  }
  if (ShowsTables(global)) text += NextSteps(launched);
  return Print(text);
}

absl::StatusOr<int> RunLaunch(const GlobalOptions& global, const std::vector<std::string>& tokens) {
  const ShortUsage usage{.command = "launch", .usage = "brume launch [IMAGE] [--name NAME]", .most = 1};
  ASSIGN_OR_RETURN(
      const auto options,
      ParseShort(usage, tokens,
                 {{"name"}, {"type"}, {"count"}, {"key"}, {"cloud-init"}, {"no-wait", false}, {"timeout"}}));
  if (!options.has_value()) return 0;
  ASSIGN_OR_RETURN(const LaunchWishes wishes, ParseLaunch(*options));
  const absl::Time start = absl::Now();
  ASSIGN_OR_RETURN(const std::unique_ptr<Client> client, Client::Create(global));
  const NotedInterrupt interrupt;  // what was created is taken back, or told
  ASSIGN_OR_RETURN(Launched launched, Launch(*client, wishes));
  if (launched.key.created) {
    std::fprintf(stderr, "The key pair '%s' is new; its private key is %s\n", launched.key.name.c_str(),
                 launched.key.file.c_str());
  }
  if (wishes.wait) RETURN_IF_ERROR(WaitUntilReady(*client, wishes, &launched.instances));
  RETURN_IF_ERROR(SayLaunched(launched, wishes.wait, absl::Now() - start, global));
  return 0;
}

}  // namespace

Command LaunchCommand() {
  return {
      "launch",
      "launch [IMAGE] [--name NAME] [--type TYPE] [--count N] [--key NAME] [--cloud-init FILE] [--no-wait]",
      "Launches an instance and waits until you can log in to it.",
      "IMAGE is the name or id of an image, or a name in the catalogue (brume catalogue), which is imported first if "
      "necessary. Default: the only image there is.\n\nThe instance is launched into the default VPC with the security "
      "group brume-launch, which is created for it and allows only SSH. Its key pair is the only one that exists, or "
      "of several the one whose private key is found here. If there is none, the key pair 'default' is created and its "
      "private key saved as ~/.ssh/brume-default, readable only by its owner.\n\nIn a pipe, each line is an instance: "
      "name, id and address, separated by tabs.",
      {{"--name NAME", "The Name tag, which all commands take. Default: after the image. Several: NAME-1, NAME-2 …"},
       {"--type TYPE", "The instance type. Default: the daemon's configured default."},
       {"--count N", "The number of instances. Default: 1."},
       {"--key NAME", "The key pair to log in with."},
       {"--cloud-init FILE", "The user data, for cloud-init."},
       {"--no-wait", "Return once the instance is pending."},
       {"--timeout SECONDS", "Give up after this long. Default: 600."}},
      WithoutSchema<RunLaunch>};
}

}  // namespace brume::cli
