#include "cli/names.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "brume/host/v1/catalogue.pb.h"
#include "brume/rpc/v1/options.pb.h"
#include "cli/call.h"
#include "cli/fill.h"
#include "cli/spelling.h"
#include "cli/typed_call.h"
#include "lib/base/status_macros.h"
#include "lib/resource/ids.h"
#include "lib/resource/kinds.h"
#include "nlohmann/json.hpp"

namespace brume::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr size_t kIdDigits = 17;
constexpr char kAnyKind[] = "*";

bool IsHexDigits(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c)) || (c >= 'a' && c <= 'f');
  });
}

// The daemon was there, and does not look up for this caller.
bool IsRefused(const absl::Status& status) { return !ApiErrorCode(status).empty() || absl::IsUnimplemented(status); }

std::string Singular(const std::string& field) { return std::string(absl::StripSuffix(field, "s")); }

// The text at a path of fields, "state.name"; "" where there is none.
std::string TextAt(const Message& message, const std::string& path) {
  const std::pair<std::string, std::string> split = absl::StrSplit(path, absl::MaxSplits('.', 1));
  const FieldDescriptor* const field = message.GetDescriptor()->FindFieldByName(split.first);
  if (field == nullptr || field->is_repeated()) return "";
  if (!split.second.empty()) {
    return field->message_type() == nullptr ? ""
                                            : TextAt(message.GetReflection()->GetMessage(message, field), split.second);
  }
  return field->cpp_type() == FieldDescriptor::CPPTYPE_STRING ? message.GetReflection()->GetString(message, field) : "";
}

// How things of a kind are looked up.
struct Describer {
  const ApiAction* action = nullptr;
  std::string id_field;                        // "instance_id"
  std::vector<std::string> holders;            // lists of lists, from the answer down: "reservations", "instances"
  std::string id_filter;                       // "instance-id"
  std::vector<std::string> name_filters = {};  // "tag:Name", "group-name"
};

const FieldDescriptor* FirstListOfMessages(const google::protobuf::Descriptor* type) {
  for (int i = 0; i < type->field_count(); ++i) {
    if (type->field(i)->is_repeated() && type->field(i)->message_type() != nullptr) return type->field(i);
  }
  return nullptr;
}

// How `action` looks things up by the ids in `field`; unset when it does not.
std::optional<Describer> DescriberBy(const ApiAction& action, const FieldDescriptor& field) {
  const auto& options = action.method->options();
  const std::string tags = options.GetExtension(rpc::v1::tag_filters);
  const FieldDescriptor* const list = FirstListOfMessages(action.method->output_type());
  if (!field.is_repeated() || tags.empty() || tags == "." || list == nullptr) return std::nullopt;
  Describer describer{
      .action = &action, .id_field = Singular(field.name()), .holders = {list->name()}, .id_filter = ""};
  std::vector<std::string> steps = absl::StrSplit(tags, '.');
  steps.pop_back();
  describer.holders.insert(describer.holders.end(), steps.begin(), steps.end());
  const std::string within = steps.empty() ? "" : absl::StrCat(absl::StrJoin(steps, "."), ".");
  const std::string own_name =
      absl::StrCat(within, absl::StripSuffix(describer.id_field, "_id"), "_name");  // group_name beside group_id
  describer.name_filters = {"tag:Name"};
  for (int i = 0; i < options.ExtensionSize(rpc::v1::filter); ++i) {
    const rpc::v1::FilterOption& filter = options.GetExtension(rpc::v1::filter, i);
    // Several may look at it: that of an instance's id, and that of the id its interfaces are attached to.
    const bool own = filter.path() == absl::StrCat(within, describer.id_field);
    if (own && (describer.id_filter.empty() || filter.name() == KebabFromSnake(describer.id_field))) {
      describer.id_filter = filter.name();
    }
    if (filter.path() == absl::StrCat(within, "name") || filter.path() == own_name) {
      describer.name_filters.push_back(filter.name());
    }
  }
  if (describer.id_filter.empty()) return std::nullopt;
  return describer;
}

class NameResolver {
 public:
  NameResolver(const Schema& schema, Client& client) : schema_(schema), client_(client) {}

  absl::Status Resolve(Message* message) {
    std::vector<const FieldDescriptor*> fields;
    message->GetReflection()->ListFields(*message, &fields);
    for (const FieldDescriptor* field : fields) {
      if (field->message_type() != nullptr) {
        RETURN_IF_ERROR(ResolveWithin(*field, message));
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
        RETURN_IF_ERROR(ResolveValues(*field, message));
      }
    }
    return absl::OkStatus();
  }

 private:
  absl::Status ResolveWithin(const FieldDescriptor& field, Message* message) {
    const auto* const reflection = message->GetReflection();
    if (!field.is_repeated()) return Resolve(reflection->MutableMessage(message, &field));
    for (int i = 0; i < reflection->FieldSize(*message, &field); ++i) {
      RETURN_IF_ERROR(Resolve(reflection->MutableRepeatedMessage(message, &field, i)));
    }
    return absl::OkStatus();
  }

  // A route's GatewayId takes "local" and ids of several kinds, so the schema names none; only internet gateways are
  // here.
  static std::string PrefixOf(const FieldDescriptor& field) {
    return field.name() == "gateway_id" ? "igw" : TraitsOf(field).id_prefix;
  }

  absl::Status ResolveValues(const FieldDescriptor& field, Message* message) {
    const std::string prefix = PrefixOf(field);
    if (prefix.empty()) return absl::OkStatus();
    const auto* const reflection = message->GetReflection();
    if (!field.is_repeated()) {
      ASSIGN_OR_RETURN(const std::string id, IdOfValue(field, prefix, reflection->GetString(*message, &field)));
      reflection->SetString(message, &field, id);
      return absl::OkStatus();
    }
    for (int i = 0; i < reflection->FieldSize(*message, &field); ++i) {
      ASSIGN_OR_RETURN(const std::string id,
                       IdOfValue(field, prefix, reflection->GetRepeatedString(*message, &field, i)));
      reflection->SetRepeatedString(message, &field, i, id);
    }
    return absl::OkStatus();
  }

  // Never an id in place of one that is whole, nor of a word that stands for something in requests, as the route target
  // "local" does, nor of what has a form of its own (resolve:ssm:…, ARNs).
  static bool MayBeName(const std::string& value) {
    return !value.empty() && !IsWholeId(value) && value != "local" && !absl::StrContains(value, ":");
  }

  absl::StatusOr<std::string> IdOfValue(const FieldDescriptor& field, const std::string& prefix,
                                        const std::string& value) {
    if (!MayBeName(value)) return value;
    const std::string key = absl::StrCat(prefix == kAnyKind ? Singular(field.name()) : prefix, ":", value);
    const auto known = found_.find(key);
    if (known != found_.end()) return known->second;
    ASSIGN_OR_RETURN(found_[key], LookUp(field, prefix, value));
    return found_[key];
  }

  absl::StatusOr<std::string> LookUp(const FieldDescriptor& field, const std::string& prefix,
                                     const std::string& value) {
    const Kind* const kind = KindOfId(value);
    const bool begins_id = kind != nullptr && IsBeginningOfId(kind->prefix, value);
    if (begins_id && prefix != kAnyKind && prefix != std::string(kind->prefix)) return value;
    const std::optional<Describer> describer = DescriberOf(field, begins_id ? std::string(kind->prefix) : prefix);
    if (!describer.has_value()) {
      if (prefix != kAnyKind || begins_id) return value;
      return OnlyOne("resources", value, TaggedResources(value));
    }
    const std::string things = absl::StrReplaceAll(describer->holders.back(), {{"_", " "}});
    if (begins_id) {
      return OnlyOne(things, value, Described(*describer, {describer->id_filter}, absl::StrCat(value, "*")));
    }
    if (describer->id_field == "image_id") {
      ASSIGN_OR_RETURN(const std::optional<std::string> image, CatalogueImageOf(value));
      // The daemon itself knows the catalogue where any text may stand for an image.
      if (image.has_value()) return prefix == kAnyKind || image->empty() ? value : *image;
    }
    return OnlyOne(things, value, Described(*describer, describer->name_filters, FilterLiteral(value)));
  }

  // Whether a list of ids holds those that `field` does. Some lists take ids of any kind, so that what is no id is not
  // found rather than malformed: then their name says which are meant.
  static bool AreOfKind(const FieldDescriptor& ids, const FieldDescriptor& field, const std::string& prefix) {
    const std::string ids_prefix = TraitsOf(ids).id_prefix;
    if (ids_prefix == prefix && prefix != kAnyKind) return true;
    const bool same_name = Singular(ids.name()) == Singular(field.name());
    if (ids_prefix != kAnyKind) return prefix == kAnyKind && same_name;
    const Kind* const kind = FindKind(prefix);
    const std::string stem = absl::StrReplaceAll(absl::StripSuffix(ids.name(), "_ids"), {{"_", ""}});
    return kind == nullptr ? same_name : same_name || stem == absl::StrReplaceAll(kind->arn_type, {{"-", ""}});
  }

  // The action that describes what `field` holds ids of.
  std::optional<Describer> DescriberOf(const FieldDescriptor& field, const std::string& prefix) const {
    for (const std::string& name : schema_.ActionNames()) {
      // Only what is asked for is built.
      const ApiAction* const found = absl::StartsWith(name, "describe-") ? schema_.FindActionOf("ec2", name) : nullptr;
      if (found == nullptr) continue;
      const ApiAction& action = *found;
      const auto* const request = action.method->input_type();
      for (int i = 0; i < request->field_count(); ++i) {
        const FieldDescriptor& ids = *request->field(i);
        const std::string ids_prefix = TraitsOf(ids).id_prefix;
        if (ids_prefix.empty()) continue;
        if (!AreOfKind(ids, field, prefix)) continue;
        const std::optional<Describer> describer = DescriberBy(action, ids);
        if (describer.has_value()) return describer;
      }
    }
    return std::nullopt;
  }

  using Ids = std::vector<std::string>;

  absl::StatusOr<Ids> Described(const Describer& describer, const std::vector<std::string>& filters,
                                const std::string& value) {
    Ids ids, ended;
    for (const std::string& filter : filters) {
      std::unique_ptr<Message> request = schema_.NewMessage(describer.action->method->input_type());
      // EC2 calls them so, or so.
      const bool one = request->GetDescriptor()->FindFieldByName("filter") != nullptr;
      const nlohmann::ordered_json wanted = {{one ? "Filter" : "Filters", {{{"Name", filter}, {"Values", {value}}}}}};
      RETURN_IF_ERROR(FillMessage(wanted, "", request.get()));
      ASSIGN_OR_RETURN(const std::unique_ptr<Message> answer,
                       CallAction(schema_, client_, *describer.action, request.get()));
      Collect(describer, *answer, 0, &ids, &ended);
    }
    return ids.empty() ? ended : ids;
  }

  // `ended`: what is described for a while after its end.
  static void Collect(const Describer& describer, const Message& holder, size_t depth, Ids* ids, Ids* ended) {
    const FieldDescriptor* const list = holder.GetDescriptor()->FindFieldByName(describer.holders[depth]);
    if (list == nullptr || !list->is_repeated() || list->message_type() == nullptr) return;
    for (int i = 0; i < holder.GetReflection()->FieldSize(holder, list); ++i) {
      const Message& thing = holder.GetReflection()->GetRepeatedMessage(holder, list, i);
      if (depth + 1 < describer.holders.size()) {
        Collect(describer, thing, depth + 1, ids, ended);
        continue;
      }
      const std::string state = TextAt(thing, "state.name");
      Ids* const target = state == "terminated" || state == "shutting-down" ? ended : ids;
      const std::string id = TextAt(thing, describer.id_field);
      if (std::find(target->begin(), target->end(), id) == target->end()) target->push_back(id);
    }
  }

  // Of any kind, by Name tag.
  absl::StatusOr<Ids> TaggedResources(const std::string& name) {
    const ApiAction* const describe = schema_.FindActionOf("ec2", "describe-tags");
    if (describe == nullptr) return absl::InternalError("the schema has no describe-tags");
    std::unique_ptr<Message> request = schema_.NewMessage(describe->method->input_type());
    const nlohmann::ordered_json wanted = {
        {"Filters", {{{"Name", "key"}, {"Values", {"Name"}}}, {{"Name", "value"}, {"Values", {FilterLiteral(name)}}}}}};
    RETURN_IF_ERROR(FillMessage(wanted, "", request.get()));
    ASSIGN_OR_RETURN(const std::unique_ptr<Message> answer, CallAction(schema_, client_, *describe, request.get()));
    const Describer tags{.action = describe, .id_field = "resource_id", .holders = {"tags"}, .id_filter = ""};
    Ids ids, ended;
    Collect(tags, *answer, 0, &ids, &ended);
    return ids;
  }

  // The id of what was imported by a name of the catalogue, "" where nothing was; unset for what is no such name.
  absl::StatusOr<std::optional<std::string>> CatalogueImageOf(const std::string& name) {
    const auto catalogue = Call<host::v1::ListCatalogueImagesResponse>(client_, host::v1::ListCatalogueImagesRequest());
    // Who may not see the catalogue has images by their own names alone.
    if (IsRefused(catalogue.status())) return std::nullopt;
    RETURN_IF_ERROR(catalogue.status());
    for (const host::v1::CatalogueImage& image : catalogue->images()) {
      if (image.name() == name) return std::optional<std::string>(image.image_id());
    }
    return std::optional<std::string>();
  }

  static absl::StatusOr<std::string> OnlyOne(absl::string_view things, const std::string& value,
                                             const absl::StatusOr<Ids>& ids) {
    // Who may not look names up sends them as they are, and gets the daemon's own answer to them.
    if (IsRefused(ids.status())) return value;
    RETURN_IF_ERROR(ids.status());
    if (ids->empty()) return value;
    if (ids->size() > 1) return AmbiguousName(things, value, *ids);
    return ids->front();
  }

  const Schema& schema_;
  Client& client_;
  std::map<std::string, std::string> found_;
};

}  // namespace

bool IsWholeId(absl::string_view text) {
  if (KindOfId(text) == nullptr) return false;
  const absl::string_view digits = text.substr(text.rfind('-') + 1);
  return digits.size() == kIdDigits && IsHexDigits(digits);
}

bool IsBeginningOfId(absl::string_view prefix, absl::string_view text) {
  return absl::ConsumePrefix(&text, prefix) && absl::ConsumePrefix(&text, "-") && text.size() < kIdDigits &&
         IsHexDigits(text);
}

std::string FilterLiteral(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"*", "\\*"}, {"?", "\\?"}});
}

absl::Status AmbiguousName(absl::string_view things, absl::string_view name, const std::vector<std::string>& ids) {
  return absl::InvalidArgumentError(
      absl::StrCat("'", name, "' means ", ids.size(), " ", things, ": ", absl::StrJoin(ids, ", "), ". Give an id."));
}

absl::Status ResolveNames(const Schema& schema, Client& client, Message* request) {
  return NameResolver(schema, client).Resolve(request);
}

}  // namespace brume::cli
