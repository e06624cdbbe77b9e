#include "lib/gateway/access.h"

#include <set>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "brume/rpc/v1/options.pb.h"
#include "lib/resource/arn.h"
#include "lib/resource/kinds.h"
#include "lib/schema/schema.h"

namespace brume::gateway {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Empty for what is not an id of a resource; the call is then refused for that, later.
absl::string_view ArnType(absl::string_view id) {
  const Kind* const kind = KindOfId(id);
  return kind == nullptr ? absl::string_view() : kind->arn_type;
}

class Collector {
 public:
  Collector(const google::protobuf::MethodDescriptor& method, const Account& account)
      : service_(schema::Family(*method.service()).service_name) {
    // Resources of IAM are the same in all regions.
    const bool global = service_ == "iam" || service_ == "sts";
    base_ = Arn{.service = service_, .region = global ? "" : account.region, .account = account.id};
    // What our own services name by an id is EC2's.
    ids_base_ = base_;
    if (schema::Family(*method.service()).api_version.empty()) ids_base_ = Arn::In(account, "ec2", "");
  }

  void Add(absl::string_view type, absl::string_view value) {
    if (LooksLikeArn(value)) {
      resources_.insert(std::string(value));
      return;
    }
    AddTo(base_, absl::StrCat(type, absl::EndsWith(type, ":") ? "" : "/", value));
  }

  void Walk(const Message& message) {
    const Reflection& reflection = *message.GetReflection();
    std::vector<const FieldDescriptor*> fields;
    reflection.ListFields(message, &fields);
    for (const FieldDescriptor* field : fields) {
      if (field->options().GetExtension(rpc::v1::kept)) continue;
      const int size = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
      for (int i = 0; i < size; ++i) {
        if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
          const Message& inner = field->is_repeated() ? reflection.GetRepeatedMessage(message, field, i)
                                                      : reflection.GetMessage(message, field);
          if (inner.GetDescriptor()->name() == "Tag") AddTag(inner);
          Walk(inner);
        } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
          AddText(*field, field->is_repeated() ? reflection.GetRepeatedString(message, field, i)
                                               : reflection.GetString(message, field));
        }
      }
    }
  }

  // What IAM makes is named by path and name.
  void TakePath(const Message& request) {
    const FieldDescriptor* path = request.GetDescriptor()->FindFieldByName("path");
    if (service_ != "iam" || path == nullptr) return;
    path_ = std::string(absl::StripPrefix(request.GetReflection()->GetString(request, path), "/"));
  }

  // A call that may name a user and does not is about the caller.
  void AddCaller(const Message& request, const Caller& caller) {
    const FieldDescriptor* user = request.GetDescriptor()->FindFieldByName("user_name");
    if (service_ != "iam" || user == nullptr || caller.user_name.empty()) return;
    if (request.GetReflection()->GetString(request, user).empty()) resources_.insert(caller.arn);
  }

  AccessQuestion Take() && {
    AccessQuestion question;
    question.resources.assign(resources_.begin(), resources_.end());
    if (question.resources.empty()) question.resources.push_back("*");
    question.context = std::move(context_);
    return question;
  }

 private:
  void AddTo(Arn arn, std::string resource) {
    arn.resource = std::move(resource);
    resources_.insert(arn.text());
  }

  void AddText(const FieldDescriptor& field, const std::string& value) {
    if (value.empty()) return;
    absl::string_view type = field.options().GetExtension(rpc::v1::arn_type);
    if (!type.empty()) return Add(type, absl::StrCat(path_, value));
    if (!field.options().HasExtension(rpc::v1::id)) return;
    type = ArnType(value);
    if (!type.empty()) AddTo(ids_base_, absl::StrCat(type, "/", value));
  }

  void AddTag(const Message& tag) {
    const auto text = [&](const char* name) {
      const FieldDescriptor* field = tag.GetDescriptor()->FindFieldByName(name);
      return field == nullptr ? std::string() : tag.GetReflection()->GetString(tag, field);
    };
    const std::string key = text("key");
    context_[absl::StrCat("aws:requesttag/", absl::AsciiStrToLower(key))] = {text("value")};
    context_["aws:tagkeys"].push_back(key);
  }

  const std::string service_;
  // Of each resource, but for the resource itself.
  Arn base_;
  Arn ids_base_;
  std::string path_;  // "staff/"
  std::set<std::string> resources_;
  std::map<std::string, std::vector<std::string>> context_;
};

}  // namespace

std::string ActionName(const google::protobuf::MethodDescriptor& method) {
  return absl::StrCat(schema::Family(*method.service()).service_name, ":", method.name());
}

AccessQuestion QuestionOf(const google::protobuf::MethodDescriptor& method, const Message& request,
                          const Caller& caller, const Account& account, absl::Time now) {
  Collector collector(method, account);
  collector.TakePath(request);
  collector.Walk(request);
  collector.AddCaller(request, caller);
  const auto& options = method.options();
  for (int i = 0; i < options.ExtensionSize(rpc::v1::creates); ++i)
    collector.Add(options.GetExtension(rpc::v1::creates, i), "*");

  AccessQuestion question = std::move(collector).Take();
  question.action = ActionName(method);
  const auto set = [&question](const char* key, std::string value) {
    if (!value.empty()) question.context[key] = {std::move(value)};
  };
  set("aws:currenttime", absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", now, absl::UTCTimeZone()));
  set("aws:epochtime", absl::StrCat(absl::ToUnixSeconds(now)));
  set("aws:principalarn", caller.arn);
  set("aws:principalaccount", account.id);
  set("aws:principaltype", caller.administrator ? "Account" : caller.role_id.empty() ? "User" : "AssumedRole");
  set("aws:requestedregion", account.region);
  set("aws:securetransport", caller.secure ? "true" : "false");
  set("aws:sourceip", caller.source == "unix" ? "" : caller.source);
  set("aws:useragent", caller.user_agent);
  set("aws:userid", caller.principal_id);
  set("aws:username", caller.user_name);
  return question;
}

}  // namespace brume::gateway
