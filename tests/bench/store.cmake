# By hand: bin/store_bench [instances].
add_executable(store_bench ${CMAKE_CURRENT_SOURCE_DIR}/bench/store_bench.cc)
target_link_libraries(store_bench PRIVATE brume_compute)
