# What tests/bench/bench calls with; that is run by hand, so nothing here is a test.
add_executable(grpc_bench bench/grpc_bench.cc)
target_link_libraries(grpc_bench PRIVATE brume_options brume_proto PkgConfig::GRPC)
add_executable(query_bench bench/query_bench.cc)
target_link_libraries(query_bench PRIVATE brume_options brume_iam Threads::Threads)
# Runs in guests, too, whose libraries are not ours.
add_executable(disk_load bench/disk_load.cc)
target_link_libraries(disk_load PRIVATE brume_options Threads::Threads)
target_link_options(disk_load PRIVATE -static)
add_executable(tcp_load bench/tcp_load.cc)
target_link_libraries(tcp_load PRIVATE brume_options Threads::Threads)
target_link_options(tcp_load PRIVATE -static)
