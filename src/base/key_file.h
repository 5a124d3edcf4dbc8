// SPDX-License-Identifier: Apache-2.0
// Parses GLib's key files, the format of qemu-ga's configuration and state.
// https://docs.gtk.org/glib/struct.KeyFile.html
// Files that GLib rejects are rejected.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace bellhop {

// Why a text is not a key file.
struct KeyFileError {
  std::string message;  // in GLib's wording
  unsigned line = 0;    // 1-based
};

// The groups of a key file, in order. A repeated group continues the first; the last value of a
// repeated key counts.
class KeyFile {
 public:
  struct Entry {
    std::string key;
    std::string value;  // as written, escapes included
    unsigned line;
  };
  struct Group {
    std::string name;
    unsigned line;
    std::vector<Entry> entries;
  };

  static std::expected<KeyFile, KeyFileError> parse(std::string_view text);
  // Skips the lines that are not valid.
  static KeyFile parse_valid_lines(std::string_view text);

  const std::vector<Group>& groups() const { return groups_; }
  const Entry* find(std::string_view group, std::string_view key) const;

 private:
  class Parser;

  std::vector<Group> groups_;
};

}  // namespace bellhop
