#include "lib/ec2/network/linux/nft_state.h"

#include <arpa/inet.h>
#include <endian.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netlink/attr.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"

namespace brume::network {
namespace {

// Elements in one message: an attribute holds 64 KiB at most.
constexpr size_t kElementsPerMessage = 1000;
// What an element takes, with the headers of its attributes.
constexpr size_t kElementSize = 16;

void AppendHeader(nl_msg* message, int family, int resource) {
  nfgenmsg header = {};
  header.nfgen_family = static_cast<unsigned char>(family);
  header.version = NFNETLINK_V0;
  header.res_id = htons(static_cast<uint16_t>(resource));
  nlmsg_append(message, &header, sizeof(header), NLMSG_ALIGNTO);
}

NlMessage NftRequest(int type, int family) {
  NlMessage message = NewRequest(NFNL_SUBSYS_NFTABLES << 8 | type);
  AppendHeader(message.get(), family, 0);
  return message;
}

NlMessage BatchMark(int type) {
  NlMessage message = NewRequest(type);
  AppendHeader(message.get(), AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
  return message;
}

void AppendElementMessages(int type, int flags, const AddressSetChange& change, const std::vector<Ipv4>& addresses,
                           std::vector<NlMessage>& messages) {
  for (size_t start = 0; start < addresses.size(); start += kElementsPerMessage) {
    const size_t end = std::min(start + kElementsPerMessage, addresses.size());
    NlMessage message(nlmsg_alloc_size(1024 + (end - start) * kElementSize));
    nlmsg_put(message.get(), NL_AUTO_PORT, NL_AUTO_SEQ, NFNL_SUBSYS_NFTABLES << 8 | type, 0, NLM_F_REQUEST | flags);
    AppendHeader(message.get(), NFPROTO_INET, 0);
    nla_put_string(message.get(), NFTA_SET_ELEM_LIST_TABLE, change.table.c_str());
    nla_put_string(message.get(), NFTA_SET_ELEM_LIST_SET, change.set.c_str());
    nlattr* const list = nla_nest_start(message.get(), NFTA_SET_ELEM_LIST_ELEMENTS);
    for (size_t i = start; i < end; ++i) {
      nlattr* const element = nla_nest_start(message.get(), NFTA_LIST_ELEM);
      nlattr* const key = nla_nest_start(message.get(), NFTA_SET_ELEM_KEY);
      nla_put_u32(message.get(), NFTA_DATA_VALUE, htonl(addresses[i].value));
      nla_nest_end(message.get(), key);
      nla_nest_end(message.get(), element);
    }
    nla_nest_end(message.get(), list);
    messages.push_back(std::move(message));
  }
}

// The attributes alone: the header before them holds the generation.
void AppendAttributes(nlmsghdr* header, std::string& text) {
  const nlattr* first = nlmsg_attrdata(header, sizeof(nfgenmsg));
  text.append(reinterpret_cast<const char*>(first), nlmsg_attrlen(header, sizeof(nfgenmsg)));
}

uint64_t Number(const nlattr* attribute) {
  uint64_t value = 0;
  nla_memcpy(&value, attribute, sizeof(value));
  return be64toh(value);
}

// Of a dynamic set's one expression, a counter.
void ReadCounter(nlattr* expression, CountedElement& element) {
  nlattr* parts[NFTA_EXPR_MAX + 1];
  nlattr* counter[NFTA_COUNTER_MAX + 1];
  if (expression == nullptr || nla_parse_nested(parts, NFTA_EXPR_MAX, expression, nullptr) < 0 ||
      parts[NFTA_EXPR_DATA] == nullptr ||
      nla_parse_nested(counter, NFTA_COUNTER_MAX, parts[NFTA_EXPR_DATA], nullptr) < 0) {
    return;
  }
  if (counter[NFTA_COUNTER_PACKETS] != nullptr) {
    element.packets = static_cast<int64_t>(Number(counter[NFTA_COUNTER_PACKETS]));
  }
  if (counter[NFTA_COUNTER_BYTES] != nullptr) {
    element.bytes = static_cast<int64_t>(Number(counter[NFTA_COUNTER_BYTES]));
  }
}

void AppendElements(nlmsghdr* header, std::vector<CountedElement>& elements) {
  nlattr* list[NFTA_SET_ELEM_LIST_MAX + 1];
  if (nlmsg_parse(header, sizeof(nfgenmsg), list, NFTA_SET_ELEM_LIST_MAX, nullptr) < 0 ||
      list[NFTA_SET_ELEM_LIST_ELEMENTS] == nullptr) {
    return;
  }
  nlattr* item = nullptr;
  int rest = 0;
  nla_for_each_nested(item, list[NFTA_SET_ELEM_LIST_ELEMENTS], rest) {
    nlattr* parts[NFTA_SET_ELEM_MAX + 1];
    nlattr* key[NFTA_DATA_MAX + 1];
    if (nla_parse_nested(parts, NFTA_SET_ELEM_MAX, item, nullptr) < 0 || parts[NFTA_SET_ELEM_KEY] == nullptr ||
        nla_parse_nested(key, NFTA_DATA_MAX, parts[NFTA_SET_ELEM_KEY], nullptr) < 0 ||
        key[NFTA_DATA_VALUE] == nullptr) {
      continue;
    }
    CountedElement& element = elements.emplace_back();
    element.key.assign(static_cast<const char*>(nla_data(key[NFTA_DATA_VALUE])), nla_len(key[NFTA_DATA_VALUE]));
    ReadCounter(parts[NFTA_SET_ELEM_EXPR], element);
  }
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

absl::Status NftState::Change(const AddressSetChange& change) {
  std::vector<NlMessage> messages;
  messages.push_back(BatchMark(NFNL_MSG_BATCH_BEGIN));
  AppendElementMessages(NFT_MSG_DELSETELEM, 0, change, change.removed, messages);
  AppendElementMessages(NFT_MSG_NEWSETELEM, NLM_F_CREATE, change, change.added, messages);
  if (messages.size() == 1) return absl::OkStatus();
  // What the kernel refuses it answers in any case, and before this.
  nlmsg_hdr(messages.back().get())->nlmsg_flags |= NLM_F_ACK;
  messages.push_back(BatchMark(NFNL_MSG_BATCH_END));
  return socket_.ExecuteBatch(std::move(messages), absl::StrCat("cannot change the nftables set ", change.set));
}

absl::StatusOr<std::vector<CountedElement>> NftState::CountedElements(const std::string& table,
                                                                      const std::string& set) {
  std::vector<CountedElement> elements;
  // Any transaction in the namespace, also one about another table, cuts a dump off.
  constexpr int kAttempts = 5;
  absl::Status status;
  for (int i = 0; i < kAttempts; ++i) {
    elements.clear();
    NlMessage request = NftRequest(NFT_MSG_GETSETELEM, NFPROTO_INET);
    nla_put_string(request.get(), NFTA_SET_ELEM_LIST_TABLE, table.c_str());
    nla_put_string(request.get(), NFTA_SET_ELEM_LIST_SET, set.c_str());
    status = socket_.Dump(std::move(request), absl::StrCat("cannot read the nftables set ", set),
                          [&](nlmsghdr* header) { AppendElements(header, elements); });
    if (!absl::IsUnavailable(status)) break;
  }
  RETURN_IF_ERROR(status);
  return elements;
}

}  // namespace brume::network
