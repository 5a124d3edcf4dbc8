// Runs other programs: starts them, feeds and reads their pipes, and tells when they end.
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

namespace bellhop::platform {

// What becomes of an output stream of a process.
enum class Output {
  discard,
  capture,   // handed to the observer
  with_out,  // standard error only: into the same pipe as standard output
};

// A program to run. Strings with a zero byte in them end there, as everywhere in the system.
struct ProcessRequest {
  // A file's path; a name without a slash is looked for in PATH: that of `environment`, else the
  // agent's own, else /bin:/usr/bin:. as GLib does. Files that are no binaries and have no
  // interpreter line are given to /bin/sh.
  std::string path;
  std::vector<std::string> arguments;                   // after the name of the program
  std::optional<std::vector<std::string>> environment;  // "NAME=value"; none: the agent's own
  std::optional<std::string> input;                     // standard input; none: /dev/null
  Output out = Output::discard;
  Output err = Output::discard;
};

// How a process ended: one of both; neither when the system did not say.
struct ProcessEnd {
  std::optional<int> exit_code;
  std::optional<int> signal;
};

enum class OutputStream { out, err };

// Is told what a process does. Its functions are called on the private thread of Processes, one
// call at a time, and must not block.
class ProcessObserver {
 public:
  virtual ~ProcessObserver() = default;
  virtual void on_output(OutputStream stream, std::span<const std::byte> bytes) = 0;
  // Nobody has that captured stream open for writing any more. Others than the process may have
  // inherited it, so this can come long after the process has ended.
  virtual void on_eof(OutputStream stream) = 0;
  virtual void on_exit(ProcessEnd end) = 0;
};

// A process and its pipes, on their way from one Processes to another.
struct ProcessSnapshot {
  std::int64_t number = 0;
  bool ended = false;  // its observer has been told how
  // The agent's ends of its pipes, as far as they are open.
  Handle in = {};
  std::string input = {};  // what is still to be written there
  Handle out = {};
  Handle err = {};
  std::shared_ptr<ProcessObserver> observer = {};
};

// Runs any number of processes at once, none of which can delay another. One private thread serves
// them all; it starts with the first of them and sleeps while nothing happens.
//
// Any thread may call start(). The first call ends a SIGCHLD of the agent being ignored, which it
// may have inherited: the system would throw away how processes end. It also raises the agent's
// limit of open descriptors, where that is low; processes get the one that was in force when this
// object was made. They live on when it goes.
class Processes {
 public:
  Processes();
  ~Processes();
  Processes(const Processes&) = delete;
  Processes& operator=(const Processes&) = delete;

  // Starts a process and returns its number. Waits until the program has been loaded: as long as
  // the disk takes that it lies on. The observer is kept until nothing more can happen.
  // Errors are worded as qemu-ga's.
  Result<std::int64_t> start(ProcessRequest request, std::shared_ptr<ProcessObserver> observer);

  // Lets go of all processes: observers are told nothing any more. What happens meanwhile is told
  // to who adopts them. Not to be called together with start().
  std::vector<ProcessSnapshot> release();

  // Goes on with a child of this process of the system, which an earlier program may have started.
  // When that fails, its pipes are closed and it is not observed.
  Result<void> restore(ProcessSnapshot process);

  // The limit of open descriptors that processes get.
  std::int64_t descriptor_limit() const;
  void set_descriptor_limit(std::int64_t limit);

 private:
  class Runner;
  std::unique_ptr<Runner> runner_;
};

}  // namespace bellhop::platform
