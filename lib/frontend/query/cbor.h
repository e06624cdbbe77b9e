// CBOR (RFC 8949) as Smithy's RPC v2 uses it: one item after another, without a tree.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace brume::frontend {

enum class CborType { kInteger, kDouble, kText, kBytes, kBool, kNull, kArray, kMap, kTag, kBreak };

// One item; of an array, a map or a tag its beginning, after which come the items in it.
struct CborItem {
  CborType type = CborType::kNull;
  int64_t integer = 0;    // of a kInteger; of a kTag its number
  double number = 0;      // of a kDouble; integers beyond 64 bits with a sign are such
  bool truth = false;     // of a kBool
  std::string text = {};  // of a kText and a kBytes, all of it; a text is UTF-8
  uint64_t size = 0;      // of a kArray its items, of a kMap its pairs
  bool endless = false;   // of a kArray and a kMap: a kBreak ends it, and size says nothing
};

// Reads what `bytes` hold, which must outlive it. Never reads beyond them, and holds nothing but the item at hand.
// Errors: SerializationException for what is not CBOR, ends too soon, or is a break in the wrong place of a text.
class CborReader {
 public:
  explicit CborReader(absl::string_view bytes) : rest_(bytes) {}

  bool AtEnd() const { return rest_.empty(); }
  absl::StatusOr<CborItem> Next();

 private:
  struct Head {
    int major = 0;
    int info = 0;
    uint64_t argument = 0;
    bool endless = false;
  };
  absl::StatusOr<Head> NextHead();
  // Of a text or bytes, of which an endless one is in pieces.
  absl::StatusOr<std::string> Content(const Head& head);
  absl::StatusOr<absl::string_view> Take(uint64_t size);
  static absl::StatusOr<CborItem> Simple(const Head& head);

  absl::string_view rest_;
};

// Appends items to a text.
class CborWriter {
 public:
  void Map(uint64_t pairs) { Head(5, pairs); }
  void Array(uint64_t items) { Head(4, items); }
  // Of so many items as come until Break().
  void EndlessMap() { bytes_ += '\xbf'; }
  void EndlessArray() { bytes_ += '\x9f'; }
  void Break() { bytes_ += '\xff'; }
  void Tag(uint64_t number) { Head(6, number); }
  void Text(absl::string_view text);
  void Bytes(absl::string_view bytes);
  void Integer(int64_t value);
  void Unsigned(uint64_t value) { Head(0, value); }
  void Double(double value);
  void Bool(bool value) { bytes_ += value ? '\xf5' : '\xf4'; }
  void Null() { bytes_ += '\xf6'; }

  const std::string& bytes() const { return bytes_; }
  std::string Take() { return std::move(bytes_); }

 private:
  void Head(int major, uint64_t argument);

  std::string bytes_;
};

// The tag of a time, in seconds since 1970.
inline constexpr int64_t kCborTime = 1;

}  // namespace brume::frontend
