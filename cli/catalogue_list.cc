#include "cli/catalogue_list.h"

#include <unistd.h>

#include <memory>

#include "brume/host/v1/catalogue.pb.h"
#include "cli/call.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/output.h"
#include "cli/rpc_client.h"
#include "cli/terminal.h"
#include "lib/base/status_macros.h"

namespace brume::cli {

absl::StatusOr<int> RunCatalogue(const GlobalOptions& global, const std::vector<std::string>& tokens) {
  ASSIGN_OR_RETURN(const ParsedOptions options, ParseOptions(tokens, {{"help", false}}));
  if (options.Find("help") != nullptr) {
    RETURN_IF_ERROR(Print(CommandHelpText("catalogue", TerminalWidth(STDOUT_FILENO))));
    return 0;
  }
  if (!options.positional.empty() || !options.after_dashes.empty()) {
    return absl::InvalidArgumentError("brume catalogue takes no arguments; see brume help catalogue");
  }
  ASSIGN_OR_RETURN(std::unique_ptr<Client> client, Client::Create(global));
  const auto& method = *host::v1::ListCatalogueImagesRequest::descriptor()
                            ->file()
                            ->FindServiceByName("ImageCatalogue")
                            ->FindMethodByName("ListCatalogueImages");
  host::v1::ListCatalogueImagesResponse images;
  RETURN_IF_ERROR(client->Call(method, host::v1::ListCatalogueImagesRequest(), &images));
  const ApiAction action{.name = "catalogue", .api_name = "ListCatalogueImages", .method = &method, .wait_state = ""};
  RETURN_IF_ERROR(PrintsAnswer(global) ? PrintAnswer(images, global)
                                       : Print(Render(action, images, global.output, StyleOf(global))));
  return 0;
}

Command CatalogueCommand() {
  return {"catalogue",
          "catalogue",
          "Lists the images that can be imported by name, and which are imported.",
          "With the user to log in as, the firmware, the minimum size of a root volume in GiB, the newest imported "
          "image and the URL.",
          {},
          WithoutSchema<RunCatalogue>,
          /*has_answer=*/true};
}

}  // namespace brume::cli
