// SPDX-License-Identifier: Apache-2.0
#include "agent/services.h"
#include "platform/process/process.h"
#include "rpc/command.h"
#include "state/jobs.h"

namespace bellhop::commands {
namespace {

using platform::Output;
using platform::ProcessRequest;

enum class CaptureMode { none, out, err, separated, merged };

constexpr std::array<std::string_view, 5> wire_names(CaptureMode) {
  return {"none", "stdout", "stderr", "separated", "merged"};
}

using Capture = Alternate<"GuestExecCaptureOutput", bool, CaptureMode>;

struct Arguments {
  std::string_view path;
  std::optional<std::vector<std::string_view>> arg;
  std::optional<std::vector<std::string_view>> env;
  std::optional<Base64Argument> input_data;
  std::optional<Capture> capture_output;
};

constexpr auto fields_of(const Arguments*) {
  return fields(
      field<"path", &Arguments::path>(
          "The program: a path, or a name without '/' that is searched for in the PATH of `env`, "
          "or in the agent's PATH if `env` has none. Without any PATH, /bin, /usr/bin and the "
          "agent's directory are searched. An executable file that is neither a binary nor has an "
          "interpreter line is run by /bin/sh."),
      field<"arg", &Arguments::arg>("Arguments, without the program's name."),
      field<"env", &Arguments::env>(
          "The complete environment, as `NAME=value`; default: the agent's environment."),
      field<"input-data", &Arguments::input_data>(
          "The program's standard input; default: /dev/null."),
      field<"capture-output", &Arguments::capture_output>(
          "The output to keep for guest-exec-status, up to 16 MiB of each stream. Output above "
          "the limit is read and discarded. `merged` keeps both streams as one, in the order of "
          "writing. true means `separated`; false, the default, means `none`."));
}

struct Reply {
  std::int64_t pid;
};

constexpr auto fields_of(const Reply*) {
  return fields<"GuestExec">(field<"pid", &Reply::pid>("The pid for guest-exec-status."));
}

CaptureMode capture_mode(const std::optional<Capture>& capture) {
  if (!capture) return CaptureMode::none;
  if (const auto* mode = std::get_if<CaptureMode>(&capture->value)) return *mode;
  return std::get<bool>(capture->value) ? CaptureMode::separated : CaptureMode::none;
}

void set_capture(ProcessRequest& request, CaptureMode mode) {
  using enum CaptureMode;
  if (mode == out || mode == separated || mode == merged) request.out = Output::capture;
  if (mode == err || mode == separated) request.err = Output::capture;
  if (mode == merged) request.err = Output::with_out;
}

std::vector<std::string> copies(const std::vector<std::string_view>& texts) {
  return {texts.begin(), texts.end()};
}

Result<Reply> run(CommandContext& context, const Arguments& arguments) {
  ProcessRequest request;
  request.path = arguments.path;
  if (arguments.arg) request.arguments = copies(*arguments.arg);
  if (arguments.env) request.environment = copies(*arguments.env);
  set_capture(request, capture_mode(arguments.capture_output));
  if (arguments.input_data) {
    TRY_ASSIGN(const auto bytes, arguments.input_data->decode());
    request.input.emplace(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  TRY_ASSIGN(const auto pid, context.services.jobs.start(std::move(request)));
  return Reply{.pid = pid};
}

}  // namespace

extern constinit const Command guest_exec = declare<run>({
    .name = "guest-exec",
    .documentation =
        "Starts a program and returns at once; guest-exec-status returns its status. The program "
        "runs as the agent's user and in the agent's directory. It continues to run after the "
        "client disconnects and after the agent ends.",
    .since = "2.5",
    .access = Access::execute,
    .logged_arguments = 2,
});

}  // namespace bellhop::commands
