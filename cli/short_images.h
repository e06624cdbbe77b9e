// `brume images` and `brume pull`, and getting images for `brume launch`.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "brume/ec2/v1/image.pb.h"
#include "brume/host/v1/catalogue.pb.h"
#include "cli/commands.h"
#include "cli/rpc_client.h"
#include "cli/short_table.h"

namespace brume::cli {

// The catalogue; empty for a caller who may not see it.
absl::StatusOr<host::v1::ListCatalogueImagesResponse> ImageCatalogue(Client& client);

// Imports what `image` names and waits with progress until it can be launched. Its id.
absl::StatusOr<std::string> PullImage(Client& client, const std::string& image, absl::Duration timeout);

ShortTable ImageTable(const ec2::v1::DescribeImagesResponse& images,
                      const host::v1::ListCatalogueImagesResponse& catalogue, absl::Time now);

Command ImagesCommand();
Command PullCommand();

}  // namespace brume::cli
