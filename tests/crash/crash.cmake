# The storm's short form; by hand: BRUME_CRASH_KILLS=200 … (docs/reliability.md).
brume_python_test(crash_storm crash storm_test TIMEOUT 900 LABELS crash GUESTS)
brume_python_test(crash_failpoints crash failpoint_test TIMEOUT 900 LABELS crash GUESTS)
brume_python_test(crash_hang crash hang_test TIMEOUT 300 LABELS crash GUESTS)
