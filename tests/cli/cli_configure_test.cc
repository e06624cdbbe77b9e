#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>

#include "cli/configure.h"
#include "tests/cli/cli_server.h"

namespace brume::cli {
namespace {

const Signpost kTo{.credentials_file = "/srv/ada's/credentials", .region = "eu-home-1", .url = "http://[::1]:8773"};
const RootKey kKey{.id = "AKIAX", .secret = "s/e+c"};

Signpost WithKey() {
  Signpost to = kTo;
  to.key = kKey;
  return to;
}

}  // namespace

TEST_CASE("a shell is told where the key is, and the secret only on demand", "[cli]") {
  CHECK(ShellLines(kTo) ==
        "# For a shell: eval \"$(brume configure)\"\n"
        "export AWS_SHARED_CREDENTIALS_FILE='/srv/ada'\\''s/credentials'\n"
        "export AWS_DEFAULT_REGION='eu-home-1'\n"
        "export AWS_ENDPOINT_URL='http://[::1]:8773'\n"
        "# What is older than aws-cli 2.13 and botocore 1.31, as Debian 12's are, takes no endpoint from here.\n"
        "alias aws='aws --endpoint-url http://[::1]:8773'\n");
  const std::string with_key = ShellLines(WithKey());
  CHECK(absl::StrContains(with_key, "export AWS_ACCESS_KEY_ID='AKIAX'\nexport AWS_SECRET_ACCESS_KEY='s/e+c'\n"));
  CHECK_FALSE(absl::StrContains(with_key, "AWS_SHARED_CREDENTIALS_FILE"));
}

TEST_CASE("a profile is written as the aws CLI reads it", "[cli]") {
  CHECK(absl::StartsWith(ProfileLines(kTo, "home"),
                         "# ~/.aws/config\n[profile home]\nregion = eu-home-1\nendpoint_url = http://[::1]:8773\n"));
  CHECK(absl::StartsWith(ProfileLines(kTo, "default"), "# ~/.aws/config\n[default]\n"));
  CHECK(absl::EndsWith(ProfileLines(WithKey(), "home"),
                       "# ~/.aws/credentials\n[home]\naws_access_key_id = AKIAX\naws_secret_access_key = s/e+c\n"));
}

TEST_CASE("the key is read from the daemon's credentials file, which is beside its socket", "[cli]") {
  const TemporaryDirectory directory;
  const std::string path = CredentialsFileOf("unix:" + directory.path + "/brumed.sock");
  CHECK(path == directory.path + "/credentials");
  CHECK(CredentialsFileOf("unix://" + directory.path + "/brumed.sock") == path);
  CHECK(CredentialsFileOf("host:1") == StateDir() + "/credentials");
  CHECK_FALSE(ReadRootKey(path).ok());
  std::ofstream(path) << "[default]\naws_access_key_id = AKIAX\n";
  CHECK_FALSE(ReadRootKey(path).ok());
  std::ofstream(path) << "# a comment\n[default]\naws_access_key_id = AKIAX\naws_secret_access_key=s/e+c=\n"
                         "[brume]\naws_access_key_id = AKIAY\n";
  const auto key = ReadRootKey(path);
  REQUIRE(key.ok());
  CHECK(key->id == "AKIAX");
  CHECK(key->secret == "s/e+c=");
}

TEST_CASE("the address is the daemon's, and where that is any, the one it is called at", "[cli]") {
  const auto url = [](const std::string& served, const std::string& endpoint) {
    const auto reachable = ReachableUrl(served, endpoint);
    return reachable.ok() ? *reachable : std::string(reachable.status().message());
  };
  CHECK(url("https://127.0.0.1:9000", "unix:/s") == "https://127.0.0.1:9000");
  CHECK(url("https://192.0.2.1:9000", "host:1") == "https://192.0.2.1:9000");
  CHECK(url("http://0.0.0.0:9000", "unix:/s") == "http://127.0.0.1:9000");
  CHECK(url("http://[::]:9000", "unix:/s") == "http://[::1]:9000");
  CHECK(url("http://0.0.0.0:9000", "host:1") == "http://host:9000");
  CHECK(url("http://[::]:9000", "[2001:db8::1]:1") == "http://[2001:db8::1]:9000");
  CHECK(absl::StrContains(url("", "unix:/s"), "ec2.listen"));
}

TEST_CASE("brume configure refuses what no line of a file can hold", "[cli]") {
  const GlobalOptions global{.endpoint = "unix:/nonexistent/brumed.sock"};
  for (const char* bad : {"a]b", "a b", "", "a\nb"}) {
    CHECK(absl::IsInvalidArgument(RunConfigure(global, {"--profile", bad}).status()));
  }
  for (const char* bad : {"127.0.0.1:8773", "http://", "http://a'b", "ftp://a", "http://a b"}) {
    CHECK(absl::IsInvalidArgument(RunConfigure(global, {"--endpoint-url", bad}).status()));
  }
  CHECK(absl::IsInvalidArgument(RunConfigure(global, {"now"}).status()));
}

}  // namespace brume::cli
