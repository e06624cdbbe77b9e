#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/base/subprocess.h"
#include "lib/ec2/compute/key_pair_service.h"
#include "tests/ec2/compute/service_fixture.h"

namespace brume::compute {
namespace {

struct KeyFixture : ServiceFixture {
  KeyPairService service{*database, clock, random};

  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = directory / name;
    std::ofstream(path, std::ios::binary) << text;
    chmod(path.c_str(), 0600);
    return path;
  }
  // How long ssh-keygen looks for the primes of 4,096 bits is chance, times the machine's other work.
  std::string Run(const std::vector<std::string>& argv) {
    return RunChecked(argv, {.timeout = absl::Minutes(5)}).value();
  }
  // A key made by other software than ours: its path; the public half is beside it as PATH.pub.
  std::string ForeignKey(const std::string& type, const std::string& bits = "") {
    const std::string path = directory / ("foreign-" + type + bits);
    std::vector<std::string> argv = {"ssh-keygen", "-q", "-t", type, "-N", "", "-C", "someone@somewhere", "-f", path};
    if (!bits.empty()) argv.insert(argv.end(), {"-b", bits});
    Run(argv);
    return path;
  }
  std::string Read(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
};

// The first two words of an OpenSSH line: all but the comment.
std::string WithoutComment(absl::string_view line) {
  const std::vector<std::string> words = absl::StrSplit(absl::StripAsciiWhitespace(line), ' ');
  return absl::StrCat(words.at(0), " ", words.at(1));
}

// What stands between the lines that begin and end a PEM file.
std::string BodyOf(const std::string& pem) {
  std::string body;
  for (const absl::string_view line : absl::StrSplit(pem, '\n')) {
    if (!absl::StartsWith(line, "-----")) absl::StrAppend(&body, line, "\n");
  }
  return body;
}

// "SHA2-256(stdin)= ab:cd" → "ab:cd"
std::string AfterEquals(const std::string& text) {
  return std::string(absl::StripAsciiWhitespace(text.substr(text.rfind('=') + 1)));
}

}  // namespace

TEST_CASE("a created RSA key is PKCS#1 PEM with EC2's SHA-1 fingerprint, as openssl sees it", "[key-pair]") {
  KeyFixture f;
  const CreatedKeyPair created = f.service.Create("my key", "rsa", {{"Name", "k"}}).value();
  CHECK(absl::StartsWith(created.private_key, "-----BEGIN RSA PRIVATE KEY-----\n"));
  CHECK(created.view.pair.type == SshKeyType::kRsa);
  CHECK(created.view.pair.created == f.clock.Now());
  CHECK(absl::EndsWith(created.view.pair.public_key, " my key"));

  const std::string pem = f.Write("rsa.pem", created.private_key);
  CHECK(WithoutComment(f.Run({"ssh-keygen", "-y", "-f", pem})) == WithoutComment(created.view.pair.public_key));
  CHECK(absl::StrContains(f.Run({"openssl", "rsa", "-in", pem, "-noout", "-text"}), "(2048 bit"));
  const std::string der = f.directory / "rsa.der";
  f.Run({"openssl", "pkcs8", "-in", pem, "-topk8", "-nocrypt", "-outform", "DER", "-out", der});
  CHECK(AfterEquals(f.Run({"openssl", "sha1", "-c", der})) == created.view.pair.fingerprint);
}

TEST_CASE("a created ED25519 key is OpenSSH's format with a padded SHA-256 fingerprint", "[key-pair]") {
  KeyFixture f;
  for (const char* name : {"k", "ke", "key", "a longer name", "1234567", "12345678"}) {
    INFO(name);
    const CreatedKeyPair created = f.service.Create(name, "ed25519", {}).value();
    CHECK(absl::StartsWith(created.private_key, "-----BEGIN OPENSSH PRIVATE KEY-----\n"));
    const std::string pem = f.Write("ed25519.pem", created.private_key);
    CHECK(std::string(absl::StripAsciiWhitespace(f.Run({"ssh-keygen", "-y", "-f", pem}))) ==
          created.view.pair.public_key);
    const std::string pub = f.Write("ed25519.pub", created.view.pair.public_key);
    const std::string listed = f.Run({"ssh-keygen", "-l", "-E", "sha256", "-f", pub});
    CHECK(created.view.pair.fingerprint.size() == 44);
    CHECK(created.view.pair.fingerprint.back() == '=');
    CHECK(absl::StrContains(listed, absl::StrCat("SHA256:", created.view.pair.fingerprint.substr(0, 43), " ")));
  }
}

TEST_CASE("a key pair in PuTTY's form has EC2's fingerprint, the key itself, and a MAC that is right", "[key-pair]") {
  KeyFixture f;
  for (const std::string type : {"rsa", "ed25519"}) {
    INFO(type);
    const CreatedKeyPair created = f.service.Create("my " + type, type, {}, "ppk").value();
    const std::vector<std::string> lines = absl::StrSplit(created.private_key, '\n');
    REQUIRE(lines.size() > 6);
    CHECK(lines[0] == "PuTTY-User-Key-File-2: ssh-" + type);
    CHECK(lines[1] == "Encryption: none");
    CHECK(lines[2] == "Comment: my " + type);
    // Its parts, by the format's own description.
    size_t at = 3;
    const auto blob = [&](const std::string& name) {
      const std::vector<std::string> header = absl::StrSplit(lines.at(at++), ": ");
      REQUIRE(header.at(0) == name);
      std::string base64, bytes;
      for (int i = std::stoi(header.at(1)); i > 0; --i) base64 += lines.at(at++);
      REQUIRE(absl::Base64Unescape(base64, &bytes));
      return bytes;
    };
    const std::string public_blob = blob("Public-Lines"), private_blob = blob("Private-Lines");
    CHECK(created.view.pair.public_key ==
          absl::StrCat("ssh-", type, " ", absl::Base64Escape(public_blob), " my ", type));
    std::string data;
    for (const std::string& part : {"ssh-" + type, std::string("none"), "my " + type, public_blob, private_blob}) {
      for (int shift = 24; shift >= 0; shift -= 8) data.push_back(static_cast<char>(part.size() >> shift));
      data += part;
    }
    const std::string key = AfterEquals(f.Run({"openssl", "sha1", f.Write("key", "putty-private-key-file-mac-key")}));
    const std::string mac = AfterEquals(
        f.Run({"openssl", "dgst", "-sha1", "-mac", "HMAC", "-macopt", "hexkey:" + key, f.Write("data", data)}));
    CHECK(lines.at(at) == "Private-MAC: " + mac);
    if (type == "ed25519") {
      CHECK(private_blob.size() <= 36);
      CHECK(created.view.pair.fingerprint.size() == 44);
    } else {
      CHECK(created.view.pair.fingerprint.size() == 59);
      CHECK(private_blob.size() > 600);
    }
  }
  CHECK(Code(f.service.Create("new", "rsa", {}, "der")) == "InvalidParameterValue");
  CHECK(f.service.Create("pem", "ed25519", {}, "pem").ok());
}

TEST_CASE("no part of a private key is stored", "[key-pair]") {
  KeyFixture f;
  const CreatedKeyPair rsa = f.service.Create("rsa", "rsa", {}).value();
  const CreatedKeyPair ed25519 = f.service.Create("ed25519", "ed25519", {}).value();
  const std::vector<std::string> rsa_lines = absl::StrSplit(rsa.private_key, '\n');
  const std::string stored = f.Read(f.directory / "brume.db") + f.Read(f.directory / "brume.db-wal");
  REQUIRE(absl::StrContains(stored, ed25519.view.pair.public_key));
  // A middle line of each: the first ones hold public parts.
  CHECK_FALSE(absl::StrContains(stored, rsa_lines.at(rsa_lines.size() / 2)));
  CHECK_FALSE(absl::StrContains(stored, "PRIVATE KEY"));
}

TEST_CASE("an imported RSA key has EC2's MD5 fingerprint in every form it comes in", "[key-pair]") {
  KeyFixture f;
  for (const char* bits : {"1024", "2048", "4096"}) {
    INFO(bits);
    const std::string path = f.ForeignKey("rsa", bits);
    const std::string line = f.Read(path + ".pub");
    const std::string rfc4716 = f.Run({"ssh-keygen", "-e", "-m", "RFC4716", "-f", path + ".pub"});
    const std::string pem = f.Run({"ssh-keygen", "-e", "-m", "PKCS8", "-f", path + ".pub"});
    const std::string pkcs1 = f.Run({"ssh-keygen", "-e", "-m", "PEM", "-f", path + ".pub"});
    const std::string pem_path = f.Write("spki.pem", pem), der_path = f.directory / "spki.der";
    f.Run({"openssl", "pkey", "-pubin", "-in", pem_path, "-outform", "DER", "-out", der_path});
    const std::string fingerprint = AfterEquals(f.Run({"openssl", "md5", "-c", der_path}));

    int n = 0;
    for (const std::string& text : {line, rfc4716, pem, pkcs1, f.Read(der_path), absl::Base64Escape(f.Read(der_path)),
                                    BodyOf(pem), absl::StrCat("  ", line, "\r\n\n"), WithoutComment(line)}) {
      const std::string name = absl::StrCat("key-", bits, "-", n++);
      INFO(text.substr(0, 40));
      const auto imported = f.service.Import(name, text, {});
      REQUIRE(imported.ok());
      CHECK(imported->pair.type == SshKeyType::kRsa);
      CHECK(imported->pair.fingerprint == fingerprint);
      CHECK(imported->pair.public_key == absl::StrCat(WithoutComment(line), " ", name));
    }
  }
}

TEST_CASE("an imported ED25519 key has the fingerprint of its blob in every form it comes in", "[key-pair]") {
  KeyFixture f;
  const std::string path = f.ForeignKey("ed25519");
  const std::string line = f.Read(path + ".pub");
  const std::string rfc4716 = f.Run({"ssh-keygen", "-e", "-m", "RFC4716", "-f", path + ".pub"});
  const std::string listed = f.Run({"ssh-keygen", "-l", "-E", "sha256", "-f", path + ".pub"});
  int n = 0;
  for (const std::string& text : {line, rfc4716}) {
    const auto imported = f.service.Import(absl::StrCat("key-", n++), text, {{"a", "b"}});
    REQUIRE(imported.ok());
    CHECK(imported->pair.type == SshKeyType::kEd25519);
    CHECK(absl::StrContains(listed, "SHA256:" + imported->pair.fingerprint.substr(0, 43)));
    CHECK(imported->pair.fingerprint.size() == 44);
  }
  // openssl's own: SubjectPublicKeyInfo.
  const std::string secret = f.directory / "openssl.pem";
  f.Run({"openssl", "genpkey", "-algorithm", "ED25519", "-out", secret});
  const std::string pem = f.Run({"openssl", "pkey", "-in", secret, "-pubout"});
  CHECK(f.service.Import("spki", pem, {}).ok());
  CHECK(f.service.Import("der", BodyOf(pem), {}).ok());
}

TEST_CASE("what is no public key of a supported kind is refused and quoted nowhere", "[key-pair]") {
  KeyFixture f;
  const std::string rsa_path = f.ForeignKey("rsa", "2048");
  const std::string line = f.Read(rsa_path + ".pub");
  const std::string base64 = std::string(absl::StrSplit(line, ' ').operator std::vector<std::string>().at(1));
  const std::string ed25519 = f.Read(f.ForeignKey("ed25519") + ".pub");
  const std::string rfc4716 = f.Run({"ssh-keygen", "-e", "-m", "RFC4716", "-f", rsa_path + ".pub"});
  const std::string secret = f.directory / "secret.pem";
  f.Run({"openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", secret});
  const std::string tiny_name("\0\0\0\7ssh-rsa", 11);
  const std::string rows[] = {
      "",
      "   \n",
      "hello",
      "ssh-rsa",
      "ssh-rsa !!!!",
      "ssh-rsa AAAA",
      absl::StrCat("ssh-rsa ", base64.substr(0, base64.size() / 2)),
      absl::StrCat("ssh-ed25519 ", base64),
      absl::StrCat("ssh-rsa ", std::string(absl::StrSplit(ed25519, ' ').operator std::vector<std::string>().at(1))),
      absl::StrCat("command=\"reboot\" ", line),
      line + ed25519,
      f.Read(f.ForeignKey("ecdsa", "256") + ".pub"),
      f.Read(f.ForeignKey("rsa", "3072") + ".pub"),
      f.Read(rsa_path),  // the private half
      rfc4716.substr(0, rfc4716.size() / 2),
      BodyOf(f.Run({"openssl", "pkcs8", "-topk8", "-nocrypt", "-in", secret})),  // the private half as DER
      BodyOf(f.Run({"openssl", "rsa", "-in", secret, "-traditional"})),
      "MIIB",
      "---- BEGIN SSH2 PUBLIC KEY ----",
      "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
      "-----BEGIN CERTIFICATE-----\n",
      std::string("\x30\x82\x01\x22", 4),
      absl::StrCat("ssh-rsa ", absl::Base64Escape(tiny_name + std::string("\xff\xff\xff\xff", 4))),
      absl::StrCat("ssh-rsa ", absl::Base64Escape(tiny_name + std::string("\0\0\0\0\0\0\0\0", 8))),
      std::string(20'000, 'A'),
  };
  for (const std::string& text : rows) {
    INFO(absl::CHexEscape(text.substr(0, 60)));
    const auto refused = f.service.Import("bad", text, {});
    CHECK(Code(refused) == "InvalidKey.Format");
    CHECK(refused.status().message().size() < 120);
  }
  CHECK(f.service.List().value().empty());
}

TEST_CASE("a key pair's name and type follow EC2's rules", "[key-pair]") {
  KeyFixture f;
  REQUIRE(f.service.Create("taken", "ed25519", {}).ok());
  const std::string line = f.Read(f.ForeignKey("ed25519") + ".pub");
  struct Row {
    std::string name;
    const char* code;
  };
  const Row rows[] = {
      {"", "MissingParameter"},
      {"taken", "InvalidKeyPair.Duplicate"},
      {std::string(256, 'k'), "InvalidParameterValue"},
      {" k", "InvalidParameterValue"},
      {"k ", "InvalidParameterValue"},
      {"k\n", "InvalidParameterValue"},
      {"a\nssh-rsa AAAA", "InvalidParameterValue"},
      {"a\tb", "InvalidParameterValue"},
      {"cl\xc3\xa9", "InvalidParameterValue"},
      {std::string("a\0b", 3), "InvalidParameterValue"},
      {"\x7f", "InvalidParameterValue"},
  };
  for (const Row& row : rows) {
    INFO(absl::CHexEscape(row.name));
    CHECK(Code(f.service.Create(row.name, "ed25519", {})) == row.code);
    CHECK(Code(f.service.Import(row.name, line, {})) == row.code);
  }
  for (const char* type : {"dsa", "ecdsa", "RSA", "rsa "}) {
    CHECK(Code(f.service.Create("new", type, {})) == "InvalidParameterValue");
  }
  CHECK(Code(f.service.Create("new", "rsa", {{"", "x"}})) == "InvalidParameterValue");
  CHECK(f.service.List().value().size() == 1);
  CHECK(f.service.Import(std::string(255, 'k'), line, {}).ok());
}

TEST_CASE("key pairs are listed with their tags and deleted by name or id", "[key-pair]") {
  KeyFixture f;
  const KeyPair one = f.service.Create("one", "ed25519", {{"a", "b"}}).value().view.pair;
  const KeyPair two = f.service.Create("two", "", {}).value().view.pair;
  CHECK(two.type == SshKeyType::kRsa);
  const std::vector<KeyPairView> all = f.service.List().value();
  REQUIRE(all.size() == 2);
  CHECK(all[0].pair.fingerprint == one.fingerprint);
  CHECK(all[0].tags == TagMap{{"a", "b"}});

  CHECK(Code(f.service.Delete("", std::nullopt)) == "MissingParameter");
  CHECK(Code(f.service.Delete("two", one.id)) == "InvalidParameterCombination");
  CHECK_FALSE(f.service.Delete("nothing", std::nullopt).value().has_value());
  CHECK_FALSE(f.service.Delete("", KeyPairId::New(f.random)).value().has_value());
  CHECK(f.service.Delete("one", std::nullopt).value()->id == one.id);
  CHECK(f.service.Delete("", two.id).value()->name == "two");
  CHECK(f.service.List().value().empty());
}

}  // namespace brume::compute
