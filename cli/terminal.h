// The terminal brume runs on.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace brume::cli {

bool IsTerminal(int fd);

// Columns of the terminal `fd`; 0 = it is not a terminal, or does not say.
int TerminalWidth(int fd);

// What is going on, on standard error: one line written over and over on a terminal, else one line for each change.
class Progress {
 public:
  Progress();
  // Clears what stands on the line.
  ~Progress();

  // `volatile_part` (seconds) is shown on a terminal only and makes no new line elsewhere.
  void Show(const std::string& text, const std::string& volatile_part = "");

 private:
  void Clear();

  const bool terminal_;
  bool dirty_ = false;
  std::string last_;
};

}  // namespace brume::cli
