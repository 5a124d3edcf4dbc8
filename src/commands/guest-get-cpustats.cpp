#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "agent/services.h"
#include "platform/machine/cpu_statistics.h"
#include "rpc/command.h"

namespace bellhop::commands {
namespace {

enum class System { on_linux };

constexpr std::array<std::string_view, 1> wire_names(System) {
  return {"linux"};
}

struct Cpu {
  System type;
  std::int64_t cpu;
  std::uint64_t user;
  std::uint64_t nice;
  std::uint64_t system;
  std::uint64_t idle;
  std::optional<std::uint64_t> iowait;
  std::optional<std::uint64_t> irq;
  std::optional<std::uint64_t> softirq;
  std::optional<std::uint64_t> steal;
  std::optional<std::uint64_t> guest;
  std::optional<std::uint64_t> guestnice;
};

constexpr auto fields_of(const Cpu*) {
  return fields<"GuestCpuStats">(
      field<"type", &Cpu::type>("The guest's operating system."),
      field<"cpu", &Cpu::cpu>("The processor's number, as in guest-get-vcpus."),
      field<"user", &Cpu::user>("In programs, milliseconds."),
      field<"nice", &Cpu::nice>("In programs of low priority, milliseconds."),
      field<"system", &Cpu::system>("In the kernel, milliseconds."),
      field<"idle", &Cpu::idle>("Without work, milliseconds."),
      field<"iowait", &Cpu::iowait>("Without work, but for waiting for a disk, milliseconds."),
      field<"irq", &Cpu::irq>("In interrupts, milliseconds."),
      field<"softirq", &Cpu::softirq>("In software interrupts, milliseconds."),
      field<"steal", &Cpu::steal>("Ready to run, but not run by the host, milliseconds."),
      field<"guest", &Cpu::guest>("In guests of this guest, milliseconds."),
      field<"guestnice", &Cpu::guestnice>(
          "In guests of this guest that have low priority, milliseconds."));
}

Result<std::vector<Cpu>> run(CommandContext& context, const Nothing&) {
  const auto cpus = platform::cpu_statistics(context.services.system_root);
  if (!cpus) return std::unexpected(cpus.error());
  std::vector<Cpu> reply;
  reply.reserve(cpus->size());
  for (const platform::CpuStatistics& cpu : *cpus) {
    reply.push_back({
        .type = System::on_linux,
        .cpu = cpu.cpu,
        .user = cpu.user,
        .nice = cpu.nice,
        .system = cpu.system,
        .idle = cpu.idle,
        .iowait = cpu.iowait,
        .irq = cpu.irq,
        .softirq = cpu.softirq,
        .steal = cpu.steal,
        .guest = cpu.guest,
        .guestnice = cpu.guestnice,
    });
  }
  return reply;
}

}  // namespace

extern constinit const Command guest_get_cpustats = declare<run>({
    .name = "guest-get-cpustats",
    .documentation =
        "Returns what each processor that is online has spent its time on since the guest's start. "
        "Only on Linux. The resolution is the kernel's clock tick, mostly 10 ms. Members that the "
        "kernel is too old to tell are left out.",
    .since = "7.1",
    .access = Access::inspect,
    .runs = Runs::worker,
});

}  // namespace bellhop::commands
