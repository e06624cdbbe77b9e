// libnftables in this process: one transaction a call.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"

struct nft_ctx;

namespace brume::network {

// Acts on the namespace of the thread that calls; keep one on each such thread. Not thread-safe.
class Nft {
 public:
  static absl::StatusOr<Nft> Open();

  // Runs `commands` (nft(8)'s language) as one transaction: all or nothing. Empty text is OK. Errors: Internal with
  // nft's own words.
  //
  // The text must hold no anonymous set ("{ 22, 80 }" in a rule): the library numbers those by one counter that threads
  // share unprotected.
  absl::Status Run(const std::string& commands);

 private:
  struct Free {
    void operator()(nft_ctx* context) const;
  };
  explicit Nft(nft_ctx* context) : context_(context) {}
  std::unique_ptr<nft_ctx, Free> context_;
};

}  // namespace brume::network
