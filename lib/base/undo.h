// An undo stack: what was done so far is taken back in reverse order unless the whole succeeds.
//
//   Undo undo;
//   RETURN_IF_ERROR(CreateTap(tap));
//   undo.Push([&] { DeleteTap(tap); });
//   RETURN_IF_ERROR(MoveTap(tap, netns));
//   undo.Dismiss();
#pragma once

#include <functional>
#include <utility>
#include <vector>

namespace brume {

class Undo {
 public:
  Undo() = default;
  Undo(const Undo&) = delete;
  Undo& operator=(const Undo&) = delete;
  ~Undo() {
    for (auto it = steps_.rbegin(); it != steps_.rend(); ++it) (*it)();
  }

  // `step` must not throw and must cope with its own failures.
  void Push(std::function<void()> step) { steps_.push_back(std::move(step)); }
  void Dismiss() { steps_.clear(); }

 private:
  std::vector<std::function<void()>> steps_;
};

}  // namespace brume
