brume_test(compute_test SOURCES ec2/compute/instance_reconciler_test.cc ec2/compute/instance_service_test.cc
           ec2/compute/volume_attachment_test.cc ec2/compute/restart_turns_test.cc DEPS brume_test_compute
           LABELS unit)
