// Port: what the compute reconciler needs of a hypervisor. Domain words only.
//
// Every method is idempotent: asking for what already is, is OK. All are thread-safe; calls for one instance are made
// one at a time, calls for many run at once. Blocking; each gives up with DeadlineExceeded rather than hang, and says
// Unavailable while the hypervisor cannot be reached.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/base/enum_names.h"
#include "lib/base/unique_fd.h"
#include "lib/ec2/compute/guest_disks.h"
#include "lib/ec2/compute/guest_meter_service.h"
#include "lib/ec2/compute/guest_nics.h"
#include "lib/ec2/compute/model/instance.h"
#include "lib/ec2/storage/model/storage.h"

namespace brume::compute {

// What a guest sees as the serial number of a volume's disk: its id without the dash, as in EC2.
std::string SerialOf(const VolumeId& id);

// A disk goes over from the file it writes to, to one that lies over that.
struct DiskSwitch {
  std::string serial;
  std::string path;      // qcow2
  std::string key = {};  // of an encrypted one
};

struct DirectBoot {
  std::string kernel_path, initrd_path, command_line;
};

struct GuestSpec {
  InstanceId id;
  std::string uuid = {};
  int64_t user_id = 0;  // of the host, as whom it runs; 0 = as the user that guests without one share
  int vcpus = 1;
  int64_t memory_mib = 128;
  BootMode boot_mode = BootMode::kBios;
  std::optional<DirectBoot> direct_boot = {};
  std::vector<GuestDisk> disks = {};  // the one to boot from first
  std::vector<GuestNic> nics = {};
  int max_nics = 1;  // that it may have at a time while it runs
  // Set: the guest goes on from the memory that SaveMemory left in its directory, encrypted with this key.
  std::optional<std::string> memory_key = {};
  // Directory of the instance: console.log (bounded), console.sock and what else the hypervisor keeps for it.
  std::string directory = {};
};

// Where the memory of a guest is kept.
struct MemoryPlace {
  std::string directory;  // of the instance
  std::string key;        // it is encrypted with
  int64_t memory_mib = 0;
  int64_t user_id = 0;  // as of GuestSpec
};

enum class Power {
  kOff,     // no guest of this id
  kPaused,  // made, not running
  kOn,
};

// kDeviceRemoved: it let go of a disk or of another device.
enum class GuestEventKind { kStarted, kStopped, kCrashed, kPaused, kRebooted, kDeviceRemoved };

struct GuestEvent {
  InstanceId id;
  GuestEventKind kind;
  // kStopped: the guest did it itself (ACPI power off), as opposed to CutPower.
  bool by_guest = false;
};

// How guests run: by the processor's own virtualization, emulated, or, with libvirt's test driver, not at all.
enum class Acceleration { kKvm, kTcg, kSimulated };
inline constexpr EnumNames kAccelerationNames({std::pair{Acceleration::kKvm, "kvm"},
                                               {Acceleration::kTcg, "tcg"},
                                               {Acceleration::kSimulated, "simulated"}});

// What the configuration asks for: kAuto tries KVM once per boot of the host and falls back to TCG; the others do not
// try.
enum class AccelerationWish { kAuto, kKvm, kTcg };
inline constexpr EnumNames kAccelerationWishNames({std::pair{AccelerationWish::kAuto, "auto"},
                                                   {AccelerationWish::kKvm, "kvm"},
                                                   {AccelerationWish::kTcg, "tcg"}});

struct HypervisorInfo {
  std::string uri;
  std::string version;  // "libvirt 9.0.0, QEMU 7.2.22"
  compute::Acceleration acceleration = compute::Acceleration::kTcg;
  // Why it is not KVM, in words for the administrator; empty when it is.
  std::string acceleration_note;
};

class Hypervisor : public GuestMeter, public GuestDisks, public GuestNics {
 public:
  // Makes the guest, paused: no instruction runs and no packet leaves before Resume.
  // Errors: Internal with QEMU's own words when it does not start. With a memory_key: NotFound, FailedPrecondition or
  // Internal where the memory cannot be used; a guest that is there then, paused, has no memory: cut its power.
  virtual absl::Status CreatePaused(const GuestSpec& spec) = 0;
  // NotFound when there is no such guest.
  virtual absl::Status Resume(const InstanceId& id) = 0;
  virtual absl::StatusOr<Power> Observe(const InstanceId& id) = 0;
  // Every guest whose name is an instance id, whether or not we know it.
  virtual absl::StatusOr<std::vector<InstanceId>> List() = 0;
  // Presses the ACPI power button. NotFound when off; DeadlineExceeded, within seconds, when the guest's process hangs.
  virtual absl::Status AskToStop(const InstanceId& id) = 0;
  // The guest is gone when this returns OK. OK when there was none.
  virtual absl::Status CutPower(const InstanceId& id) = 0;
  // Asks for a clean restart through ACPI; kRebooted follows when the guest did. NotFound when off.
  virtual absl::Status AskToReboot(const InstanceId& id) = 0;
  // The reset button. NotFound when off.
  virtual absl::Status Reset(const InstanceId& id) = 0;
  // The guest's disks write to other files from one instant on, the same for all of them. Those that do so already are
  // left alone. NotFound when off, or without a disk of a serial.
  virtual absl::Status SwitchDisks(const InstanceId& id, const std::vector<DiskSwitch>& switches) = 0;
  // Pauses the guest and saves its memory, for a later CreatePaused; the guest stays paused, and its power is to be
  // cut. Where it fails the guest goes on. May take minutes. Errors: NotFound when off, ResourceExhausted (disk full).
  virtual absl::Status SaveMemory(const InstanceId& id, const MemoryPlace& place) = 0;
  // Removes what SaveMemory left in the directory; OK where there is nothing.
  virtual absl::Status DiscardMemory(const std::string& directory) = 0;
  // A connected stream socket to the guest's serial console. NotFound when off.
  virtual absl::StatusOr<UniqueFd> OpenConsole(const InstanceId& id) = 0;
  // The newest output of the console, at most `max_bytes`, also after the guest ended while its directory stands.
  virtual absl::StatusOr<std::string> ConsoleOutput(const std::string& directory, size_t max_bytes) = 0;
  virtual absl::StatusOr<HypervisorInfo> Describe() = 0;
  // HypervisorInfo's `acceleration`, without a connection: waits for a trial guest at most, once in a boot of the host.
  virtual compute::Acceleration Acceleration() = 0;
  // `on_event` is called on a thread of the hypervisor's and must not block; also `on_reconnect` after the connection
  // was lost and is back, when events may have been missed. Call it before the first guest; nulls end it, and no call
  // of the former ones is under way when it returns.
  virtual void Watch(std::function<void(const GuestEvent&)> on_event, std::function<void()> on_reconnect) = 0;
};

}  // namespace brume::compute
