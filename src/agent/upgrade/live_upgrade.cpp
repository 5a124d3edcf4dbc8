// SPDX-License-Identifier: Apache-2.0
#include "agent/upgrade/live_upgrade.h"

#include <asio/post.hpp>
#include <ranges>
#include <utility>

#include "base/text.h"
#include "base/version.h"
#include "platform/process/process_id.h"
#include "platform/process/reexec.h"
#include "platform/process/run_program.h"

namespace bellhop::agent {
namespace {

// How long the successor may take to answer.
constexpr std::chrono::seconds probe_timeout{5};

// Interval at which the target is checked for being idle.
constexpr std::chrono::milliseconds poll_interval{20};

std::vector<std::string> probe_arguments(const RunningExecutable& executable) {
  std::vector<std::string> arguments{"--can-take-over"};
  // The probe does not inherit the socket; without it, the path is mandatory.
  if (executable.socket_was_passed) arguments.push_back("--path=/");
  const auto own = std::views::drop(executable.arguments, 1);
  arguments.insert(arguments.end(), own.begin(), own.end());
  return arguments;
}

// Opens the successor and runs it with --can-take-over. Blocks; called on a worker.
Result<platform::ProgramFile> probe_successor(platform::Processes& processes,
                                              const RunningExecutable& executable) {
  TRY_ASSIGN(auto program, platform::ProgramFile::open(executable.path));
  platform::ProcessRequest request{.path = executable.path,
                                   .arguments = probe_arguments(executable),
                                   .environment = {},
                                   .input = {},
                                   .program = program.descriptor()};
  TRY_ASSIGN(const auto run, platform::run_program(processes, std::move(request),
                                                   {.time = probe_timeout, .whole_output = true}));
  if (run.outcome != platform::ProgramRun::Outcome::ended) {
    return failure("'{}' did not answer within 5 s", executable.path);
  }
  std::string_view output = run.output;
  const std::string_view answer = text::consume_line(output);
  if (run.end.exit_code == 0 && run.output == probe_answer()) return program;
  if (run.end.exit_code == 0 && answer.starts_with("bellhopd ")) {
    return failure(
        "'{}' cannot read the state of this version (it answered '{}'): restart the agent",
        executable.path, answer);
  }
  return failure("'{}' cannot continue as the agent (it answered '{}')", executable.path, answer);
}

}  // namespace

std::string probe_answer() {
  return fmt::format("bellhopd handover {}\n", state::snapshot_version);
}

LiveUpgrade::LiveUpgrade(asio::io_context& loop, const RunningExecutable& executable,
                         state::Workers& workers, platform::Processes& processes, Target& target)
    : loop_(loop),
      executable_(executable),
      workers_(workers),
      processes_(processes),
      target_(target),
      timer_(loop) {}

void LiveUpgrade::start() {
  if (std::exchange(in_progress_, true)) return;
  if (executable_.path.empty()) {
    return abort(failure("the path of the running program is unknown").error());
  }
  if (executable_.configuration_is_lost) {
    return abort(failure("the path of its configuration file is relative and a daemon changes its "
                         "directory: start it with an absolute path")
                     .error());
  }
  start_probe();
}

// The agent serves clients during the probe.
void LiveUpgrade::start_probe() {
  const bool started = workers_.run(
      [this] {
        asio::post(loop_, [this, answer = probe_successor(processes_, executable_)]() mutable {
          on_probe_result(std::move(answer));
        });
      },
      "the probe of the new program");
  if (!started) {
    abort(failure("all worker threads are in use by commands that have not returned").error());
  }
}

void LiveUpgrade::on_probe_result(Result<platform::ProgramFile> answer) {
  if (!answer) return abort(answer.error());
  successor_ = *std::move(answer);
  deadline_ = std::chrono::steady_clock::now() + timeout;
  start_window();
}

void LiveUpgrade::start_window() {
  window_end_ = std::chrono::steady_clock::now() + window;
  target_.quiesce();
  poll();
}

void LiveUpgrade::poll() {
  const std::optional<std::string> busy_reason = target_.busy_reason();
  if (!busy_reason) {
    const Error failed = exec_successor();
    target_.resume();
    return abort(failed);
  }
  const auto now = std::chrono::steady_clock::now();
  if (now >= deadline_) {
    target_.resume();
    return abort(failure("{}; try again later, or restart the agent", *busy_reason).error());
  }
  if (now < window_end_) return call_after(poll_interval, &LiveUpgrade::poll);
  target_.resume();
  call_after(window, &LiveUpgrade::start_window);
}

void LiveUpgrade::call_after(std::chrono::milliseconds delay, void (LiveUpgrade::*step)()) {
  timer_.expires_after(delay);
  timer_.async_wait([this, step](std::error_code cancelled) {
    if (!cancelled) (this->*step)();
  });
}

// Returns only on failure.
Error LiveUpgrade::exec_successor() {
  state::SnapshotWriter writer(platform::current_pid());
  if (!target_.snapshot(writer)) return failure("a freeze is just ending").error();
  writer.begin(successor_record);
  writer.descriptor("program", successor_->descriptor());
  const auto memory = writer.finish();
  if (!memory) return memory.error();
  std::vector<platform::NativeHandle> descriptors = writer.descriptors();
  descriptors.push_back(memory->descriptor());
  return platform::exec_in_place(
      {.program = *successor_,
       .arguments = executable_.arguments,
       .variable =
           fmt::format("{}={}", snapshot_variable, platform::handle_number(memory->descriptor())),
       .descriptors = std::move(descriptors)});
}

void LiveUpgrade::abort(const Error& error) {
  successor_.reset();
  in_progress_ = false;
  target_.upgrade_failed(error);
}

}  // namespace bellhop::agent
