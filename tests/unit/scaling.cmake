brume_test(scaling_test SOURCES unit/scaling_converge_test.cc unit/scaling_replace_test.cc
  unit/scaling_lifecycle_test.cc unit/scaling_termination_test.cc unit/scaling_policy_test.cc
  unit/scaling_schedule_test.cc unit/scaling_forecast_test.cc DEPS brume_scaling LABELS unit)
brume_test(scaling_world_test SOURCES unit/scaling_world_test.cc DEPS brume_scaling LABELS unit)
brume_test(scaling_storm_test SOURCES unit/scaling_storm_test.cc DEPS brume_scaling LABELS unit)
brume_test(scaling_loop_test SOURCES unit/scaling_loop_test.cc unit/scaling_evaluation_test.cc DEPS brume_autoscaling LABELS unit)
