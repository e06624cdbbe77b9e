#include "lib/api/render.h"

#include "absl/strings/str_cat.h"
#include "lib/network/network_reconciler.h"

namespace brume::api {

std::string RenderTime(absl::Time time) { return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone()); }

google::protobuf::RepeatedPtrField<v1::Tag> RenderTags(const TagMap& tags) {
  google::protobuf::RepeatedPtrField<v1::Tag> rendered;
  for (const auto& [key, value] : tags) {
    v1::Tag& tag = *rendered.Add();
    tag.set_key(key);
    tag.set_value(value);
  }
  return rendered;
}

TagMap TagsOf(const google::protobuf::RepeatedPtrField<v1::Tag>& tags) {
  TagMap map;
  for (const v1::Tag& tag : tags) map.emplace(tag.key(), tag.value());
  return map;
}

std::string PrivateDnsName(Ipv4 address, const Settings& settings) {
  return absl::StrCat(PrivateHostname(address), ".", network::PrivateDomain(settings));
}

}  // namespace brume::api
