// Port: the host's work for exports: files outside of the state directory, in directories that stand for buckets of S3.
//
// A bucket is a directory directly below one of those that the administrator permits; it is never made. A key is the
// path of a file in it. Links are not followed, and no file is overwritten. Every method is idempotent and thread-safe;
// blocking.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/ec2/storage/import_files.h"

namespace brume::storage {

struct ExportPlace {
  std::string bucket, key;
};

// The disk of a layer with all that lies under it, as one file of another format.
struct ExportOrder {
  std::string id;  // the task's
  ExportPlace place;
  std::string layer_id;
  std::string format;  // "VMDK", "RAW", "VHD"
};

// One file of an archive.
struct StoreMember {
  std::string name;
  std::string layer_id;
  std::string file = {};     // of the layer's directory; empty = its disk, made to stand for itself
  std::string content = {};  // in place of a layer's file, where layer_id is empty
};
struct StoreOrder {
  std::string id;
  ExportPlace place;
  std::vector<StoreMember> members;
};

// OK for what can be the name of a bucket and of a file in it. Error: InvalidArgument with what is wrong.
absl::Status CheckPlace(const ExportPlace& place);

class ExportFiles {
 public:
  virtual ~ExportFiles() = default;

  // NotFound when there is no such bucket, InvalidArgument for a bad name.
  virtual absl::Status CheckBucket(const std::string& bucket) = 0;
  // The file is whole and on disk when these return OK. Errors: InvalidArgument (a file of this name is there, or a
  // directory cannot be), NotFound (the layer, the bucket), ResourceExhausted (a disk is full), Cancelled.
  virtual absl::Status Export(const ExportOrder& order, const ImportWatch& watch) = 0;
  virtual absl::Status Store(const StoreOrder& order, const ImportWatch& watch) = 0;
  // The text of a stored image's description. Errors: NotFound, InvalidArgument for what no Store has written.
  virtual absl::StatusOr<std::string> ReadStored(const ExportPlace& place) = 0;
  // Unpacks a stored image into a directory of the id's, a bundle with the disks of data beside it, and returns its
  // path. Errors: those of ReadStored, ResourceExhausted, Cancelled.
  virtual absl::StatusOr<std::string> Unpack(const std::string& id, const ExportPlace& place,
                                             const ImportWatch& watch) = 0;
  // All that it has of the task or the image but for finished files. OK when there is nothing.
  virtual absl::Status Remove(const std::string& id, const ExportPlace& place) = 0;
  // Of what it has something in the state directory, by ids.
  virtual absl::StatusOr<std::vector<std::string>> List() = 0;
};

}  // namespace brume::storage
