#include "cli/short_images.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "brume/ec2/v1/import.pb.h"
#include "cli/call.h"
#include "cli/short_options.h"
#include "cli/short_table.h"
#include "cli/short_wait.h"
#include "cli/spelling.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "cli/typed_call.h"
#include "cli/wait.h"
#include "lib/base/status_macros.h"

namespace brume::cli {
namespace {

using Catalogue = host::v1::ListCatalogueImagesResponse;

std::string CatalogueNameOf(const ec2::v1::Image& image, const Catalogue& catalogue) {
  for (const host::v1::CatalogueImage& entry : catalogue.images()) {
    if (!entry.image_id().empty() && entry.image_id() == image.image_id()) return entry.name();
  }
  return "";
}

int64_t SizeGib(const ec2::v1::Image& image) {
  int64_t size = 0;
  for (const auto& mapping : image.block_device_mappings()) size += mapping.ebs().volume_size();
  return size;
}

absl::StatusOr<int> RunImages(const GlobalOptions& global, const std::vector<std::string>& tokens) {
  const ShortUsage usage{.command = "images", .usage = "brume images"};
  ASSIGN_OR_RETURN(const auto options, ParseShort(usage, tokens, {}));
  if (!options.has_value()) return 0;
  ASSIGN_OR_RETURN(const std::unique_ptr<Client> client, Client::Create(global));
  ASSIGN_OR_RETURN(const auto images,
                   CallAllPages<ec2::v1::DescribeImagesResponse>(*client, ec2::v1::DescribeImagesRequest()));
  ASSIGN_OR_RETURN(const Catalogue catalogue, ImageCatalogue(*client));
  RETURN_IF_ERROR(PrintTable(ImageTable(images, catalogue, absl::Now()), images, global,
                             "No images. Get one: brume pull debian-12. All names: brume catalogue"));
  return 0;
}

absl::StatusOr<int> RunPull(const GlobalOptions& global, const std::vector<std::string>& tokens) {
  const ShortUsage usage{.command = "pull", .usage = "brume pull IMAGE", .least = 1, .most = 1};
  ASSIGN_OR_RETURN(const auto options, ParseShort(usage, tokens, {{"timeout"}}));
  if (!options.has_value()) return 0;
  ASSIGN_OR_RETURN(const absl::Duration timeout, TimeoutOf(*options, absl::Hours(6)));
  ASSIGN_OR_RETURN(const std::unique_ptr<Client> client, Client::Create(global));
  ASSIGN_OR_RETURN(const std::string id, PullImage(*client, options->positional[0], timeout));
  const std::string& name = options->positional[0];
  RETURN_IF_ERROR(Print(ShowsTables(global) ? absl::StrCat(Printable(name), " is here as ", id, ". Next: brume launch ",
                                                           Printable(name), "\n")
                                            : id + "\n"));
  return 0;
}

// A name of the catalogue, a URL, or a path as the daemon sees it.
absl::StatusOr<std::string> ImportUrl(Client& client, const std::string& image) {
  if (absl::StrContains(image, "://")) return image;
  if (absl::StrContains(image, "/")) return std::filesystem::absolute(image).lexically_normal().string();
  ASSIGN_OR_RETURN(const Catalogue catalogue, ImageCatalogue(client));
  std::vector<std::string> names;
  for (const host::v1::CatalogueImage& entry : catalogue.images()) names.push_back(entry.name());
  if (!names.empty() && std::find(names.begin(), names.end(), image) == names.end()) {
    return absl::InvalidArgumentError(absl::StrCat("the catalogue has no '", image, "'.", DidYouMean(image, names),
                                                   " All names: brume catalogue. A file: brume pull ./", image));
  }
  return absl::StrCat("catalogue:", image);
}

}  // namespace

absl::StatusOr<Catalogue> ImageCatalogue(Client& client) {
  const auto catalogue = Call<Catalogue>(client, host::v1::ListCatalogueImagesRequest());
  // Who may not see it has images by their own names alone.
  if (!ApiErrorCode(catalogue.status()).empty() || absl::IsUnimplemented(catalogue.status())) return Catalogue();
  return catalogue;
}

absl::StatusOr<std::string> PullImage(Client& client, const std::string& image, absl::Duration timeout) {
  ec2::v1::ImportImageRequest request;
  ASSIGN_OR_RETURN(const std::string url, ImportUrl(client, image));
  request.add_disk_containers()->set_url(url);
  ASSIGN_OR_RETURN(const auto begun, Call<ec2::v1::ImportImageResponse>(client, request));
  ec2::v1::DescribeImportImageTasksRequest look;
  look.add_import_task_ids(begun.import_task_id());
  const absl::Time start = absl::Now();
  const NotedInterrupt interrupt;
  Progress progress;
  while (true) {
    ASSIGN_OR_RETURN(const auto answer, Call<ec2::v1::DescribeImportImageTasksResponse>(client, look));
    if (answer.import_image_tasks_size() != 1) return absl::InternalError("the daemon lost the import");
    const ec2::v1::ImportImageTask& task = answer.import_image_tasks(0);
    if (task.status() == "completed") return task.image_id();
    if (task.status() == "deleted" || task.status() == "deleting") {
      return absl::FailedPreconditionError(absl::StrCat(image, " was not imported: ", task.status_message()));
    }
    int percent = 0;
    const bool known = absl::SimpleAtoi(task.progress(), &percent);
    progress.Show(
        absl::StrCat(image, known ? absl::StrCat(" ", ProgressBar(percent)) : "", " ", task.status_message()));
    const std::string goes_on =
        absl::StrCat("The import of ", image, " goes on as ", begun.import_task_id(),
                     "; brume cancel-import-task --import-task-id ", begun.import_task_id(), " ends it.");
    RETURN_IF_ERROR(CheckNotInterrupted(goes_on));
    if (absl::Now() - start > timeout) return absl::DeadlineExceededError(goes_on);
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
  }
}

ShortTable ImageTable(const ec2::v1::DescribeImagesResponse& images, const Catalogue& catalogue, absl::Time now) {
  ShortTable table({{"NAME"}, {"STATE"}, {"ID", 1}, {"GIB", 3}, {"AGE", 2}, {"BOOT", 4}, {"DESCRIPTION", 5}});
  std::vector<std::pair<std::string, const ec2::v1::Image*>> sorted;
  for (const ec2::v1::Image& image : images.images()) {
    const std::string known_as = CatalogueNameOf(image, catalogue);
    sorted.emplace_back(known_as.empty() ? image.name() : known_as, &image);
  }
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [name, image] : sorted) {
    const int64_t size = SizeGib(*image);
    std::string state = image->state();
    table.Add({name, state, image->image_id(), size == 0 ? "" : absl::StrCat(size),
               AgeCell(image->creation_date(), now), image->boot_mode(), image->description()});
  }
  return table;
}

Command ImagesCommand() {
  return {"images",
          "images",
          "Lists the available images.",
          "Images of the catalogue are shown by their name there. To get an image, see brume pull.",
          {},
          WithoutSchema<RunImages>,
          /*has_answer=*/true};
}

Command PullCommand() {
  return {"pull",
          "pull IMAGE [--timeout SECONDS]",
          "Imports an image, shows the progress, and waits until it is available.",
          "IMAGE is a name in the catalogue (brume catalogue), a URL, or the path of a file. Like import-image --wait.",
          {{"--timeout SECONDS", "Give up after this long. Default: 21600."}},
          WithoutSchema<RunPull>};
}

}  // namespace brume::cli
