#include "lib/host/api/backup_handlers.h"

#include <optional>
#include <string>

#include "brume/host/v1/backup.pb.h"
#include "lib/base/status_macros.h"
#include "lib/base/utf8.h"
#include "lib/resource/ec2_error.h"

namespace brume::host {
namespace {

// The directory is a place of the host, where brumed writes as root, and what is written holds everything of everybody.
absl::StatusOr<v1::StartBackupResponse> StartBackup(const v1::StartBackupRequest& request, const Caller& caller,
                                                    const BackupFunctions& functions) {
  if (!caller.uid.has_value() || !caller.administrator) {
    return ec2::Error("OperationNotPermitted",
                      "A backup is started on the host itself, by root or a member of the group brume");
  }
  ASSIGN_OR_RETURN(
      const std::string id,
      functions.start({.directory = request.directory(), .keep = request.keep(), .with_key = request.with_key()}));
  v1::StartBackupResponse response;
  response.set_backup_id(id);
  return response;
}

absl::StatusOr<v1::DescribeBackupResponse> DescribeBackup(const v1::DescribeBackupRequest&,
                                                          const BackupFunctions& functions) {
  v1::DescribeBackupResponse response;
  const std::optional<BackupReport> report = functions.describe();
  if (!report.has_value()) return response;
  v1::Backup& backup = *response.mutable_backup();
  backup.set_backup_id(report->id);
  backup.set_directory(ToUtf8(report->directory));
  backup.set_state(report->state);
  if (!report->message.empty()) backup.set_state_message(ToUtf8(report->message));
  backup.set_total_bytes(report->total_bytes);
  backup.set_done_bytes(report->done_bytes);
  backup.set_copied_bytes(report->copied_bytes);
  backup.set_files(report->files);
  return response;
}

absl::Status CancelBackup(const v1::CancelBackupRequest&, const BackupFunctions& functions) {
  functions.cancel();
  return absl::OkStatus();
}

}  // namespace

void AddBackupActions(gateway::Actions& actions, const BackupFunctions& functions) {
  actions.Add(StartBackup, functions);
  actions.Add(DescribeBackup, functions);
  actions.Add(CancelBackup, functions);
}

}  // namespace brume::host
