// What is typed wrongly is answered by one sentence, with what to do, and the documented exit code; nothing is called.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "lib/base/subprocess.h"

namespace brume::cli {
namespace {

struct Wrong {
  std::vector<std::string> words;
  std::string said;
  int exit_code = 252;
};

const std::vector<Wrong>& WrongLines() {
  static const auto* const lines = new std::vector<Wrong>{
      {{"--outpt", "json", "describe-instances"}, "Did you mean '--output'?"},
      {{"describe-instances", "--outpt", "json"}, "Did you mean '--output'?"},
      {{"describe-instances", "--profle", "x"}, "Did you mean '--profile'?"},
      {{"describe-instances", "--output", "jsn"}, "Did you mean 'json'?"},
      {{"describe-instances", "--query", "a["}, "--query 'a[': the expression ends too early"},
      {{"describe-instances", "--query"}, "--query needs a value"},
      {{"top", "--query", "a"}, "--query selects from a response, and brume top prints none"},
      {{"ls", "--query", "a["}, "--query 'a[': the expression ends too early"},
      {{"ls", "--watch", "--query", "a"}, "--watch shows a table, and takes no --query"},
      {{"events", "--follow", "--query", "a"}, "--query selects from the events there are"},
      {{"lss", "--query", "a"}, "there is no action 'lss'"},
      {{"ec2"}, "needs an action: brume help ec2"},
      {{"ec2", "descrbe-instances"}, "Did you mean 'describe-instances'?"},
      {{"ec2", "create-vpn-gateway"}, "CreateVpnGateway is not served yet"},
      {{"s3", "ls"}, "the service 's3' is not served"},
      {{"describe-instances", "i-0123456789abcdef0"}, "Did you mean '--instance-ids i-0123456789abcdef0'?"},
      {{"describe-instances", "-q"}, "Flags begin with two dashes"},
      {{"describe-instances", "--max-items", "0"}, "takes a number from 1 up"},
      {{"run-instances", "--image-id", "a", "--block-device-mappings", "[{\"DeviceName\":"},
       "not JSON: parse error at"},
      {{"run-instances", "--image-id", "a", "--block-device-mappings", "DeviceNam=x"}, "Did you mean 'DeviceName'?"},
      {{"run-instances", "--image-id", "a", "--user-data", "file:///no/such"}, "the file '/no/such' cannot be read"},
      {{"run-instances", "--cli-input-json", "file:///no/such"}, "the file '/no/such' cannot be read"},
      {{"run-instances", "--cli-input-yaml", "a: b"}, "Did you mean '--cli-input-json'?"},
      {{"create-key-pair", "--key-name", "k", "--save", "/no/such/k"}, "cannot be made: No such file or directory"},
      {{"create-key-pair", "--key-name", "k", "--save", "/etc/passwd"}, "exists already"},
      {{"wait", "instance-runing"}, "Did you mean 'instance-running'?"},
      {{"iam", "wait", "user-exist"}, "Did you mean 'user-exists'?"},
      {{"sts", "wait", "x"}, "sts has no waiters"},
      {{"wait", "instance-running", "--timeout", "x"}, "--timeout takes a number of seconds"},
      {{"completion", "tcsh"}, "bash|zsh|fish"},
      {{"help", "nope"}, "there is no action 'nope'"},
      {{"help", "ec2", "nope"}, "there is no action 'nope' of ec2"},
      {{"help", "a", "b", "c"}, "takes one action"},
      {{"help", "--man-all"}, "takes one directory"},
      {{"version", "x"}, "takes no arguments"},
      {{""}, "the action is an empty word"},
      {{"-x"}, "unknown option '-x'"},
      {{"--endpoint", "http://127.0.0.1:8773", "describe-instances"},
       "is a URL, as the Query API and the console have"},
      {{"--endpoint", "127.0.0.1:x", "describe-instances"}, "no port from 1 to 65535"},
      {{"--endpoint", "nonsense", "describe-instances"}, "neither unix:PATH nor HOST:PORT"},
      {{"--endpoint", "example.com:443", "describe-instances"}, "by mutual TLS only"},
      {{"--endpoint-url", "https://ec2.amazonaws.com", "describe-instances"}, "--endpoint HOST:PORT"},
      {{"--socket", "/no/such", "describe-instances"}, "there is no socket /no/such", 255},
      {{"--socket", "unix:/no/such", "describe-instances"}, "there is no socket /no/such", 255},
      {{"--socket", "/etc/passwd", "describe-instances"}, "'/etc/passwd' is no socket", 255}};
  return *lines;
}

TEST_CASE("every misspelling is answered by one line, what to do and the documented exit code", "[cli]") {
  for (const Wrong& wrong : WrongLines()) {
    std::vector<std::string> argv = {BRUME_PROGRAM};
    argv.insert(argv.end(), wrong.words.begin(), wrong.words.end());
    const auto result = RunCommand(argv);
    REQUIRE(result.ok());
    INFO(absl::StrJoin(wrong.words, " ") << ": " << result->standard_error);
    CHECK(result->exit_code == wrong.exit_code);
    CHECK(result->standard_output.empty());
    CHECK(absl::StartsWith(result->standard_error, "brume: "));
    CHECK(absl::StrContains(result->standard_error, wrong.said));
    CHECK(std::count(result->standard_error.begin(), result->standard_error.end(), '\n') == 1);
  }
}

}  // namespace
}  // namespace brume::cli
