// SPDX-License-Identifier: Apache-2.0
// A directory that a test uses in place of the root directory, with fake /sys, /proc, /dev, /etc
// and /run.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "unit/temporary_directory.h"

namespace bellhop::testing {

class SystemTree {
 public:
  std::filesystem::path path() const { return directory_.path(); }

  // Paths have no leading slash: "sys/power/state".
  void write(const std::string& file, std::string_view content) const {
    std::filesystem::create_directories((path() / file).parent_path());
    std::ofstream(path() / file, std::ios::binary) << content;
  }
  void make_directory(const std::string& name) const {
    std::filesystem::create_directories(path() / name);
  }
  void link(const std::string& name, const std::string& target) const {
    std::filesystem::create_directories((path() / name).parent_path());
    std::filesystem::create_symlink(target, path() / name);
  }
  void remove(const std::string& name) const { std::filesystem::remove_all(path() / name); }
  std::string content(const std::string& file) const {
    std::ifstream stream(path() / file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  }

 private:
  TemporaryDirectory directory_;
};

}  // namespace bellhop::testing
