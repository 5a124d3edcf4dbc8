// SPDX-License-Identifier: Apache-2.0
// Synchronises tests with the programs that they start, independent of timing.
#pragma once

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "unit/temporary_directory.h"

namespace bellhop::testing {

using bellhop::TemporaryDirectory;

// A FIFO that this process keeps open, so opening it never blocks. A shell waits in
// `read line <PATH` for a line. Each line releases one waiting shell.
class Gate {
 public:
  explicit Gate(std::string path) : path_(std::move(path)) {
    if (::mkfifo(path_.c_str(), 0600) == 0) fd_ = ::open(path_.c_str(), O_RDWR | O_CLOEXEC);
  }
  ~Gate() { ::close(fd_); }
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  const std::string& path() const { return path_; }
  std::string wait_command() const { return "read line <" + path_; }

  // Releases `count` shells.
  void open(int count = 1) {
    const std::string lines(static_cast<std::size_t>(count), '\n');
    [[maybe_unused]] const ssize_t written = ::write(fd_, lines.data(), lines.size());
  }
  // Waits for a line, as a shell's `echo >PATH` writes it.
  void wait() {
    char line = 0;
    while (line != '\n' && ::read(fd_, &line, 1) == 1) {
    }
  }

 private:
  std::string path_;
  int fd_ = -1;
};

}  // namespace bellhop::testing
