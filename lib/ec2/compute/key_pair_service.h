// SSH key pairs. Source of behaviour: EC2 API reference, CreateKeyPair, ImportKeyPair, DescribeKeyPairs, DeleteKeyPair.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/ec2/compute/model/instance.h"
#include "lib/ec2/compute/model/key_pair.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/store/database.h"

namespace brume::compute {

struct KeyPairView {
  KeyPair pair;
  TagMap tags;
};

struct CreatedKeyPair {
  KeyPairView view;
  std::string private_key;  // PEM or PPK; shown once, never stored or logged
};

// Thread-safe.
class KeyPairService {
 public:
  KeyPairService(store::Database& database, const Clock& clock, Random& random);

  // type "rsa" (2048 bits, PKCS#1 PEM, SHA-1 fingerprint of the DER private key as EC2 shows it) or "ed25519" (OpenSSH
  // PEM, SHA-256 fingerprint); format "pem" or "ppk", PuTTY's own in place of PEM. Errors: InvalidKeyPair.Duplicate,
  // InvalidParameterValue.
  absl::StatusOr<CreatedKeyPair> Create(absl::string_view name, absl::string_view type, const TagMap& tags,
                                        absl::string_view format = "pem");
  // `public_key_text`: one OpenSSH line, or RFC 4716, or SubjectPublicKeyInfo as PEM, DER, or base64 of DER.
  // RSA of 1024, 2048 or 4096 bits and ED25519. Fingerprint: MD5 of the DER public key for RSA, SHA-256 for ED25519.
  // Errors: InvalidKey.Format, InvalidKeyPair.Duplicate.
  absl::StatusOr<KeyPairView> Import(absl::string_view name, absl::string_view public_key_text, const TagMap& tags);
  // Those of these names and those of these ids, in the order they were made; what is not there is left out. When
  // neither names any, those that have a tag of `tags`, or all.
  absl::StatusOr<std::vector<KeyPairView>> List(absl::Span<const std::string> names = {},
                                                absl::Span<const std::string> ids = {},
                                                const std::optional<tagging::TagQuery>& tags = {});
  // By name or id. OK with nullopt when there is none, as EC2 does.
  absl::StatusOr<std::optional<KeyPair>> Delete(absl::string_view name, const std::optional<KeyPairId>& id);

 private:
  store::Database& database_;
  const Clock& clock_;
  Random& random_;
};

}  // namespace brume::compute
