#include "platform/machine/proc_table_linux.h"

#include <cerrno>
#include <fstream>
#include <utility>

namespace bellhop::platform {

Result<std::vector<std::string>> read_proc_table(const std::filesystem::path& system_root,
                                                 std::string_view path) {
  const std::filesystem::path file = system_root / path;
  std::ifstream table(file);
  if (!table) return system_failure(errno, "open(\"{}\")", file.string());
  std::vector<std::string> lines;
  for (std::string line; std::getline(table, line);) lines.push_back(std::move(line));
  return lines;
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (;;) {
    const std::size_t begin = line.find_first_not_of(" \t");
    if (begin == line.npos) return words;
    line.remove_prefix(begin);
    const std::size_t end = line.find_first_of(" \t");
    words.push_back(line.substr(0, end));
    if (end == line.npos) return words;
    line.remove_prefix(end);
  }
}

}  // namespace bellhop::platform
