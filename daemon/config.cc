#include "daemon/config.h"

#include <toml++/toml.h>

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "lib/base/log.h"
#include "lib/base/status_macros.h"
#include "lib/cloudwatch/alarm_rules.h"
#include "lib/ec2/network/model/dhcp_options.h"
#include "lib/ec2/network/model/dns_names.h"

namespace brume::daemon {
namespace {

using Setter = std::function<absl::Status(const toml::node&)>;

absl::Status WrongType(absl::string_view expected) {
  return absl::InvalidArgumentError(absl::StrCat("must be ", expected));
}

Setter Text(std::string* into) {
  return [into](const toml::node& node) {
    if (!node.is_string()) return WrongType("a string");
    *into = **node.as_string();
    return absl::OkStatus();
  };
}

Setter Choice(std::string* into, std::vector<std::string> choices) {
  return [into, choices = std::move(choices)](const toml::node& node) -> absl::Status {
    RETURN_IF_ERROR(Text(into)(node));
    if (std::find(choices.begin(), choices.end(), *into) != choices.end()) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat("must be one of ", absl::StrJoin(choices, ", ")));
  };
}

template <typename Enum, size_t size>
Setter Choice(Enum* into, const EnumNames<Enum, size>& names) {
  return [into, &names](const toml::node& node) -> absl::Status {
    std::string text;
    RETURN_IF_ERROR(Text(&text)(node));
    const std::optional<Enum> found = names.Find(text);
    if (!found.has_value()) {
      const auto word = [](std::string* out, const auto& row) { out->append(row.second); };
      return absl::InvalidArgumentError(absl::StrCat("must be one of ", absl::StrJoin(names.rows(), ", ", word)));
    }
    *into = *found;
    return absl::OkStatus();
  };
}

Setter Flag(bool* into) {
  return [into](const toml::node& node) {
    if (!node.is_boolean()) return WrongType("true or false");
    *into = **node.as_boolean();
    return absl::OkStatus();
  };
}

template <typename Integer>
Setter Number(Integer* into, int64_t min, int64_t max) {
  return [into, min, max](const toml::node& node) {
    if (!node.is_integer() || **node.as_integer() < min || **node.as_integer() > max) {
      return WrongType(absl::StrCat("a whole number from ", min, " to ", max));
    }
    *into = static_cast<Integer>(**node.as_integer());
    return absl::OkStatus();
  };
}

// A key that has another name now; the old one is read, with a warning.
Setter Renamed(const char* old_key, const char* key, Setter setter) {
  return [old_key, key, setter = std::move(setter)](const toml::node& node) {
    log::Warn("{} is called {} now: rename it in the configuration", old_key, key);
    return setter(node);
  };
}

Setter Factor(double* into, double min, double max) {
  return [into, min, max](const toml::node& node) {
    const std::optional<double> value = node.value<double>();
    if (!value || *value < min || *value > max) return WrongType(absl::StrCat("a number from ", min, " to ", max));
    *into = *value;
    return absl::OkStatus();
  };
}

Setter SecondsOf(absl::Duration* into, int64_t min, int64_t max) {
  return [into, min, max](const toml::node& node) -> absl::Status {
    int64_t seconds = 0;
    RETURN_IF_ERROR(Number(&seconds, min, max)(node));
    *into = absl::Seconds(seconds);
    return absl::OkStatus();
  };
}

Setter DaysOf(absl::Duration* into, int64_t min, int64_t max) {
  return [into, min, max](const toml::node& node) -> absl::Status {
    int64_t days = 0;
    RETURN_IF_ERROR(Number(&days, min, max)(node));
    *into = absl::Hours(24) * days;
    return absl::OkStatus();
  };
}

Setter UserIds(UserIdRange* into) {
  return [into](const toml::node& node) {
    if (!node.is_string()) return WrongType("a string, as \"2100000000-2100065535\"");
    ASSIGN_OR_RETURN(*into, ParseUserIdRange(**node.as_string()));
    return absl::OkStatus();
  };
}

Setter Texts(std::vector<std::string>* into) {
  return [into](const toml::node& node) {
    into->clear();
    const toml::array* const array = node.as_array();
    if (array == nullptr) return WrongType("a list of strings");
    for (const toml::node& item : *array) {
      if (!item.is_string()) return WrongType("a list of strings");
      into->push_back(**item.as_string());
    }
    return absl::OkStatus();
  };
}

Setter Block(Cidr* into) {
  return [into](const toml::node& node) -> absl::Status {
    std::string text;
    RETURN_IF_ERROR(Text(&text)(node));
    ASSIGN_OR_RETURN(*into, Cidr::Parse(text));
    return absl::OkStatus();
  };
}

// "auto" stands for none.
Setter Ipv6Block(std::optional<CidrIpv6>* into) {
  return [into](const toml::node& node) -> absl::Status {
    std::string text;
    RETURN_IF_ERROR(Text(&text)(node));
    into->reset();
    if (text == "auto") return absl::OkStatus();
    ASSIGN_OR_RETURN(*into, CidrIpv6::Parse(text));
    return absl::OkStatus();
  };
}

absl::Status At(const toml::node& node, const std::string& path, absl::string_view name, absl::string_view message) {
  return absl::InvalidArgumentError(absl::StrCat(path, ":", node.source().begin.line, ": ", name, ": ", message));
}

using Table = std::map<std::string, Setter, std::less<>>;

absl::Status Apply(const toml::table& table, const std::string& prefix, const Table& setters, const std::string& path) {
  for (const auto& [key, node] : table) {
    const std::string name = absl::StrCat(prefix, std::string(key.str()));
    const auto setter = setters.find(name);
    if (setter != setters.end()) {
      const absl::Status set = setter->second(node);
      if (!set.ok()) return At(node, path, name, set.message());
      continue;
    }
    const bool is_section = node.is_table() && std::any_of(setters.begin(), setters.end(), [&](const auto& entry) {
                              return entry.first.compare(0, name.size() + 1, name + ".") == 0;
                            });
    if (!is_section) return At(node, path, name, "there is no such setting");
    RETURN_IF_ERROR(Apply(*node.as_table(), name + ".", setters, path));
  }
  return absl::OkStatus();
}

Setter InstanceTypes(std::vector<InstanceType>* into, const std::string& path) {
  return [into, path](const toml::node& node) -> absl::Status {
    const toml::array* const array = node.as_array();
    if (array == nullptr || !array->is_array_of_tables()) return WrongType("written as [[instance_type]]");
    for (const toml::node& item : *array) {
      InstanceType type{.name = "", .vcpus = 0, .memory_mib = 0, .network_mbit = 0};
      constexpr int kMaxCpus = 1024;
      constexpr int64_t kMaxMib = int64_t{64} << 20;
      constexpr int64_t kMaxMbit = 1'000'000;
      const Table setters = {{"name", Text(&type.name)},
                             {"vcpus", Number(&type.vcpus, 1, kMaxCpus)},
                             {"memory_mib", Number(&type.memory_mib, 32, kMaxMib)},
                             {"network_mbit", Number(&type.network_mbit, 1, kMaxMbit)}};
      RETURN_IF_ERROR(Apply(*item.as_table(), "", setters, path));
      if (type.name.empty() || type.vcpus == 0 || type.memory_mib == 0) {
        return absl::InvalidArgumentError("each needs name, vcpus and memory_mib");
      }
      into->push_back(std::move(type));
    }
    return absl::OkStatus();
  };
}

}  // namespace

absl::StatusOr<Config> ReadConfig(const std::string& path, Config defaults) {
  Config config = std::move(defaults);
  Settings& settings = config.settings;
  const Table setters = {
      {"state_dir", Text(&config.state_dir)},
      {"simulate", Flag(&config.simulate)},
      {"log.level", Choice(&config.log_level, {"debug", "info", "warn", "error"})},
      {"log.file", Text(&config.log_file)},
      {"grpc.listen", Text(&config.grpc_listen)},
      {"grpc.tls_cert", Text(&config.grpc_tls_cert)},
      {"grpc.tls_key", Text(&config.grpc_tls_key)},
      {"grpc.tls_client_ca", Text(&config.grpc_tls_client_ca)},
      {"grpc.client_certificates", Choice(&config.grpc_client_certificates, {"administrator", "user"})},
      {"grpc.insecure_loopback", Flag(&config.grpc_insecure_loopback)},
      {"ec2.listen", Text(&config.ec2_listen)},
      {"ec2.tls_cert", Text(&config.ec2_tls_cert)},
      {"ec2.tls_key", Text(&config.ec2_tls_key)},
      {"ec2.allow_plaintext", Flag(&config.ec2_allow_plaintext)},
      {"ec2.strict_region", Flag(&config.ec2_strict_region)},
      {"ec2.connections", Number(&config.ec2_connections, 1, 65536)},
      {"ec2.connections_per_address", Number(&config.ec2_connections_per_address, 1, 65536)},
      {"ec2.region", Text(&settings.region)},
      {"ec2.zones", Texts(&settings.zones)},
      {"ec2.account_id", Text(&settings.account_id)},
      {"ec2.default_instance_type", Text(&settings.default_instance_type)},
      {"ec2.terminated_visible_seconds", SecondsOf(&settings.terminated_visible, 0, 86400)},
      {"capacity.reserved_memory_mib", Number(&settings.reserved_memory_mib, 0, int64_t{1} << 40)},
      {"capacity.memory_overcommit", Factor(&settings.memory_overcommit, 0.1, 100000)},
      {"capacity.cpu_overcommit", Factor(&settings.cpu_overcommit, 0.1, 100000)},
      {"capacity.guest_overhead_mib", Number(&settings.guest_overhead_mib, 0, 65536)},
      {"compute.libvirt_uri", Text(&config.libvirt_uri)},
      {"compute.qemu_user", Text(&config.qemu_user)},
      {"compute.guest_user_ids", UserIds(&config.guest_user_ids)},
      {"compute.acceleration", Choice(&config.acceleration, compute::kAccelerationWishNames)},
      {"compute.console_log_kib", Number(&config.console_log_kib, 16, 1 << 20)},
      {"compute.launch_timeout_seconds", SecondsOf(&settings.launch_timeout, 1, 86400)},
      {"compute.shutdown_timeout_seconds", SecondsOf(&settings.shutdown_timeout, 0, 86400)},
      {"compute.terminate_timeout_seconds", SecondsOf(&settings.terminate_timeout, 0, 86400)},
      {"compute.reboot_timeout_seconds", SecondsOf(&settings.reboot_timeout, 0, 86400)},
      {"compute.restart_parallel", Number(&settings.restart_parallel, 0, 1024)},
      {"compute.restart_boot_seconds", SecondsOf(&settings.restart_boot_time, 0, 3600)},
      {"network.default_vpc_cidr", Block(&settings.default_vpc_cidr)},
      {"network.public_pool", Block(&settings.public_pool)},
      {"network.ipv6_pool", Ipv6Block(&settings.ipv6_pool)},
      {"network.uplink", Text(&config.uplink)},
      {"network.pass_firewalls", Flag(&config.pass_firewalls)},
      {"network.dns_upstream", Texts(&config.dns_upstream)},
      {"network.bandwidth", Choice(&config.bandwidth, {"by-type", "off"})},
      {"network.name_tag_domain", Text(&settings.name_tag_domain)},
      {"network.max_connections_per_interface", Number(&config.max_connections_per_interface, 64, 1'000'000)},
      {"limits.requests_per_second", Factor(&config.limits.requests.per_second, 0, 1e9)},
      {"limits.request_burst", Factor(&config.limits.requests.burst, 0, 1e9)},
      {"limits.launches_per_second", Factor(&config.limits.launches.per_second, 0, 1e9)},
      {"limits.launch_burst", Factor(&config.limits.launches.burst, 0, 1e9)},
      {"events.keep_days", DaysOf(&config.events.keep_for, 1, 36500)},
      {"events.keep_changes", Number(&config.events.keep_changes, 1000, int64_t{1} << 40)},
      {"events.keep_reads", Number(&config.events.keep_reads, 0, int64_t{1} << 40)},
      {"monitoring.period_seconds", SecondsOf(&config.sampler.period, 1, 300)},
      {"monitoring.detailed_period_seconds", SecondsOf(&config.sampler.detailed_period, 1, 300)},
      {"monitoring.webhooks", Texts(&config.webhooks)},
      {"monitoring.disk_period_seconds", SecondsOf(&config.disk_period, 1, 300)},
      {"monitoring.prometheus_listen", Text(&config.prometheus_listen)},
      {"monitoring.prometheus_allow_remote", Flag(&config.prometheus_allow_remote)},
      {"monitoring.max_metrics", Number(&config.metrics.max_metrics, 100, 10'000'000)},
      {"monitoring.most_metrics", Renamed("monitoring.most_metrics", "monitoring.max_metrics",
                                          Number(&config.metrics.max_metrics, 100, 10'000'000))},
      {"storage.max_chain", Number(&settings.max_chain, 4, 200)},
      {"storage.max_overcommit", Factor(&config.max_storage_overcommit, 0, 1e6)},
      {"storage.import_dirs", Texts(&config.import_dirs)},
      {"storage.export_dirs", Texts(&config.export_dirs)},
      {"storage.import_urls", Texts(&config.import_urls)},
      {"storage.recycle_bin_snapshots_days", DaysOf(&settings.recycle_bin_snapshots, 0, 365)},
      {"storage.recycle_bin_images_days", DaysOf(&settings.recycle_bin_images, 0, 365)},
      {"storage.keyring_dir", Text(&config.keyring_dir)},
      {"storage.catalogue_dir", Text(&config.catalogue_dir)},
      {"instance_type", InstanceTypes(&config.instance_types, path)},
  };
  try {
    RETURN_IF_ERROR(Apply(toml::parse_file(path), "", setters, path));
  } catch (const toml::parse_error& error) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ":", error.source().begin.line, ": ", std::string(error.description())));
  }
  return config;
}

absl::Status CheckConfig(const Config& config) {
  const Settings& settings = config.settings;
  if (config.state_dir.empty() || config.state_dir[0] != '/') {
    return absl::InvalidArgumentError(absl::StrCat("state_dir must be an absolute path, not '", config.state_dir, "'"));
  }
  // Unix sockets below it are limited to 108 bytes: STATE/libvirt/…/domain-N-i-…/monitor.sock is the longest.
  constexpr size_t kMaxStateDirLength = 40;
  if (config.state_dir.size() > kMaxStateDirLength && !config.simulate) {
    return absl::InvalidArgumentError(absl::StrCat("state_dir '", config.state_dir, "' is longer than ",
                                                   kMaxStateDirLength,
                                                   " bytes: the paths of Unix sockets below it would not fit"));
  }
  if (settings.zones.empty()) return absl::InvalidArgumentError("ec2.zones must name at least one zone");
  if (settings.region.empty()) return absl::InvalidArgumentError("ec2.region must not be empty");
  if (settings.account_id.size() != 12 || !std::all_of(settings.account_id.begin(), settings.account_id.end(),
                                                       [](char c) { return c >= '0' && c <= '9'; })) {
    return absl::InvalidArgumentError("ec2.account_id must be twelve digits");
  }
  if (settings.default_vpc_cidr.prefix_length > 24) {
    return absl::InvalidArgumentError(
        "network.default_vpc_cidr must be /24 or larger: it holds a subnet for each zone");
  }
  if (settings.zones.size() > 16) return absl::InvalidArgumentError("ec2.zones: at most 16 fit the default VPC");
  if (settings.public_pool.Overlaps(settings.default_vpc_cidr)) {
    return absl::InvalidArgumentError("network.public_pool and network.default_vpc_cidr overlap");
  }
  if (!settings.name_tag_domain.empty() && !IsDomainName(settings.name_tag_domain)) {
    return absl::InvalidArgumentError(absl::StrCat("network.name_tag_domain '", settings.name_tag_domain,
                                                   "' is not the name of a domain, such as lab.example"));
  }
  // Tags must not say where names of addresses lead, nor those of the APIs.
  for (const std::string& taken : {PrivateDomain(settings), std::string("amazonaws.com")}) {
    if (!absl::EndsWithIgnoreCase("." + settings.name_tag_domain, "." + taken)) continue;
    return absl::InvalidArgumentError(absl::StrCat("network.name_tag_domain '", settings.name_tag_domain,
                                                   "' has the names of addresses or APIs: take another"));
  }
  if (settings.ipv6_pool.has_value() &&
      (settings.ipv6_pool->prefix_length < 16 || settings.ipv6_pool->prefix_length > 55)) {
    return absl::InvalidArgumentError("network.ipv6_pool must be from /16 to /55: its first /56 is the host's own");
  }
  if (settings.public_pool.prefix_length > 29) {
    return absl::InvalidArgumentError("network.public_pool must be /29 or larger");
  }
  if (InstanceTypeTable(config.instance_types).Find(settings.default_instance_type) == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("ec2.default_instance_type '", settings.default_instance_type, "' is not an instance type"));
  }
  for (const std::string& prefix : config.import_urls) {
    const absl::StatusOr<HttpUrl> url = ParseHttpUrl(prefix);
    // One without a path could go on as another host's name.
    if (!url.ok() || url->text() != prefix) {
      return absl::InvalidArgumentError(absl::StrCat(
          "storage.import_urls: '", prefix, "' is no beginning of URLs like https://images.example.org/brume/"));
    }
  }
  for (const std::string& prefix : config.webhooks) {
    const absl::Status checked = cloudwatch::CheckWebhookPrefix(prefix);
    if (!checked.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("monitoring.webhooks: '", prefix, "': ", checked.message()));
    }
  }
  return absl::OkStatus();
}

}  // namespace brume::daemon
