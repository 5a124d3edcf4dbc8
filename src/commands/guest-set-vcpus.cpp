// SPDX-License-Identifier: Apache-2.0
#include "agent/services.h"
#include "platform/machine/processors.h"
#include "rpc/command.h"

namespace bellhop::commands {
namespace {

struct LogicalProcessor {
  std::int64_t logical_id;
  bool online;
  std::optional<bool> can_offline;
};

constexpr auto fields_of(const LogicalProcessor*) {
  return fields<"GuestLogicalProcessor">(
      field<"logical-id", &LogicalProcessor::logical_id>(
          "The processor's number, from guest-get-vcpus."),
      field<"online", &LogicalProcessor::online>(
          "True to set the processor online, false to set it offline."),
      field<"can-offline", &LogicalProcessor::can_offline>(
          "Ignored, so that a client can send entries of guest-get-vcpus unchanged."));
}

struct Arguments {
  std::vector<LogicalProcessor> vcpus;
};

constexpr auto fields_of(const Arguments*) {
  return fields(field<"vcpus", &Arguments::vcpus>(
      "The changes to make, in this order; a processor may appear several times."));
}

Result<std::int64_t> run(CommandContext& context, const Arguments& arguments) {
  std::int64_t done = 0;
  for (const auto& vcpu : arguments.vcpus) {
    auto result =
        platform::set_processor_online(context.services.system_root, vcpu.logical_id, vcpu.online);
    if (!result && done == 0) return std::unexpected(std::move(result).error());
    if (!result) break;
    ++done;
  }
  return done;
}

}  // namespace

extern constinit const Command guest_set_vcpus = declare<run>({
    .name = "guest-set-vcpus",
    .documentation =
        "Sets processors online or offline, one after the other until one fails, and returns the "
        "number of entries carried out. An error means that the first entry failed and nothing "
        "was changed. To get the error of a later entry, send the rest of the list again. A "
        "processor that is already in the requested state counts as carried out.",
    .since = "1.5",
    .systems = Systems::on_linux,
    .access = Access::write,
});

}  // namespace bellhop::commands
