#include "daemon/config.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "daemon/state_directory.h"
#include "tests/support/temp_dir.h"

namespace brume::daemon {
namespace {

absl::StatusOr<Config> Read(const std::string& text) {
  const TempDir directory;
  const std::string path = directory.path() + "/brumed.toml";
  std::ofstream(path) << text;
  return ReadConfig(path, Config{});
}

std::string Refusal(const std::string& text) {
  const auto config = Read(text);
  return config.ok() ? "" : std::string(config.status().message());
}

}  // namespace

TEST_CASE("an empty configuration is the defaults, and they are good", "[daemon]") {
  const auto config = Read("");
  REQUIRE(config.ok());
  CHECK(config->state_dir == "/var/lib/brume");
  CHECK(CheckConfig(*config).ok());
}

TEST_CASE("the unit holds the daemon to what it needs", "[daemon]") {
  std::ifstream file(std::string(BRUME_SOURCE_DIR) + "/packaging/brumed.service");
  REQUIRE(file.good());
  std::multimap<std::string, std::string> settings;
  for (std::string line; std::getline(file, line);) {
    const std::pair<std::string, std::string> setting = absl::StrSplit(line, absl::MaxSplits('=', 1));
    if (!line.empty() && line[0] != '#' && line[0] != '[') settings.insert(setting);
  }
  const auto all = [&](const std::string& key) {
    std::string values;
    const auto [first, last] = settings.equal_range(key);
    for (auto it = first; it != last; ++it) values += (values.empty() ? "" : " ") + it->second;
    return values;
  };
  const std::map<std::string, std::string> wanted = {
      {"LimitCORE", "0"},
      {"NoNewPrivileges", "yes"},
      {"LockPersonality", "yes"},
      {"RestrictRealtime", "yes"},
      {"RestrictSUIDSGID", "yes"},
      {"SystemCallArchitectures", "native"},
      {"KeyringMode", "private"},
      {"SystemCallErrorNumber", "EPERM"},
      {"SystemCallFilter", "~@clock @cpu-emulation @debug @module @obsolete @raw-io @reboot @swap"},
      // Guests outlive the daemon.
      {"KillMode", "process"}};
  for (const auto& [key, value] : wanted) {
    INFO(key);
    CHECK(all(key) == value);
  }
  // These would give the service a view of its own of the file system, or of devices, which guests need, or keep
  // libvirt from entering a guest's mount namespace.
  for (const char* key : {"ProtectSystem", "ProtectHome", "PrivateTmp", "PrivateDevices", "ProtectClock", "DeviceAllow",
                          "ProtectKernelModules", "ProtectKernelTunables", "ProtectControlGroups", "PrivateNetwork",
                          "MemoryDenyWriteExecute", "RestrictNamespaces"}) {
    INFO(key);
    CHECK(all(key).empty());
  }
  CHECK_FALSE(absl::StrContains(all("CapabilityBoundingSet"), "CAP_SYS_MODULE"));
  CHECK_FALSE(absl::StrContains(all("CapabilityBoundingSet"), "CAP_SYS_RAWIO"));
}

TEST_CASE("a database that others could read is for its owner alone from the next start on", "[daemon]") {
  const TempDir directory;
  CHECK(TightenDatabase(directory.path()).ok());  // there is none yet
  const auto mode = [&](const char* name) {
    struct stat info;
    REQUIRE(stat((directory.path() + name).c_str(), &info) == 0);
    return info.st_mode & 0777;
  };
  for (const char* name : {"/brume.db", "/brume.db-wal", "/brume.db-shm"}) {
    std::ofstream(directory.path() + name).put('x');
    REQUIRE(chmod((directory.path() + name).c_str(), 0664) == 0);
  }
  REQUIRE(chmod((directory.path() + "/brume.db-shm").c_str(), 0400) == 0);
  REQUIRE(TightenDatabase(directory.path()).ok());
  CHECK(mode("/brume.db") == 0600);
  CHECK(mode("/brume.db-wal") == 0600);
  CHECK(mode("/brume.db-shm") == 0400);
}

TEST_CASE("every setting the sample names exists, and its default is what the sample says", "[daemon]") {
  std::ifstream file(std::string(BRUME_SOURCE_DIR) + "/packaging/brumed.toml");
  std::stringstream sample;
  sample << file.rdbuf();
  REQUIRE(file.good());
  // The sample's settings stand behind "#" without a space; prose has one.
  const std::string uncommented = std::regex_replace(sample.str(), std::regex("(^|\n)#([a-z_\\[])"), "$1$2");
  const auto config = Read(uncommented);
  REQUIRE(config.ok());
  const Config defaults;
  CHECK(config->state_dir == defaults.state_dir);
  CHECK(config->simulate == defaults.simulate);
  CHECK(config->log_level == defaults.log_level);
  CHECK(config->log_file == defaults.log_file);
  CHECK(config->grpc_listen == defaults.grpc_listen);
  CHECK(config->grpc_client_certificates == defaults.grpc_client_certificates);
  CHECK(config->grpc_insecure_loopback == defaults.grpc_insecure_loopback);
  CHECK(config->libvirt_uri == defaults.libvirt_uri);
  CHECK(config->qemu_user == defaults.qemu_user);
  CHECK(config->guest_user_ids == defaults.guest_user_ids);
  CHECK(config->acceleration == defaults.acceleration);
  CHECK(config->console_log_kib == defaults.console_log_kib);
  CHECK(config->uplink == defaults.uplink);
  CHECK(config->pass_firewalls == defaults.pass_firewalls);
  CHECK(config->dns_upstream == defaults.dns_upstream);
  CHECK(config->max_connections_per_interface == defaults.max_connections_per_interface);
  CHECK(config->max_storage_overcommit == defaults.max_storage_overcommit);
  CHECK(config->import_dirs == defaults.import_dirs);
  CHECK(config->import_urls == defaults.import_urls);
  CHECK(config->keyring_dir == defaults.keyring_dir);
  CHECK(config->catalogue_dir == defaults.catalogue_dir);
  const Settings &read = config->settings, &wanted = defaults.settings;
  CHECK(read.region == wanted.region);
  CHECK(read.name_tag_domain == wanted.name_tag_domain);
  CHECK(read.zones == wanted.zones);
  CHECK(read.account_id == wanted.account_id);
  CHECK(read.default_instance_type == wanted.default_instance_type);
  CHECK(read.terminated_visible == wanted.terminated_visible);
  CHECK(read.reserved_memory_mib == wanted.reserved_memory_mib);
  CHECK(read.memory_overcommit == wanted.memory_overcommit);
  CHECK(read.cpu_overcommit == wanted.cpu_overcommit);
  CHECK(read.guest_overhead_mib == wanted.guest_overhead_mib);
  CHECK(read.launch_timeout == wanted.launch_timeout);
  CHECK(read.shutdown_timeout == wanted.shutdown_timeout);
  CHECK(read.terminate_timeout == wanted.terminate_timeout);
  CHECK(read.reboot_timeout == wanted.reboot_timeout);
  CHECK(read.restart_parallel == wanted.restart_parallel);
  CHECK(read.restart_boot_time == wanted.restart_boot_time);
  CHECK(read.default_vpc_cidr == wanted.default_vpc_cidr);
  CHECK(read.public_pool == wanted.public_pool);
  REQUIRE(config->instance_types.size() == 1);
  CHECK(config->instance_types.front().memory_mib == 65536);
  CHECK(config->instance_types.front().network_mbit == 1000);
  CHECK(config->bandwidth == "by-type");
}

TEST_CASE("what the configuration cannot mean is refused with file, line and setting", "[daemon]") {
  CHECK(Refusal("\n[compute]\nqemu_usr = \"x\"\n").find("brumed.toml:3: compute.qemu_usr: there is no such setting") !=
        std::string::npos);
  CHECK(Refusal("[compute]\nacceleration = \"fast\"\n").find("must be one of auto, kvm, tcg") != std::string::npos);
  CHECK(Refusal("[compute]\nconsole_log_kib = 1\n").find("a whole number from 16") != std::string::npos);
  CHECK(Refusal("[ec2]\nzones = [1]\n").find("a list of strings") != std::string::npos);
  CHECK(Refusal("[network]\nbandwidth = \"10\"\n").find("must be one of by-type, off") != std::string::npos);
  CHECK(Refusal("[ec2]\nregion = 1\n").find("must be a string") != std::string::npos);
  CHECK(Refusal("simulate = \"yes\"\n").find("true or false") != std::string::npos);
  CHECK(Refusal("[network]\npublic_pool = \"198.18.0.0\"\n").find("not a valid CIDR block") != std::string::npos);
  CHECK(Refusal("[capacity]\nmemory_overcommit = 0.0\n").find("a number from") != std::string::npos);
  CHECK(Refusal("[[instance_type]]\nname = \"x\"\n").find("each needs name, vcpus and memory_mib") !=
        std::string::npos);
  CHECK(Refusal("[[instance_type]]\nname = \"x\"\nvcpu = 1\n").find("no such setting") != std::string::npos);
  CHECK(Refusal("[nonsense]\nx = 1\n").find("nonsense: there is no such setting") != std::string::npos);
  CHECK(Refusal("state_dir = \n").find("brumed.toml:1") != std::string::npos);
}

TEST_CASE("settings that do not fit each other are refused", "[daemon]") {
  const auto refused = [](auto spoil) {
    Config config;
    spoil(config);
    return !CheckConfig(config).ok();
  };
  CHECK(refused([](Config& c) { c.state_dir = "relative"; }));
  CHECK(refused([](Config& c) { c.state_dir = "/" + std::string(60, 'x'); }));
  CHECK(refused([](Config& c) { c.settings.zones.clear(); }));
  CHECK(refused([](Config& c) { c.settings.zones.resize(17, "z"); }));
  CHECK(refused([](Config& c) { c.settings.region.clear(); }));
  CHECK(refused([](Config& c) { c.settings.account_id = "12"; }));
  CHECK(refused([](Config& c) { c.settings.default_vpc_cidr = Cidr::Parse("10.0.0.0/25").value(); }));
  CHECK(refused([](Config& c) { c.settings.default_vpc_cidr = Cidr::Parse("198.18.4.0/24").value(); }));
  CHECK(refused([](Config& c) { c.settings.public_pool = Cidr::Parse("198.18.0.0/30").value(); }));
  CHECK(refused([](Config& c) { c.settings.default_instance_type = "z9.huge"; }));
  for (const char* domain :
       {"lab example", "lab..example", "lab.example.", "lab\nport=0", "EC2.internal", "lab.ec2.internal",
        "compute-1.amazonaws.com", "us-east-1.AmazonAWS.com", "amazonaws.com"}) {
    INFO(domain);
    CHECK(refused([&](Config& c) { c.settings.name_tag_domain = domain; }));
  }
  CHECK_FALSE(refused([](Config& c) { c.settings.name_tag_domain = "lab.example"; }));
  for (const char* beginning : {"", "https://", "https://example.org", "ftp://example.org/", "https://example.org:443/",
                                "https://user@example.org/", "https://EXAMPLE.org/"}) {
    INFO(beginning);
    CHECK(refused([&](Config& c) { c.import_urls = {beginning}; }));
  }
  CHECK_FALSE(refused([](Config& c) { c.import_urls = {"http://10.0.0.1:8080/images/"}; }));
}

TEST_CASE("a key that was renamed is still read under its old name", "[daemon]") {
  CHECK(Read("[monitoring]\nmost_metrics = 1234\n")->metrics.max_metrics == 1234);
  CHECK(Read("[monitoring]\nmax_metrics = 1234\n")->metrics.max_metrics == 1234);
  CHECK(Refusal("[monitoring]\nmost_metrics = 1\n") != "");
}

}  // namespace brume::daemon
