#include "lib/store/open.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "lib/base/status_macros.h"
#include "lib/base/unique_fd.h"
#include "lib/store/migrations.h"

namespace brume::store {
namespace {

// In the file's header; tells our database from another program's. "Brme".
constexpr int64_t kApplicationId = 0x42726d65;
// Up to this size the whole file is checked at each start (some 100 ms); a larger one only where it is read.
constexpr off_t kMaxBytesToCheck = 64 << 20;

// synchronous=FULL: a commit is on disk before its caller hears of it. A checkpoint every 4,000 pages (16 MiB) keeps
// its cost out of most commits; the limit gives space back after a long reader made the log grow.
constexpr char kWriterSettings[] =
    "PRAGMA synchronous = FULL;"
    "PRAGMA foreign_keys = ON;"
    "PRAGMA trusted_schema = OFF;"
    "PRAGMA wal_autocheckpoint = 4000;"
    "PRAGMA journal_size_limit = 67108864;"
    "PRAGMA cache_size = -1000;"  // KiB; behind it stands the kernel's own cache of the file
    "PRAGMA temp_store = MEMORY;";
constexpr char kReaderSettings[] =
    "PRAGMA query_only = ON;"
    "PRAGMA trusted_schema = OFF;"
    "PRAGMA cache_size = -250;"
    "PRAGMA temp_store = MEMORY;";

absl::Status CannotWrite(const std::string& path, int error) {
  return absl::UnavailableError(absl::StrCat("the state database ", path, " cannot be opened for writing: ",
                                             std::string(absl::ErrnoToStatus(error, "").message()),
                                             ": check that its directory is there and may be written"));
}

// Makes an empty file that only we may read. SQLite gives its log the same mode.
absl::Status CreateFile(const std::string& path) {
  const UniqueFd file(open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) return errno == EEXIST ? absl::OkStatus() : CannotWrite(path, errno);
  const size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const UniqueFd parent(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent || fsync(parent.get()) != 0) return CannotWrite(path, errno);
  return absl::OkStatus();
}

absl::StatusOr<int64_t> Number(Connection& connection, absl::string_view sql) {
  int64_t number = 0;
  RETURN_IF_ERROR(connection.Query(sql, [&](Row& row) { row.Read(number); }));
  return number;
}

// Errors that say "not ours": a file that is not an SQLite database, or one of another program or a newer version.
absl::StatusOr<int64_t> SchemaVersion(Connection& connection, const std::string& path) {
  absl::StatusOr<int64_t> tables = Number(connection, "SELECT count(*) FROM sqlite_schema");
  if (absl::IsDataLoss(tables.status())) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " is not a Brume database, or is damaged: move it away or restore it from a backup (",
                     std::string(tables.status().message()), ")"));
  }
  RETURN_IF_ERROR(tables.status());
  ASSIGN_OR_RETURN(const int64_t version, Number(connection, "PRAGMA user_version"));
  ASSIGN_OR_RETURN(const int64_t application, Number(connection, "PRAGMA application_id"));
  if (application != kApplicationId && (*tables > 0 || version != 0 || application != 0)) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " is a database of another program: choose another state directory"));
  }
  const int newest = Migrations().back().number;
  if (version > newest) {
    return absl::FailedPreconditionError(absl::StrCat(
        path, " was written by a newer version of Brume: its schema has version ", version,
        ", this program knows up to version ", newest, ". Install the newer version, or restore an older backup"));
  }
  return version;
}

absl::Status CheckContent(Connection& connection, const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return CannotWrite(path, errno);
  if (info.st_size > kMaxBytesToCheck) return absl::OkStatus();
  std::string verdict;
  absl::Status checked = connection.Query("PRAGMA quick_check(1)", [&](Row& row) { row.Read(verdict); });
  if (!checked.ok() && !absl::IsDataLoss(checked)) return checked;
  if (checked.ok() && verdict == "ok") return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("the state database ", path,
                                                    " is damaged: restore it from a backup (",
                                                    checked.ok() ? verdict : std::string(checked.message()), ")"));
}

absl::Status UseWal(Connection& connection, const std::string& path) {
  std::string mode;
  RETURN_IF_ERROR(connection.Query("PRAGMA journal_mode = WAL", [&](Row& row) { row.Read(mode); }));
  if (mode == "wal") return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("the file system of ", path,
                                             " cannot hold a write-ahead log (journal mode is '", mode,
                                             "'): put the state directory on a local disk"));
}

// In a transaction that is open.
absl::Status Apply(Connection& connection, const Migration& migration, absl::Span<const Conversion> conversions) {
  for (const Conversion& conversion : conversions) {
    if (conversion.number == migration.number) RETURN_IF_ERROR(conversion.run(connection));
  }
  return connection.RunScript(absl::StrCat(migration.sql, "\nPRAGMA application_id = ", kApplicationId,
                                           ";\nPRAGMA user_version = ", migration.number, ";")
                                  .c_str());
}

absl::Status ApplyAll(Connection& connection, int64_t version, absl::Span<const Conversion> conversions) {
  for (const Migration& migration : Migrations()) {
    if (migration.number <= version) continue;
    const absl::Status applied = Apply(connection, migration, conversions);
    if (applied.ok()) continue;
    return absl::Status(applied.code(),
                        absl::StrCat("the state database stays at version ", version, " of its schema, as version ",
                                     migration.number, " cannot be made of it: ", applied.message()));
  }
  return connection.Run("COMMIT");
}

// All in one transaction: a database that cannot come all the way stays one of the version that wrote it.
absl::Status Migrate(Connection& connection, int64_t version, absl::Span<const Conversion> conversions) {
  if (version == Migrations().back().number) return absl::OkStatus();
  RETURN_IF_ERROR(connection.Run("BEGIN IMMEDIATE"));
  absl::Status applied = ApplyAll(connection, version, conversions);
  if (!applied.ok() && !connection.in_autocommit()) applied.Update(connection.Run("ROLLBACK"));
  return applied;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Connection>> OpenWriter(const std::string& path,
                                                       absl::Span<const Conversion> conversions) {
  if (path.empty() || path.front() == ':') {
    return absl::InvalidArgumentError(absl::StrCat("'", path, "' is no file: the state database needs one"));
  }
  RETURN_IF_ERROR(CreateFile(path));
  ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection, Connection::Open(path, Connection::Mode::kReadWrite));
  // SQLite falls back to reading when it may not write.
  if (connection->read_only()) return CannotWrite(path, EACCES);
  ASSIGN_OR_RETURN(const int64_t version, SchemaVersion(*connection, path));
  RETURN_IF_ERROR(CheckContent(*connection, path));
  RETURN_IF_ERROR(UseWal(*connection, path));
  RETURN_IF_ERROR(connection->RunScript(kWriterSettings));
  RETURN_IF_ERROR(Migrate(*connection, version, conversions));
  return connection;
}

absl::StatusOr<std::unique_ptr<Connection>> OpenReader(const std::string& path) {
  ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection, Connection::Open(path, Connection::Mode::kReadOnly));
  RETURN_IF_ERROR(connection->RunScript(kReaderSettings));
  return connection;
}

}  // namespace brume::store
