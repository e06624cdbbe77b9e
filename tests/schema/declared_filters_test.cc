#include "lib/schema/declared_filters.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <regex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "brume/ec2/v1/instance.pb.h"
#include "brume/ec2/v1/instance_type.pb.h"
#include "brume/ec2/v1/security_group.pb.h"
#include "brume/ec2/v1/tag.pb.h"
#include "brume/ec2/v1/volume.pb.h"
#include "lib/schema/schema.h"
#include "tests/schema/schema_comparison.h"

namespace brume::schema {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;
using google::protobuf::MethodOptions;
using Texts = std::vector<std::string>;

std::vector<const MethodDescriptor*> Methods() {
  std::vector<const MethodDescriptor*> methods;
  for (const auto* service : Services()) {
    for (int i = 0; i < service->method_count(); ++i) methods.push_back(service->method(i));
  }
  return methods;
}

rpc::v1::FilterOption Option(const std::string& name, const std::string& path) {
  rpc::v1::FilterOption option;
  option.set_name(name);
  option.set_path(path);
  return option;
}

std::string Fault(const Descriptor& item, const std::vector<rpc::v1::FilterOption>& filters,
                  const char* tags = nullptr) {
  MethodOptions options;
  for (const auto& filter : filters) *options.AddExtension(rpc::v1::filter) = filter;
  if (tags != nullptr) options.SetExtension(rpc::v1::tag_filters, tags);
  return std::string(DeclaredFilters::Resolve(item, options).status().message());
}

// What the filter `path` sees in `item`.
Texts ValuesAt(const Message& item, const std::string& path) {
  MethodOptions options;
  *options.AddExtension(rpc::v1::filter) = Option("it", path);
  const auto declared = DeclaredFilters::Resolve(*item.GetDescriptor(), options);
  REQUIRE(declared.ok());
  Texts values;
  ForEachValue(item, declared->filters().front().path, [&](absl::string_view value) { values.emplace_back(value); });
  return values;
}

std::vector<std::pair<std::string, std::string>> TagsAt(const Message& item, const std::string& path) {
  MethodOptions options;
  options.SetExtension(rpc::v1::tag_filters, path);
  const auto declared = DeclaredFilters::Resolve(*item.GetDescriptor(), options);
  REQUIRE(declared.ok());
  std::vector<std::pair<std::string, std::string>> tags;
  ForEachTag(item, *declared->tags(), [&](absl::string_view key, absl::string_view value) {
    tags.emplace_back(std::string(key), std::string(value));
  });
  return tags;
}

// The filters that a model's documentation of the operation lists, tag:KEY as "tag".
std::set<std::string> DocumentedFilters(const nlohmann::json& model, const std::string& operation) {
  const nlohmann::json& shapes = model["shapes"];
  const std::string input = model["operations"][operation]["input"]["shape"];
  const nlohmann::json& members = shapes[input]["members"];
  const std::string text = members[members.contains("Filters") ? "Filters" : "Filter"].value("documentation", "");
  static const std::regex row("<li>\\s*<p>\\s*<code>([^<:]+)");
  std::set<std::string> names;
  for (std::sregex_iterator found(text.begin(), text.end(), row), end; found != end; ++found) {
    names.insert((*found)[1]);
  }
  return names;
}

}  // namespace

TEST_CASE("each filter that the schema declares leads to a field of what its action describes", "[schema]") {
  for (const MethodDescriptor* method : Methods()) {
    INFO(DeclaredFilters::Of(*method).status().message());
    CHECK(DeclaredFilters::Of(*method).ok());
  }
  CHECK(CheckDeclaredFilters().ok());
}

TEST_CASE("an action declares filters exactly when its request takes filters", "[schema]") {
  int actions = 0;
  for (const MethodDescriptor* method : Methods()) {
    INFO(method->full_name());
    const auto* field = method->input_type()->FindFieldByName("filters");
    // Some actions call them so.
    if (field == nullptr) field = method->input_type()->FindFieldByName("filter");
    const bool takes =
        field != nullptr && field->message_type() != nullptr && field->message_type()->name() == "Filter";
    CHECK(FiltersOf(*method).empty() == !takes);
    actions += takes;
  }
  CHECK(actions > 20);
}

TEST_CASE("a mistake in a declared filter is told in words", "[schema]") {
  const Descriptor& volume = *ec2::v1::Volume::descriptor();
  CHECK(Fault(volume, {Option("size", "size"), Option("status", "state")}, "tags").empty());
  CHECK(Fault(volume, {Option("size", "weight")}) ==
        "the filter 'size': the path 'weight' leads to no field of Volume");
  CHECK(absl::StrContains(Fault(volume, {Option("size", "size.gib")}), "leads to no field"));
  CHECK(Fault(volume, {Option("attachment", "attachments")}) ==
        "the filter 'attachment': the path 'attachments' does not lead to a text, a number or a bool");
  CHECK(Fault(volume, {Option("status", "state"), Option("size", "size")}) ==
        "the filter 'size' does not stand in the order of names");
  CHECK(Fault(volume, {Option("size", "size"), Option("size", "size")}) ==
        "the filter 'size' does not stand in the order of names");
  CHECK_FALSE(Fault(volume, {Option("", "size")}).empty());
  rpc::v1::FilterOption both = Option("size", "size");
  both.set_value("1");
  CHECK(Fault(volume, {both}) == "the filter 'size': it has both a path and a value");
  rpc::v1::FilterOption accessor = Option("size", "size");
  accessor.set_accessor(true);
  CHECK(Fault(volume, {accessor}) == "the filter 'size': it has an accessor and a path or a value");
  accessor.clear_path();
  CHECK(Fault(volume, {accessor}).empty());
  CHECK(absl::StrContains(Fault(volume, {}, "attachments"), "does not lead to a key and a value"));
  CHECK(absl::StrContains(Fault(volume, {}, "size"), "does not lead to a key and a value"));
  CHECK(absl::StrContains(Fault(volume, {}, "."), "does not lead to a key and a value"));
}

TEST_CASE("a filter's path gives each value of each item of a list, and none of what is not set", "[schema]") {
  ec2::v1::Volume volume;
  CHECK(ValuesAt(volume, "state").empty());
  CHECK(ValuesAt(volume, "attachments.state").empty());
  volume.set_state("");
  CHECK(ValuesAt(volume, "state") == Texts{""});
  volume.set_size(8);
  CHECK(ValuesAt(volume, "size") == Texts{"8"});
  volume.set_encrypted(false);
  CHECK(ValuesAt(volume, "encrypted") == Texts{"false"});
  volume.add_attachments()->set_device("/dev/vda");
  volume.add_attachments();
  volume.add_attachments()->set_device("/dev/vdb");
  volume.mutable_attachments(2)->set_delete_on_termination(true);
  CHECK(ValuesAt(volume, "attachments.device") == Texts{"/dev/vda", "/dev/vdb"});
  CHECK(ValuesAt(volume, "attachments.delete_on_termination") == Texts{"true"});

  ec2::v1::InstanceTypeInfo type;
  CHECK(ValuesAt(type, "memory_info.size_in_mi_b").empty());
  type.mutable_memory_info()->set_size_in_mi_b(int64_t{1} << 40);
  CHECK(ValuesAt(type, "memory_info.size_in_mi_b") == Texts{"1099511627776"});
  type.add_supported_boot_modes("uefi");
  type.add_supported_boot_modes("legacy-bios");
  CHECK(ValuesAt(type, "supported_boot_modes") == Texts{"uefi", "legacy-bios"});

  ec2::v1::SecurityGroup group;
  for (const char* cidr : {"10.0.0.0/8", "192.0.2.0/24"}) {
    group.add_ip_permissions()->add_ip_ranges()->set_cidr_ip(cidr);
  }
  CHECK(ValuesAt(group, "ip_permissions.ip_ranges.cidr_ip") == Texts{"10.0.0.0/8", "192.0.2.0/24"});
}

TEST_CASE("tags are found in a list, inside other messages and in a tag itself", "[schema]") {
  ec2::v1::Reservation reservation;
  ec2::v1::Tag& tag = *reservation.add_instances()->add_tags();
  tag.set_key("Name");
  CHECK(TagsAt(reservation, "instances.tags") == std::vector<std::pair<std::string, std::string>>{{"Name", ""}});
  ec2::v1::TagDescription description;
  description.set_key("Env");
  description.set_value("test");
  CHECK(TagsAt(description, ".") == std::vector<std::pair<std::string, std::string>>{{"Env", "test"}});
  CHECK(TagsAt(description, "").empty());
}

TEST_CASE("each filter that EC2 documents for an action is one that the action knows", "[schema]") {
  nlohmann::json model;
  size_t documented = 0;
  for (const MethodDescriptor* method : Methods()) {
    const ApiFamilyInfo& family = Family(*method->service());
    if (family.signing_name != "ec2" || FiltersOf(*method).empty()) continue;
    if (model.is_null()) model = LoadServiceModel(family);
    if (!model["operations"].contains(method->name())) continue;
    std::set<std::string> known;
    for (const DeclaredFilters::Filter& filter : FiltersOf(*method).filters()) known.insert(filter.name);
    if (FiltersOf(*method).tags().has_value()) known.insert({"tag", "tag-key", "tag-value"});
    for (const std::string& name : DocumentedFilters(model, method->name())) {
      INFO(method->name() << " " << name);
      CHECK(known.contains(name));
      ++documented;
    }
  }
  CHECK(documented > 400);
}

TEST_CASE("filters that EC2 documents since Debian's models are known too", "[schema]") {
  const std::pair<const char*, std::vector<const char*>> kNewer[] = {
      {"DescribeVolumes", {"availability-zone-id", "operator.managed"}},
      {"DescribeSubnets", {"availability-zone-id", "availabilityZoneId", "ipv6-cidr-block-association.state"}},
      {"DescribeVpcs", {"ipv6-cidr-block-association.ipv6-cidr-block"}},
      {"DescribeInstanceStatus", {"availability-zone-id", "attached-ebs-status.status"}},
      {"DescribeNetworkInterfaces", {"availability-zone-id", "operator.principal"}},
      {"DescribeImages", {"free-tier-eligible", "image-allowed"}},
      {"DescribeInstanceTypes", {"nitro-tpm-support", "nitro-enclaves-support", "reboot-migration-support"}},
      {"DescribeSnapshots", {"transfer-type"}},
      {"DescribeVpcEndpoints", {"service-region"}},
      {"DescribeVpcEndpointServices", {"service-region"}},
      {"DescribeNetworkInsightsPaths",
       {"filter-at-source.source-address", "filter-at-source.source-port-range", "filter-at-source.destination-address",
        "filter-at-source.destination-port-range", "filter-at-destination.source-address",
        "filter-at-destination.source-port-range", "filter-at-destination.destination-address",
        "filter-at-destination.destination-port-range"}},
      {"DescribeInstances",
       {"boot-mode", "current-instance-boot-mode", "ena-support", "maintenance-options.auto-recovery",
        "network-interface.tag-key", "private-dns-name-options.hostname-type", "tpm-support"}},
  };
  for (const auto& [action, names] : kNewer) {
    const auto methods = Methods();
    const auto method =
        std::find_if(methods.begin(), methods.end(), [&](const auto* m) { return m->name() == action; });
    REQUIRE(method != methods.end());
    std::set<std::string> known;
    for (const DeclaredFilters::Filter& filter : FiltersOf(**method).filters()) known.insert(filter.name);
    for (const char* name : names) {
      INFO(action << " " << name);
      CHECK(known.contains(name));
    }
  }
}

}  // namespace brume::schema
