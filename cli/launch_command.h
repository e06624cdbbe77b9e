// `brume launch`: an instance to log in to, from nothing.
#pragma once

#include "cli/commands.h"

namespace brume::cli {

Command LaunchCommand();

}  // namespace brume::cli
