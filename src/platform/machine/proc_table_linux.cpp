// SPDX-License-Identifier: Apache-2.0
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
  if (table.bad()) return failure("cannot read {}", file.string());
  return lines;
}

}  // namespace bellhop::platform
