// A certificate of a test's own, and a client that trusts it.
#pragma once

#include <openssl/ssl.h>

#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "lib/base/subprocess.h"
#include "tests/frontend/query/query_fixture.h"
#include "tests/support/temp_dir.h"

namespace brume {

// PATH.pem and PATH.key.
inline std::string MakeCertificate(const TempDir& directory) {
  const std::string path = directory / "server";
  REQUIRE_OK(RunChecked({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                         "-keyout", path + ".key", "-out", path + ".pem", "-days", "2", "-subj", "/CN=localhost"})
                 .status());
  return path;
}

using TlsContext = std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)>;
using TlsStream = std::unique_ptr<SSL, void (*)(SSL*)>;

inline TlsContext TrustIn(const std::string& certificate) {
  TlsContext context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  REQUIRE(SSL_CTX_load_verify_locations(context.get(), (certificate + ".pem").c_str(), nullptr) == 1);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  return context;
}

// Null when the handshake fails.
inline TlsStream ConnectTls(SSL_CTX& context, RawClient& client) {
  TlsStream ssl(SSL_new(&context), SSL_free);
  REQUIRE(SSL_set_fd(ssl.get(), client.fd()) == 1);
  if (SSL_connect(ssl.get()) != 1) ssl.reset();
  return ssl;
}

}  // namespace brume
