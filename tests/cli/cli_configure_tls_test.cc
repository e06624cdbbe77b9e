// brume configure-tls: the files it makes and keeps, what it prints, and whether a TLS client takes the certificate.
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cli/configure_tls.h"
#include "cli/self_signed.h"
#include "lib/base/subprocess.h"
#include "tests/support/temp_dir.h"

namespace brume::cli {
namespace {

CommandResult ConfigureTls(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {BRUME_PROGRAM, "configure-tls"});
  return Value(RunCommand(arguments));
}

std::string Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE(file);
  return {std::istreambuf_iterator<char>(file), {}};
}

mode_t ModeOf(const std::string& path) {
  struct stat status = {};
  REQUIRE(lstat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

Certificate LoadCertificate(const std::string& path) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> file(BIO_new_file(path.c_str(), "r"), BIO_free);
  REQUIRE(file != nullptr);
  Certificate certificate(PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr), X509_free);
  REQUIRE(certificate != nullptr);
  return certificate;
}

bool IsFor(X509* certificate, const std::string& name) {
  return X509_check_host(certificate, name.data(), name.size(), 0, nullptr) == 1 ||
         X509_check_ip_asc(certificate, name.c_str(), 0) == 1;
}

// What a client that trusts `bundle` alone, as strictly as OpenSSL can be, says of the server's certificate when it
// asks for `name`.
long VerifyResult(const std::string& directory, const std::string& bundle, const std::string& name) {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> server(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  REQUIRE(SSL_CTX_use_certificate_chain_file(server.get(), (directory + "/brumed.crt").c_str()) == 1);
  REQUIRE(SSL_CTX_use_PrivateKey_file(server.get(), (directory + "/brumed.key").c_str(), SSL_FILETYPE_PEM) == 1);
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> client(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  REQUIRE(SSL_CTX_load_verify_file(client.get(), bundle.c_str()) == 1);
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(client.get()), X509_V_FLAG_X509_STRICT);
  SSL_CTX_set_verify(client.get(), SSL_VERIFY_PEER, nullptr);

  const std::unique_ptr<SSL, decltype(&SSL_free)> serving(SSL_new(server.get()), SSL_free);
  const std::unique_ptr<SSL, decltype(&SSL_free)> asking(SSL_new(client.get()), SSL_free);
  BIO *here = nullptr, *there = nullptr;
  REQUIRE(BIO_new_bio_pair(&here, 0, &there, 0) == 1);
  SSL_set_bio(serving.get(), here, here);
  SSL_set_bio(asking.get(), there, there);
  SSL_set_accept_state(serving.get());
  SSL_set_connect_state(asking.get());
  X509_VERIFY_PARAM* const wanted = SSL_get0_param(asking.get());
  if (X509_VERIFY_PARAM_set1_ip_asc(wanted, name.c_str()) != 1) REQUIRE(SSL_set1_host(asking.get(), name.c_str()) == 1);
  for (int flight = 0; flight < 8; ++flight) {
    SSL_do_handshake(asking.get());
    SSL_do_handshake(serving.get());
  }
  return SSL_get_verify_result(asking.get());
}

}  // namespace

TEST_CASE("configure-tls makes a certificate that a client takes for every name of the host", "[cli]") {
  const TempDir dir;
  const std::string tls = dir / "not/there";
  const CommandResult made = ConfigureTls({"--dir", tls, "--name", "ec2.example.org", "--name=192.0.2.7", "--name",
                                           "2001:db8::7", "--name", "*.brume.test"});
  INFO(made.standard_error);
  REQUIRE(made.exit_code == 0);
  char host[256] = "";
  REQUIRE(gethostname(host, sizeof host - 1) == 0);
  const Certificate certificate = LoadCertificate(tls + "/brumed.crt");
  for (const std::string name : {"localhost", "127.0.0.1", "::1", "ec2.example.org", "192.0.2.7", "2001:db8::7"}) {
    INFO(name);
    CHECK(IsFor(certificate.get(), name));
    CHECK(VerifyResult(tls, tls + "/brumed.crt", name) == X509_V_OK);
  }
  CHECK(IsFor(certificate.get(), host) == IsServerName(host));
  CHECK(IsFor(certificate.get(), "a.brume.test"));
  CHECK_FALSE(IsFor(certificate.get(), "example.org"));
  CHECK(VerifyResult(tls, tls + "/brumed.crt", "example.org") == X509_V_ERR_HOSTNAME_MISMATCH);
}

TEST_CASE("the certificate of configure-tls vouches for no other, and is like no other", "[cli]") {
  const TempDir dir;
  REQUIRE(ConfigureTls({"--dir", dir / "a"}).exit_code == 0);
  REQUIRE(ConfigureTls({"--dir", dir / "b"}).exit_code == 0);
  const Certificate a = LoadCertificate(dir / "a/brumed.crt"), b = LoadCertificate(dir / "b/brumed.crt");
  CHECK(X509_check_ca(a.get()) == 0);
  CHECK((X509_get_extended_key_usage(a.get()) & XKU_SSL_CLIENT) == 0);
  CHECK(ASN1_INTEGER_cmp(X509_get_serialNumber(a.get()), X509_get_serialNumber(b.get())) != 0);
  CHECK(Read(dir / "a/brumed.key") != Read(dir / "b/brumed.key"));
  CHECK(VerifyResult(dir / "a", dir / "b/brumed.crt", "localhost") != X509_V_OK);
}

TEST_CASE("the certificate of configure-tls is good from now for ten years", "[cli]") {
  const absl::Time now = absl::FromUnixSeconds(1'800'000'000);
  const SelfSigned made = Value(MakeSelfSigned({"localhost"}, now));
  const TempDir dir;
  std::ofstream(dir / "c") << made.certificate;
  const Certificate certificate = LoadCertificate(dir / "c");
  time_t at = absl::ToTimeT(now);
  CHECK(X509_cmp_time(X509_get0_notBefore(certificate.get()), &at) < 0);
  at = absl::ToTimeT(now + absl::Hours(24 * 365 * 10));
  CHECK(X509_cmp_time(X509_get0_notAfter(certificate.get()), &at) > 0);
  CHECK(made.not_after > now + absl::Hours(24 * 365 * 10));
}

TEST_CASE("configure-tls keeps its key from others whatever the umask, and replaces nothing unless forced", "[cli]") {
  const TempDir dir;
  const std::string crt = dir / "brumed.crt", key = dir / "brumed.key";
  const mode_t before = umask(0);
  const CommandResult made = ConfigureTls({"--dir", dir.path()});
  umask(before);
  REQUIRE(made.exit_code == 0);
  CHECK(ModeOf(key) == 0600);
  CHECK(ModeOf(crt) == 0644);

  const std::string first_crt = Read(crt), first_key = Read(key);
  const CommandResult again = ConfigureTls({"--dir", dir.path()});
  CHECK(again.exit_code == 255);
  CHECK(again.standard_output.empty());
  CHECK(absl::StrContains(again.standard_error, "brumed.crt is there already"));
  CHECK(Read(crt) == first_crt);
  CHECK(Read(key) == first_key);
  std::filesystem::remove(crt);
  CHECK(ConfigureTls({"--dir", dir.path()}).exit_code == 255);
  CHECK(Read(key) == first_key);
  CHECK_FALSE(std::filesystem::exists(crt));

  CHECK(ConfigureTls({"--dir", dir.path(), "--force"}).exit_code == 0);
  CHECK(Read(key) != first_key);
  CHECK(ModeOf(key) == 0600);
  CHECK(VerifyResult(dir.path(), crt, "localhost") == X509_V_OK);
  CHECK(std::distance(std::filesystem::directory_iterator(dir.path()), {}) == 2);
}

TEST_CASE("configure-tls writes the key into no file that a link leads to", "[cli]") {
  const TempDir dir;
  std::ofstream(dir / "victim") << "mine";
  REQUIRE(symlink((dir / "victim").c_str(), (dir / "brumed.key").c_str()) == 0);
  CHECK(ConfigureTls({"--dir", dir.path()}).exit_code == 255);
  CHECK(ConfigureTls({"--dir", dir.path(), "--force"}).exit_code == 0);
  CHECK(Read(dir / "victim") == "mine");
  CHECK_FALSE(std::filesystem::is_symlink(dir / "brumed.key"));
}

TEST_CASE("configure-tls shows the settings and the variable, and the key never", "[cli]") {
  const TempDir dir;
  const CommandResult made = ConfigureTls({"--dir", dir.path()});
  for (const std::string& line : {absl::StrCat("\n[ec2]\ntls_cert = \"", dir.path(), "/brumed.crt\"\n"),
                                  absl::StrCat("\ntls_key = \"", dir.path(), "/brumed.key\"\n"),
                                  absl::StrCat("\nexport AWS_CA_BUNDLE=", dir.path(), "/brumed.crt\n"),
                                  std::string("localhost, 127.0.0.1, ::1")}) {
    INFO(line);
    CHECK(absl::StrContains(made.standard_output, line));
  }
  CHECK_FALSE(absl::StrContains(made.standard_output, "PRIVATE"));

  const std::string odd =
      RenderTlsSettings({.certificate = "/a b/it's \"\\.crt", .key = "/k"}, {"h"}, absl::UnixEpoch());
  CHECK(absl::StrContains(odd, R"(tls_cert = "/a b/it's \"\\.crt")"));
  CHECK(absl::StrContains(odd, R"(export AWS_CA_BUNDLE='/a b/it'\''s "\.crt')"));
}

TEST_CASE("configure-tls refuses names that no server has, and makes nothing then", "[cli]") {
  const TempDir dir;
  const std::string tls = dir / "tls";
  for (const std::string name :
       {"", "a b", "-a", "a..b", "a.", "*", "a.*.b", "https://h", "h:8773", "[::1]", "ä", "1::2::3", "DNS:x,IP:1"}) {
    INFO(name);
    const CommandResult refused = ConfigureTls({"--dir", tls, "--name", name});
    CHECK(refused.exit_code == 252);
    CHECK(absl::StrContains(refused.standard_error, "--name takes a DNS name or an address"));
    CHECK_FALSE(MakeSelfSigned({name}, absl::UnixEpoch()).ok());
  }
  CHECK(ConfigureTls({"--dir", tls, "--name", std::string(64, 'a')}).exit_code == 252);
  CHECK(ConfigureTls({"--dir", ""}).exit_code == 252);
  CHECK(ConfigureTls({"--dir", "a\nb"}).exit_code == 252);
  CHECK(ConfigureTls({tls}).exit_code == 252);
  CHECK_FALSE(std::filesystem::exists(tls));
}

}  // namespace brume::cli
