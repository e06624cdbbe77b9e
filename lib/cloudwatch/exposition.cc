#include "lib/cloudwatch/exposition.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <functional>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

namespace brume::cloudwatch {
namespace {

std::string Quoted(absl::string_view value) {
  return absl::StrCat("\"", absl::StrReplaceAll(value, {{"\\", "\\\\"}, {"\"", "\\\""}, {"\n", "\\n"}}), "\"");
}

class Writer {
 public:
  void Family(absl::string_view name, absl::string_view type, absl::string_view help) {
    name_ = std::string(name);
    absl::StrAppend(&text_, "# HELP ", name, " ", help, "\n# TYPE ", name, " ", type, "\n");
  }
  // `labels`: a="b",c="d", or nothing.
  void Sample(absl::string_view labels, double value) {
    absl::StrAppend(&text_, name_, labels.empty() ? "" : absl::StrCat("{", labels, "}"), " ",
                    absl::StrFormat("%.17g", value), "\n");
  }
  std::string Take() { return std::move(text_); }

 private:
  std::string name_, text_;
};

std::string LabelsOf(const GuestSnapshot& guest) {
  std::string labels =
      absl::StrCat("instance_id=", Quoted(guest.id.text()), ",instance_type=", Quoted(guest.instance_type));
  if (!guest.group.empty()) absl::StrAppend(&labels, ",auto_scaling_group=", Quoted(guest.group));
  return labels;
}

struct GuestFamily {
  const char* name;
  const char* type;
  const char* help;
  std::function<std::optional<double>(const GuestSnapshot&)> value;
};

// A counter of a part that may not be known.
template <typename Part, typename Field>
auto Counter(std::optional<Part> GuestCounters::*part, Field Part::*field) {
  return [part, field](const GuestSnapshot& guest) -> std::optional<double> {
    const std::optional<Part>& known = guest.counters.*part;
    return known.has_value() ? std::optional(static_cast<double>((*known).*field)) : std::nullopt;
  };
}

auto Value(GuestMetric metric) {
  return [metric](const GuestSnapshot& guest) { return guest.values[static_cast<size_t>(metric)]; };
}

const std::vector<GuestFamily>& GuestFamilies() {
  using Disk = compute::GuestStatistics::Disk;
  using Memory = compute::GuestStatistics::Memory;
  static const auto& families = *new std::vector<GuestFamily>{
      {"brume_instance_cpu_seconds_total", "counter", "Processor time of the instance's guest.",
       [](const GuestSnapshot& guest) -> std::optional<double> {
         if (!guest.counters.cpu_time.has_value()) return std::nullopt;
         return absl::ToDoubleSeconds(*guest.counters.cpu_time);
       }},
      {"brume_instance_cpu_utilization_percent", "gauge", "Use of the instance's own vCPUs, in the latest sample.",
       Value(GuestMetric::kCpuUtilization)},
      {"brume_instance_vcpus", "gauge", "The instance's vCPUs.",
       [](const GuestSnapshot& guest) { return std::optional(static_cast<double>(guest.vcpus)); }},
      {"brume_instance_network_receive_bytes_total", "counter", "Bytes that the instance received.",
       Counter(&GuestCounters::network, &NetworkCounters::bytes_in)},
      {"brume_instance_network_transmit_bytes_total", "counter", "Bytes that the instance sent.",
       Counter(&GuestCounters::network, &NetworkCounters::bytes_out)},
      {"brume_instance_network_receive_packets_total", "counter", "Packets that the instance received.",
       Counter(&GuestCounters::network, &NetworkCounters::packets_in)},
      {"brume_instance_network_transmit_packets_total", "counter", "Packets that the instance sent.",
       Counter(&GuestCounters::network, &NetworkCounters::packets_out)},
      {"brume_instance_disk_read_bytes_total", "counter", "Bytes read from the instance's disks.",
       Counter(&GuestCounters::disk, &Disk::read_bytes)},
      {"brume_instance_disk_written_bytes_total", "counter", "Bytes written to the instance's disks.",
       Counter(&GuestCounters::disk, &Disk::write_bytes)},
      {"brume_instance_disk_reads_total", "counter", "Reads from the instance's disks.",
       Counter(&GuestCounters::disk, &Disk::read_operations)},
      {"brume_instance_disk_writes_total", "counter", "Writes to the instance's disks.",
       Counter(&GuestCounters::disk, &Disk::write_operations)},
      {"brume_instance_memory_bytes", "gauge", "Memory that the guest's kernel has.",
       Counter(&GuestCounters::memory, &Memory::total_bytes)},
      {"brume_instance_memory_available_bytes", "gauge", "Memory that the guest's programs can still have.",
       Counter(&GuestCounters::memory, &Memory::usable_bytes)},
      {"brume_instance_status_check_failed", "gauge", "1 when a status check fails, 0 when both pass.",
       Value(GuestMetric::kStatusCheckFailed)},
  };
  return families;
}

void WriteCalls(Writer& writer, const std::vector<gateway::ActionStatistics>& calls) {
  writer.Family("brume_api_calls_total", "counter", "Calls of an action.");
  for (const gateway::ActionStatistics& call : calls) {
    writer.Sample(absl::StrCat("action=", Quoted(call.action)), static_cast<double>(call.calls));
  }
  writer.Family("brume_api_errors_total", "counter", "Calls of an action that were refused or failed.");
  for (const gateway::ActionStatistics& call : calls) {
    writer.Sample(absl::StrCat("action=", Quoted(call.action)), static_cast<double>(call.errors));
  }
  writer.Family("brume_api_call_seconds", "summary", "How long calls of an action take, an eighth too long at most.");
  for (const gateway::ActionStatistics& call : calls) {
    const std::string action = absl::StrCat("action=", Quoted(call.action));
    writer.Sample(action + ",quantile=\"0.5\"", absl::ToDoubleSeconds(call.p50));
    writer.Sample(action + ",quantile=\"0.9\"", absl::ToDoubleSeconds(call.p90));
    writer.Sample(action + ",quantile=\"0.99\"", absl::ToDoubleSeconds(call.p99));
  }
}

}  // namespace

ProcessUse ReadProcessUse() {
  ProcessUse use;
  rusage usage = {};
  if (getrusage(RUSAGE_SELF, &usage) == 0) {
    use.cpu_seconds =
        absl::ToDoubleSeconds(absl::DurationFromTimeval(usage.ru_utime) + absl::DurationFromTimeval(usage.ru_stime));
  }
  std::ifstream file("/proc/self/statm");
  double size_pages = 0, resident_pages = 0;
  if (file >> size_pages >> resident_pages) {
    use.resident_bytes = resident_pages * static_cast<double>(sysconf(_SC_PAGESIZE));
  }
  return use;
}

std::string ExpositionText(const std::vector<GuestSnapshot>& guests,
                           const std::vector<gateway::ActionStatistics>& calls, int64_t dropped_values,
                           const ProcessUse& process) {
  Writer writer;
  writer.Family("brume_instances", "gauge", "Instances that run.");
  writer.Sample("", static_cast<double>(guests.size()));
  for (const GuestFamily& family : GuestFamilies()) {
    writer.Family(family.name, family.type, family.help);
    for (const GuestSnapshot& guest : guests) {
      const std::optional<double> value = family.value(guest);
      if (value.has_value()) writer.Sample(LabelsOf(guest), *value);
    }
  }
  WriteCalls(writer, calls);
  writer.Family("brume_metric_values_dropped_total", "counter", "Values that were lost as too many waited.");
  writer.Sample("", static_cast<double>(dropped_values));
  writer.Family("process_cpu_seconds_total", "counter", "Processor time of brumed.");
  writer.Sample("", process.cpu_seconds);
  writer.Family("process_resident_memory_bytes", "gauge", "Memory of brumed.");
  writer.Sample("", process.resident_bytes);
  return writer.Take();
}

}  // namespace brume::cloudwatch
