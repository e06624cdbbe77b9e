#include "lib/resource/arn.h"

#include <catch2/catch.hpp>

namespace brume {

TEST_CASE("an ARN is taken apart and put together again", "[arn]") {
  for (const char* text :
       {"arn:aws:ec2:eu-west-1:123456789012:subnet/subnet-0123456789abcdef0",
        "arn:aws:iam::123456789012:user/staff/ada", "arn:aws:iam::aws:policy/ReadOnlyAccess",
        "arn:aws:cloudwatch:us-east-1:000000000000:alarm:a:b c", "arn:aws:automate:us-east-1:ec2:stop", "arn::::: "}) {
    INFO(text);
    const std::optional<Arn> arn = Arn::Parse(text);
    REQUIRE(arn.has_value());
    CHECK(arn->text() == text);
  }
  const std::optional<Arn> alarm = Arn::Parse("arn:aws:cloudwatch:us-east-1:000000000000:alarm:a:b c");
  CHECK(alarm->partition == "aws");
  CHECK(alarm->service == "cloudwatch");
  CHECK(alarm->region == "us-east-1");
  CHECK(alarm->account == "000000000000");
  CHECK(alarm->resource == "alarm:a:b c");
}

TEST_CASE("an ARN's resource has a type and a name", "[arn]") {
  const Arn user = Arn::Global("123456789012", "iam", "user/staff/ada");
  REQUIRE(user.SplitResource().has_value());
  CHECK(user.SplitResource()->first == "user");
  CHECK(user.SplitResource()->second == "staff/ada");
  CHECK(user.name() == "ada");
  const Arn alarm = Arn::Global("123456789012", "cloudwatch", "alarm:a:b/c");
  REQUIRE(alarm.SplitResource(':').has_value());
  CHECK(alarm.SplitResource(':')->first == "alarm");
  CHECK(alarm.SplitResource(':')->second == "a:b/c");
  const Arn root = Arn::Root("123456789012");
  CHECK_FALSE(root.SplitResource().has_value());
  CHECK_FALSE(root.SplitResource(':').has_value());
  CHECK(root.name() == "root");
}

TEST_CASE("what lacks a part of an ARN is not one", "[arn]") {
  for (const char* text : {"", "arn", "arn:aws:iam::123456789012", "ARN:aws:iam::123456789012:root", "ada",
                           "xarn:aws:iam::123456789012:root"}) {
    INFO(text);
    CHECK_FALSE(Arn::Parse(text).has_value());
  }
}

TEST_CASE("ARNs name the region, or are the same in all of them", "[arn]") {
  const Account account{.region = "eu-west-1", .id = "123456789012"};
  CHECK(Arn::In(account, "ec2", "instance/*").text() == "arn:aws:ec2:eu-west-1:123456789012:instance/*");
  CHECK(Arn::Global(account.id, "sts", "assumed-role/a/b").text() == "arn:aws:sts::123456789012:assumed-role/a/b");
  CHECK(Arn::Root(account.id).text() == "arn:aws:iam::123456789012:root");
  CHECK(Arn::Root(account.id).IsOfIam());
  CHECK_FALSE(Arn::In(account, "iam", "root").IsOfIam());
}

}  // namespace brume
