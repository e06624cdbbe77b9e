// `brume top`: what instances use.
#pragma once

#include "cli/commands.h"

namespace brume::cli {

Command TopCommand();

}  // namespace brume::cli
