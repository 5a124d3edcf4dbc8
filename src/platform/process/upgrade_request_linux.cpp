// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

#include "base/text.h"
#include "platform/io/io_posix.h"
#include "platform/io/pipe_posix.h"
#include "platform/io/small_file.h"
#include "platform/process/signals_posix.h"
#include "platform/process/upgrade_request.h"

namespace bellhop::platform {
namespace {

// Begins the report of a successful upgrade.
constexpr std::string_view success = "ok ";

// A signal mask of /proc/PID/status.
std::uint64_t signal_mask(std::string_view status, std::string_view name) {
  while (!status.empty()) {
    std::string_view line = text::consume_line(status);
    if (text::consume_until(line, ':') != name) continue;
    return text::parse_number<std::uint64_t>(text::trim(line), 16).value_or(0);
  }
  return 0;
}

// The default action of the signal would end another program.
Result<void> check_handles_signal(ProcessId agent) {
  const auto status = read_small_file(fmt::format("/proc/{}/status", agent));
  if (!status || !*status) return failure("there is no process with the pid {}", agent);
  const std::uint64_t handled = signal_mask(**status, "SigBlk") | signal_mask(**status, "SigCgt");
  if ((handled >> (upgrade_request_signal - 1) & 1) != 0) return {};
  return failure("the process with the pid {} does not support live upgrades", agent);
}

}  // namespace

Result<std::string> request_upgrade(ProcessId agent, std::chrono::seconds timeout) {
  TRY(check_handles_signal(agent));
  TRY_ASSIGN(const Pipe pipe, make_pipe());
  const Handle end(static_cast<int>(::syscall(SYS_pidfd_open, agent, 0)));  // since Linux 5.3
  sigval value{};
  value.sival_int = pipe.write.get();
  if (::sigqueue(static_cast<pid_t>(agent), upgrade_request_signal, value) != 0) {
    return system_failure(errno, "cannot signal the agent (pid {})", agent);
  }
  std::array<pollfd, 2> ready{{{.fd = pipe.read.get(), .events = POLLIN, .revents = 0},
                               {.fd = end.get(), .events = POLLIN, .revents = 0}}};
  const std::chrono::milliseconds limit = timeout;
  retry_on_eintr(
      [&] { return ::poll(ready.data(), ready.size(), static_cast<int>(limit.count())); });
  if (ready[0].revents == 0) {
    if (ready[1].revents != 0) return failure("the agent (pid {}) ended during the upgrade", agent);
    return failure(
        "the agent (pid {}) did not answer within {} s; see its log. An agent of another user, or "
        "with fewer capabilities than this process, cannot answer",
        agent, timeout.count());
  }
  std::string report(PIPE_BUF, '\0');
  const auto size =
      retry_on_eintr([&] { return ::read(pipe.read.get(), report.data(), PIPE_BUF); });
  if (size < 0) return system_failure(errno, "cannot read the answer of the agent (pid {})", agent);
  report.resize(static_cast<std::size_t>(size));
  if (report.starts_with(success)) return report.substr(success.size());
  return failure("{}", report);
}

Handle open_requester(ProcessId requester, std::int64_t descriptor) {
  const std::string path = fmt::format("/proc/{}/fd/{}", requester, descriptor);
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0 || !S_ISFIFO(status.st_mode)) return {};
  return Handle(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
}

void report_upgrade(const Handle& requester, const Result<std::string>& result) {
  std::string report = result ? fmt::format("{}{}", success, *result) : result.error().message;
  report.resize(std::min(report.size(), std::size_t{PIPE_BUF}));
  write_all(requester.get(), report);
}

}  // namespace bellhop::platform
