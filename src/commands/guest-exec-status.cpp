#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "agent/services.h"
#include "rpc/command.h"
#include "state/jobs.h"

namespace bellhop::commands {
namespace {

struct Arguments {
  std::int64_t pid;
};

constexpr auto fields_of(const Arguments*) {
  return fields(field<"pid", &Arguments::pid>("The process, as guest-exec returned it."));
}

struct Reply {
  bool exited;
  std::optional<std::int64_t> exitcode;
  std::optional<std::int64_t> signal;
  std::optional<Base64Stream> out_data;
  std::optional<Base64Stream> err_data;
  std::optional<bool> out_truncated;
  std::optional<bool> err_truncated;
};

constexpr auto fields_of(const Reply*) {
  return fields<"GuestExecStatus">(
      field<"exited", &Reply::exited>(
          "Whether the process has ended and, where its output is captured, nobody that it "
          "started can write to it any more. The other members are only there when it has."),
      field<"exitcode", &Reply::exitcode>("Its exit status, when it ended by itself."),
      field<"signal", &Reply::signal>("The signal that killed it."),
      field<"out-data", &Reply::out_data>(
          "What it wrote to its standard output, when that was captured and not empty."),
      field<"err-data", &Reply::err_data>(
          "What it wrote to its standard error, when that was captured and not empty."),
      field<"out-truncated", &Reply::out_truncated>("Whether out-data lacks the rest."),
      field<"err-truncated", &Reply::err_truncated>("Whether err-data lacks the rest."));
}

constexpr std::size_t piece_size = std::size_t{3} << 16;  // a multiple of 3

// The bytes in pieces, so that a reply of two full streams need not lie in memory twice.
std::optional<Base64Stream> stream(const std::shared_ptr<const state::JobOutput>& output) {
  if (output->bytes.empty()) return std::nullopt;
  return Base64Stream{[output, rest = std::as_bytes(std::span(output->bytes))]() mutable {
    const auto piece = rest.first(std::min(piece_size, rest.size()));
    rest = rest.subspan(piece.size());
    return piece;
  }};
}

// qemu-ga's reply has it whenever it has output; without output only if that has been dropped.
std::optional<bool> truncated(const state::JobOutput& output) {
  if (output.bytes.empty() && !output.truncated) return std::nullopt;
  return output.truncated;
}

Result<Reply> run(CommandContext& context, const Arguments& arguments) {
  auto status = context.services.jobs.status(arguments.pid);
  if (!status) return failure("PID {} does not exist", arguments.pid);
  context.on_delivered(
      [&jobs = context.services.jobs, status = *status] { jobs.collected(status); });
  return Reply{.exited = status->exited,
               .exitcode = status->end.exit_code,
               .signal = status->end.signal,
               .out_data = stream(status->out),
               .err_data = stream(status->err),
               .out_truncated = truncated(*status->out),
               .err_truncated = truncated(*status->err)};
}

}  // namespace

extern constinit const Command guest_exec_status = declare<run>({
    .name = "guest-exec-status",
    .documentation =
        "Tells how a program that guest-exec started is doing. The first reply with `exited` true "
        "brings its output; once the client has taken it, the program is forgotten and the next "
        "request an error. Until then it is kept, whichever client asks; when finished programs "
        "are not asked for, the output of the oldest "
        "goes once all together hold 256 MiB, and the oldest itself once there are 65,536.",
    .since = "2.5",
    .access = Access::execute,
    .runs = Runs::worker,  // the reply can be larger than the channel takes at once
    .log_as_debug = true,
});

}  // namespace bellhop::commands
