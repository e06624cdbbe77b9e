// Sends and hears frames as they stand, from inside a guest: linked without any library of the guest's.
//   guest_frames send LINK     sends the frames that standard input holds, each a line of hexadecimal digits
//   guest_frames hear LINK     prints those that come in, likewise, until it is ended
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace {

constexpr size_t kMaxFrame = 65536;

int Fail(const char* what) {
  fprintf(stderr, "guest_frames: %s: %s\n", what, strerror(errno));
  return 1;
}

int OpenLink(const char* name) {
  const int link = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
  sockaddr_ll where = {};
  where.sll_family = AF_PACKET;
  where.sll_protocol = htons(ETH_P_ALL);
  where.sll_ifindex = static_cast<int>(if_nametoindex(name));
  if (link < 0 || bind(link, reinterpret_cast<sockaddr*>(&where), sizeof(where)) != 0) return -1;
  return link;
}

int Digit(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  return -1;
}

// The octets of a line of digits; 0 where it is none.
size_t Decode(const char* line, unsigned char* frame) {
  size_t size = 0;
  for (; line[0] != '\n' && line[0] != '\0'; line += 2) {
    const int high = Digit(line[0]), low = Digit(line[1]);
    if (high < 0 || low < 0 || size == kMaxFrame) return 0;
    frame[size++] = static_cast<unsigned char>(high * 16 + low);
  }
  return size;
}

int Send(int link) {
  static char line[2 * kMaxFrame + 2];
  static unsigned char frame[kMaxFrame];
  while (fgets(line, sizeof(line), stdin) != nullptr) {
    const size_t size = Decode(line, frame);
    if (size == 0) {
      fprintf(stderr, "guest_frames: not a frame: %.80s\n", line);
      return 1;
    }
    if (send(link, frame, size, 0) != static_cast<ssize_t>(size)) return Fail("cannot send");
  }
  return 0;
}

// The kernel keeps a frame's VLAN tag beside it: zero where it had none.
unsigned VlanOf(msghdr& message) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_PACKET || part->cmsg_type != PACKET_AUXDATA) continue;
    tpacket_auxdata data;
    memcpy(&data, CMSG_DATA(part), sizeof(data));
    if ((data.tp_status & TP_STATUS_VLAN_VALID) != 0) return 0x81000000u | data.tp_vlan_tci;
  }
  return 0;
}

int Hear(int link, const char* name) {
  packet_mreq all = {};
  all.mr_ifindex = static_cast<int>(if_nametoindex(name));
  all.mr_type = PACKET_MR_PROMISC;
  const int on = 1, room = 8 << 20;
  if (setsockopt(link, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) != 0 ||
      setsockopt(link, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)) != 0 ||
      setsockopt(link, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) != 0) {
    return Fail("cannot hear all");
  }
  static unsigned char frame[kMaxFrame];
  puts("hearing");
  while (fflush(stdout) == 0) {
    alignas(cmsghdr) char control[256];
    sockaddr_ll from = {};
    iovec into = {frame, sizeof(frame)};
    msghdr message = {};
    message.msg_name = &from;
    message.msg_namelen = sizeof(from);
    message.msg_iov = &into;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof(control);
    const ssize_t size = recvmsg(link, &message, 0);
    if (size < 0) return Fail("cannot hear");
    if (from.sll_pkttype == PACKET_OUTGOING) continue;
    const unsigned tag = VlanOf(message);
    for (ssize_t i = 0; i < size; ++i) {
      if (i == 2 * ETH_ALEN && tag != 0) printf("%08x", tag);
      printf("%02x", frame[i]);
    }
    puts("");
  }
  return Fail("cannot print");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 || (strcmp(argv[1], "send") != 0 && strcmp(argv[1], "hear") != 0)) {
    fprintf(stderr, "usage: guest_frames send|hear LINK\n");
    return 2;
  }
  const int link = OpenLink(argv[2]);
  if (link < 0) return Fail("cannot open the link");
  return strcmp(argv[1], "send") == 0 ? Send(link) : Hear(link, argv[2]);
}
