// SPDX-License-Identifier: Apache-2.0
#include "agent/services.h"
#include "rpc/command.h"
#include "state/open_files.h"

namespace bellhop::commands {
namespace {

struct Arguments {
  std::string_view path;
  std::optional<std::string_view> mode;
};

constexpr auto fields_of(const Arguments*) {
  return fields(
      field<"path", &Arguments::path>("The absolute path of the file."),
      field<"mode", &Arguments::mode>(
          "The mode, as for fopen(3) in the C standard: `r`, `w`, `a`, each with `+`, `b` or "
          "both; default: `r`."));
}

Result<std::int64_t> run(CommandContext& context, const Arguments& arguments) {
  return context.services.files.open(arguments.path, arguments.mode.value_or("r"));
}

}  // namespace

extern constinit const Command guest_file_open = declare<run>({
    .name = "guest-file-open",
    .documentation =
        "Opens a file of the guest and returns a handle for it; guest-file-close closes it. All "
        "clients can use the handle. It stays valid after the client disconnects, until the "
        "agent ends, and its number is never reused. All users can read and write a file that "
        "this command creates. A FIFO, a terminal or a device is opened without waiting; opening "
        "a FIFO for writing fails if no process reads it. Programs that the agent starts do not "
        "inherit the file.",
    .since = "0.15.0",
    .access = Access::write,
    .logged_arguments = 2,
});

}  // namespace bellhop::commands
