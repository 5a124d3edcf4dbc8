// SPDX-License-Identifier: Apache-2.0
// Thaws filesystems, each in a child process.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "platform/storage/local_filesystems.h"

namespace bellhop::platform {

// A pass tries each filesystem once. A disk that does not answer delays no other filesystem. For a
// process with one thread that has blocked SIGCHLD.
class ThawPass {
 public:
  // `on_thaw` is called with the mountpoint that is about to thaw, and at the end of start() with
  // one that does not answer. `in_child` is called in each child: it closes what the child must not
  // keep open.
  ThawPass(std::function<void(const std::string& mountpoint)> on_thaw,
           std::function<void()> in_child)
      : on_thaw_(std::move(on_thaw)), in_child_(std::move(in_child)) {}

  // A filesystem that freezes after those that were added before: it thaws before them.
  void add(std::string mountpoint, Handle descriptor);
  // All other filesystems of the system thaw too. They are opened when they thaw.
  void add_all() { all_ = true; }

  // Starts a pass. If one runs, it covers this request too: what does not hang is tried again at
  // once, the rest when it answers. `last`: nothing freezes any more.
  void start(bool last);
  // Call it when a child has ended. True once when the pass has ended.
  bool collect();

  bool is_running() const { return running_; }
  // Of the pass that has ended: the number of filesystems thawed, and the first error or nothing.
  std::int64_t count() const { return count_; }
  const std::string& error() const { return error_; }
  // Whether all filesystems have thawed since nothing freezes any more.
  bool is_complete() const;

 private:
  struct Target {
    std::string mountpoint;
    std::unique_ptr<Filesystem> open = {};
    LocalFilesystem place = {};  // if it is not open
    pid_t child = 0;             // thaws it
    bool child_is_last = false;  // it was started when nothing froze any more
    bool is_due = false;         // must be tried again when the child has ended
    bool done = false;           // thawed, and nothing freezes it any more
  };

  void start_thaws();
  void find_all();
  void start_thaw(Target& target);
  int thaw(const Target& target);
  void take_status(Target& target, int status);
  void take_result(Target& target, int result);

  const std::function<void(const std::string&)> on_thaw_;
  const std::function<void()> in_child_;
  const std::unique_ptr<Filesystems> system_ = system_filesystems();
  std::vector<Target> targets_;  // in thaw order
  bool all_ = false;
  bool last_ = false;
  bool running_ = false;
  std::int64_t count_ = 0;
  std::string error_;
};

// Waits for a child for up to `time`. True if it has ended; then it is reaped, and `status` is that
// of waitpid(2).
bool wait_for_child(pid_t child, std::chrono::milliseconds time, int* status = nullptr);

}  // namespace bellhop::platform
