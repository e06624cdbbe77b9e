#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/iam/access_key_service.h"
#include "lib/iam/secret_box.h"
#include "lib/iam/tables/identity_table.h"
#include "lib/resource/ec2_error.h"
#include "tests/store/store_fixture.h"
#include "tests/support/temp_dir.h"

namespace brume::iam {
namespace {

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

int Mode(const std::string& path) {
  struct stat status = {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  return static_cast<int>(status.st_mode & 07777);
}

struct KeyWorld {
  TempDir directory;
  ManualClock clock{store::kNow};
  std::unique_ptr<store::Database> database = store::OpenOk(directory / "brume.db");
  std::unique_ptr<AccessKeyService> keys = Open();

  std::unique_ptr<AccessKeyService> Open() { return Value(AccessKeyService::Open(*database, clock, directory.path())); }
  void AddUser(const std::string& id) {
    Identity user;
    user.id = user.name = id;
    user.created = store::kNow;
    REQUIRE_OK(database->Write([&](store::Connection& c) { return IdentityTable(c).Insert(user); }));
  }
  void Restart() {
    keys.reset();
    keys = Open();
  }
};

TEST_CASE("a sealed secret opens for its purpose only, and not when a bit of it is changed", "[identity]") {
  const TempDir directory;
  const auto box = Value(SecretBox::Open(directory / "secret.key", false));
  REQUIRE(Mode(directory / "secret.key") == 0600);
  const std::string sealed = Value(box->Seal("the secret", "a"));
  REQUIRE_FALSE(absl::StrContains(sealed, "secret"));
  REQUIRE(Value(box->Unseal(sealed, "a")) == "the secret");
  REQUIRE(Value(box->Unseal(Value(box->Seal("", "a")), "a")).empty());
  REQUIRE(absl::IsDataLoss(box->Unseal(sealed, "b").status()));
  REQUIRE(absl::IsDataLoss(box->Unseal("short", "a").status()));
  for (size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    std::string altered = sealed;
    altered[bit / 8] = static_cast<char>(altered[bit / 8] ^ (1 << bit % 8));
    REQUIRE(absl::IsDataLoss(box->Unseal(altered, "a").status()));
  }
}

TEST_CASE("a key file that others can read, is cut or is lost is refused", "[identity]") {
  KeyWorld world;
  const std::string path = world.directory / "secret.key";
  Value(world.keys->Create(""));
  world.keys.reset();
  const auto refused = [&] {
    const absl::Status status = AccessKeyService::Open(*world.database, world.clock, world.directory.path()).status();
    return absl::IsFailedPrecondition(status) && absl::StrContains(status.message(), path);
  };
  REQUIRE(chmod(path.c_str(), 0640) == 0);
  REQUIRE(refused());
  REQUIRE(chmod(path.c_str(), 0600) == 0);
  REQUIRE(Value(AccessKeyService::Open(*world.database, world.clock, world.directory.path())) != nullptr);
  REQUIRE(truncate(path.c_str(), 16) == 0);
  REQUIRE(refused());
  REQUIRE(unlink(path.c_str()) == 0);
  REQUIRE(refused());
}

TEST_CASE("the first start makes the root's key and its file, later ones keep both", "[identity]") {
  KeyWorld world;
  const std::string path = world.directory / "credentials";
  REQUIRE_OK(world.keys->EnsureRootKey(path));
  const std::string text = ReadAll(path);
  const std::vector<AccessKey> made = world.keys->List("");
  REQUIRE(made.size() == 1);
  const std::string secret = Value(world.keys->SecretOf(made[0]));
  REQUIRE(secret.size() == 40);
  REQUIRE(Mode(path) == 0600);
  for (const char* profile : {"default", "brume"}) {
    REQUIRE(absl::StrContains(text, absl::StrCat("[", profile, "]\naws_access_key_id = ", made[0].id,
                                                 "\naws_secret_access_key = ", secret, "\n")));
  }
  world.Restart();
  REQUIRE_OK(world.keys->EnsureRootKey(path));
  REQUIRE(world.keys->List("").size() == 1);
  REQUIRE(ReadAll(path) == text);
  REQUIRE(unlink(path.c_str()) == 0);
  REQUIRE_OK(world.keys->EnsureRootKey(path));
  REQUIRE(ReadAll(path) == text);
  REQUIRE_FALSE(absl::StrContains(ReadAll(world.directory / "brume.db-wal"), secret));
}

TEST_CASE("a user has two keys at most, and no hand on another's", "[identity]") {
  KeyWorld world;
  world.AddUser("AIDAONE");
  world.AddUser("AIDATWO");
  const AccessKeyService::NewKey first = Value(world.keys->Create("AIDAONE"));
  Value(world.keys->Create("AIDAONE"));
  REQUIRE(ec2::ErrorCode(world.keys->Create("AIDAONE").status()) == "LimitExceeded");
  Value(world.keys->Create("AIDATWO"));
  REQUIRE(ec2::ErrorCode(world.keys->Delete("AIDATWO", first.key.id)) == "NoSuchEntity");
  REQUIRE(ec2::ErrorCode(world.keys->SetActive("AIDATWO", first.key.id, false)) == "NoSuchEntity");
  REQUIRE_OK(world.keys->Delete("AIDAONE", first.key.id));
  REQUIRE(world.keys->List("AIDAONE").size() == 1);
  Value(world.keys->Create("AIDAONE"));
}

TEST_CASE("there is no key of a user who is not there", "[identity]") {
  KeyWorld world;
  REQUIRE(ec2::ErrorCode(world.keys->Create("AIDANONE").status()) == "NoSuchEntity");
  REQUIRE(world.keys->List("AIDANONE").empty());
  world.Restart();
  REQUIRE(world.keys->List("AIDANONE").empty());
}

TEST_CASE("status and last use outlive a restart", "[identity]") {
  KeyWorld world;
  const std::string id = Value(world.keys->Create("")).key.id;
  REQUIRE_OK(world.keys->SetActive("", id, false));
  world.keys->Used(id, {store::kNow, "ec2", "eu-home-1"});
  world.Restart();
  const std::optional<AccessKey> key = world.keys->Find(id);
  REQUIRE(key.has_value());
  REQUIRE_FALSE(key->active);
  REQUIRE(key->last_used.has_value());
  REQUIRE(key->last_used->time == store::kNow);
  REQUIRE(key->last_used->service == "ec2");
  REQUIRE(key->last_used->region == "eu-home-1");
}

}  // namespace
}  // namespace brume::iam
