#include <optional>
#include <string_view>

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
      field<"path", &Arguments::path>("The file, by its full path."),
      field<"mode", &Arguments::mode>("How to open it, as for fopen(3) in the C standard: `r`, "
                                      "`w`, `a`, each with `+`, `b` or both; `r` when left "
                                      "out."));
}

Result<std::int64_t> run(CommandContext& context, const Arguments& arguments) {
  return context.services.files.open(arguments.path, arguments.mode.value_or("r"));
}

}  // namespace

extern constinit const Command guest_file_open = declare<run>({
    .name = "guest-file-open",
    .documentation =
        "Opens a file of the guest and returns a handle for it, to be closed with "
        "guest-file-close. A handle stays valid when the client goes, whoever uses it, until the "
        "agent ends; its number is never used again. A file that is created can be read and "
        "written by everyone. A FIFO, a terminal or a device is opened without waiting, which "
        "fails for writing to a FIFO that nobody reads. Programs that the agent starts do not "
        "inherit the file.",
    .since = "0.15.0",
    .access = Access::write,
    .runs = Runs::worker,
});

}  // namespace bellhop::commands
