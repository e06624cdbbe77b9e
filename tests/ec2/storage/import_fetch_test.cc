// Downloads from a server that does what servers do.
#include "lib/ec2/storage/qcow2/import_fetch.h"

#include <arpa/inet.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cstring>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/ec2/storage/qcow2/http_target.h"
#include "lib/ec2/storage/qcow2/import_digest.h"
#include "tests/ec2/storage/imports_fixture.h"

namespace brume::storage {
namespace {

namespace fs = std::filesystem;

class HttpHost {
 public:
  HttpHost() {
    const std::string port = dir_ / "port", log = dir_ / "log";
    std::ofstream(log).flush();
    std::vector<std::string> words = {
        "/usr/bin/python3", "-B", BRUME_SOURCE_DIR "/tests/ec2/storage/http_host.py", port, dir_.path(), log};
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    REQUIRE(posix_spawn(&pid_, argv[0], nullptr, nullptr, argv.data(), environ) == 0);
    const absl::Time deadline = absl::Now() + absl::Seconds(60);
    while (!fs::exists(port) && absl::Now() < deadline) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    REQUIRE(fs::exists(port));
    base_ = "http://127.0.0.1:" + Content(port) + "/";
  }
  ~HttpHost() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  HttpHost(const HttpHost&) = delete;
  HttpHost& operator=(const HttpHost&) = delete;

  const std::string& base() const { return base_; }
  std::string operator/(const std::string& name) const { return dir_ / name; }
  // What was asked for: "/plain/disk bytes=5- "one"".
  std::vector<std::string> Asked() const { return absl::StrSplit(Content(dir_ / "log"), '\n', absl::SkipEmpty()); }

 private:
  TempDir dir_;
  pid_t pid_ = -1;
  std::string base_;
};

struct DownloadHost : HttpHost, ImportHost {
  DownloadHost() : ImportHost(Options(base())) {
    MakeQcow2(HttpHost::operator/("disk"));
    // Large enough to break off in the middle, in a place that a disk's header does not reach.
    Run({"qemu-io", "-f", "qcow2", "-c", "write -q -P 0xcd 8M 2M", HttpHost::operator/("disk")});
  }
  static HostImportOptions Options(const std::string& permitted) {
    HostImportOptions options;
    options.fetch.private_urls = {permitted};
    options.fetch.stall_timeout = absl::Seconds(2);
    options.fetch.connect_timeout = absl::Seconds(2);
    return options;
  }
  std::string Sum(const std::string& name) {
    return Value(RunChecked({"sha256sum", HttpHost::operator/(name)})).substr(0, 64);
  }
  bool HasSource() { return fs::exists(dir / ("imports/" + kTask + "/source")); }
  int64_t PartialBytes() {
    const std::string path = dir / ("imports/" + kTask + "/source.partial");
    return fs::exists(path) ? static_cast<int64_t>(fs::file_size(path)) : 0;
  }
};

}  // namespace

TEST_CASE("a disk is downloaded and becomes an image, and its download is watched", "[import][fetch]") {
  DownloadHost host;
  std::set<std::string> messages;
  int percent = 0;
  const PreparedDisk prepared = Value(host.Prepare(host.base() + "plain/disk", "qcow2", [&](const ImportProgress& p) {
    messages.insert(p.message);
    CHECK(p.percent >= percent);
    percent = p.percent;
    return true;
  }));
  CHECK(prepared.size_bytes == static_cast<int64_t>(fs::file_size(host.HttpHost::operator/("disk"))));
  CHECK(messages.contains("downloading"));
  const ImportedImage imported = Value(host.disks->ImportPrepared(kImage, prepared.path, "url"));
  CHECK(Reads(host.disks->PathsOf(RowOf(imported)).disk, "0xcd", "8M 2M"));
  // What was fetched is not fetched again.
  const size_t asked = host.Asked().size();
  CHECK(host.Prepare(host.base() + "plain/disk").ok());
  CHECK(host.Asked().size() == asked);
}

TEST_CASE("a download that breaks off goes on where it was, also in another life of the daemon", "[import][fetch]") {
  DownloadHost host;
  const std::string url = host.base() + "halves/disk#sha256=" + host.Sum("disk");
  int tries = 0;
  while (true) {
    const absl::Status status = host.Prepare(url).status();
    ++tries;
    if (status.ok()) break;
    INFO(status.ToString());
    REQUIRE(absl::IsUnavailable(status));
    CHECK(host.PartialBytes() == int64_t{tries} * 512 * 1024);
    REQUIRE(tries < 20);
    host.files = Value(OpenHostImportFiles(host.options));
  }
  CHECK(tries > 2);
  const std::vector<std::string> asked = host.Asked();
  REQUIRE(asked.size() == static_cast<size_t>(tries));
  CHECK(asked[0] == "/halves/disk - -");
  CHECK(asked[1] == "/halves/disk bytes=524288- \"one\"");
}

TEST_CASE("a download of a file that changed meanwhile begins again", "[import][fetch]") {
  DownloadHost host;
  SECTION("to the same server's other file") {
    CHECK(absl::IsUnavailable(host.Prepare(host.base() + "halves/disk").status()));
    REQUIRE(host.PartialBytes() > 0);
    // The tag that it has is not this path's.
    CHECK(absl::IsUnavailable(host.Prepare(host.base() + "fickle/disk").status()));
    CHECK(host.PartialBytes() == 512 * 1024);
    CHECK(Content(host.dir / ("imports/" + kTask + "/source.partial")) ==
          Content(host.HttpHost::operator/("disk")).substr(0, 512 * 1024));
  }
  SECTION("where the server has no name for what it sent") {
    CHECK(absl::IsUnavailable(host.Prepare(host.base() + "rangeless/disk").status()));
    REQUIRE(host.PartialBytes() > 0);
    CHECK(host.Prepare(host.base() + "plain/disk#sha256=" + host.Sum("disk")).ok());
    CHECK(host.Asked().back() == "/plain/disk - -");
  }
}

TEST_CASE("a server that lies, hangs or never ends fails the import for now or for good", "[import][fetch]") {
  DownloadHost host;
  struct Row {
    const char* way;
    absl::StatusCode code;
  };
  for (const Row& row :
       {Row{"missing", absl::StatusCode::kNotFound}, Row{"broken", absl::StatusCode::kUnavailable},
        Row{"forbidden", absl::StatusCode::kPermissionDenied}, Row{"longer", absl::StatusCode::kUnavailable},
        Row{"hangs", absl::StatusCode::kUnavailable}, Row{"silent", absl::StatusCode::kUnavailable}}) {
    INFO(row.way);
    const absl::Status status = host.Prepare(host.base() + row.way + "/disk").status();
    INFO(status.ToString());
    CHECK(status.code() == row.code);
    CHECK_FALSE(host.HasSource());
    host.Remove();
    CHECK(Names(host.dir / "imports").empty());
  }
  // Half a disk, which the server says is all of it.
  CHECK(absl::IsInvalidArgument(host.Prepare(host.base() + "shorter/disk#sha256=" + host.Sum("disk")).status()));
  host.Remove();
  CHECK_FALSE(host.Import(host.base() + "shorter/disk").ok());
  host.Remove();
  CHECK(absl::IsUnavailable(host.Prepare("http://127.0.0.1:1/disk").status()) == false);  // an address not permitted
}

TEST_CASE("a download without an end is cut off at the largest file", "[import][fetch]") {
  HttpHost server;
  HostImportOptions options = DownloadHost::Options(server.base());
  options.fetch.max_bytes = 3 << 20;
  ImportHost host(options);
  const absl::Status status = host.Prepare(server.base() + "endless/x").status();
  INFO(status.ToString());
  CHECK(absl::IsInvalidArgument(status));
  CHECK(absl::StrContains(status.message(), "larger than 3145728 bytes"));
}

TEST_CASE("a redirect is followed to http and https alone, and not for ever", "[import][fetch]") {
  DownloadHost host;
  CHECK(host.Prepare(host.base() + "to/disk#sha256=" + host.Sum("disk")).ok());
  host.Remove();
  for (const char* where : {"file", "ftp", "gopher", "loop"}) {
    INFO(where);
    const absl::Status status = host.Prepare(host.base() + "to/" + where).status();
    INFO(status.ToString());
    CHECK(absl::IsInvalidArgument(status));
    host.Remove();
  }
  CHECK(absl::IsPermissionDenied(host.Prepare(host.base() + "to/private").status()));
}

TEST_CASE("what only this host can reach is downloaded only where the administrator permits it", "[import][fetch]") {
  HttpHost server;
  ImportHost host;
  const absl::Status status = host.Prepare(server.base() + "plain/disk").status();
  CHECK(absl::IsPermissionDenied(status));
  CHECK(absl::StrContains(status.message(), "storage.import_urls"));
  CHECK(absl::IsPermissionDenied(host.Prepare("http://localhost/x").status()));
  CHECK(absl::IsPermissionDenied(host.Prepare("http://2130706433/x").status()));
  CHECK(absl::IsPermissionDenied(host.Prepare("http://[::1]/x").status()));
  CHECK(absl::IsPermissionDenied(host.Prepare("http://169.254.169.254/latest/meta-data").status()));
  CHECK(server.Asked().empty());
  const auto is_global = [](const char* text) {
    sockaddr_storage storage = {};
    auto* const four = reinterpret_cast<sockaddr_in*>(&storage);
    auto* const six = reinterpret_cast<sockaddr_in6*>(&storage);
    if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
      four->sin_family = AF_INET;
    } else {
      REQUIRE(inet_pton(AF_INET6, text, &six->sin6_addr) == 1);
      six->sin6_family = AF_INET6;
    }
    return IsGlobalAddress(reinterpret_cast<sockaddr&>(storage));
  };
  for (const char* address : {"0.0.0.0",
                              "10.1.2.3",
                              "100.64.0.1",
                              "127.0.0.1",
                              "169.254.1.1",
                              "172.16.0.1",
                              "172.31.255.255",
                              "192.168.0.1",
                              "198.18.0.1",
                              "224.0.0.1",
                              "255.255.255.255",
                              "::",
                              "::1",
                              "fe80::1",
                              "fc00::1",
                              "ff02::1",
                              "::ffff:8.8.8.8",
                              "2002:7f00:1::",
                              "2001:db8::1",
                              "64:ff9b::7f00:1",
                              "2001::1"}) {
    INFO(address);
    CHECK_FALSE(is_global(address));
  }
  for (const char* address : {"8.8.8.8", "172.32.0.1", "100.128.0.1", "192.0.1.1", "2a00:1450::1", "2001:4860::8888"}) {
    INFO(address);
    CHECK(is_global(address));
  }
}

TEST_CASE("a file is taken with a list of checksums, and a list with its signature", "[import][fetch]") {
  DownloadHost host;
  const std::string list = host.HttpHost::operator/("SHA256SUMS");
  const auto write = [&](const std::string& sum) {
    std::ofstream(list) << std::string(64, '1') << "  other\n" << sum << " *disk\n";
  };
  const std::string url = host.base() + "plain/disk#checksums=" + host.base() + "plain/SHA256SUMS";
  SECTION("that has the file") {
    write(host.Sum("disk"));
    CHECK(host.Prepare(url).ok());
  }
  SECTION("that has another") {
    write(std::string(64, '0'));
    const absl::Status status = host.Prepare(url).status();
    CHECK(absl::IsInvalidArgument(status));
    CHECK_FALSE(host.HasSource());
    CHECK(host.PartialBytes() == 0);
  }
  SECTION("that is not there") {
    CHECK(absl::IsNotFound(host.Prepare(url).status()));
    CHECK(host.PartialBytes() == 0);
  }
  SECTION("that is signed") {
    write(host.Sum("disk"));
    const TempDir home;
    const std::string keyring = host.dir / "keyring.gpg";
    const auto gpg = [&](std::vector<std::string> words) {
      words.insert(words.begin(), {"gpg", "--batch", "-q", "--no-autostart", "--homedir", home.path()});
      words.erase(words.begin() + 3);
      Run(words);
    };
    gpg({"--passphrase", "", "--quick-generate-key", "images@example.org", "ed25519", "sign", "never"});
    gpg({"--output", keyring, "--export"});
    gpg({"--output", list + ".gpg", "--detach-sign", list});
    RunCommand({"gpgconf", "--homedir", home.path(), "--kill", "all"}).IgnoreError();
    ImportOrder order{.id = kTask, .source = Value(ParseImportSource(url)), .format = ""};
    order.source.expected.signature = host.base() + "plain/SHA256SUMS.gpg";
    order.source.expected.keyring = keyring;
    CHECK(host.files->Prepare(order, kGoOn).ok());
    host.Remove();
    // By a caller, who names a file of the directory for keyrings.
    host.options.keyring_dir = keyring.substr(0, keyring.rfind('/'));
    host.files = Value(OpenHostImportFiles(host.options));
    const std::string named = url + "&signature=" + host.base() + "plain/SHA256SUMS.gpg&keyring=";
    order.source = Value(ParseImportSource(named + "keyring.gpg"));
    CHECK(host.files->Prepare(order, kGoOn).ok());
    host.Remove();
    order.source = Value(ParseImportSource(named + "another.gpg"));
    CHECK(absl::IsInvalidArgument(host.files->Prepare(order, kGoOn).status()));
    host.Remove();
    order.source = Value(ParseImportSource(named + "keyring.gpg"));
    std::ofstream(list, std::ios::app) << std::string(64, '2') << " more\n";
    const absl::Status forged = host.files->Prepare(order, kGoOn).status();
    INFO(forged.ToString());
    CHECK(absl::IsInvalidArgument(forged));
    CHECK(absl::StrContains(forged.message(), "no good signature"));
    CHECK(host.PartialBytes() == 0);
  }
}

TEST_CASE("a download that is no longer wanted ends, and goes with its files", "[import][fetch]") {
  DownloadHost host;
  const absl::Time start = absl::Now();
  int watched = 0;
  const absl::Status status =
      host.Prepare(host.base() + "hangs/disk", "", [&](const ImportProgress&) { return ++watched < 4; }).status();
  CHECK(absl::IsCancelled(status));
  CHECK(absl::Now() - start < absl::Seconds(60));
  host.Remove();
  CHECK(Names(host.dir / "imports").empty());
}

TEST_CASE("lists of checksums are read in the forms that are about", "[import][fetch]") {
  const std::string a(64, 'a'), b(64, 'b'), c(128, 'C');
  struct Row {
    std::string list, hex;  // empty = refused
  };
  for (const Row& row : std::vector<Row>{{a + "  disk\n", a},
                                         {a + " *disk\r\n", a},
                                         {a + "  ./disk", a},
                                         {a + "\n", a},
                                         {"SHA256 (disk) = " + a, a},
                                         {"# disk: 5 bytes\nSHA512 (disk) = " + c, std::string(128, 'c')},
                                         {a + "  disk\n" + c + "  disk\n", std::string(128, 'c')},
                                         {b + "  other\n" + a + "  disk\n", a},
                                         {a + "  disk\n" + a + "  disk\n", a},
                                         {a + "  disk\n" + b + "  disk\n", ""},
                                         {a + "  disk.asc\n", ""},
                                         {"MD5 (disk) = " + std::string(32, 'a'), ""},
                                         {std::string(63, 'a') + "g  disk", ""},
                                         {"", ""}}) {
    INFO(row.list);
    const absl::StatusOr<ListedDigest> found = FindDigest(row.list, "disk");
    CHECK(found.ok() == !row.hex.empty());
    if (found.ok()) CHECK(found->hex == row.hex);
  }
}

TEST_CASE("of a response's heads the last counts, and a weak name is none", "[import][fetch]") {
  const ResponseHead head = ParseResponseHead(
      "HTTP/1.1 100 Continue\r\nETag: \"x\"\r\n\r\nHTTP/1.1 206 Partial Content\r\nContent-Length: 5\r\n"
      "content-range: bytes 10-14/15\r\nETag: W/\"y\"\r\nLast-Modified: Sun\r\n\r\n");
  CHECK(head.status == 206);
  CHECK(head.total == 15);
  CHECK(head.validator == "Sun");
  CHECK(ParseResponseHead("HTTP/1.1 200 OK\r\nContent-Length: 7\r\nETag: \"z\"").validator == "\"z\"");
  CHECK(ParseResponseHead("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n").total == 7);
  CHECK(ParseResponseHead("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n").total == 0);
  CHECK(ParseResponseHead("HTTP/1.1 abc").status == 0);
  CHECK(ParseResponseHead("").status == 0);
}

}  // namespace brume::storage
