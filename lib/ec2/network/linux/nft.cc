#include "lib/ec2/network/linux/nft.h"

#include <nftables/libnftables.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "lib/base/side_effect.h"
#include "lib/base/status_macros.h"

namespace brume::network {

void Nft::Free::operator()(nft_ctx* context) const { nft_ctx_free(context); }

absl::StatusOr<Nft> Nft::Open() {
  // The library sets up its globals with the first context, and does not expect a second thread then. That context is
  // not kept: it has a socket in the namespace of whoever came first.
  static const bool set_up = [] {
    nft_ctx* const first = nft_ctx_new(NFT_CTX_DEFAULT);
    if (first != nullptr) nft_ctx_free(first);
    return true;
  }();
  (void)set_up;
  ASSIGN_OR_RETURN(NftState state, NftState::Open());
  Nft nft(nft_ctx_new(NFT_CTX_DEFAULT), std::move(state));
  if (nft.context_ == nullptr) return absl::InternalError("cannot start libnftables");
  nft_ctx_buffer_error(nft.context_.get());
  nft_ctx_buffer_output(nft.context_.get());
  return nft;
}

absl::Status Nft::Run(const std::string& commands) {
  if (commands.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const bool changed, ChangedByOthers());
  RETURN_IF_ERROR(Replace(commands));
  changed_by_others_ |= changed;
  return absl::OkStatus();
}

absl::Status Nft::Change(const AddressSetChange& change) {
  if (change.added.empty() && change.removed.empty()) return absl::OkStatus();
  const SideEffect effect("nft.elements");
  RETURN_IF_ERROR(effect.status());
  ASSIGN_OR_RETURN(const uint32_t before, state_.Generation());
  RETURN_IF_ERROR(state_.Change(change));
  ASSIGN_OR_RETURN(const uint32_t after, state_.Generation());
  // Ours counts one, or none when it changed nothing.
  changed_by_others_ |= before != generation_ || after - before > 1;
  generation_ = after;
  return absl::OkStatus();
}

absl::Status Nft::Replace(const std::string& commands) {
  const SideEffect effect("nft.rules");
  RETURN_IF_ERROR(effect.status());
  ASSIGN_OR_RETURN(const uint32_t before, state_.Generation());
  RETURN_IF_ERROR(Execute(commands).status());
  ASSIGN_OR_RETURN(generation_, state_.Generation());
  // Ours counts one, or none when it changed nothing.
  changed_by_others_ = generation_ - before > 1;
  return absl::OkStatus();
}

absl::StatusOr<bool> Nft::ChangedByOthers() {
  ASSIGN_OR_RETURN(const uint32_t now, state_.Generation());
  return changed_by_others_ || now != generation_;
}

absl::StatusOr<std::string> Nft::Query(const std::string& commands) {
  nft_ctx_output_set_flags(context_.get(), NFT_CTX_OUTPUT_JSON);
  absl::StatusOr<std::string> printed = Execute(commands);
  nft_ctx_output_set_flags(context_.get(), 0);
  return printed;
}

absl::StatusOr<std::string> Nft::Execute(const std::string& commands) {
  const int code = nft_run_cmd_from_buffer(context_.get(), commands.c_str());
  // Reading the buffers also empties them for the next run.
  const std::string error = nft_ctx_get_error_buffer(context_.get());
  std::string output = nft_ctx_get_output_buffer(context_.get());
  // A context keeps what it read of the tables, a megabyte of each VPC, and reads them anew the next time all the same,
  // as our own transaction has changed them. It lets go of them after a dry run, which this is, of nothing. (Without
  // the context its socket would go, too, and then the kernel waits for what the transaction removed.)
  nft_ctx_set_dry_run(context_.get(), true);
  nft_run_cmd_from_buffer(context_.get(), "");
  nft_ctx_set_dry_run(context_.get(), false);
  if (code == 0) return output;
  return absl::InternalError(absl::StrCat("nftables refused a change: ", absl::StripAsciiWhitespace(error)));
}

}  // namespace brume::network
