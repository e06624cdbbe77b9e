brume_test(compute_test SOURCES unit/instance_reconciler_test.cc unit/instance_service_test.cc DEPS brume_compute
           LABELS unit)
