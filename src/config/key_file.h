// Reads GLib's key files, the format of qemu-ga's configuration.
// https://docs.gtk.org/glib/struct.KeyFile.html; qemu-ga is the authority for what is refused.
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
  std::string message;          // in GLib's words
  unsigned line = 0;            // 1-based; 0 when it is not about a line
  std::error_code system = {};  // when the file could not be opened or read
};

// The groups of a key file, in order. A group that comes again continues the first; of a key that
// comes again the last counts.
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

// The value as text: `\s`, `\n`, `\t`, `\r` and `\\` stand for characters.
Result<std::string> string_value(const KeyFile::Entry& entry);
// true, false, 1 or 0.
Result<bool> boolean_value(const KeyFile::Entry& entry);
// Elements that ';' ends or separates; `\;` stands for a semicolon.
Result<std::vector<std::string>> list_value(const KeyFile::Entry& entry);

// `text` such that string_value() gives it back.
std::string escaped_value(std::string_view text);

}  // namespace bellhop::config
