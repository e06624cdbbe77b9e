# The C library's calls that VolatileFiles records.
set(wrapped open openat mkdirat unlink unlinkat rename renameat renameat2 linkat write pwrite ftruncate fsync)
list(TRANSFORM wrapped PREPEND -Wl,--wrap=)
brume_test(disks_power_loss_test SOURCES ec2/storage/disk_power_loss_test.cc support/volatile_files.cc support/unsynced_bytes.cc
           DEPS brume_storage_qcow2 LABELS integration)
target_link_options(disks_power_loss_test PRIVATE ${wrapped})
