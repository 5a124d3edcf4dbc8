// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/text.h"
#include "platform/io/small_file.h"
#include "platform/process/process_tree.h"

namespace bellhop::platform {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// A process that is stopped starts no others. More rounds than a program needs whose processes are
// all visible in the first; a program that forks without end is killed in whatever state it is.
constexpr int max_stop_rounds = 10;

constexpr milliseconds kill_interval{5};

constexpr std::size_t max_environment = std::size_t{1} << 20;

struct Process {
  pid_t pid;
  pid_t parent;
  pid_t session;
};

// A running process; nullopt if it has ended, also if it has not been reaped.
std::optional<Process> read_process(pid_t pid) {
  const auto status = read_file(fmt::format("/proc/{}/stat", pid), 4096);
  if (!status) return std::nullopt;
  // "PID (NAME) STATE PARENT GROUP SESSION …"; the name may contain any character.
  const std::size_t name_end = status->rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  const auto fields = text::words(std::string_view(*status).substr(name_end + 1));
  if (fields.size() < 4 || fields[0] == "Z" || fields[0] == "X") return std::nullopt;
  const auto number = [&](std::size_t i) {
    return text::parse_number<pid_t>(fields[i]).value_or(0);
  };
  return Process{.pid = pid, .parent = number(1), .session = number(3)};
}

// All running processes but the agent and init.
std::vector<Process> list_processes() {
  std::vector<Process> processes;
  std::error_code error;
  for (std::filesystem::directory_iterator at("/proc", error), end; !error && at != end;
       at.increment(error)) {
    const auto pid = text::parse_number<pid_t>(at->path().filename().native());
    if (!pid || *pid == 1 || *pid == ::getpid()) continue;
    if (const auto process = read_process(*pid)) processes.push_back(*process);
  }
  return processes;
}

// Not read for other users: on old kernels, a process can make its reader wait.
bool has_mark(pid_t pid, std::string_view mark) {
  struct stat status;
  const std::string directory = fmt::format("/proc/{}", pid);
  if (::stat(directory.c_str(), &status) != 0 || status.st_uid != ::geteuid()) return false;
  const auto environment = read_file(directory + "/environ", max_environment);
  if (!environment) return false;
  const auto variables = text::split(*environment, '\0');
  return std::ranges::find(variables, mark) != variables.end();
}

// The processes of one program.
class Tree {
 public:
  Tree(pid_t leader, std::string_view mark) : mark_(mark), sessions_{leader} {}

  // Those that are running.
  std::set<pid_t> find() {
    std::set<pid_t> found;
    const std::vector<Process> processes = list_processes();
    for (const Process& process : processes) {
      if (sessions_.contains(process.session) || has_mark(process.pid, mark_)) add(process, found);
    }
    for (bool grown = true; grown;) {
      grown = false;
      for (const Process& process : processes) {
        if (found.contains(process.pid) || !is_descendant(process, found)) continue;
        add(process, found);
        grown = true;
      }
    }
    return found;
  }

 private:
  bool is_descendant(const Process& process, const std::set<pid_t>& found) const {
    return found.contains(process.parent) || sessions_.contains(process.session);
  }

  // A descendant has inherited the session or leads it, so all of a session are descendants.
  // Session 0 is that of kernel threads and of other pid namespaces.
  void add(const Process& process, std::set<pid_t>& found) {
    found.insert(process.pid);
    if (process.session > 0 && process.session != ::getsid(0)) sessions_.insert(process.session);
  }

  std::string_view mark_;
  std::set<pid_t> sessions_;
};

void signal_all(const std::set<pid_t>& processes, int number) {
  for (const pid_t pid : processes) ::kill(pid, number);
}

}  // namespace

// Stops them all first: a process whose parent was killed in the middle of a fork could not be
// found any more.
void kill_process_tree(ProcessId leader, std::string_view mark, milliseconds timeout) {
  if (leader <= 1) return;
  Tree tree(static_cast<pid_t>(leader), mark);
  std::set<pid_t> stopped;
  for (int round = 0; round < max_stop_rounds; ++round) {
    std::set<pid_t> found = tree.find();
    if (std::ranges::includes(stopped, found)) break;
    signal_all(found, SIGSTOP);
    stopped.merge(found);
  }
  const auto deadline = steady_clock::now() + timeout;
  for (std::set<pid_t> found = tree.find(); !found.empty(); found = tree.find()) {
    signal_all(found, SIGKILL);
    if (steady_clock::now() >= deadline) break;
    std::this_thread::sleep_for(kill_interval);
  }
}

}  // namespace bellhop::platform
