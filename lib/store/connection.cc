#include "lib/store/connection.h"

#include <sqlite3.h>

#include <algorithm>

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

Connection::Prepared& Connection::Prepare(absl::string_view sql) {
  auto it = statements_.find(sql);
  if (it == statements_.end()) {
    std::string text(sql);
    auto prepared = std::unique_ptr<Prepared>(new Prepared{SQLite::Statement(database_, text)});
    it = statements_.emplace(std::move(text), std::move(prepared)).first;
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
    Prepared& prepared = Prepare(sql);
    SQLite::Statement& statement = prepared.statement;
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
      if (prepared.columns.empty()) {
        for (int i = 0; i < statement.getColumnCount(); ++i) prepared.columns.push_back(statement.getColumn(i));
      }
      Row row(prepared.columns);
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

JsonTexts::JsonTexts(size_t count) { seen_.reserve(count); }

void JsonTexts::Add(absl::string_view text) {
  if (!seen_.insert(text).second) return;
  if (json_.size() > 1) json_ += ',';
  json_ += '"';
  while (!text.empty()) {
    const auto stands_for_itself = [](unsigned char c) { return c >= 0x20 && c != '"' && c != '\\'; };
    const auto* const other = std::find_if_not(text.begin(), text.end(), stands_for_itself);
    json_.append(text.begin(), other);
    text.remove_prefix(static_cast<size_t>(other - text.begin()));
    if (text.empty()) break;
    absl::StrAppendFormat(&json_, "\\u%04x", static_cast<unsigned char>(text[0]));
    text.remove_prefix(1);
  }
  json_ += '"';
}

std::string JsonTexts::Finish() && {
  json_ += ']';
  return std::move(json_);
}

std::string JsonArray(const std::vector<std::string>& texts) {
  JsonTexts json(texts.size());
  for (const std::string& text : texts) json.Add(text);
  return std::move(json).Finish();
}

std::string Placeholders(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += i == 0 ? "?" : ", ?";
  return text;
}

}  // namespace brume::store
