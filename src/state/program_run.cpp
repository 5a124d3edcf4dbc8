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

Result<void> check_exit(const platform::ProgramRun& run, const ProgramPurpose& purpose) {
  if (run.end.exit_code == 0) return {};
  const std::string output = run.output.substr(0, run.output.find('\0'));
  if (!run.end.exit_code) {
    return failure("{}child process has terminated abnormally{}{}", purpose.label,
                   output.empty() ? "" : ": ", output);
  }
  return cannot(purpose,
                output.empty() ? fmt::format("exit status {}", *run.end.exit_code) : output);
}

}  // namespace

Result<void> run_to_end(platform::Processes& processes, platform::ProcessRequest request,
                        const ProgramPurpose& purpose, const platform::RunLimits& limits) {
  const std::string path = request.path;
  const auto run = platform::run_program(processes, std::move(request), limits);
  if (!run) {
    const Error& error = run.error();
    if (!error.system) return cannot(purpose, error.message);
    // As in qemu-ga, whose child writes this message with a line feed at its end.
    return cannot(purpose, fmt::format("failed to exec '{}': {}\n", path, error.system.message()));
  }
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
