// SPDX-License-Identifier: Apache-2.0
// /proc, /sys and /run of a system, recorded as text.
#pragma once

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include "unit/temporary_directory.h"

namespace bellhop::testing {

// Creates files, links and empty directories in a temporary directory. Each line describes one, by
// its path without the leading '/':
//
//   sys/block/vda/size: 81920\n
//   sys/block/vda/device -> ../../devices/virtio0
//   sys/block/vda/slaves/
//
// In a file's content \n is a line feed and \\ a backslash.
class RecordedTree {
 public:
  explicit RecordedTree(std::string_view text) {
    std::istringstream lines{std::string(text)};
    for (std::string line; std::getline(lines, line);) add(line);
  }

  const std::filesystem::path root() const { return directory_.path(); }

  void add(std::string_view line) const {
    if (const std::size_t arrow = line.find(" -> "); arrow != line.npos) {
      std::filesystem::create_symlink(line.substr(arrow + 4), parent(line.substr(0, arrow)));
    } else if (const std::size_t colon = line.find(": "); colon != line.npos) {
      std::ofstream(parent(line.substr(0, colon)), std::ios::binary)
          << unescape(line.substr(colon + 2));
    } else if (line.ends_with('/')) {
      std::filesystem::create_directories(root() / line);
    }
  }

  void remove(std::string_view path) const { std::filesystem::remove_all(root() / path); }

 private:
  // Returns the path in the tree, and creates its parent directory.
  std::filesystem::path parent(std::string_view path) const {
    const std::filesystem::path full = root() / path;
    std::filesystem::create_directories(full.parent_path());
    return full;
  }

  static std::string unescape(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\\' && i + 1 < text.size()) {
        ++i;
        result += text[i] == 'n' ? '\n' : text[i];
      } else {
        result += text[i];
      }
    }
    return result;
  }

  TemporaryDirectory directory_;
};

}  // namespace bellhop::testing
