// SPDX-License-Identifier: Apache-2.0
#include "state/program_run.h"

#include <chrono>
#include <string>
#include <utility>

namespace bellhop::state {
namespace {

using Outcome = platform::ProgramRun::Outcome;

std::unexpected<Error> cannot(const ProgramPurpose& purpose, std::string_view reason) {
  return failure("child process has failed to {}: {}{}", purpose.purpose, purpose.label, reason);
}

std::unexpected<Error> killed(const ProgramPurpose& purpose, std::errc why,
                              std::string_view reason) {
  auto error = cannot(purpose, fmt::format("'{}' {}", purpose.name, reason));
  error.error().system = std::make_error_code(why);
  return error;
}

// A signal leaves a program no time to clean up, like a kill by the agent.
std::unexpected<Error> signalled(const ProgramPurpose& purpose, std::string_view output) {
  auto error = failure("{}child process has terminated abnormally{}{}", purpose.label,
                       output.empty() ? "" : ": ", output);
  error.error().system = std::make_error_code(std::errc::interrupted);
  return error;
}

Result<void> check_exit(const platform::ProgramRun& run, const ProgramPurpose& purpose) {
  if (run.end.exit_code == 0) return {};
  const std::string output = run.output.substr(0, run.output.find('\0'));
  if (!run.end.exit_code) return signalled(purpose, output);
  return cannot(purpose,
                output.empty() ? fmt::format("exit status {}", *run.end.exit_code) : output);
}

}  // namespace

std::unexpected<Error> cannot_run(const ProgramPurpose& purpose, std::string_view path,
                                  const Error& why) {
  if (!why.system) return cannot(purpose, why.message);
  // As in qemu-ga, whose child writes this message with a line feed at its end.
  return cannot(purpose, fmt::format("failed to exec '{}': {}\n", path, why.system.message()));
}

bool was_killed(const Error& error) {
  return error.system == std::errc::timed_out || error.system == std::errc::operation_canceled ||
         error.system == std::errc::interrupted;
}

Result<void> run_to_end(platform::Processes& processes, platform::ProcessRequest request,
                        const ProgramPurpose& purpose, const platform::RunLimits& limits) {
  const std::string path = request.path;
  const auto run = platform::run_program(processes, std::move(request), limits);
  if (!run) return cannot_run(purpose, path, run.error());
  if (run->outcome == Outcome::ended) return check_exit(*run, purpose);
  ProgramPurpose named = purpose;
  if (named.name.empty()) named.name = path;
  if (run->outcome == Outcome::cancelled) {
    return killed(named, std::errc::operation_canceled, "was killed: it is not wanted any more");
  }
  return killed(named, std::errc::timed_out,
                fmt::format("did not end within {} s and was killed",
                            std::chrono::duration<double>(*limits.time).count()));
}

}  // namespace bellhop::state
