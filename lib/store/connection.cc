#include "lib/store/connection.h"

#include <sqlite3.h>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace brume::store {
namespace {

constexpr absl::Duration kBusyTimeout = absl::Seconds(10);

absl::Status ToStatus(const SQLite::Exception& error, const std::string& path) {
  const std::string said = absl::StrCat(" (", path, ": ", error.what(), ")");
  switch (error.getErrorCode()) {
    case SQLITE_FULL:
      return absl::UnavailableError(absl::StrCat(
          "the state disk is full: free some space in its file system; nothing of this change was kept", said));
    case SQLITE_IOERR:
      return absl::UnavailableError(absl::StrCat(
          "the state disk fails: look for its errors in the kernel's log; nothing of this change was kept", said));
    case SQLITE_READONLY:
      return absl::UnavailableError(absl::StrCat(
          "the state database cannot be written: check its owner and that its file system is not read-only", said));
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return absl::UnavailableError(absl::StrCat(
          "the state database cannot be opened: check that its directory is there and may be written", said));
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::UnavailableError(
          absl::StrCat("the state database is locked by another program: end it and try again", said));
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return absl::DataLossError(absl::StrCat("the state database is damaged: restore it from a backup", said));
    case SQLITE_CONSTRAINT:
      switch (error.getExtendedErrorCode()) {
        case SQLITE_CONSTRAINT_UNIQUE:
        case SQLITE_CONSTRAINT_PRIMARYKEY:
        case SQLITE_CONSTRAINT_ROWID:
          return absl::AlreadyExistsError(error.what());
        case SQLITE_CONSTRAINT_TRIGGER:  // a rule between rows that the schema's own triggers hold
        case SQLITE_CONSTRAINT_FOREIGNKEY:
          return absl::FailedPreconditionError(
              absl::StrCat("a row that others refer to would go, or one refers to a row that is not there", said));
      }
      [[fallthrough]];
    default:
      return absl::InternalError(absl::StrCat("state database", said));
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(const std::string& path, Mode mode) {
  const int flags = (mode == Mode::kReadOnly ? SQLite::OPEN_READONLY : SQLite::OPEN_READWRITE) | SQLite::OPEN_NOMUTEX;
  try {
    SQLite::Database database(path, flags, static_cast<int>(absl::ToInt64Milliseconds(kBusyTimeout)));
    return std::unique_ptr<Connection>(new Connection(std::move(database)));
  } catch (const SQLite::Exception& error) {
    return ToStatus(error, path);
  }
}

int Connection::changed_rows() const { return sqlite3_changes(database_.getHandle()); }

int64_t Connection::inserted_row() const { return sqlite3_last_insert_rowid(database_.getHandle()); }

bool Connection::in_autocommit() const { return sqlite3_get_autocommit(database_.getHandle()) != 0; }

bool Connection::read_only() const { return sqlite3_db_readonly(database_.getHandle(), "main") == 1; }

absl::Status Connection::RunScript(const char* sql) {
  try {
    database_.exec(sql);
    return absl::OkStatus();
  } catch (const SQLite::Exception& error) {
    return ToStatus(error, database_.getFilename());
  }
}

SQLite::Statement& Connection::Prepare(absl::string_view sql) {
  auto it = statements_.find(sql);
  if (it == statements_.end()) {
    std::string text(sql);
    auto statement = std::make_unique<SQLite::Statement>(database_, text);
    it = statements_.emplace(std::move(text), std::move(statement)).first;
  }
  return *it->second;
}

absl::Status Connection::RunBound(absl::string_view sql, absl::FunctionRef<void(SQLite::Statement&)> bind) {
  return Step(sql, bind, nullptr);
}

absl::Status Connection::QueryBound(absl::string_view sql, const OnRow* on_row,
                                    std::initializer_list<BoundValue> values) {
  const auto bind = [&](SQLite::Statement& statement) {
    int index = 0;
    for (const BoundValue& value : values) value.Bind(statement, index);
  };
  return Step(sql, bind, on_row);
}

absl::Status Connection::Step(absl::string_view sql, absl::FunctionRef<void(SQLite::Statement&)> bind,
                              const OnRow* on_row) {
  try {
    SQLite::Statement& statement = Prepare(sql);
    // However it ends: a statement left half-way holds its snapshot, one left bound points into the caller's strings.
    struct Rewind {
      SQLite::Statement& statement;
      ~Rewind() {
        statement.tryReset();
        statement.clearBindings();  // cannot fail
      }
    } const rewind{statement};
    bind(statement);
    while (statement.executeStep()) {
      if (on_row == nullptr) continue;
      Row row(statement);
      (*on_row)(row);
      RETURN_IF_ERROR(row.failure());
    }
    return absl::OkStatus();
  } catch (const SQLite::Exception& error) {
    return ToStatus(error, database_.getFilename());
  }
}

bool Violates(const absl::Status& status, absl::string_view what) {
  return absl::IsAlreadyExists(status) && absl::StrContains(status.message(), what);
}

std::string JsonArray(const std::vector<std::string>& texts) {
  absl::flat_hash_set<absl::string_view> seen;
  std::string json = "[";
  for (const std::string& text : texts) {
    if (!seen.insert(text).second) continue;
    if (json.size() > 1) json += ',';
    json += '"';
    for (const char c : text) {
      if (c == '"' || c == '\\') {
        json += '\\';
        json += c;
      } else if (static_cast<unsigned char>(c) < 0x20) {
        absl::StrAppendFormat(&json, "\\u%04x", static_cast<unsigned char>(c));
      } else {
        json += c;
      }
    }
    json += '"';
  }
  json += ']';
  return json;
}

std::string Placeholders(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += i == 0 ? "?" : ", ?";
  return text;
}

}  // namespace brume::store
