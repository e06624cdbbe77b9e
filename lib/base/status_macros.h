// RETURN_IF_ERROR and ASSIGN_OR_RETURN over absl::Status.
//
//   ASSIGN_OR_RETURN(Instance instance, compute::InstanceTable(db).Get(id));
//   RETURN_IF_ERROR(fabric.PlugPort(port));
#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define BRUME_CONCAT_INNER(a, b) a##b
#define BRUME_CONCAT(a, b) BRUME_CONCAT_INNER(a, b)

#define RETURN_IF_ERROR(expression)              \
  do {                                           \
    absl::Status brume_status = (expression);    \
    if (!brume_status.ok()) return brume_status; \
  } while (false)

#define ASSIGN_OR_RETURN(declaration, expression) \
  BRUME_ASSIGN_OR_RETURN_INNER(BRUME_CONCAT(brume_statusor_, __LINE__), declaration, expression)

#define BRUME_ASSIGN_OR_RETURN_INNER(holder, declaration, expression) \
  auto holder = (expression);                                         \
  if (!holder.ok()) return std::move(holder).status();                \
  declaration = *std::move(holder)
