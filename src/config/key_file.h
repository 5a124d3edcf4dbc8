// Reads GLib's key files, the format of qemu-ga's configuration.
// https://docs.gtk.org/glib/struct.KeyFile.html
// Files that qemu-ga rejects are rejected.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/error.h"

namespace bellhop::config {

// Why a key file could not be read.
struct KeyFileError {
  std::string message;          // in GLib's wording
  unsigned line = 0;            // 1-based; 0 if the error is not about a line
  std::error_code system = {};  // set if the file could not be opened or read
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
  static std::expected<KeyFile, KeyFileError> load(const std::string& path);

  const std::vector<Group>& groups() const { return groups_; }
  const Entry* find(std::string_view group, std::string_view key) const;

 private:
  class Parser;

  std::vector<Group> groups_;
};

// The value as text, with the escapes `\s`, `\n`, `\t`, `\r` and `\\` resolved.
Result<std::string> string_value(const KeyFile::Entry& entry);
// true, false, 1 or 0.
Result<bool> boolean_value(const KeyFile::Entry& entry);
// Elements that are terminated or separated by ';'; `\;` is a semicolon.
Result<std::vector<std::string>> list_value(const KeyFile::Entry& entry);

// Escapes `text`, so that string_value() returns it unchanged.
std::string escaped_value(std::string_view text);

}  // namespace bellhop::config
