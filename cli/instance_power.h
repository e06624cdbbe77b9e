// `brume start`, `stop`, `reboot` and `rm`.
#pragma once

#include "cli/commands.h"

namespace brume::cli {

Command StartCommand();
Command StopCommand();
Command RebootCommand();
Command RmCommand();

}  // namespace brume::cli
