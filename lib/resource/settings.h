// What the administrator decides and the services need to know. Filled by daemon/config, constant afterwards.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "lib/resource/account.h"
#include "lib/resource/ipv4.h"
#include "lib/resource/ipv6.h"

namespace brume {

struct Settings {
  std::string region = "us-east-1";
  // Zones are names on this one host: nothing is spread, everything is the same machine.
  std::vector<std::string> zones = {"us-east-1a", "us-east-1b", "us-east-1c"};
  std::string account_id = "000000000000";
  std::string default_instance_type = "b1.small";
  Cidr default_vpc_cidr{Ipv4{0xac1f0000}, 16};  // 172.31.0.0/16; one subnet a zone, four bits longer
  Cidr public_pool{Ipv4{0xc6120000}, 16};       // 198.18.0.0/16
  std::optional<CidrIpv6> ipv6_pool;            // unset = a unique local range of the host's own
  bool bandwidth_by_type = true;                // interfaces send and receive as fast as their type says
  int max_nic_queues = 1;                       // of a guest's network card; more where the kernel carries its packets
  // Where instances are found by their tag Name, inside their VPC: "lab.example"; empty = nowhere.
  std::string name_tag_domain;
  bool api_has_certificate = true;  // so that HTTPS is served
  bool has_uefi = true;             // whether there is UEFI firmware for guests

  // Capacity of the host for guests: memory after the reserve, times overcommit; vCPUs per host CPU.
  int64_t host_memory_mib = 0;
  int host_cpus = 1;
  int64_t reserved_memory_mib = 512;
  double memory_overcommit = 1.0;
  double cpu_overcommit = 16.0;
  // What QEMU itself takes beside the guest's memory. The daemon puts what the acceleration needs in the place of 0.
  int64_t guest_overhead_mib = 0;

  // GiB that all volumes may have together, full or not; 0 = any.
  int64_t max_volumes_gib = 0;
  // Files from a volume's top down to its lowest layer; past it layers are merged.
  int max_chain = 16;

  absl::Duration launch_timeout = absl::Minutes(5);      // pending longer than this fails
  absl::Duration shutdown_timeout = absl::Seconds(60);   // ACPI asked, then power cut
  absl::Duration terminate_timeout = absl::Seconds(20);  // the same on the way to terminated
  absl::Duration reboot_timeout = absl::Seconds(60);     // ACPI asked, then reset
  absl::Duration terminated_visible = absl::Hours(1);

  // After a reboot of the host so many instances boot at a time; 0 = as many as there are processors. Each has this
  // long to itself once it runs.
  int restart_parallel = 0;
  absl::Duration restart_boot_time = absl::Seconds(5);

  // How long deleted snapshots and images can be restored; zero = not at all.
  absl::Duration recycle_bin_snapshots, recycle_bin_images;

  Account account() const { return {.region = region, .id = account_id}; }
};

}  // namespace brume
