// Who goes first when more wants to run than there are processors: a call's answer before the launch of a guest, which
// takes a hundred times longer and has nobody waiting for its single milliseconds.
#pragma once

namespace brume {

// The calling thread goes before the process's others. Threads and processes it starts inherit that. What an
// unprivileged brumed (--simulate) may not ask for it goes without.
void GoFirst();

// Takes that back: the calling thread is like the process's first one, whoever started it. For threads that are made at
// need, by any caller, and start guests.
void UseOrdinaryPriority();

// Where the kernel shares the processors out among sessions (autogroup) before it looks at threads: this process's
// session goes before those of the guests. Does nothing unless the session is this process's own, as a terminal's is
// not.
void LetOwnSessionGoFirst();

}  // namespace brume
