// The comments of the schema's declarations, which are the text of help. They are no part of the generated messages:
// protoc's descriptor set, which has them, is compiled in beside these.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"

namespace brume::cli {

// protoc's descriptor set, with the comments, as bytes.
absl::string_view EmbeddedDescriptorSet();

// The bytes of one file's FileDescriptorProto in a descriptor set, and what can be told of it without parsing all.
struct EncodedFile {
  absl::string_view name;  // "brume/ec2/v1/instance.proto"
  absl::string_view package;
  std::vector<absl::string_view> services;  // each a ServiceDescriptorProto
  absl::string_view bytes;
};
// Error: Internal when it is no descriptor set.
absl::StatusOr<std::vector<EncodedFile>> SplitDescriptorSet(absl::string_view descriptor_set);

// Joins the lines of a comment, the one above a declaration or else the one behind it, into paragraphs.
std::string ReflowComment(const std::string& leading, const std::string& trailing);

// The comment of a declaration; "" where there is none. Of the generated ones it is looked up in the embedded set,
// whose files are parsed when they are first asked for. Not for several threads at once.
std::string CommentOf(const google::protobuf::ServiceDescriptor& service);
std::string CommentOf(const google::protobuf::MethodDescriptor& method);
std::string CommentOf(const google::protobuf::Descriptor& message);
std::string CommentOf(const google::protobuf::FieldDescriptor& field);

}  // namespace brume::cli
