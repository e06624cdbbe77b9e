#include "lib/autoscaling/api/warm_pool_handlers.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "brume/autoscaling/v1/warm_pool.pb.h"
#include "lib/autoscaling/api/group_names.h"
#include "lib/autoscaling/api/group_render.h"
#include "lib/autoscaling/api/scaling_list.h"
#include "lib/autoscaling/api/template_source.h"
#include "lib/autoscaling/group_service.h"
#include "lib/base/status_macros.h"

namespace brume::autoscaling {
namespace {

absl::Status PutWarmPool(const v1::PutWarmPoolRequest& request, const ScalingServices& services) {
  scaling::WarmPool pool;
  pool.min_size = request.min_size();
  if (request.has_max_group_prepared_capacity() && request.max_group_prepared_capacity() >= 0) {
    pool.max_prepared = request.max_group_prepared_capacity();
  }
  if (request.has_pool_state()) {
    ASSIGN_OR_RETURN(pool.state, scaling::ParseWarmState(request.pool_state()));
  }
  pool.reuse_on_scale_in = request.instance_reuse_policy().reuse_on_scale_in();
  return services.groups.PutWarmPool(GroupNameOf(services, request.auto_scaling_group_name()), pool);
}

absl::StatusOr<v1::DescribeWarmPoolResponse> DescribeWarmPool(const v1::DescribeWarmPoolRequest& request,
                                                              const ScalingServices& services) {
  ASSIGN_OR_RETURN(scaling::GroupView view,
                   services.groups.Get(GroupNameOf(services, request.auto_scaling_group_name())));
  std::vector<scaling::Member> members = std::move(view.members);
  std::erase_if(members,
                [](const scaling::Member& member) { return member.instance.empty() || !IsInWarmPool(member); });
  const auto id = [](const scaling::Member& member) { return member.instance.text(); };
  std::sort(members.begin(), members.end(), [&](const auto& a, const auto& b) { return id(a) < id(b); });
  v1::DescribeWarmPoolResponse response;
  if (view.record.group.warm_pool.has_value()) {
    *response.mutable_warm_pool_configuration() = RenderWarmPool(view.record);
  }
  ASSIGN_OR_RETURN(members, ScalingPage("warm pool", std::move(members), request, response, id));
  TemplateRenderer templates(services);
  for (const scaling::Member& member : members) {
    ASSIGN_OR_RETURN(*response.add_instances(), RenderMember(services, templates, member));
  }
  return response;
}

absl::Status DeleteWarmPool(const v1::DeleteWarmPoolRequest& request, const ScalingServices& services) {
  return services.groups.DeleteWarmPool(GroupNameOf(services, request.auto_scaling_group_name()),
                                        request.force_delete());
}

}  // namespace

void AddWarmPoolActions(gateway::Actions& actions, const ScalingServices& services) {
  actions.Add(PutWarmPool, services);
  actions.Add(DeleteWarmPool, services);
  actions.Add(DescribeWarmPool, services);
}

}  // namespace brume::autoscaling
