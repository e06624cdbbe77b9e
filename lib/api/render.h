// From domain types to the schema's messages: what several handlers render.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "brume/v1/common.pb.h"
#include "lib/domain/instance.h"
#include "lib/domain/ipv4.h"
#include "lib/domain/settings.h"

namespace brume::api {

// "2026-01-31T10:00:00.000Z".
std::string RenderTime(absl::Time time);

google::protobuf::RepeatedPtrField<v1::Tag> RenderTags(const TagMap& tags);
TagMap TagsOf(const google::protobuf::RepeatedPtrField<v1::Tag>& tags);

// "ip-172-31-0-4.ec2.internal".
std::string PrivateDnsName(Ipv4 address, const Settings& settings);

}  // namespace brume::api
