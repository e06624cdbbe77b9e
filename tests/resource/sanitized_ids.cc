// The types of ids are constants under UBSan, too, which refuses some that the compiler takes otherwise. Compiling this
// is the test.
#include "lib/resource/ids.h"

namespace brume {

template class Id<"i">;

}  // namespace brume
