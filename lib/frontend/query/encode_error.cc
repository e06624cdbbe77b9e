#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/frontend/query/encode.h"
#include "lib/frontend/query/xml_text.h"
#include "lib/resource/ec2_error.h"

namespace brume::frontend {
namespace {

// Codes the dispatcher gives in EC2's words for every service, in those of the others.
std::string CodeOf(const schema::ApiFamilyInfo& family, const absl::Status& error) {
  const std::string code = ec2::ErrorCode(error);
  if (!family.aws_query) return code;
  static const auto& others = *new absl::flat_hash_map<absl::string_view, absl::string_view>({
      {"UnauthorizedOperation", "AccessDenied"},
      {"RequestLimitExceeded", "Throttling"},
      {"InternalError", "InternalFailure"},
      {"Unavailable", "ServiceUnavailable"},
  });
  const auto found = others.find(code);
  return found == others.end() ? code : std::string(found->second);
}

using Statuses = absl::flat_hash_map<absl::string_view, int>;

// What a service's model says of its own codes, which another service may use with another status.
const Statuses& StatusesOf(absl::string_view signing_name) {
  static const auto& iam = *new Statuses({
      {"NoSuchEntity", 404},
      {"EntityAlreadyExists", 409},
      {"DeleteConflict", 409},
      {"LimitExceeded", 409},
      {"ConcurrentModification", 409},
      {"EntityTemporarilyUnmodifiable", 409},
      {"ServiceFailure", 500},
      {"RegionDisabledException", 403},
  });
  static const auto& monitoring = *new Statuses({
      {"ResourceNotFound", 404},
      {"ResourceNotFoundException", 404},
      {"ConcurrentModificationException", 429},
      {"InternalServiceError", 500},
  });
  static const auto& autoscaling = *new Statuses({
      {"ResourceContention", 500},
      {"ServiceLinkedRoleFailure", 500},
  });
  if (signing_name == "monitoring") return monitoring;
  if (signing_name == "autoscaling") return autoscaling;
  return iam;
}

// Of codes that mean the same to every service.
int CommonStatus(absl::string_view code) {
  static const auto& statuses = *new Statuses({
      {"AuthFailure", 401},
      {"UnauthorizedOperation", 403},
      {"AccessDenied", 403},
      {"SignatureDoesNotMatch", 403},
      {"InvalidClientTokenId", 403},
      {"MissingAuthenticationToken", 403},
      {"OptInRequired", 403},
      {"ExpiredToken", 403},
      {"RequestEntityTooLarge", 413},
      {"InternalError", 500},
      {"InternalFailure", 500},
      {"RequestLimitExceeded", 503},
      {"Unavailable", 503},
      {"ServiceUnavailable", 503},
  });
  const auto found = statuses.find(code);
  return found == statuses.end() ? 400 : found->second;
}

void AppendElement(std::string& xml, absl::string_view name, absl::string_view text) {
  absl::StrAppend(&xml, "<", name, ">");
  AppendXmlText(xml, text);
  absl::StrAppend(&xml, "</", name, ">");
}

}  // namespace

std::string EncodeError(const schema::ApiFamilyInfo& family, const absl::Status& error, absl::string_view request_id) {
  std::string xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  if (!family.aws_query) {
    xml += "<Response><Errors><Error>";
    AppendElement(xml, "Code", CodeOf(family, error));
    AppendElement(xml, "Message", error.message());
    xml += "</Error></Errors>";
    AppendElement(xml, "RequestID", request_id);
    return xml + "</Response>";
  }
  xml += "<ErrorResponse";
  if (!family.xml_namespace.empty()) absl::StrAppend(&xml, " xmlns=\"", family.xml_namespace, "\"");
  xml += "><Error>";
  AppendElement(xml, "Type", HttpStatus(family, error) < 500 ? "Sender" : "Receiver");
  AppendElement(xml, "Code", CodeOf(family, error));
  AppendElement(xml, "Message", error.message());
  xml += "</Error>";
  AppendElement(xml, "RequestId", request_id);
  return xml + "</ErrorResponse>";
}

int HttpStatus(const schema::ApiFamilyInfo& family, const absl::Status& error) {
  const std::string code = CodeOf(family, error);
  if (family.aws_query) {
    const Statuses& own = StatusesOf(family.signing_name);
    const auto found = own.find(code);
    return found == own.end() ? CommonStatus(code) : found->second;
  }
  if (code == "DryRunOperation") return 412;
  // EC2 counts what it has no room for among its own errors, which clients try again.
  if (absl::StartsWith(code, "Insufficient") && absl::EndsWith(code, "Capacity")) return 500;
  return CommonStatus(code);
}

}  // namespace brume::frontend
