// SPDX-License-Identifier: Apache-2.0
#include "agent/services.h"
#include "platform/machine/cpu_statistics.h"
#include "rpc/command.h"

namespace bellhop::platform {

constexpr std::array<std::string_view, 1> wire_names(StatisticsType) {
  return {"linux"};
}

constexpr auto fields_of(const CpuStatistics*) {
  return fields<"GuestCpuStats">(
      field<"type", &CpuStatistics::type>("The guest's operating system."),
      field<"cpu", &CpuStatistics::cpu>("The processor's number, as in guest-get-vcpus."),
      field<"user", &CpuStatistics::user>("Time in programs, in milliseconds."),
      field<"nice", &CpuStatistics::nice>("Time in programs of low priority, in milliseconds."),
      field<"system", &CpuStatistics::system>("Time in the kernel, in milliseconds."),
      field<"idle", &CpuStatistics::idle>("Idle time, in milliseconds."),
      field<"iowait", &CpuStatistics::iowait>(
          "Idle time while waiting for a disk, in milliseconds."),
      field<"irq", &CpuStatistics::irq>("Time in interrupts, in milliseconds."),
      field<"softirq", &CpuStatistics::softirq>("Time in software interrupts, in milliseconds."),
      field<"steal", &CpuStatistics::steal>(
          "Time ready to run but not run by the host, in milliseconds."),
      field<"guest", &CpuStatistics::guest>("Time in guests of this guest, in milliseconds."),
      field<"guestnice", &CpuStatistics::guestnice>(
          "Time in guests of this guest that have low priority, in milliseconds."));
}

}  // namespace bellhop::platform

namespace bellhop::commands {
namespace {

Result<std::vector<platform::CpuStatistics>> run(CommandContext& context, const Nothing&) {
  return platform::cpu_statistics(context.services.system_root);
}

}  // namespace

extern constinit const Command guest_get_cpustats = declare<run>({
    .name = "guest-get-cpustats",
    .documentation =
        "Returns how each online processor has spent its time since the start of the guest. Only "
        "on Linux. The resolution is the kernel's clock tick, usually 10 ms. Members that an old "
        "kernel does not report are omitted.",
    .since = "7.1",
    .systems = Systems::on_linux,
    .access = Access::inspect,
});

}  // namespace bellhop::commands
