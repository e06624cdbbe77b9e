#include <catch2/catch.hpp>

#include "lib/ec2/compute/compute_tagging.h"
#include "lib/ec2/compute/tables/key_pair_table.h"
#include "lib/ec2/network/network_tagging.h"
#include "lib/ec2/storage/model/storage.h"
#include "lib/ec2/storage/storage_tagging.h"
#include "lib/ec2/storage/tables/image_table.h"
#include "lib/ec2/storage/tables/volume_table.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/ec2/tagging/tag_table.h"
#include "lib/resource/kinds.h"
#include "tests/ec2/compute/service_fixture.h"

namespace brume::compute {
namespace {

struct TagFixture : ServiceFixture {
  TagFixture() {
    EnsureNetwork();
    network::AddTaggableKinds(service);
    storage::AddTaggableKinds(service);
    compute::AddTaggableKinds(service);
  }
  tagging::TagService service{*database};

  TagMap TagsOf(const std::string& id) {
    return database->ReadFor([&](store::Connection& c) { return tagging::TagTable(c).Get(id); }).value();
  }
  void Set(const std::string& id, const std::string& key, const std::string& value) {
    Must(database->Write([&](store::Connection& c) { return tagging::TagTable(c).Set(id, key, value); }));
  }
};

TagMap Many(int count, const std::string& prefix = "key") {
  TagMap tags;
  for (int i = 0; i < count; ++i) tags.emplace(prefix + std::to_string(i), "v");
  return tags;
}

}  // namespace

TEST_CASE("every kind of resource there is can be tagged", "[tag]") {
  TagFixture f;
  const Instance instance = f.AddInstance();
  Image image;
  image.id = ImageId::New(f.random);
  image.name = "mini";
  Volume volume;
  volume.id = VolumeId::New(f.random);
  volume.layer_id = image.id.text();
  volume.size_gib = 1;
  KeyPair pair;
  pair.id = KeyPairId::New(f.random);
  pair.name = "key";
  SecurityGroupRuleId rule;
  f.Must(f.database->Write([&](store::Connection& c) -> absl::Status {
    RETURN_IF_ERROR(storage::ImageTable(c).Insert(image));
    RETURN_IF_ERROR(storage::VolumeTable(c).Insert(volume));
    ASSIGN_OR_RETURN(const auto rules, network::SecurityGroupTable(c).ListRules(f.DefaultGroup().id));
    rule = rules.at(0).id;
    return compute::KeyPairTable(c).Insert(pair);
  }));
  const Subnet subnet = f.FirstSubnet();
  const std::vector<std::string> ids = {
      instance.id.text(),   f.InterfaceOf(instance.id).id.text(), image.id.text(), volume.id.text(), subnet.id.text(),
      subnet.vpc_id.text(), f.DefaultGroup().id.text(),           rule.text(),     pair.id.text()};
  REQUIRE(f.service.Create(ids, {{"Name", "x"}, {"empty", ""}}).ok());
  for (const std::string& id : ids) {
    INFO(id);
    CHECK(f.TagsOf(id) == TagMap{{"Name", "x"}, {"empty", ""}});
  }
  const std::vector<Tag> all = f.service.List().value();
  CHECK(all.size() == 2 * ids.size());
  for (size_t i = 1; i < all.size(); ++i) {
    CHECK(std::tie(all[i - 1].resource_id, all[i - 1].key) < std::tie(all[i].resource_id, all[i].key));
  }
}

TEST_CASE("a tag's value is replaced, and tags of one resource never touch another's", "[tag]") {
  TagFixture f;
  const std::string a = f.AddInstance().id.text(), b = f.AddInstance().id.text();
  REQUIRE(f.service.Create({a, b}, {{"Name", "1"}}).ok());
  REQUIRE(f.service.Create({a}, {{"Name", "2"}}).ok());
  CHECK(f.TagsOf(a) == TagMap{{"Name", "2"}});
  CHECK(f.TagsOf(b) == TagMap{{"Name", "1"}});
}

TEST_CASE("bad tags and resources are refused with EC2's code, and nothing is half done", "[tag]") {
  TagFixture f;
  const std::string good = f.AddInstance().id.text();
  Image gone;
  gone.id = ImageId::New(f.random);
  gone.name = "gone";
  gone.state = ImageState::kDeregistered;
  f.Must(f.database->Write([&](store::Connection& c) { return storage::ImageTable(c).Insert(gone); }));
  struct Row {
    std::string id;
    TagMap tags;
    const char* code;
  };
  const TagMap fine = {{"a", "b"}};
  const Row rows[] = {
      {"", fine, "InvalidID"},
      {"nonsense", fine, "InvalidID"},
      {"i-", fine, "InvalidID"},
      {"i-XYZ", fine, "InvalidID"},
      {"lambda-0123456789abcdef0", fine, "InvalidID"},
      {"r-0123456789abcdef0", fine, "InvalidID"},
      {"i-0123456789abcdef0", fine, "InvalidInstanceID.NotFound"},
      {"ami-0123456789abcdef0", fine, "InvalidAMIID.NotFound"},
      {gone.id.text(), fine, "InvalidAMIID.NotFound"},
      {"vol-0123456789abcdef0", fine, "InvalidVolume.NotFound"},
      {"snap-0123456789abcdef0", fine, "InvalidSnapshot.NotFound"},
      {"vpc-0123456789abcdef0", fine, "InvalidVpcID.NotFound"},
      {"subnet-0123456789abcdef0", fine, "InvalidSubnetID.NotFound"},
      {"eni-0123456789abcdef0", fine, "InvalidNetworkInterfaceID.NotFound"},
      {"sg-0123456789abcdef0", fine, "InvalidGroup.NotFound"},
      {"sgr-0123456789abcdef0", fine, "InvalidSecurityGroupRuleId.NotFound"},
      {"key-0123456789abcdef0", fine, "InvalidKeyPair.NotFound"},
      {good, {}, "MissingParameter"},
      {good, {{"", "v"}}, "InvalidParameterValue"},
      {good, {{std::string(129, 'k'), "v"}}, "InvalidParameterValue"},
      {good, {{"k", std::string(257, 'v')}}, "InvalidParameterValue"},
      {good, {{"aws:k", "v"}}, "InvalidParameterValue"},
      {good, {{"AWS:k", "v"}}, "InvalidParameterValue"},
      {good, Many(51), "TagLimitExceeded"},
  };
  for (const Row& row : rows) {
    INFO(row.id);
    CHECK(Code(f.service.Create({good, row.id}, row.tags)) == row.code);
  }
  CHECK(Code(f.service.Create({}, fine)) == "MissingParameter");
  CHECK(Code(f.service.Create(std::vector<std::string>(1001, good), fine)) == "InvalidParameterValue");
  CHECK(f.service.List().value().empty());
}

TEST_CASE("each kind whose row says so takes tags, and no other", "[tag]") {
  TagFixture f;
  for (const Kind& kind : kKinds) {
    const std::string id = absl::StrCat(kind.prefix, "-0123456789abcdef0");
    INFO(id);
    const std::string code(kind.tag_type.empty() ? "InvalidID" : kind.not_found.text());
    CHECK(Code(f.service.Create({id}, {{"a", "b"}})) == code);
  }
}

TEST_CASE("a resource has at most 50 tags, counting neither replaced nor the system's own", "[tag]") {
  TagFixture f;
  const std::string id = f.AddInstance().id.text();
  f.Set(id, "aws:autoscaling:groupName", "g");
  REQUIRE(f.service.Create({id}, Many(50)).ok());
  REQUIRE(f.service.Create({id}, Many(50)).ok());
  CHECK(Code(f.service.Create({id}, {{"one more", ""}})) == "TagLimitExceeded");
  REQUIRE(f.service.Delete({id}, {{"key0", std::nullopt}}).ok());
  CHECK(f.service.Create({id}, {{"one more", ""}}).ok());
}

TEST_CASE("tags are deleted by key, by key and value, or all at once", "[tag]") {
  TagFixture f;
  const std::string id = f.AddInstance().id.text();
  REQUIRE(f.service.Create({id}, {{"a", "1"}, {"b", "2"}, {"c", ""}, {"d", "4"}}).ok());
  f.Set(id, "aws:kept", "x");
  REQUIRE(f.service.Delete({id}, {{"a", "other"}, {"b", "2"}, {"nothing", std::nullopt}}).ok());
  CHECK(f.TagsOf(id) == TagMap{{"a", "1"}, {"aws:kept", "x"}, {"c", ""}, {"d", "4"}});
  REQUIRE(f.service.Delete({id}, {{"d", ""}, {"c", ""}}).ok());
  CHECK(f.TagsOf(id) == TagMap{{"a", "1"}, {"aws:kept", "x"}, {"d", "4"}});
  REQUIRE(f.service.Delete({id}, {{"a", std::nullopt}}).ok());
  REQUIRE(f.service.Delete({id}, {}).ok());
  CHECK(f.TagsOf(id) == TagMap{{"aws:kept", "x"}});
}

TEST_CASE("a deletion that names something wrong deletes nothing", "[tag]") {
  TagFixture f;
  const std::string id = f.AddInstance().id.text();
  REQUIRE(f.service.Create({id}, {{"a", "1"}}).ok());
  f.Set(id, "aws:kept", "x");
  CHECK(Code(f.service.Delete({}, {})) == "MissingParameter");
  CHECK(Code(f.service.Delete({id, "nonsense"}, {})) == "InvalidID");
  CHECK(Code(f.service.Delete({id, "i-0123456789abcdef0"}, {{"a", std::nullopt}})) == "InvalidInstanceID.NotFound");
  CHECK(Code(f.service.Delete({id}, {{"a", std::nullopt}, {"aws:kept", std::nullopt}})) == "InvalidParameterValue");
  CHECK(Code(f.service.Delete({id}, {{"", std::nullopt}})) == "InvalidParameterValue");
  CHECK(f.TagsOf(id).size() == 2);
}

}  // namespace brume::compute
