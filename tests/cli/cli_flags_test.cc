#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "cli/api_schema.h"
#include "cli/args.h"
#include "cli/completion.h"
#include "cli/customisations.h"
#include "cli/fill.h"
#include "cli/flags.h"
#include "cli/help.h"
#include "cli/jmespath.h"
#include "cli/man_pages.h"
#include "cli/output.h"
#include "cli/output_json.h"
#include "cli/reference.h"
#include "lib/base/subprocess.h"
#include "nlohmann/json.hpp"
#include "tests/support/temp_dir.h"

namespace brume::cli {
namespace {

using Tokens = std::vector<std::string>;

const Schema& TheSchema() {
  static const auto* const schema = LoadEmbeddedSchema()->release();
  return *schema;
}

// The request as JSON, or the error's text.
std::string Request(const std::string& action, const Tokens& tokens) {
  const ApiAction* found = TheSchema().FindAction(action);
  REQUIRE(found != nullptr);
  const auto invocation = ParseInvocation(TheSchema(), *found, tokens);
  if (!invocation.ok()) {
    CHECK(absl::IsInvalidArgument(invocation.status()));
    return std::string(invocation.status().message());
  }
  nlohmann::ordered_json request = ToJson(*invocation->request);
  nlohmann::ordered_json set = nlohmann::ordered_json::object();
  for (const auto& [key, value] : request.items()) {
    if (!value.is_array() || !value.empty()) set[key] = value;
  }
  return set.dump();
}

class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content) {
    char name[] = "/tmp/brume-cli-test-XXXXXX";
    const int fd = mkstemp(name);
    REQUIRE(fd >= 0);
    close(fd);
    path = name;
    std::ofstream(path, std::ios::binary) << content;
  }
  ~TemporaryFile() { std::filesystem::remove(path); }
  std::string path;
};

TEST_CASE("what stands alone behind import-image is a path, a URL or a name of the catalogue", "[cli]") {
  const auto meant = [](const std::string& argument) {
    const ApiAction* action = TheSchema().FindAction("import-image");
    REQUIRE(action != nullptr);
    return Request("import-image", WithPlainArgument(*action, {argument, "--description", "x"}));
  };
  const auto request = [](const std::string& url) {
    return R"({"Description":"x","DiskContainers":[{"Url":")" + url + R"("}]})";
  };
  CHECK(meant("debian-12") == request("catalogue:debian-12"));
  CHECK(meant("catalogue:debian-12") == request("catalogue:debian-12"));
  CHECK(meant("/srv/a,b=c.vmdk") == request("/srv/a,b=c.vmdk"));
  CHECK(meant("https://h/a?x=1,2") == request("https://h/a?x=1,2"));
  CHECK(meant("./a.vmdk") == request(std::filesystem::current_path() / "a.vmdk"));
  const Tokens flags = {"--disk-containers", "Url=/a"};
  const ApiAction* run = TheSchema().FindAction("run-instances");
  CHECK(WithPlainArgument(*TheSchema().FindAction("import-image"), flags) == flags);
  CHECK(WithPlainArgument(*run, {"debian-12"}) == Tokens{"debian-12"});
}

TEST_CASE("flags become the request the aws CLI would send", "[cli]") {
  struct Case {
    std::string action;
    Tokens tokens;
    std::string wanted;
  };
  const std::vector<Case> cases = {
      {"describe-instances", {}, "{}"},
      {"describe-instances", {"--instance-ids", "i-1", "i-2"}, R"({"InstanceIds":["i-1","i-2"]})"},
      {"describe-instances", {"--instance-ids", R"(["i-1","i-2"])"}, R"({"InstanceIds":["i-1","i-2"]})"},
      {"describe-instances", {"--instance-ids=i-1", "i-2"}, R"({"InstanceIds":["i-1","i-2"]})"},
      {"describe-instances", {"--dry-run"}, R"({"DryRun":true})"},
      {"describe-instances", {"--no-dry-run"}, R"({"DryRun":false})"},
      {"describe-instances", {"--max-results", "5"}, R"({"MaxResults":5})"},
      {"describe-instances",
       {"--filters", "Name=tag:Name,Values=web,db", "Name=instance-state-name,Values=running"},
       R"({"Filters":[{"Name":"tag:Name","Values":["web","db"]},{"Name":"instance-state-name","Values":["running"]}]})"},
      {"describe-instances",
       {"--filters", R"([{"Name":"x","Values":["a"]}])"},
       R"({"Filters":[{"Name":"x","Values":["a"]}]})"},
      {"describe-instances",
       {"--filters", R"({"Name":"x","Values":["a"]})", "Name=y,Values=b"},
       R"({"Filters":[{"Name":"x","Values":["a"]},{"Name":"y","Values":["b"]}]})"},
      {"run-instances", {}, R"({"MaxCount":1,"MinCount":1})"},  // a launch template may name the image
      {"run-instances", {"--image-id", "ami-1"}, R"({"ImageId":"ami-1","MaxCount":1,"MinCount":1})"},
      {"run-instances", {"--image-id", "ami-1", "--count", "3"}, R"({"ImageId":"ami-1","MaxCount":3,"MinCount":3})"},
      {"run-instances", {"--image-id", "ami-1", "--count", "1:3"}, R"({"ImageId":"ami-1","MaxCount":3,"MinCount":1})"},
      {"run-instances",
       {"--image-id", "ami-1", "--user-data", "#!/bin/sh"},
       R"({"ImageId":"ami-1","MaxCount":1,"MinCount":1,"UserData":"IyEvYmluL3No"})"},
      {"run-instances",
       {"--image-id", "ami-1", "--tag-specifications", "ResourceType=instance,Tags=[{Key=Name,Value=web}]"},
       R"({"ImageId":"ami-1","MaxCount":1,"MinCount":1,"TagSpecifications":[{"ResourceType":"instance","Tags":[{"Key":"Name","Value":"web"}]}]})"},
      {"run-instances",
       {"--image-id", "ami-1", "--monitoring", "Enabled=true"},
       R"({"ImageId":"ami-1","MaxCount":1,"MinCount":1,"Monitoring":{"Enabled":true}})"},
      {"run-instances",
       {"--image-id", "ami-1", "--block-device-mappings", "DeviceName=/dev/vda,Ebs={VolumeSize=9}"},
       R"({"BlockDeviceMappings":[{"DeviceName":"/dev/vda","Ebs":{"VolumeSize":9}}],"ImageId":"ami-1","MaxCount":1,"MinCount":1})"},
      {"run-instances",
       {"--image-id", "ami-1", "--associate-public-ip-address", "--subnet-id", "subnet-1", "--security-group-ids",
        "sg-1", "sg-2"},
       R"({"ImageId":"ami-1","MaxCount":1,"MinCount":1,"NetworkInterfaces":[{"AssociatePublicIpAddress":true,"DeviceIndex":0,"Groups":["sg-1","sg-2"],"SubnetId":"subnet-1"}]})"},
      {"run-instances",
       {"--image-id", "ami-1", "--no-associate-public-ip-address"},
       R"({"ImageId":"ami-1","MaxCount":1,"MinCount":1,"NetworkInterfaces":[{"AssociatePublicIpAddress":false,"DeviceIndex":0}]})"},
      {"modify-instance-attribute",
       {"--instance-id", "i-1", "--disable-api-termination"},
       R"({"DisableApiTermination":{"Value":true},"InstanceId":"i-1"})"},
      {"modify-instance-attribute",
       {"--instance-id", "i-1", "--no-disable-api-termination"},
       R"({"DisableApiTermination":{"Value":false},"InstanceId":"i-1"})"},
      {"modify-instance-attribute",
       {"--instance-id", "i-1", "--disable-api-termination", "Value=false"},
       R"({"DisableApiTermination":{"Value":false},"InstanceId":"i-1"})"},
      {"modify-instance-attribute",
       {"--instance-id", "i-1", "--instance-type", R"({"Value": "t3.small"})"},
       R"({"InstanceId":"i-1","InstanceType":{"Value":"t3.small"}})"},
      {"modify-instance-attribute",
       {"--instance-id", "i-1", "--instance-type", "t3.small"},
       R"({"InstanceId":"i-1","InstanceType":{"Value":"t3.small"}})"},
      {"modify-instance-attribute",
       {"--instance-id", "i-1", "--user-data", "hello"},
       R"({"InstanceId":"i-1","UserData":{"Value":"aGVsbG8="}})"},
      {"authorize-security-group-ingress",
       {"--group-id", "sg-1", "--protocol", "tcp", "--port", "22", "--cidr", "0.0.0.0/0"},
       R"({"GroupId":"sg-1","IpPermissions":[{"FromPort":22,"IpProtocol":"tcp","IpRanges":[{"CidrIp":"0.0.0.0/0"}],"ToPort":22}]})"},
      {"authorize-security-group-ingress",
       {"--group-id", "sg-1", "--protocol", "tcp", "--port", "8000-9000", "--source-group", "sg-2"},
       R"({"GroupId":"sg-1","IpPermissions":[{"FromPort":8000,"IpProtocol":"tcp","ToPort":9000,"UserIdGroupPairs":[{"GroupId":"sg-2"}]}]})"},
      {"revoke-security-group-ingress",
       {"--group-name", "web", "--protocol", "all", "--source-group", "default"},
       R"({"GroupName":"web","IpPermissions":[{"IpProtocol":"-1","UserIdGroupPairs":[{"GroupName":"default"}]}]})"},
      {"authorize-security-group-ingress",
       {"--group-id", "sg-1", "--protocol", "icmp", "--port", "8", "--cidr", "10.0.0.0/8"},
       R"({"GroupId":"sg-1","IpPermissions":[{"FromPort":8,"IpProtocol":"icmp","IpRanges":[{"CidrIp":"10.0.0.0/8"}],"ToPort":-1}]})"},
      {"authorize-security-group-ingress",
       {"--group-id", "sg-1", "--protocol", "udp", "--port", "all", "--cidr", "10.0.0.0/8"},
       R"({"GroupId":"sg-1","IpPermissions":[{"FromPort":0,"IpProtocol":"udp","IpRanges":[{"CidrIp":"10.0.0.0/8"}],"ToPort":65535}]})"},
      {"create-tags",
       {"--resources", "i-1", "--tags", "Key=Name,Value=web", "Key=empty,Value="},
       R"({"Resources":["i-1"],"Tags":[{"Key":"Name","Value":"web"},{"Key":"empty","Value":""}]})"},
      {"import-key-pair",
       {"--key-name", "k", "--public-key-material", "c3NoLWVkMjU1MTk="},
       R"({"KeyName":"k","PublicKeyMaterial":"c3NoLWVkMjU1MTk="})"},
      {"describe-instances",
       {"--cli-input-json", R"({"InstanceIds": ["i-1"], "MaxResults": 7})", "--instance-ids", "i-2"},
       R"({"InstanceIds":["i-2"],"MaxResults":7})"},
  };
  for (const Case& one : cases) {
    INFO(one.action);
    CHECK(Request(one.action, one.tokens) == one.wanted);
  }
}

TEST_CASE("a wrong command line is answered with the right one", "[cli]") {
  struct Case {
    std::string action;
    Tokens tokens;
    std::string wanted;  // part of the error
  };
  const std::vector<Case> cases = {
      {"run-instances",
       {"--imge-id", "ami-1"},
       "unknown flag '--imge-id' of run-instances. Did you mean '--image-id'?"},
      {"stop-instances", {}, "the following arguments are required: --instance-ids"},
      {"describe-instances", {"i-1"}, "unexpected argument 'i-1'"},
      {"describe-instances", {"--instance-ids"}, "--instance-ids needs a value"},
      {"describe-instances", {"--instance-ids", "i-1", "--instance-ids", "i-2"}, "given twice"},
      {"describe-instances", {"--dry-run", "true"}, "write --dry-run or --no-dry-run"},
      {"describe-instances", {"--max-results", "many"}, "--max-results: expected a whole number"},
      {"describe-instances", {"--max-results", "99999999999"}, "expected a number from -2147483648 to 2147483647"},
      {"describe-instances", {"--max-results", "5", "6"}, "one too many"},
      {"describe-instances", {"--filters", "Name=a,Value=b"}, "unknown key 'Value'. Did you mean 'Values'?"},
      {"describe-instances", {"--filters", "running"}, "expected '=' after 'running'"},
      {"describe-instances", {"--filters", "{\"Name\": }"}, "--filters: not JSON"},
      {"describe-instances", {"--filters", "Name={a=b}"}, "--filters[0].Name: expected a string"},
      {"run-instances", {"--image-id", "a", "--security-group", "g"}, "--security-group-ids, --security-groups"},
      {"run-instances", {"--image-id", "a", "--secondary-i", "x"}, "unknown flag"},
      {"describe-instances", {"--instance-ids", "\xff"}, "not UTF-8"},
      {"describe-instances", {"--cli-input-json", "[]"}, "takes a JSON object"},
      {"describe-instances", {"--cli-input-json", R"({"InstanceId": "i-1"})"}, "Did you mean 'InstanceIds'?"},
      {"describe-instances", {"--cli-input-json", "file:///no/such"}, "'/no/such' cannot be read"},
      {"describe-instances", {"--wait"}, "unknown flag '--wait'"},
      {"run-instances", {"--image-id", "a", "--count", "0"}, "--count takes N or MIN:MAX"},
      {"run-instances", {"--image-id", "a", "--count", "3:2"}, "--count takes N or MIN:MAX"},
      {"run-instances", {"--image-id", "a", "--count", "2", "--min-count", "1"}, "--count excludes"},
      {"import-key-pair", {"--key-name", "k", "--public-key-material", "ssh-rsa AAAA"}, "fileb://"},
      {"authorize-security-group-ingress", {"--group-id", "sg-1", "--port", "22"}, "--protocol is needed"},
      {"authorize-security-group-ingress", {"--group-id", "sg-1", "--protocol", "tcp", "--port", "22"}, "--cidr"},
      {"authorize-security-group-ingress",
       {"--group-id", "sg-1", "--protocol", "tcp", "--port", "22-21", "--cidr", "0.0.0.0/0"},
       "--port takes a port"},
      {"authorize-security-group-ingress",
       {"--group-id", "sg-1", "--protocol", "tcp", "--port", "70000", "--cidr", "0.0.0.0/0"},
       "--port takes a port"},
  };
  for (const Case& one : cases) {
    const std::string said = Request(one.action, one.tokens);
    INFO(one.action << ": " << said);
    CHECK(absl::StrContains(said, one.wanted));
  }
}

TEST_CASE("file:// is text and fileb:// is bytes, wherever a value stands", "[cli]") {
  const TemporaryFile script("#!/bin/sh\necho hello\n");
  CHECK(absl::StrContains(Request("run-instances", {"--image-id", "a", "--user-data", "file://" + script.path}),
                          R"("UserData":"IyEvYmluL3NoCmVjaG8gaGVsbG8K")"));
  const TemporaryFile bytes(std::string("\0\xff", 2));
  CHECK(absl::StrContains(Request("run-instances", {"--image-id", "a", "--user-data", "fileb://" + bytes.path}),
                          R"("UserData":"AP8=")"));
  CHECK(absl::StrContains(
      Request("modify-instance-attribute", {"--instance-id", "i-1", "--user-data", "fileb://" + bytes.path}),
      R"("UserData":{"Value":"AP8="})"));
  CHECK(absl::StrContains(
      Request("import-key-pair", {"--key-name", "k", "--public-key-material", "fileb://" + bytes.path}),
      R"("PublicKeyMaterial":"AP8=")"));
  CHECK(absl::StrContains(Request("run-instances", {"--image-id", "a", "--user-data", "file://" + bytes.path}),
                          "not UTF-8"));
  const TemporaryFile filters(R"([{"Name": "x", "Values": ["a"]}])");
  CHECK(Request("describe-instances", {"--filters", "file://" + filters.path}) ==
        R"({"Filters":[{"Name":"x","Values":["a"]}]})");
  CHECK(absl::StrContains(Request("describe-instances", {"--filters", "file:///"}), "cannot be read"));
}

TEST_CASE("a skeleton is a request again", "[cli]") {
  for (const ApiAction& action : TheSchema().actions()) {
    INFO(action.name);
    auto request = TheSchema().NewMessage(action.method->input_type());
    CHECK(FillMessage(Skeleton(action.method->input_type()), "", request.get()).ok());
  }
}

TEST_CASE("every action of the schema has help that names its flags", "[cli]") {
  REQUIRE_FALSE(TheSchema().actions().empty());
  for (const ApiAction& action : TheSchema().actions()) {
    INFO(action.name);
    const std::string help = ActionHelp(action, 100);
    for (const std::string& flag : FlagNames(action)) {
      if (flag != "paginate" && (action.paginated || flag != "no-paginate")) {
        CHECK(absl::StrContains(help, "--" + flag));
      }
    }
    CHECK_FALSE(CommentOf(*action.method).empty());
  }
  CHECK(absl::StrContains(ManPage(TheSchema()), "run\\-instances"));
  CHECK(FirstSentence("Shows t3.micro. And more.") == "Shows t3.micro");
}

TEST_CASE("global options stand before or after the action", "[cli]") {
  for (const Tokens& argv : {Tokens{"--output", "text", "--socket", "/s", "describe-instances", "--dry-run"},
                             Tokens{"describe-instances", "--dry-run", "--output=text", "--socket=/s"}}) {
    const auto line = ParseCommandLine(argv, true);
    REQUIRE(line.ok());
    CHECK(line->command == "describe-instances");
    CHECK(line->rest == Tokens{"--dry-run"});
    CHECK(line->global.output == OutputFormat::kText);
    CHECK(line->global.endpoint == "unix:/s");
  }
  const auto ssh = ParseCommandLine({"ssh", "i-1", "--", "ls", "--output", "x"}, true);
  REQUIRE(ssh.ok());
  CHECK(ssh->rest == Tokens{"i-1", "--", "ls", "--output", "x"});
  CHECK(ParseCommandLine({}, true)->global.output == OutputFormat::kTable);
  CHECK(ParseCommandLine({}, false)->global.output == OutputFormat::kJson);
  CHECK(ParseCommandLine({"--output", "yaml", "x"}, true)->global.output == OutputFormat::kYaml);
  CHECK(absl::StrContains(ParseCommandLine({"--output", "jsn", "x"}, true).status().message(), "Did you mean 'json'?"));
  CHECK_FALSE(ParseCommandLine({"--output"}, true).ok());
  CHECK_FALSE(ParseCommandLine({"--sockt", "/s", "x"}, true).ok());
  CHECK_FALSE(ParseCommandLine({"--socket", "/s", "--endpoint", "unix:/t"}, true).ok());
}

TEST_CASE("options of the aws command line are taken wherever they stand, but for a command that has its own",
          "[cli]") {
  const auto line = ParseCommandLine(
      {"--region", "eu-west-1", "ec2", "describe-instances", "--query=a.b", "--no-cli-pager", "--profile", "x",
       "--endpoint-url", "http://localhost:8000", "--color", "off", "--no-verify-ssl", "--dry-run"},
      true);
  REQUIRE(line.ok());
  CHECK(line->command == "ec2");
  CHECK(line->rest == Tokens{"describe-instances", "--dry-run"});
  CHECK(line->global.query == "a.b");
  CHECK(line->global.color == "off");
  CHECK(ParseCommandLine({"configure", "--profile", "x"}, true)->rest == Tokens{"--profile", "x"});
  const auto refused = [](const Tokens& argv) { return std::string(ParseCommandLine(argv, true).status().message()); };
  CHECK(absl::StrContains(refused({"x", "--endpoint-url", "https://ec2.amazonaws.com"}), "--endpoint HOST:PORT"));
  CHECK(absl::StrContains(refused({"x", "--endpoint-url", "http://localhost@evil"}), "--endpoint HOST:PORT"));
  CHECK(absl::StrContains(refused({"x", "--color", "offf"}), "Did you mean 'off'?"));
  CHECK(absl::StrContains(refused({"x", "--region"}), "--region needs a value"));
  CHECK(absl::StrContains(refused({"x", "--debug=1"}), "takes no value"));
  CHECK(ParseCommandLine({"x", "--endpoint-url", "http://[::1]:8000/"}, true).ok());
}

TEST_CASE("a flag may be cut short as long as one begins so", "[cli]") {
  CHECK(Request("describe-instances", {"--instance-id", "i-1"}) == R"({"InstanceIds":["i-1"]})");
  CHECK(Request("describe-instances", {"--filter", "Name=a,Values=b"}) ==
        R"({"Filters":[{"Name":"a","Values":["b"]}]})");
  CHECK(Request("describe-instances", {"--no-dry"}) == R"({"DryRun":false})");
  CHECK(Request("describe-key-pairs", {"--no-paginate"}) == "{}");
}

std::vector<Candidate> TwoInstances(const Schema&, const GlobalOptions&, const ValueQuestion& question) {
  if (question.action == "describe-snapshots") return {{"snap-0a"}};
  if (question.path == "Reservations[].Instances[].InstanceType") return {{"t3.micro"}, {"t3.nano"}};
  if (question.action == "describe-instances") return {{"i-0a", "web"}, {"i-0b"}, {"web", "i-0a"}};
  return {{"key"}};
}

TEST_CASE("Tab offers actions, flags, their values and ids", "[cli]") {
  const auto complete = [](const Tokens& words) {
    return Complete(TheSchema(), words, words.size() - 1, TwoInstances);
  };
  CHECK(complete({"brume", "describe-instance-s"}) == Tokens{"describe-instance-status"});
  CHECK(complete({"brume", "complet"}) == Tokens{"complete-lifecycle-action", "complete-snapshot", "completion"});
  CHECK(complete({"brume", "--output", "t"}) == Tokens{"table", "text"});
  CHECK(complete({"brume", "--output", "y"}) == Tokens{"yaml"});
  CHECK(complete({"brume", "--output", "json", "run-"}) == Tokens{"run-instances"});
  CHECK(complete({"brume", "run-instances", "--image"}) == Tokens{"--image-id"});
  CHECK(complete({"brume", "stop-instances", "--instance-ids", ""}) == Tokens{"i-0a", "i-0b", "web"});
  CHECK(complete({"brume", "stop-instances", "--instance-ids", "i-0a", "i-0b"}) == Tokens{"i-0b"});
  CHECK(complete({"brume", "run-instances", "--key-name", ""}) == Tokens{"key"});
  CHECK(complete({"brume", "run-instances", "--instance-initiated-shutdown-behavior", "t"}) == Tokens{"terminate"});
  CHECK(complete({"brume", "ssh", "i-0b"}) == Tokens{"i-0b"});
  CHECK(complete({"brume", "snapshot", ""}) == Tokens{"export", "i-0a", "i-0b", "import", "web"});
  CHECK(complete({"brume", "snapshot", "export", ""}) == Tokens{"snap-0a"});
  CHECK(complete({"brume", "snapshot", "export", "snap-0a", "f", "--f"}) == Tokens{"--force"});
  CHECK(complete({"brume", "wait", "instance-ru"}) == Tokens{"instance-running"});
  CHECK(complete({"brume", "wait", "instance-running", "--instance-ids", "i"}) == Tokens{"i-0a", "i-0b"});
  CHECK(complete({"brume", "stop-instances", "--instance-ids", "w"}) == Tokens{"web"});
  CHECK(CandidatesFor(TheSchema(), {"brume", "ssh", "i-0a"}, 2, TwoInstances)[0].what == "web");
  CHECK(CandidatesFor(TheSchema(), {"brume", "attach-inst"}, 1, TwoInstances)[0].what ==
        "Attaches running instances to a group and raises its desired capacity");
  CHECK(complete({"brume", "help", "stop"}) == Tokens{"stop", "stop-instances"});
  CHECK(complete({"brume"}).empty());
}

std::vector<Candidate> NamesOfAnEnemy(const Schema&, const GlobalOptions&, const ValueQuestion&) {
  return {{"prod$(touch x)"}, {"prod`id`"}, {"prod;id"}, {"prod'x"}, {"prod*"}, {"prod-1.eu"}};
}

TEST_CASE("what Tab inserts is quoted, so that no name is a command", "[cli]") {
  const Tokens words = {"brume", "run-instances", "--key-name", "prod"};
  CHECK(Complete(TheSchema(), words, words.size() - 1, NamesOfAnEnemy) ==
        Tokens{"'prod$(touch x)'", "'prod'\\''x'", "'prod*'", "prod-1.eu", "'prod;id'", "'prod`id`'"});
  // bash takes each line for one word, runs none, and makes no names of files of it.
  TempDir directory;
  const std::string out = directory.path() + "/ran", names = directory.path() + "/names";
  std::ofstream(names) << ShellWord("prod$(touch " + out + ")") << "\n"
                       << ShellWord("/*") << "\n$(touch " << out << ")\n";
  const std::string script = CompletionScript("bash") + "brume() { cat " + names +
                             "; }\nCOMP_WORDS=(brume ssh '')\nCOMP_CWORD=2\n_brume\nprintf '%s\\n' "
                             "\"${#COMPREPLY[@]}\" \"${COMPREPLY[@]}\"\n";
  const auto said = RunChecked({"bash", "-c", script});
  REQUIRE(said.ok());
  CHECK(*said == "3\n'prod$(touch " + out + ")'\n'/*'\n$(touch " + out + ")\n");
  CHECK_FALSE(std::filesystem::exists(out));
}

TEST_CASE("Tab offers the names of an action's filters, whether or not the shell ends a word at =", "[cli]") {
  const auto complete = [](const Tokens& words) {
    return Complete(TheSchema(), words, words.size() - 1, TwoInstances);
  };
  CHECK(complete({"brume", "describe-volumes", "--filters", "Name=st"}) == Tokens{"Name=status"});
  CHECK(complete({"brume", "describe-volumes", "--filters", "Name=volume"}) ==
        Tokens{"Name=volume-id", "Name=volume-type"});
  CHECK(complete({"brume", "describe-volumes", "--filters", "Name", "=", "volume"}) ==
        Tokens{"volume-id", "volume-type"});
  CHECK(complete({"brume", "describe-volumes", "--filters", "Name", "=", "tag"}) ==
        Tokens{"tag-key", "tag-value", "tag:"});
  CHECK(complete({"brume", "describe-regions", "--filters", "Name", "="}) ==
        Tokens{"endpoint", "opt-in-status", "region-name"});
  CHECK(complete({"brume", "ec2", "describe-regions", "--filters", "Name", "=", "r"}) == Tokens{"region-name"});
  CHECK(complete({"brume", "describe-regions", "--filters", "Name", "=", "endpoint,Values", "=", "e"}).empty());
  CHECK(complete({"brume", "describe-regions", "--output", "Name", "=", "e"}).empty());
}

TEST_CASE("Tab offers values of filters, types, names and waiters, and files only where a file belongs", "[cli]") {
  const auto complete = [](const Tokens& words) {
    return Complete(TheSchema(), words, words.size() - 1, TwoInstances);
  };
  const Tokens states = {"Name=instance-state-name,Values=running"};
  CHECK(complete({"brume", "describe-instances", "--filters", "Name=instance-state-name,Values=r"}) == states);
  CHECK(complete({"brume", "describe-instances", "--filters", "Name", "=", "instance-state-name,Values", "=", "r"}) ==
        Tokens{"running"});
  CHECK(complete({"brume", "describe-instances", "--filters", "Name", "=", "instance-state-name,Values", "=",
                  "running,stopp"}) == Tokens{"running,stopped", "running,stopping"});
  CHECK(complete({"brume", "describe-instances", "--filters", "Name=instance-type,Values="}) ==
        Tokens{"Name=instance-type,Values=t3.micro", "Name=instance-type,Values=t3.nano"});
  CHECK(complete({"brume", "ec2", "wait", "volume-a"}) == Tokens{"volume-available"});
  CHECK(complete({"brume", "iam", "wait", "volume-a"}).empty());
  CHECK(complete({"brume", "completion", ""}) == Tokens{"bash", "fish", "zsh"});
  CHECK(complete({"brume", "create-key-pair", "--key-name", ""}).empty());
  CHECK(complete({"brume", "delete-key-pair", "--key-name", ""}) == Tokens{"key"});
  CHECK(ValuesOf("ec2", "instance_type").action == "describe-instance-types");
  CHECK(ValuesOf("ec2", "group_names").action == "describe-security-groups");
  CHECK(ValuesOf("iam", "group_name").action == "list-groups");
  CHECK(ValuesOf("ec2", "description").action.empty());
  const TemporaryFile file("x");
  const std::string typed = file.path.substr(0, file.path.size() - 1);
  CHECK(complete({"brume", "stop-instances", "--instance-ids", typed}).empty());
  CHECK(complete({"brume", "describe-instances", "--max-results", typed}).empty());
  CHECK(complete({"brume", "create-key-pair", "--save", typed}) == Tokens{file.path});
  CHECK(complete({"brume", "run-instances", "--user-data", "file://" + typed}) == Tokens{"file://" + file.path});
  CHECK(complete({"brume", "snapshot", "import", typed}) == Tokens{file.path});
  CHECK(complete({"brume", "ssh", "web", "--identity", typed}) == Tokens{file.path});
  CHECK(complete({"brume", "configure-tls", "--dir", typed}) == Tokens{file.path});
  CHECK(complete({"brume", "explain-path", "--from", "i-"}) == Tokens{"i-0a", "i-0b"});
  CHECK(complete({"brume", "flow-logs", "--instance", "w"}) == Tokens{"web"});
  CHECK(complete({"brume", "ssh", "web", typed}).empty());
  CHECK(complete({"brume", "events", "--user", ""}).empty());
}

TEST_CASE("every question of completion is one that an action of the schema answers", "[cli]") {
  for (const char* prefix : {"i", "ami", "snap", "vol", "vpc", "subnet", "sg", "sgr", "key", "eni", "igw", "nat", "rtb",
                             "acl", "eipalloc", "lt"}) {
    const ValueQuestion question = IdsOf(prefix);
    INFO(prefix);
    REQUIRE(TheSchema().FindActionOf(question.family, question.action) != nullptr);
    CHECK(JmesPath::Parse(question.path).ok());
  }
  for (const char* field : {"instance_type", "key_name", "security_groups", "launch_template_name", "availability_zone",
                            "public_ip", "auto_scaling_group_names", "user_name", "role_name", "instance_profile_name",
                            "policy_arn", "alarm_names", "group_name"}) {
    const ValueQuestion question = ValuesOf("iam", field);
    INFO(field);
    REQUIRE(TheSchema().FindActionOf(question.family, question.action) != nullptr);
    CHECK(JmesPath::Parse(question.path).ok());
  }
}

TEST_CASE("help and the reference tell of each filter what it looks at", "[cli]") {
  const std::string help = ActionHelp(*TheSchema().FindAction("describe-volumes"), 100);
  const auto row = [](const std::string& name, const std::string& where) {
    return "\n  " + name + std::string(34 - name.size(), ' ') + where + "\n";
  };
  INFO(help);
  CHECK(absl::StrContains(help, row("attachment.status", "Volumes.Attachments.State")));
  CHECK(absl::StrContains(help, row("operator.principal", "Matches nothing: there is no such thing here.")));
  CHECK(absl::StrContains(help, row("tag-key", "Volumes.Tags.Key")));
  CHECK(absl::StrContains(ActionHelp(*TheSchema().FindAction("describe-instances"), 100), "Always \"false\"."));
  CHECK_FALSE(absl::StrContains(ActionHelp(*TheSchema().FindAction("run-instances"), 100), "Filters"));
  const std::string reference = MarkdownReference(TheSchema(), "ec2");
  CHECK(absl::StrContains(reference, "| `instance-state-name` | Reservations.Instances.State.Name |\n"));
  CHECK(absl::StrContains(reference, "| `tag-value` | Tags.Value |\n"));
}

TEST_CASE("Tab offers the families, their actions, and the flags of those", "[cli]") {
  const auto complete = [](const Tokens& words) {
    return Complete(TheSchema(), words, words.size() - 1, TwoInstances);
  };
  CHECK(complete({"brume", "ia"}) == Tokens{"iam"});
  CHECK(complete({"brume", "iam", "create-us"}) == Tokens{"create-user"});
  CHECK(complete({"brume", "--output", "json", "sts", "get-c"}) == Tokens{"get-caller-identity"});
  CHECK(complete({"brume", "iam", "run-"}).empty());
  CHECK(complete({"brume", "ec2", "stop-instances", "--instance-ids", "i-0a"}) == Tokens{"i-0a"});
  CHECK(complete({"brume", "iam", "create-user", "--user"}) == Tokens{"--user-name"});
  CHECK(complete({"brume", "iam", "update-access-key", "--status", "A"}) == Tokens{"Active"});
  CHECK(complete({"brume", "iam", "create-nothing", "--user"}).empty());
  CHECK(complete({"brume", "help", "ia"}) == Tokens{"iam"});
  CHECK(complete({"brume", "help", "iam", "create-us"}) == Tokens{"create-user"});
  CHECK(complete({"brume", "help", "run-instances", ""}) == complete({"brume", "help", ""}));
}

TEST_CASE("of an action that several APIs have the bare name is EC2's, and its API's name gives each", "[cli]") {
  CHECK(TheSchema().FindAction("delete-tags")->family == "ec2");
  CHECK(TheSchema().FindAction("delete-policy")->family == "iam");
  for (const char* family : {"ec2", "autoscaling"}) {
    const ApiAction* action = TheSchema().FindActionOf(family, "delete-tags");
    REQUIRE(action != nullptr);
    CHECK(action->family == family);
  }
}

TEST_CASE("the help of a family lists its actions and no other's", "[cli]") {
  for (const std::string& family : TheSchema().FamilyNames()) {
    const std::string help = FamilyHelp(TheSchema(), family, 100);
    INFO(help);
    for (const ApiAction& action : TheSchema().actions()) {
      CHECK(absl::StrContains(help, absl::StrCat("\n  ", action.name, " ")) ==
            (TheSchema().FindActionOf(family, action.name) != nullptr));
    }
  }
}

}  // namespace
}  // namespace brume::cli
