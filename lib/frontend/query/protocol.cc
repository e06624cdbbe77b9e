#include "lib/frontend/query/protocol.h"

#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace brume::frontend {
namespace {

// The bytes of `text` up to one of `ends`.
absl::string_view UpTo(absl::string_view text, absl::string_view ends) {
  return text.substr(0, text.find_first_of(ends));
}

// "AKIA…/20150830/us-east-1/iam/aws4_request"; in a query its slashes may be escaped.
std::string ServiceOfCredential(absl::string_view credential) {
  const std::string plain = absl::StrReplaceAll(credential, {{"%2F", "/"}, {"%2f", "/"}});
  const std::vector<absl::string_view> parts = absl::StrSplit(plain, '/');
  return parts.size() == 5 ? std::string(parts[3]) : "";
}

// How the services write what they answer whose bodies are XML and no forms (botocore's models: rest-xml).
bool IsRestXml(absl::string_view service) {
  return service == "cloudfront" || service == "route53" || service == "s3" || absl::StartsWith(service, "s3-") ||
         service == "s3express";
}

bool IsJsonType(absl::string_view content_type) {
  return absl::StartsWithIgnoreCase(content_type, "application/x-amz-json-1.");
}

// By signing name; the reference stays good.
const absl::flat_hash_map<std::string, const schema::ApiFamilyInfo*>& ServedFamilies() {
  static const auto& served = *[] {
    auto* families = new absl::flat_hash_map<std::string, const schema::ApiFamilyInfo*>();
    for (const auto* service : schema::Services()) {
      const schema::ApiFamilyInfo& family = schema::Family(*service);
      if (!family.api_version.empty()) families->emplace(family.signing_name, &family);
    }
    return families;
  }();
  return served;
}

}  // namespace

absl::string_view HeaderOf(const http::Headers& headers, absl::string_view name) {
  for (const auto& [header, value] : headers) {
    if (absl::EqualsIgnoreCase(header, name)) return value;
  }
  return "";
}

absl::string_view PathOf(absl::string_view target) { return UpTo(target, "?"); }

std::string ClaimedService(const RequestHead& head) {
  for (absl::string_view part : absl::StrSplit(HeaderOf(head.headers, "Authorization"), absl::ByAnyChar(" ,"))) {
    if (absl::ConsumePrefix(&part, "Credential=")) return ServiceOfCredential(part);
  }
  const size_t question = head.target.find('?');
  if (question == absl::string_view::npos) return "";
  for (absl::string_view field : absl::StrSplit(head.target.substr(question + 1), '&')) {
    if (absl::ConsumePrefix(&field, "X-Amz-Credential=")) return ServiceOfCredential(field);
  }
  return "";
}

const schema::ApiFamilyInfo* ServedFamily(absl::string_view signing_name) {
  const auto found = ServedFamilies().find(signing_name);
  return found == ServedFamilies().end() ? nullptr : found->second;
}

bool IsServed(absl::string_view signing_name) { return ServedFamily(signing_name) != nullptr; }

bool IsServedInRest(absl::string_view signing_name) {
  const schema::ApiFamilyInfo* const family = ServedFamily(signing_name);
  return family != nullptr && family->rest;
}

Protocol ProtocolOf(const RequestHead& head) {
  if (HeaderOf(head.headers, "smithy-protocol") == "rpc-v2-cbor") return Protocol::kCbor;
  const absl::string_view type = HeaderOf(head.headers, "Content-Type");
  if (IsJsonType(type) || !HeaderOf(head.headers, "X-Amz-Target").empty()) return Protocol::kJson;
  const std::string service = ClaimedService(head);
  if (IsServedInRest(service)) return Protocol::kRestJson;
  if (IsRestXml(service)) return Protocol::kRestXml;
  const bool form = PathOf(head.target) == "/" && !absl::StartsWithIgnoreCase(type, "application/json");
  return form || service.empty() || IsServed(service) ? Protocol::kQuery : Protocol::kRestJson;
}

std::string JsonTypeOf(const RequestHead& head) {
  const bool newer = absl::StartsWithIgnoreCase(HeaderOf(head.headers, "Content-Type"), "application/x-amz-json-1.1");
  return newer ? "application/x-amz-json-1.1" : "application/x-amz-json-1.0";
}

RpcTarget RpcTargetOf(Protocol protocol, const RequestHead& head) {
  if (protocol == Protocol::kJson) {
    // A service's name may have dots, an operation's has none.
    const absl::string_view target = HeaderOf(head.headers, "X-Amz-Target");
    const size_t dot = target.rfind('.');
    if (dot == absl::string_view::npos) return {std::string(target), ""};
    return {std::string(target.substr(0, dot)), std::string(target.substr(dot + 1))};
  }
  const std::vector<absl::string_view> parts = absl::StrSplit(PathOf(head.target), '/');
  const bool rpc = protocol == Protocol::kCbor && parts.size() == 5 && parts[0].empty() && parts[1] == "service" &&
                   parts[3] == "operation";
  return rpc ? RpcTarget{std::string(parts[2]), std::string(parts[4])} : RpcTarget{};
}

}  // namespace brume::frontend
