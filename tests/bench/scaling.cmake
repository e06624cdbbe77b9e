# By hand: bin/scaling_bench [groups].
add_executable(scaling_bench ${CMAKE_CURRENT_SOURCE_DIR}/bench/scaling_bench.cc)
target_link_libraries(scaling_bench PRIVATE brume_autoscaling_model)
