// The whole control plane in simulated time, one step after the other: the real API, services, reconcilers and store
// over a fake hypervisor, fabric and disks. A seed chooses every step: a call of a client, a reconcile of what is due,
// time that goes on, a fault of the host, a crash of the daemon. After each step what must always be true is checked.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/reconcile_schedule.h"
#include "tests/fakes/api_world.h"
#include "tests/store/volatile_disk.h"

namespace brume {

class Simulation {
 public:
  explicit Simulation(uint64_t seed);
  ~Simulation();
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  // One step. False when something is not as it must be; see problem().
  bool Step();
  // Faults end, nobody calls any more, and everything comes to what was asked for.
  bool ComeToRest();

  const std::string& problem() const { return problem_; }
  // Of all that happened, in order.
  uint64_t trace_hash() const { return trace_hash_; }
  // The steps up to the way to rest.
  const std::vector<std::string>& trace() const { return trace_; }
  size_t calls_accepted() const { return calls_accepted_; }
  size_t crashes() const { return crashes_; }

 private:
  // Life of the daemon.
  void Start();
  void Crash();
  void Restart(bool power_cut);

  // What a client asks for.
  void CallSomething();
  void CallOfInstances(uint64_t choice);
  void CallOfVolumes(uint64_t choice);
  void CallOfNetwork(uint64_t choice);
  void CallOfGroups(uint64_t choice);
  bool Call(const std::string& action, const std::string& text);
  std::string Any(const std::string& sql);
  std::vector<std::string> Column(const std::string& sql);

  void Disturb();
  void Heal();
  void Advance(absl::Duration by);
  void Note(const std::string& what);

  bool Check();
  std::string FindViolation();
  std::string FindLost(store::Connection& c);
  std::string FindIllegalEdge(store::Connection& c);
  std::string FindGuestViolation(const std::map<std::string, int64_t>& states);
  // Empty when everything is at rest and as it was asked for.
  std::string FindUnrest();

  SeededRandom random_;
  ReconcileSchedule schedule_;
  const Settings settings_;
  std::shared_ptr<FakeHost> host_;
  std::unique_ptr<store::VolatileDisk> disk_;
  std::unique_ptr<ApiWorld> world_;

  std::map<std::string, std::set<std::string>> acknowledged_;  // ids, by table
  std::map<std::string, int64_t> states_;                      // of instances, at the last check
  std::set<std::string> imaged_;  // instances that are powered off for an image, and launched again
  std::string problem_;
  uint64_t trace_hash_ = 0xcbf29ce484222325;
  std::vector<std::string> trace_;
  bool resting_ = false;
  size_t calls_accepted_ = 0;
  size_t crashes_ = 0;
  uint64_t next_name_ = 1;
};

}  // namespace brume
