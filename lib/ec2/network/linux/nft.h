// libnftables in this process: one transaction a call.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/ec2/network/linux/nft_state.h"

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
  // As NftState::Change, beside the library, which reads all sets and chains of the namespace before each change.
  absl::Status Change(const AddressSetChange& change);
  // As Run, of a text that makes the whole of what is ours anew: what others changed before is past.
  absl::Status Replace(const std::string& commands);
  // What `commands`, which change nothing, print as JSON.
  absl::StatusOr<std::string> Query(const std::string& commands);
  // Whether a transaction that was not ours came in the namespace since the last Replace.
  absl::StatusOr<bool> ChangedByOthers();
  // As NftState::CountedElements.
  absl::StatusOr<std::vector<CountedElement>> CountedElements(const std::string& table, const std::string& set) {
    return state_.CountedElements(table, set);
  }
  // As NftState::Objects.
  absl::StatusOr<std::vector<std::string>> ObjectsOf(const std::string& table) { return state_.Objects(table); }

 private:
  struct Free {
    void operator()(nft_ctx* context) const;
  };
  Nft(nft_ctx* context, NftState state) : context_(context), state_(std::move(state)) {}
  // What it printed.
  absl::StatusOr<std::string> Execute(const std::string& commands);

  std::unique_ptr<nft_ctx, Free> context_;
  NftState state_;
  uint32_t generation_ = 0;  // after our last transaction
  bool changed_by_others_ = false;
};

}  // namespace brume::network
