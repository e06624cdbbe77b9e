// brumed: reads the configuration, builds the daemon, serves until SIGTERM, leaves the guests running.
#include <signal.h>
#include <sys/prctl.h>
#include <systemd/sd-daemon.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "daemon/adapters.h"
#include "daemon/config.h"
#include "daemon/restore.h"
#include "daemon/state_directory.h"
#include "daemon/wiring.h"
#include "lib/base/log.h"
#include "lib/base/log_file.h"
#include "lib/base/priority.h"
#include "lib/base/status_macros.h"
#include "lib/base/unique_fd.h"

namespace brume::daemon {
namespace {

constexpr char kDefaultConfig[] = "/etc/brume/brumed.toml";

struct Flags {
  std::string config, state_dir, grpc_listen, ec2_listen, libvirt_uri, uplink, public_pool, log_level;
  std::string restore, verify_backup, backup_id, secret_key;
  bool grpc_insecure_loopback = false, simulate = false, remove_host_state = false, check_config = false;
};

absl::StatusOr<Config> Configure(const Flags& flags) {
  Config config;
  if (!flags.config.empty()) {
    ASSIGN_OR_RETURN(config, ReadConfig(flags.config, config));
  } else if (access(kDefaultConfig, F_OK) == 0) {
    ASSIGN_OR_RETURN(config, ReadConfig(kDefaultConfig, config));
  }
  const auto override_with = [](const std::string& flag, std::string& setting) {
    if (!flag.empty()) setting = flag;
  };
  override_with(flags.state_dir, config.state_dir);
  override_with(flags.grpc_listen, config.grpc_listen);
  override_with(flags.ec2_listen, config.ec2_listen);
  override_with(flags.libvirt_uri, config.libvirt_uri);
  override_with(flags.uplink, config.uplink);
  override_with(flags.log_level, config.log_level);
  if (!flags.public_pool.empty()) {
    ASSIGN_OR_RETURN(config.settings.public_pool, Cidr::Parse(flags.public_pool));
  }
  config.grpc_insecure_loopback |= flags.grpc_insecure_loopback;
  config.simulate |= flags.simulate;
  RETURN_IF_ERROR(CheckConfig(config));
  return config;
}

log::Level LogLevel(const std::string& name) {
  if (name == "debug") return log::Level::kDebug;
  if (name == "warn") return log::Level::kWarn;
  return name == "error" ? log::Level::kError : log::Level::kInfo;
}

// Half the watchdog's period, or none.
absl::Duration WatchdogPeriod() {
  uint64_t usec = 0;
  return sd_watchdog_enabled(0, &usec) > 0 ? absl::Microseconds(usec) / 2 : absl::InfiniteDuration();
}

// Until SIGTERM or SIGINT; SIGHUP opens the log's file anew; feeds the watchdog while the daemon is healthy.
void WaitForTheEnd(Daemon& daemon, const sigset_t& signals) {
  const absl::Duration period = WatchdogPeriod();
  const timespec wait = absl::ToTimespec(std::min(period, absl::Hours(1)));
  while (true) {
    const int signal = sigtimedwait(&signals, nullptr, &wait);
    if (signal == SIGTERM || signal == SIGINT) return;
    if (signal == SIGHUP) {
      const absl::Status reopened = log::ReopenFile();
      log::Info("SIGHUP: {}", reopened.ok() ? "the log's file is opened anew" : reopened.ToString());
    }
    if (period != absl::InfiniteDuration() && daemon.Healthy()) sd_notify(0, "WATCHDOG=1");
  }
}

absl::Status Run(const Config& config) {
  RETURN_IF_ERROR(log::Configure(LogLevel(config.log_level), config.log_file));
  // Blocked in every thread, so that they arrive in WaitForTheEnd only.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  LetOwnSessionGoFirst();

  ASSIGN_OR_RETURN(const UniqueFd claim, ClaimStateDirectory(config.state_dir));
  RETURN_IF_ERROR(FinishRestore(config.state_dir));
  RETURN_IF_ERROR(TightenDatabase(config.state_dir));
  ASSIGN_OR_RETURN(const std::unique_ptr<Daemon> daemon, Daemon::Build(config));
  RETURN_IF_ERROR(daemon->Serve());
  sd_notify(0, "READY=1");
  log::Info("serving on {}/brumed.sock", config.state_dir);
  WaitForTheEnd(*daemon, signals);
  sd_notify(0, "STOPPING=1");
  log::Info("stopping; guests go on");
  daemon->Stop();
  return absl::OkStatus();
}

absl::Status Do(const Flags& flags, const Config& config) {
  if (flags.remove_host_state) return RemoveHostState(config);
  const auto choice = [&](const std::string& directory) {
    return storage::BackupChoice{.directory = directory, .id = flags.backup_id, .key_file = flags.secret_key};
  };
  if (!flags.restore.empty()) return Restore(config, choice(flags.restore), Conversions());
  if (!flags.verify_backup.empty()) return VerifyBackup(choice(flags.verify_backup));
  return Run(config);
}

}  // namespace
}  // namespace brume::daemon

// jemalloc's, which brumed links. glibc's heap tears where calls of many threads meet a long list of instances: in one
// arena they wait for each other, in several it grows. Two arenas; small caches, as there is a thread for each guest;
// what is free goes back to the kernel after a second, by a thread of jemalloc's: calls that gave it back themselves
// spent a fifth of their time on that and on getting it anew.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf =
    "narenas:2,background_thread:true,dirty_decay_ms:1000,muzzy_decay_ms:0,lg_tcache_max:9,tcache_nslots_small_max:20";
}

int main(int argc, char** argv) {
  using namespace brume::daemon;  // NOLINT: main is this namespace's only user outside it
  CLI::App app{"brumed: EC2 on this host. Settings: brumed.toml; the flags below override it.", "brumed"};
  Flags flags;
  app.add_option("--config", flags.config, "configuration file (default /etc/brume/brumed.toml when it is there)");
  app.add_option("--state-dir", flags.state_dir, "where everything is kept (default /var/lib/brume)");
  app.add_option("--grpc-listen", flags.grpc_listen, "also serve gRPC at ADDRESS:PORT, with mutual TLS");
  app.add_flag("--grpc-insecure-loopback", flags.grpc_insecure_loopback,
               "let --grpc-listen be plain TCP; loopback addresses only");
  app.add_option("--ec2-listen", flags.ec2_listen, "serve the Query API at ADDRESS:PORT, default 127.0.0.1:8773");
  app.add_option("--libvirt-uri", flags.libvirt_uri, "default qemu:///embed below the state directory");
  app.add_option("--uplink", flags.uplink, "the guests' way out: auto, none or an interface");
  app.add_option("--public-pool", flags.public_pool, "public addresses, default 198.18.0.0/16");
  app.add_option("--log-level", flags.log_level, "debug, info, warn or error")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}));
  app.add_flag("--simulate", flags.simulate, "everything real but the host: no guests, no networks, no disks");
  app.add_flag("--remove-host-state", flags.remove_host_state,
               "take away namespaces, taps and rules and exit; refused while a guest runs");
  app.add_option("--restore", flags.restore, "restore the backup in DIR into an empty state directory and exit");
  app.add_option("--verify-backup", flags.verify_backup, "compare the backups in DIR with their checksums and exit");
  app.add_option("--backup", flags.backup_id,
                 "with --restore, --verify-backup: the backup's id; default the newest, all");
  app.add_option("--secret-key", flags.secret_key, "with --restore, --verify-backup: the file of the host's key");
  app.add_flag("--check-config", flags.check_config, "say whether the configuration is good and exit");
  app.set_version_flag("--version", std::string("brumed ") + BRUME_VERSION);
  CLI11_PARSE(app, argc, argv);

  const absl::StatusOr<Config> config = Configure(flags);
  if (!config.ok()) {
    fprintf(stderr, "brumed: %s\n", std::string(config.status().message()).c_str());
    return 2;
  }
  if (flags.check_config) return 0;
  const absl::Status done = Do(flags, *config);
  if (!done.ok()) {
    fprintf(stderr, "brumed: %s\n", std::string(done.message()).c_str());
    return 1;
  }
  return 0;
}
