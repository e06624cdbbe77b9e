#include "lib/frontend/query/tls_context.h"

#include <openssl/ssl.h>

#include "absl/strings/str_cat.h"

namespace brume::frontend {
namespace {

absl::Status CannotUse(absl::string_view what, const std::string& path, const error_code& error) {
  return absl::FailedPreconditionError(absl::StrCat("cannot use ", path, " as ", what, ": ", error.message()));
}

}  // namespace

absl::StatusOr<std::unique_ptr<asio::ssl::context>> MakeTlsContext(const std::string& cert_path,
                                                                   const std::string& key_path) {
  auto context = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
  SSL_CTX* const ssl = context->native_handle();
  // Idle connections keep no buffers, and a client cannot make the server's part of a handshake again.
  SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  if (SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION) != 1 ||
      SSL_CTX_set_cipher_list(ssl, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1) {
    return absl::FailedPreconditionError("this OpenSSL has no TLS 1.2 with AES-GCM or ChaCha20");
  }
  error_code error;
  context->use_certificate_chain_file(cert_path, error);
  if (error) return CannotUse("the certificate", cert_path, error);
  context->use_private_key_file(key_path, asio::ssl::context::pem, error);
  if (error) return CannotUse("the key of the certificate", key_path, error);
  return context;
}

}  // namespace brume::frontend
