// SSH keys: making them, reading the forms users have them in, and the fingerprints EC2 shows. Pure but for OpenSSL's
// own randomness.
//
// Fingerprints: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/verify-keys.html
// Key blobs: RFC 4253 section 6.6 (ssh-rsa), RFC 8709 (ssh-ed25519); file formats: RFC 4716, OpenSSH's PROTOCOL.key.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/ec2/compute/model/key_pair.h"

namespace brume::compute {

// How a private key is handed over: "pem", or "ppk", PuTTY's own.
enum class SshKeyFormat { kPem, kPpk };
// Unset for what is neither.
std::optional<SshKeyFormat> FindSshKeyFormat(absl::string_view name);

struct SshPublicKey {
  SshKeyType type = SshKeyType::kRsa;
  // RSA: MD5 of the DER SubjectPublicKeyInfo, hex with colons. ED25519: SHA-256 of the key blob in padded base64.
  std::string fingerprint;
  std::string openssh;  // "ssh-ed25519 AAAA…", without a comment
};

struct SshKeyPair {
  SshKeyType type = SshKeyType::kRsa;
  // RSA: SHA-1 of the DER PKCS#8 private key, hex with colons. ED25519: as of its public key.
  std::string fingerprint;
  std::string openssh_public;  // without a comment
  // As PEM: PKCS#1 of RSA, OpenSSH's own format of ED25519. As PPK: see putty_key.h. Wipe it when it was handed over.
  std::string private_text;
};

// RSA of 2048 bits, or ED25519. Error: Internal.
absl::StatusOr<SshKeyPair> GenerateSshKey(SshKeyType type, SshKeyFormat format, absl::string_view comment);

// One OpenSSH line, RFC 4716, or SubjectPublicKeyInfo as PEM, DER or base64 of DER; RSA of 1024, 2048 or 4096 bits, or
// ED25519. Error: InvalidKey.Format, which says what is wrong and quotes nothing of the text.
absl::StatusOr<SshPublicKey> ParseSshPublicKey(absl::string_view text);

// Overwrites a secret's bytes before its memory goes back.
void WipeSecret(std::string& secret);

}  // namespace brume::compute
