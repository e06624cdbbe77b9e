# By hand: bin/alarm_bench [alarms].
add_executable(alarm_bench ${CMAKE_CURRENT_SOURCE_DIR}/bench/alarm_bench.cc)
target_link_libraries(alarm_bench PRIVATE brume_cloudwatch)
