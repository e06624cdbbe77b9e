// Whether this host's kernel can limit how fast ports send and receive.
#pragma once

namespace brume::network {

struct ShapingSupport {
  bool receive = false;  // the qdisc tbf
  bool send = false;     // ingress, a filter's action that redirects, and links of the kind ifb
};
// Tries it in a namespace that is gone again when this returns.
ShapingSupport DetectShaping();

}  // namespace brume::network
