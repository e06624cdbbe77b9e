#include "cli/console_history.h"

#include "brume/ec2/v1/instance.pb.h"
#include "cli/text.h"
#include "cli/typed_call.h"
#include "lib/base/status_macros.h"

namespace brume::cli {
namespace {

constexpr size_t kMostHistoryBytes = 4096;

}  // namespace

std::string LastLines(const std::string& text, int lines) {
  size_t begin = text.size();
  // The end of the last line begins none.
  size_t end = !text.empty() && text.back() == '\n' ? text.size() - 1 : text.size();
  for (int i = 0; i < lines && end != std::string::npos; ++i) {
    const size_t previous = end == 0 ? std::string::npos : text.rfind('\n', end - 1);
    begin = previous == std::string::npos ? 0 : previous + 1;
    end = previous;
  }
  if (text.size() - begin > kMostHistoryBytes) begin = text.size() - kMostHistoryBytes;
  return text.substr(begin);
}

absl::StatusOr<std::string> ConsoleText(Client& client, const std::string& instance_id) {
  ec2::v1::GetConsoleOutputRequest request;
  request.set_instance_id(instance_id);
  ASSIGN_OR_RETURN(const auto answer, Call<ec2::v1::GetConsoleOutputResponse>(client, request));
  std::string text;
  if (!Base64Decode(answer.output(), &text)) return absl::InternalError("the daemon's console output is damaged");
  return text;
}

absl::StatusOr<std::string> ConsoleHistory(Client& client, const std::string& instance_id, int lines) {
  ASSIGN_OR_RETURN(const std::string text, ConsoleText(client, instance_id));
  return LastLines(text, lines);
}

}  // namespace brume::cli
