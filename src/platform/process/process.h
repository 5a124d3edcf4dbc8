// SPDX-License-Identifier: Apache-2.0
// Runs other programs: starts them, writes and reads their pipes, and reports when they end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "platform/io/handle.h"
#include "platform/process/process_id.h"

namespace bellhop::platform {

// Where an output stream of a process goes.
enum class Output {
  discard,
  capture,   // passed to the observer
  with_out,  // standard error only: into the same pipe as standard output
};

// A program to run. Strings end at their first zero byte, as in all system calls.
struct ProcessRequest {
  // A file's path. A name without a slash is searched for as in GLib: in the PATH of `environment`,
  // else in the agent's PATH, else in "/bin:/usr/bin:.". /bin/sh runs files that are not binaries
  // and have no interpreter line.
  std::string path;
  std::vector<std::string> arguments;                   // without the program's name
  std::optional<std::vector<std::string>> environment;  // "NAME=value"; none: the agent's own
  std::optional<std::string> input;                     // standard input; none: /dev/null
  Output out = Output::discard;
  Output err = Output::discard;
  // An open file to execute instead of the one at `path`, which then only names the program. The
  // caller keeps it open until start() has returned. The program inherits it.
  std::optional<NativeHandle> program = {};
};

// How a process ended. One of the two is set; neither when the kernel did not report it.
struct ProcessEnd {
  std::optional<int> exit_code;
  std::optional<int> signal;
};

enum class OutputStream { out, err };

// Receives the events of one process. Called on the private thread of Processes, one call at a
// time. Must not block.
class ProcessObserver {
 public:
  virtual ~ProcessObserver() = default;
  virtual void on_output(OutputStream stream, std::span<const std::byte> bytes) = 0;
  // No process has this captured stream open for writing any more. Other processes may have
  // inherited it, so this can come long after the process has ended.
  virtual void on_eof(OutputStream stream) = 0;
  virtual void on_exit(ProcessEnd end) = 0;
};

// A process and its pipes, moved from one Processes to another.
struct ProcessSnapshot {
  ProcessId number = 0;
  bool ended = false;  // its observer's on_exit() has been called
  // The agent's ends of its pipes; empty if closed.
  Handle in = {};
  std::string input = {};  // not yet written to `in`
  Handle out = {};
  Handle err = {};
  std::shared_ptr<ProcessObserver> observer = {};
};

// Runs any number of processes at once; no process can delay another. One private thread serves all
// of them. It starts with the first process and sleeps while idle.
//
// start() is thread-safe. Its first call undoes an inherited SIG_IGN for SIGCHLD, with which the
// kernel would discard exit statuses. It also raises the agent's limit of open fds if that is low;
// processes get the limit that was in force at construction. Processes keep running after this
// object's destruction.
class Processes {
 public:
  Processes();
  ~Processes();
  Processes(const Processes&) = delete;
  Processes& operator=(const Processes&) = delete;

  // Starts a process and returns its pid. Blocks until the program has been loaded, for as long as
  // its disk takes. Keeps the observer until no further event is possible. Error texts are those of
  // qemu-ga.
  Result<ProcessId> start(ProcessRequest request, std::shared_ptr<ProcessObserver> observer);

  // Returns all processes and stops observing them. Later events are reported after restore(). Must
  // not run concurrently with start().
  std::vector<ProcessSnapshot> release();

  // Resumes observing a child of this process, which an earlier program of the process may have
  // started. On failure, closes its pipes and does not observe it.
  Result<void> restore(ProcessSnapshot process);

  // The limit of open fds that processes get.
  std::int64_t descriptor_limit() const;
  void set_descriptor_limit(std::int64_t limit);

 private:
  struct Runner;
  std::unique_ptr<Runner> runner_;
};

}  // namespace bellhop::platform
