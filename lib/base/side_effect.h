// Failpoints around what changes something outside the process, named where all such calls come through (a call of
// libvirt, a program, a commit, a file put in its place), so that there is one before and one after each of them:
//
//   const SideEffect effect("file.rename", to);
//   RETURN_IF_ERROR(effect.status());
//
// The name of a place is OPERATION/NAME where the thread works for an operation, as it does in a handler and in a
// reconciler. BRUME_FAILPOINTS may name it by either.
//
// BRUME_FAILPOINT_WALK=DIRECTORY is for a test that acts at every failpoint, one after the other. The file `armed`
// there says what to do, "crash LABEL *" or "crash LABEL PLACE": the first passing that the file `done` does not have
// under that label takes `armed` away, adds its line to `done` and crashes, fails, waits or hangs. `passed` gets the
// name of each place that was passed.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace brume {

// Whether one of the variables is set.
bool FailpointsAreSet();

// What the calling thread works for: an action's name, a reconciler's. "" when nothing is known.
std::string FailpointOperation();

// While it lives, the thread works for `operation`. Does nothing when no failpoint is set.
class FailpointScope {
 public:
  explicit FailpointScope(absl::string_view operation);
  ~FailpointScope();
  FailpointScope(const FailpointScope&) = delete;
  FailpointScope& operator=(const FailpointScope&) = delete;

 private:
  std::string outer_;
};

// The failpoints KIND[.WHAT].before and KIND[.WHAT].after around the rest of the block. Of `what`, which may be a
// sentence or a path, the words stay that have no digit in them, so that the ids of resources make no names. An error
// of the second is none: what it stands behind has happened.
class SideEffect {
 public:
  explicit SideEffect(absl::string_view kind, absl::string_view what = {});
  ~SideEffect();
  SideEffect(const SideEffect&) = delete;
  SideEffect& operator=(const SideEffect&) = delete;

  const absl::Status& status() const { return status_; }

 private:
  std::string name_;  // empty: no failpoint is set
  absl::Status status_;
};

}  // namespace brume
