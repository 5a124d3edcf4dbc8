// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <optional>
#include <system_error>
#include <utility>

#include "platform/accounts/security_labels.h"
#include "platform/process/find_executable.h"
#include "platform/process/run_as_user.h"

namespace bellhop::platform {
namespace {

// The file exists if selinuxfs is mounted, and the kernel provides selinuxfs only if SELinux is on.
// Permissive mode counts as well: enforcing mode may follow later.
bool has_selinux(const std::filesystem::path& root) {
  return ::access((root / "sys/fs/selinux/enforce").c_str(), R_OK) == 0;
}

// Not find_executable(), which checks the agent's rights: running the program shows whether the
// user may execute it.
std::optional<std::string> find_restorecon(const std::filesystem::path& root) {
  std::error_code error;
  for (std::string& path : program_candidates("restorecon", system_search_path(root))) {
    if (std::filesystem::is_regular_file(path, error)) return std::move(path);
  }
  return std::nullopt;
}

}  // namespace

Result<void> restore_labels(const UserAccount& user, std::vector<std::string> paths,
                            const std::filesystem::path& system_root,
                            std::chrono::milliseconds limit) {
  if (!has_selinux(system_root)) return {};
  const auto program = find_restorecon(system_root);
  if (!program) return failure("there is no restorecon");
  // -i ignores files that do not exist.
  paths.insert(paths.begin(), {"-i", "--"});
  return run_program_as_user(user, limit, *program, std::move(paths));
}

}  // namespace bellhop::platform
