// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>

#include "agent/services.h"
#include "rpc/command.h"
#include "state/jobs.h"

namespace bellhop::commands {
namespace {

struct Arguments {
  std::int64_t pid;
};

constexpr auto fields_of(const Arguments*) {
  return fields(field<"pid", &Arguments::pid>("The pid that guest-exec returned."));
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
          "True once the process has ended and, if its output is captured, no process that it "
          "started can write to that output any more. The other members are present only then."),
      field<"exitcode", &Reply::exitcode>("Exit status, if the process ended by itself."),
      field<"signal", &Reply::signal>("The signal that killed the process."),
      field<"out-data", &Reply::out_data>("Captured standard output, if it is not empty."),
      field<"err-data", &Reply::err_data>("Captured standard error, if it is not empty."),
      field<"out-truncated", &Reply::out_truncated>(
          "True if out-data lacks the rest of the output."),
      field<"err-truncated", &Reply::err_truncated>(
          "True if err-data lacks the rest of the output."));
}

constexpr std::size_t piece_size = std::size_t{3} << 16;  // a multiple of 3

// Streams the bytes in pieces, so that memory does not hold a second copy of the output.
std::optional<Base64Stream> stream(const std::shared_ptr<const state::JobOutput>& output) {
  if (output->bytes.empty()) return std::nullopt;
  return Base64Stream{[output, rest = std::as_bytes(std::span(output->bytes))]() mutable {
    const auto piece = rest.first(std::min(piece_size, rest.size()));
    rest = rest.subspan(piece.size());
    return piece;
  }};
}

// Present whenever there is output, as in qemu-ga; without output only if it has been dropped.
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
        "Returns the status of a program that guest-exec started. The first reply with `exited` "
        "true contains the captured output. Once the client has received that reply, the agent "
        "forgets the program, and the next request for it is an error. Until then the agent "
        "keeps it, and any client may request it. If clients do not request finished programs, "
        "the oldest output is dropped once all outputs together hold 256 MiB, and the oldest "
        "program itself is forgotten once there are 65,536.",
    .since = "2.5",
    .access = Access::execute,
    .runs = Runs::worker,  // the reply can exceed what the channel accepts at once
    .log_as_debug = true,
});

}  // namespace bellhop::commands
