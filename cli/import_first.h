// `brume run-instances --image-id NAME --import`: an image of the catalogue that is not there yet is imported first.
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "cli/api_schema.h"
#include "cli/rpc_client.h"
#include "google/protobuf/message.h"

namespace brume::cli {

// Whether the action takes --import: it launches an image.
bool TakesImport(const ApiAction& action);

// Calls; where the image is a name of the catalogue and is not there, imports it, waits for it and calls once more.
absl::Status CallWithImport(const Schema& schema, Client& client, const google::protobuf::Message& request,
                            const std::function<absl::Status()>& call);

}  // namespace brume::cli
