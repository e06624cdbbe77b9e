#include "lib/ec2/network/linux/nft_state.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netlink/attr.h>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"

namespace brume::network {
namespace {

NlMessage NftRequest(int type, int family) {
  NlMessage message = NewRequest(NFNL_SUBSYS_NFTABLES << 8 | type);
  nfgenmsg header = {};
  header.nfgen_family = static_cast<unsigned char>(family);
  header.version = NFNETLINK_V0;
  nlmsg_append(message.get(), &header, sizeof(header), NLMSG_ALIGNTO);
  return message;
}

// The attributes alone: the header before them holds the generation.
void AppendAttributes(nlmsghdr* header, std::string& text) {
  const nlattr* first = nlmsg_attrdata(header, sizeof(nfgenmsg));
  text.append(reinterpret_cast<const char*>(first), nlmsg_attrlen(header, sizeof(nfgenmsg)));
}

}  // namespace

absl::StatusOr<NftState> NftState::Open() {
  ASSIGN_OR_RETURN(NetlinkSocket socket, NetlinkSocket::Open(NETLINK_NETFILTER));
  return NftState(std::move(socket));
}

absl::StatusOr<uint32_t> NftState::Generation() {
  uint32_t generation = 0;
  RETURN_IF_ERROR(socket_.Get(NftRequest(NFT_MSG_GETGEN, NFPROTO_UNSPEC), "cannot read the generation of nftables",
                              [&](nlmsghdr* header) {
                                nlattr* attributes[NFTA_GEN_MAX + 1];
                                if (nlmsg_parse(header, sizeof(nfgenmsg), attributes, NFTA_GEN_MAX, nullptr) < 0 ||
                                    attributes[NFTA_GEN_ID] == nullptr) {
                                  return;
                                }
                                generation = ntohl(nla_get_u32(attributes[NFTA_GEN_ID]));
                              }));
  return generation;
}

absl::StatusOr<std::string> NftState::Fingerprint(const std::string& table) {
  const std::string what = absl::StrCat("cannot read the nftables table ", table);
  std::string text;
  NlMessage request = NftRequest(NFT_MSG_GETTABLE, NFPROTO_INET);
  nla_put_string(request.get(), NFTA_TABLE_NAME, table.c_str());
  const absl::Status found =
      socket_.Get(std::move(request), what, [&](nlmsghdr* header) { AppendAttributes(header, text); });
  if (absl::IsNotFound(found)) return std::string();
  RETURN_IF_ERROR(found);
  // Chains are dumped of the whole family; there are few of them.
  RETURN_IF_ERROR(socket_.Dump(NftRequest(NFT_MSG_GETCHAIN, NFPROTO_INET), what, [&](nlmsghdr* header) {
    nlattr* attributes[NFTA_CHAIN_MAX + 1];
    if (nlmsg_parse(header, sizeof(nfgenmsg), attributes, NFTA_CHAIN_MAX, nullptr) < 0) return;
    const nlattr* owner = attributes[NFTA_CHAIN_TABLE];
    if (owner != nullptr && nla_strcmp(owner, table.c_str()) == 0) AppendAttributes(header, text);
  }));
  request = NftRequest(NFT_MSG_GETRULE, NFPROTO_INET);
  nla_put_string(request.get(), NFTA_RULE_TABLE, table.c_str());
  RETURN_IF_ERROR(socket_.Dump(std::move(request), what, [&](nlmsghdr* header) { AppendAttributes(header, text); }));
  return text;
}

absl::StatusOr<std::vector<std::string>> NftState::Objects(const std::string& table) {
  const std::string what = absl::StrCat("cannot read the objects of the nftables table ", table);
  std::vector<std::string> names;
  // Kernels that do not narrow the dump by the table tell of each object whose it is.
  NlMessage request = NftRequest(NFT_MSG_GETOBJ, NFPROTO_INET);
  nla_put_string(request.get(), NFTA_OBJ_TABLE, table.c_str());
  const absl::Status found = socket_.Dump(std::move(request), what, [&](nlmsghdr* header) {
    nlattr* attributes[NFTA_OBJ_MAX + 1];
    if (nlmsg_parse(header, sizeof(nfgenmsg), attributes, NFTA_OBJ_MAX, nullptr) < 0) return;
    const nlattr* owner = attributes[NFTA_OBJ_TABLE];
    if (owner == nullptr || nla_strcmp(owner, table.c_str()) != 0 || attributes[NFTA_OBJ_NAME] == nullptr) return;
    names.emplace_back(nla_get_string(attributes[NFTA_OBJ_NAME]));
  });
  if (!absl::IsNotFound(found)) RETURN_IF_ERROR(found);
  return names;
}

}  // namespace brume::network
