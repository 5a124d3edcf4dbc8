#include <array>
#include <string_view>
#include <vector>

#include "agent/services.h"
#include "platform/machine/cpu_statistics.h"
#include "rpc/command.h"

namespace bellhop::platform {

enum class StatisticsType { on_linux };

constexpr std::array<std::string_view, 1> wire_names(StatisticsType) {
  return {"linux"};
}

constexpr auto fields_of(const CpuStatistics*) {
  return fields<"GuestCpuStats">(
      constant<"type", StatisticsType::on_linux>("The guest's operating system."),
      field<"cpu", &CpuStatistics::cpu>("The processor's number, as in guest-get-vcpus."),
      field<"user", &CpuStatistics::user>("In programs, milliseconds."),
      field<"nice", &CpuStatistics::nice>("In programs of low priority, milliseconds."),
      field<"system", &CpuStatistics::system>("In the kernel, milliseconds."),
      field<"idle", &CpuStatistics::idle>("Without work, milliseconds."),
      field<"iowait", &CpuStatistics::iowait>(
          "Without work, but for waiting for a disk, milliseconds."),
      field<"irq", &CpuStatistics::irq>("In interrupts, milliseconds."),
      field<"softirq", &CpuStatistics::softirq>("In software interrupts, milliseconds."),
      field<"steal", &CpuStatistics::steal>("Ready to run, but not run by the host, milliseconds."),
      field<"guest", &CpuStatistics::guest>("In guests of this guest, milliseconds."),
      field<"guestnice", &CpuStatistics::guestnice>(
          "In guests of this guest that have low priority, milliseconds."));
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
        "Returns what each processor that is online has spent its time on since the guest's start. "
        "Only on Linux. The resolution is the kernel's clock tick, mostly 10 ms. Members that the "
        "kernel is too old to tell are left out.",
    .since = "7.1",
    .systems = Systems::on_linux,
    .access = Access::inspect,
    .runs = Runs::worker,
});

}  // namespace bellhop::commands
