#include "lib/ec2/storage/model/block.h"

#include <openssl/sha.h>

#include "absl/strings/escaping.h"

namespace brume {

BlockDigest DigestOfBlock(absl::string_view data) {
  BlockDigest digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(data.data()), data.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

std::string ChecksumOfBlock(absl::string_view data) { return absl::Base64Escape(DigestOfBlock(data)); }

}  // namespace brume
