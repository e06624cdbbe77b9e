#include "lib/gateway/access.h"

#include <set>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "brume/rpc/v1/options.pb.h"
#include "lib/gateway/changed_attributes.h"
#include "lib/resource/arn.h"
#include "lib/resource/ids.h"
#include "lib/resource/kinds.h"
#include "lib/schema/schema.h"

namespace brume::gateway {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr char kTagKeys[] = "aws:tagkeys", kCreateTags[] = "ec2:CreateTags";

std::string TextOf(const Message& message, const char* name) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(name);
  return field == nullptr ? std::string() : message.GetReflection()->GetString(message, field);
}

void AddTag(const Message& tag, AccessContext& context) {
  AddTagOfRequest(TextOf(tag, "key"), TextOf(tag, "value"), context);
}

class Collector {
 public:
  Collector(const google::protobuf::MethodDescriptor& method, const Account& account)
      : service_(schema::Family(*method.service()).service_name) {
    // Resources of IAM are the same in all regions.
    const bool global = service_ == "iam" || service_ == "sts";
    // What EBS makes and names are EC2's snapshots.
    base_ = Arn{
        .service = service_ == "ebs" ? "ec2" : service_, .region = global ? "" : account.region, .account = account.id};
    // What our own services name by an id is EC2's.
    ids_base_ = base_;
    if (schema::Family(*method.service()).api_version.empty()) ids_base_ = Arn::In(account, "ec2", "");
  }

  void Add(absl::string_view type, absl::string_view value) {
    if (LooksLikeArn(value)) {
      resources_.insert(std::string(value));
      return;
    }
    resources_.insert(ArnOf(base_, type, value));
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
          if (inner.GetDescriptor()->name() == "TagSpecification") {
            AddSpecification(inner);
            continue;
          }
          if (inner.GetDescriptor()->name() == "Tag") AddTag(inner, context_);
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
    const FieldDescriptor* everybody = request.GetDescriptor()->FindFieldByName("all_users");
    if (everybody != nullptr && request.GetReflection()->GetBool(request, everybody)) return;
    if (request.GetReflection()->GetString(request, user).empty()) resources_.insert(caller.arn);
  }

  AccessQuestion Take() && {
    AssignTags();
    AccessQuestion question;
    question.resources.assign(resources_.begin(), resources_.end());
    if (question.resources.empty()) question.resources.push_back("*");
    question.context = std::move(context_);
    question.resource_context = std::move(resource_context_);
    return question;
  }

 private:
  // "image/ami-…" of the account whose ARNs begin as `base` does, or of nobody's.
  static std::string ArnOf(Arn base, absl::string_view type, absl::string_view value) {
    const Kind* const kind = base.service == "ec2" ? FindKindByArnType(type) : nullptr;
    if (kind != nullptr && !kind->arn_has_account) base.account.clear();
    base.resource = absl::StrCat(type, absl::EndsWith(type, ":") ? "" : "/", value);
    return base.text();
  }

  void AddText(const FieldDescriptor& field, const std::string& value) {
    if (value.empty()) return;
    const absl::string_view type = field.options().GetExtension(rpc::v1::arn_type);
    if (!type.empty()) return Add(type, absl::StrCat(path_, value));
    if (!field.options().HasExtension(rpc::v1::id)) return;
    // What is not an id of a resource is refused for that, later.
    const Kind* const kind = KindOfId(value);
    if (kind != nullptr && !kind->arn_type.empty()) resources_.insert(ArnOf(ids_base_, kind->arn_type, value));
  }

  // The tags of what is to be made: of that kind alone.
  void AddSpecification(const Message& specification) {
    const std::string type = TextOf(specification, "resource_type");
    const FieldDescriptor* tags = specification.GetDescriptor()->FindFieldByName("tags");
    const Reflection& reflection = *specification.GetReflection();
    if (type.empty() || tags == nullptr || reflection.FieldSize(specification, tags) == 0) return;
    for (int i = 0; i < reflection.FieldSize(specification, tags); ++i) {
      AddTag(reflection.GetRepeatedMessage(specification, tags, i), tags_of_type_[type]);
    }
  }

  // The tags are of what is made: of a name that the call gives it, as to a key pair, or of what has none yet.
  void AssignTags() {
    for (const auto& [type, tags] : tags_of_type_) {
      const std::string unnamed = ArnOf(base_, type, "*");
      std::vector<std::string> made;
      for (const std::string& resource : resources_) {
        if (absl::StartsWith(resource, ArnOf(base_, type, ""))) made.push_back(resource);
      }
      if (made.empty() || resources_.contains(unnamed)) made = {unnamed};
      resources_.insert(made.begin(), made.end());
      for (const std::string& resource : made) resource_context_[resource] = tags;
    }
  }

  const std::string service_;
  // Of each resource, but for the resource itself.
  Arn base_;
  Arn ids_base_;
  std::string path_;  // "staff/"
  std::set<std::string> resources_;
  AccessContext context_;
  std::map<std::string, AccessContext> tags_of_type_;  // "instance"
  std::map<std::string, AccessContext> resource_context_;
};

// Of AttachUserPolicy, DetachRolePolicy and the like.
bool IsAttachment(const google::protobuf::MethodDescriptor& method) {
  const bool named = absl::StartsWith(method.name(), "Attach") || absl::StartsWith(method.name(), "Detach");
  return named && schema::Family(*method.service()).service_name == "iam";
}

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
  // Of a session it is the role's, with the role's path.
  set("aws:principalarn", caller.role_arn.empty() ? caller.arn : caller.role_arn);
  set("aws:principalaccount", account.id);
  set("aws:principaltype", caller.administrator ? "Account" : caller.role_id.empty() ? "User" : "AssumedRole");
  set("aws:requestedregion", account.region);
  set("aws:resourceaccount", account.id);
  set("aws:securetransport", caller.secure ? "true" : "false");
  const bool by_endpoint = !caller.vpc_endpoint_id.empty();
  set("aws:sourceip", caller.source == "unix" || by_endpoint ? "" : caller.source);
  if (by_endpoint) {
    set("aws:sourcevpc", caller.vpc_id);
    set("aws:sourcevpcarn", ArnOf(account, VpcId::kKind, caller.vpc_id));
    set("aws:sourcevpce", caller.vpc_endpoint_id);
    set("aws:vpcsourceip", caller.source);
  }
  set("aws:sourceidentity", caller.source_identity);
  set("aws:useragent", caller.user_agent);
  set("aws:userid", caller.principal_id);
  set("aws:username", caller.user_name);
  set("ec2:region", account.region);
  // No service calls for somebody here.
  set("aws:viaawsservice", "false");
  set("aws:principalisawsservice", "false");
  if (caller.issued.has_value()) {
    set("aws:tokenissuetime", absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", *caller.issued, absl::UTCTimeZone()));
    set("aws:multifactorauthpresent", "false");
  }
  set("ec2:roledelivery", caller.role_delivery);
  set("aws:ec2instancesourcevpc", caller.source_instance_vpc);
  set("aws:ec2instancesourceprivateipv4", caller.source_instance_ip);
  if (!caller.source_instance.empty()) {
    set("ec2:sourceinstancearn", ArnOf(account, InstanceId::kKind, caller.source_instance));
  }
  if (IsAttachment(method)) set("iam:policyarn", TextOf(request, "policy_arn"));
  AddChangedAttributes(method, request, question.context);
  return question;
}

// The action that a call needs too where it gives tags to what it makes; empty = none.
// Source: the dependent actions of the Service Authorization Reference; for alarms, PutMetricAlarm's reference.
std::string TaggingAction(const google::protobuf::MethodDescriptor& method) {
  const std::string& service = schema::Family(*method.service()).service_name;
  // What EBS starts is EC2's snapshot.
  if (service == "ec2" || service == "ebs") return kCreateTags;
  absl::string_view name = method.name();
  if (service == "iam" && absl::ConsumePrefix(&name, "Create")) return absl::StrCat("iam:Tag", name);
  if (service == "sts" && name == "AssumeRole") return "sts:TagSession";
  const bool puts = service == "cloudwatch" && absl::StartsWith(name, "Put") && absl::EndsWith(name, "Alarm");
  return puts ? "cloudwatch:TagResource" : "";
}

std::vector<AccessQuestion> TaggingQuestions(const google::protobuf::MethodDescriptor& method,
                                             const AccessQuestion& question) {
  std::vector<AccessQuestion> questions;
  const std::string action = TaggingAction(method);
  if (action.empty()) return questions;
  if (action != kCreateTags) {
    // Tags are of all that the call makes.
    if (!question.context.contains(kTagKeys)) return questions;
    questions.push_back(question);
    questions.back().action = action;
    return questions;
  }
  for (const auto& [made, context] : question.resource_context) {
    if (!context.contains(kTagKeys)) continue;
    AccessQuestion tagging = {.action = action, .resources = {made}, .context = question.context};
    tagging.context["ec2:createaction"] = {method.name()};
    tagging.resource_context[made] = context;
    questions.push_back(std::move(tagging));
  }
  return questions;
}

}  // namespace brume::gateway
