// Builds the daemon from its configuration: modules.h lists its services, adapters.h what they reach the host by.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/config.h"
#include "lib/store/migrations.h"

namespace brume::daemon {

// What SQL cannot convert of databases that earlier versions wrote.
std::vector<store::Conversion> Conversions();

// The assembled daemon. Build, Serve, then Stop; each from one thread.
class Daemon {
 public:
  // Opens the database, makes the adapters (real ones, or with config.simulate the simulated) and the services.
  // A hypervisor or a network that cannot be reached yet is no error: what needs them waits and says so.
  // Errors say what to do: an unwritable state directory, a database of a newer version, a bad configuration.
  static absl::StatusOr<std::unique_ptr<Daemon>> Build(const Config& config);
  virtual ~Daemon() = default;

  // Begins to answer and to reconcile.
  virtual absl::Status Serve() = 0;
  // Whether the daemon can still do its work: the database answers. For the watchdog.
  virtual bool Healthy() = 0;
  // Stops answering and reconciling; guests go on. Idempotent.
  virtual void Stop() = 0;
};

}  // namespace brume::daemon
