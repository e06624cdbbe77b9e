// What becomes of a listening socket that others may close.
#pragma once

namespace brume::http {

// Whether a TCP socket still waits for connections.
bool IsListening(int fd);

}  // namespace brume::http
