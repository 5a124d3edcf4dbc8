// SPDX-License-Identifier: Apache-2.0
#include "platform/process/child_posix.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <utility>

#include "platform/io/pipe_posix.h"
#include "platform/process/threads.h"

namespace bellhop::platform {

using Clock = std::chrono::steady_clock;

bool arrange_descriptors(ChildDescriptors& descriptors) {
  // Out of the way of the numbers that are assigned below.
  const bool has_program = descriptors.program >= 0;
  const int program =
      has_program ? ::fcntl(descriptors.program, F_DUPFD, program_descriptor + 1) : -1;
  if (has_program && program < 0) return false;
  if (::dup2(descriptors.in, 0) < 0 || ::dup2(descriptors.out, 1) < 0 ||
      ::dup2(descriptors.err, 2) < 0 || ::dup2(descriptors.report, 3) < 0) {
    return false;
  }
  descriptors.report = 3;
  if (::fcntl(3, F_SETFD, FD_CLOEXEC) != 0) return false;
  if (!has_program) return close_from(program_descriptor);
  if (::dup2(program, program_descriptor) < 0) return false;
  descriptors.program = program_descriptor;
  return close_from(program_descriptor + 1);
}

std::vector<char*> exec_strings(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (const std::string& string : strings) pointers.push_back(const_cast<char*>(string.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

bool wait_readable(const Handle& descriptor, ChildDeadline deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd entry{.fd = descriptor.get(), .events = POLLIN, .revents = 0};
    const int timeout = static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000));
    const int ready = ::poll(&entry, 1, timeout);
    if (ready > 0) return true;
    if (ready == 0 && Clock::now() >= deadline) return false;
    if (ready < 0 && errno != EINTR) return false;
  }
}

Result<Handle> exit_descriptor_by_thread(pid_t child) {
  TRY_ASSIGN(auto pipe, make_pipe());
  auto wait = [child, hangs_up_at_end = std::move(pipe.write)] {
    siginfo_t info;
    // WNOWAIT leaves the child to be reaped, so that its pid is not reused before.
    const auto id = static_cast<id_t>(child);
    retry_on_eintr([&] { return ::waitid(P_PID, id, &info, WEXITED | WNOWAIT); });
  };
  auto thread = start_thread("bellhop-exit", std::move(wait));
  if (!thread) {
    return system_failure(thread.error().system.value(),
                          "cannot start a thread to wait for a process");
  }
  thread->detach();
  return std::move(pipe.read);
}

void undo_ignored_sigchld() {
  struct sigaction action = {};
  if (::sigaction(SIGCHLD, nullptr, &action) == 0 && action.sa_handler == SIG_IGN) {
    ::signal(SIGCHLD, SIG_DFL);
  }
}

ProcessEnd reap(pid_t child) {
  int status = 0;
  const pid_t reaped = retry_on_eintr([&] { return ::waitpid(child, &status, 0); });
  if (reaped != child) return {};
  if (WIFEXITED(status)) return {.exit_code = WEXITSTATUS(status)};
  return {.signal = WTERMSIG(status)};
}

void kill_child(pid_t child, const Handle& end) {
  using namespace std::chrono_literals;
  ::kill(child, SIGKILL);
  if (end && wait_readable(end, Clock::now() + 200ms)) {
    reap(child);
  } else if (auto thread = start_thread("bellhop-reap", [child] { reap(child); })) {
    thread->detach();
  }
}

}  // namespace bellhop::platform
