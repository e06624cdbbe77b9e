// Who goes first when more wants to run than there are processors: a call's answer before the launch of a guest, which
// takes a hundred times longer and has nobody waiting for its single milliseconds.
#pragma once

namespace brume {

// The calling thread goes before brumed's others, and so do the threads it starts; of processes the same is true, so it
// must start none. What an unprivileged brumed (--simulate) may not ask for it goes without.
void GoFirst();

// Where the kernel shares the processors out among sessions (autogroup) before it looks at threads: this process's
// session goes before those of the guests. Does nothing unless the session is this process's own, as a terminal's is
// not.
void LetOwnSessionGoFirst();

}  // namespace brume
