// Lets tests and the programs they start wait for each other, without timing.
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
// `read line <PATH` until someone writes a line; each line lets one through.
class Gate {
 public:
  explicit Gate(std::string path) : path_(std::move(path)) {
    if (::mkfifo(path_.c_str(), 0600) == 0) descriptor_ = ::open(path_.c_str(), O_RDWR | O_CLOEXEC);
  }
  ~Gate() { ::close(descriptor_); }
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  const std::string& path() const { return path_; }
  std::string wait_command() const { return "read line <" + path_; }

  // Lets so many through.
  void open(int count = 1) {
    const std::string lines(static_cast<std::size_t>(count), '\n');
    [[maybe_unused]] const ssize_t written = ::write(descriptor_, lines.data(), lines.size());
  }
  // Waits for one `echo >PATH` of a shell.
  void wait() {
    char line = 0;
    while (line != '\n' && ::read(descriptor_, &line, 1) == 1) {
    }
  }

 private:
  std::string path_;
  int descriptor_ = -1;
};

}  // namespace bellhop::testing
