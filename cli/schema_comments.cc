#include "cli/schema_comments.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format_lite.h"

// protoc's descriptor set, compiled in as it is.
asm(R"(
  .section .rodata
  .global brume_schema_begin, brume_schema_end
brume_schema_begin:
  .incbin ")" BRUME_SCHEMA_FILE R"("
brume_schema_end:
  .byte 0
  .previous
)");
extern "C" const char brume_schema_begin[];
extern "C" const char brume_schema_end[];

namespace brume::cli {

namespace pb = google::protobuf;

namespace {

// Calls `on_field` with the number and the bytes of each length-delimited field; false when `message` is none.
template <typename OnField>
bool ForEachField(absl::string_view message, OnField on_field) {
  pb::io::CodedInputStream in(reinterpret_cast<const uint8_t*>(message.data()), static_cast<int>(message.size()));
  while (const uint32_t tag = in.ReadTag()) {
    using Wire = pb::internal::WireFormatLite;
    if (Wire::GetTagWireType(tag) != Wire::WIRETYPE_LENGTH_DELIMITED) {
      if (!Wire::SkipField(&in, tag)) return false;
      continue;
    }
    uint32_t size = 0;
    if (!in.ReadVarint32(&size)) return false;
    const auto begin = static_cast<size_t>(in.CurrentPosition());
    if (size > message.size() - begin) return false;
    on_field(Wire::GetTagFieldNumber(tag), message.substr(begin, size));
    if (!in.Skip(static_cast<int>(size))) return false;
  }
  return in.ConsumedEntireMessage();
}

using Path = std::vector<int>;

Path PathOf(const pb::ServiceDescriptor& service) {
  return {pb::FileDescriptorProto::kServiceFieldNumber, service.index()};
}

Path PathOf(const pb::MethodDescriptor& method) {
  Path path = PathOf(*method.service());
  path.insert(path.end(), {pb::ServiceDescriptorProto::kMethodFieldNumber, method.index()});
  return path;
}

Path PathOf(const pb::Descriptor& message) {
  if (message.containing_type() == nullptr) return {pb::FileDescriptorProto::kMessageTypeFieldNumber, message.index()};
  Path path = PathOf(*message.containing_type());
  path.insert(path.end(), {pb::DescriptorProto::kNestedTypeFieldNumber, message.index()});
  return path;
}

Path PathOf(const pb::FieldDescriptor& field) {
  Path path = PathOf(*field.containing_type());
  path.insert(path.end(), {pb::DescriptorProto::kFieldFieldNumber, field.index()});
  return path;
}

using FileComments = std::map<Path, std::string>;

FileComments ParseComments(absl::string_view file) {
  FileComments comments;
  pb::FileDescriptorProto parsed;
  if (!parsed.ParseFromArray(file.data(), static_cast<int>(file.size()))) return comments;
  for (const pb::SourceCodeInfo::Location& location : parsed.source_code_info().location()) {
    if (!location.has_leading_comments() && !location.has_trailing_comments()) continue;
    comments.emplace(Path(location.path().begin(), location.path().end()),
                     ReflowComment(location.leading_comments(), location.trailing_comments()));
  }
  return comments;
}

const FileComments& EmbeddedComments(const std::string& file) {
  static auto* const comments = new std::map<std::string, FileComments>();
  static const auto* const files = [] {
    auto* const by_name = new std::map<absl::string_view, absl::string_view>();
    const auto split = SplitDescriptorSet(EmbeddedDescriptorSet());
    if (!split.ok()) return by_name;
    for (const EncodedFile& each : *split) by_name->emplace(each.name, each.bytes);
    return by_name;
  }();
  const auto [it, is_new] = comments->try_emplace(file);
  if (const auto bytes = files->find(file); is_new && bytes != files->end()) it->second = ParseComments(bytes->second);
  return it->second;
}

template <typename Descriptor>
std::string FindComment(const Descriptor& descriptor, const pb::FileDescriptor& file) {
  pb::SourceLocation location;
  if (descriptor.GetSourceLocation(&location)) {
    return ReflowComment(location.leading_comments, location.trailing_comments);
  }
  const FileComments& comments = EmbeddedComments(file.name());
  const auto found = comments.find(PathOf(descriptor));
  return found == comments.end() ? "" : found->second;
}

}  // namespace

absl::string_view EmbeddedDescriptorSet() {
  return {brume_schema_begin, static_cast<size_t>(brume_schema_end - brume_schema_begin)};
}

absl::StatusOr<std::vector<EncodedFile>> SplitDescriptorSet(absl::string_view descriptor_set) {
  std::vector<EncodedFile> files;
  bool good = true;
  good &= ForEachField(descriptor_set, [&](int number, absl::string_view bytes) {
    if (number != pb::FileDescriptorSet::kFileFieldNumber) return;
    EncodedFile& file = files.emplace_back();
    file.bytes = bytes;
    good &= ForEachField(bytes, [&](int of_file, absl::string_view value) {
      if (of_file == pb::FileDescriptorProto::kNameFieldNumber) file.name = value;
      if (of_file == pb::FileDescriptorProto::kPackageFieldNumber) file.package = value;
      if (of_file == pb::FileDescriptorProto::kServiceFieldNumber) file.services.push_back(value);
    });
  });
  if (!good) return absl::InternalError("the schema is not a descriptor set");
  return files;
}

std::string ReflowComment(const std::string& leading, const std::string& trailing) {
  std::string text;
  bool fresh = true;  // the next line starts a paragraph
  for (absl::string_view line : absl::StrSplit(leading.empty() ? trailing : leading, '\n')) {
    line = absl::StripSuffix(absl::StripPrefix(line, " "), "\r");
    if (line.empty()) {
      fresh = true;
      continue;
    }
    // Lists and indented lines keep their own lines.
    const bool own_line = line[0] == '*' || line[0] == '-' || line[0] == ' ';
    if (!text.empty()) text += fresh ? "\n\n" : own_line ? "\n" : " ";
    absl::StrAppend(&text, line);
    fresh = false;
  }
  return text;
}

std::string CommentOf(const pb::ServiceDescriptor& service) { return FindComment(service, *service.file()); }
std::string CommentOf(const pb::MethodDescriptor& method) { return FindComment(method, *method.service()->file()); }
std::string CommentOf(const pb::Descriptor& message) { return FindComment(message, *message.file()); }
std::string CommentOf(const pb::FieldDescriptor& field) { return FindComment(field, *field.file()); }

}  // namespace brume::cli
