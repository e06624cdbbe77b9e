# What tests/bench/bench calls with; that is run by hand, so nothing here is a test.
add_executable(grpc_bench bench/grpc_bench.cc)
target_link_libraries(grpc_bench PRIVATE brume_options brume_proto PkgConfig::GRPC)
add_executable(query_bench bench/query_bench.cc)
target_link_libraries(query_bench PRIVATE brume_options brume_iam Threads::Threads)
