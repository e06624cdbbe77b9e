#include "lib/ec2/compute/ssh_wire.h"

#include <openssl/crypto.h>

namespace brume::compute {

void AppendUint32(std::string& out, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

void AppendString(std::string& out, absl::string_view text) {
  AppendUint32(out, static_cast<uint32_t>(text.size()));
  out.append(text.data(), text.size());
}

void AppendMpint(std::string& out, const BIGNUM& number) {
  std::string bytes(BN_num_bytes(&number), '\0');
  BN_bn2bin(&number, reinterpret_cast<unsigned char*>(bytes.data()));
  // A leading zero keeps a positive number from reading as a negative one.
  const bool negative = !bytes.empty() && (bytes[0] & 0x80) != 0;
  AppendUint32(out, static_cast<uint32_t>(bytes.size() + (negative ? 1 : 0)));
  if (negative) out.push_back('\0');
  out.append(bytes);
  OPENSSL_cleanse(bytes.data(), bytes.size());  // it may be a secret
}

bool ConsumeString(absl::string_view& in, absl::string_view* text) {
  if (in.size() < 4) return false;
  uint32_t size = 0;
  for (int i = 0; i < 4; ++i) size = size << 8 | static_cast<unsigned char>(in[i]);
  in.remove_prefix(4);
  if (size > in.size()) return false;
  *text = in.substr(0, size);
  in.remove_prefix(size);
  return true;
}

}  // namespace brume::compute
