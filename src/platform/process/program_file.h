// SPDX-License-Identifier: Apache-2.0
// A program's file that is opened once, so that the program that was tried is the one that runs.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "base/error.h"
#include "platform/io/handle.h"

namespace bellhop::platform {

// Move-only. Its file stays the same when the path refers to another file later.
class ProgramFile {
 public:
  // Follows symbolic links. Does not block on a FIFO or a device. Whether the file can be executed
  // is not checked.
  static Result<ProgramFile> open(std::string path);

  const std::string& path() const { return path_; }
  NativeHandle descriptor() const { return file_.get(); }

  // Fails if the file may have been written to since open(): the kernel refuses that only while a
  // program runs from it, and never for a script. A new mode or owner counts as a change too. That
  // the path refers to another file does not.
  Result<void> check_unchanged() const;

 private:
  // What a change of the file's content changes. Times are in ns.
  struct Stamp {
    std::int64_t size = 0;
    std::int64_t written = 0;
    std::int64_t changed = 0;
    std::int64_t links = 0;
  };
  static Result<Stamp> stamp(const Handle& file, const std::string& path);

  ProgramFile(std::string path, Handle file, Stamp opened)
      : path_(std::move(path)), file_(std::move(file)), opened_(opened) {}

  std::string path_;
  Handle file_;
  Stamp opened_;
};

}  // namespace bellhop::platform
