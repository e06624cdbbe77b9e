// From an HTTP request that was read whole to its answer: who signed it, which rpc it is, the call, the answer in the
// protocol that was asked in. No sockets.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "lib/frontend/query/form.h"
#include "lib/frontend/query/refusal.h"
#include "lib/frontend/query/rest.h"
#include "lib/gateway/dispatcher.h"
#include "lib/gateway/signed_request.h"
#include "lib/resource/error_codes.h"
#include "lib/schema/schema.h"

namespace brume::frontend {

// Says who signed a request; an error says why nobody is taken to have. Thread-safe.
using Authenticate = std::function<absl::StatusOr<Authenticated>(const SignedRequest& request)>;

// The VPC endpoint that a request came through.
struct CallOrigin {
  std::string vpc_id, vpc_endpoint_id;
  std::string service;  // that it leads to, as signatures name it
};

struct QueryRequest {
  SignedRequest http;
  std::string source;  // the peer's address
  bool secure = false;
  std::string request_id;
  std::optional<CallOrigin> origin = {};  // unset: the API's own address
};

struct QueryCallOptions {
  // Only requests signed for it are taken; empty = any region is a name for this one.
  std::string strict_region = {};
  // Of a body that came compressed, when it is not any more.
  size_t body_bytes = 1 << 20;
};

// Thread-safe. What it is made of must outlive it.
class QueryCalls {
 public:
  QueryCalls(const gateway::Dispatcher& dispatcher, Authenticate authenticate, QueryCallOptions options = {});

  // Blocks for as long as the call takes. Nothing of the request but the form of errors, and what a refused call is
  // recorded as, is believed before the signature is.
  QueryAnswer Answer(const QueryRequest& request) const;

 private:
  // One version of one API.
  struct Api {
    const schema::ApiFamilyInfo* family = nullptr;
    absl::flat_hash_map<std::string, const google::protobuf::MethodDescriptor*> actions;
    std::vector<RestRoute> routes;  // of a REST-JSON
  };
  // What a request asks for, whoever sends it. Names are empty where it does not say them.
  struct Asked {
    Protocol protocol = Protocol::kQuery;
    const Api* api = nullptr;                                    // null: not served
    const google::protobuf::MethodDescriptor* method = nullptr;  // null: not served
    const RestRoute* route = nullptr;                            // of a REST-JSON
    std::string action;
    std::string version;      // of a form
    std::string rpc_service;  // of the other protocols
    Form form = {};
    std::string body;  // of the other protocols, decompressed
    // Why what the request holds cannot be read; told to who has signed it.
    absl::Status fault = absl::OkStatus();
  };
  Asked AskedBy(const SignedRequest& request) const;
  void FindForm(const SignedRequest& request, Asked& asked) const;
  void FindRpc(const SignedRequest& request, Asked& asked) const;
  void FindRoute(const SignedRequest& request, Asked& asked) const;
  absl::StatusOr<std::string> BodyOf(const SignedRequest& request) const;
  absl::StatusOr<Form> FormOf(const SignedRequest& request) const;
  absl::Status CheckScope(const Authenticated& who, const QueryRequest& request, const Asked& asked) const;
  absl::Status CheckForm(const Authenticated& who, const Asked& asked) const;
  static absl::Status Decode(const QueryRequest& request, const Asked& asked, google::protobuf::Message& message);
  static QueryAnswer Encode(const QueryRequest& request, const Asked& asked, const google::protobuf::Message& response);
  absl::StatusOr<QueryAnswer> Run(const QueryRequest& request, const Asked& asked) const;

  const gateway::Dispatcher& dispatcher_;
  const Authenticate authenticate_;
  const QueryCallOptions options_;
  std::map<std::string, Api> by_version_;
  std::map<std::string, const Api*> by_rpc_service_;
  std::map<std::string, Api> by_signing_name_;  // of REST-JSON
};

}  // namespace brume::frontend
