#include "lib/iam/instance_session_service.h"

#include <memory>

#include "lib/base/status_macros.h"
#include "lib/iam/model/policy.h"

namespace brume::iam {
namespace {

constexpr absl::Duration kLifetime = absl::Hours(6);
constexpr absl::Duration kRenewal = absl::Hours(1);  // before the end
constexpr char kService[] = "ec2.amazonaws.com";

absl::StatusOr<bool> TrustsInstances(const Identity& role, const std::string& account_id) {
  ASSIGN_OR_RETURN(const std::shared_ptr<const Policy> trust,
                   Policy::Parse(role.trust_policy, PolicyKind::kTrust, PolicyUse::kJudge));
  const TrustQuestion question{
      .action = "sts:AssumeRole", .arns = {}, .account_id = account_id, .service = kService, .context = {}};
  return trust->JudgeTrust(question) == Verdict::kAllow;
}

}  // namespace

absl::StatusOr<std::optional<InstanceSession>> InstanceSessionService::Of(const SessionInstance& instance,
                                                                          const Identity& role) {
  MutexLock lock(mutex_);
  const absl::Time now = clock_.Now();
  const auto found = kept_.find({instance.id, instance.delivery});
  if (found != kept_.end() && found->second.role_id == role.id && now < found->second.session.key.expires - kRenewal) {
    return found->second.session;
  }
  // Of instances that are gone, too.
  std::erase_if(kept_, [&](const auto& one) { return one.second.session.key.expires <= now; });
  ASSIGN_OR_RETURN(const bool trusted, TrustsInstances(role, account_id_));
  if (!trusted) return std::nullopt;
  Kept kept{.role_id = role.id, .session = {.key = {}, .made = now}};
  ASSIGN_OR_RETURN(kept.session.key, MakeSession(box_, {.identity_id = role.id,
                                                        .name = instance.id.text(),
                                                        .expires = now + kLifetime,
                                                        .issued = now,
                                                        .instance = instance.id.text(),
                                                        .delivery = instance.delivery,
                                                        .instance_vpc = instance.vpc_id,
                                                        .instance_ip = instance.private_ip}));
  return kept_.insert_or_assign({instance.id, instance.delivery}, std::move(kept)).first->second.session;
}

}  // namespace brume::iam
