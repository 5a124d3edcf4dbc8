#include <sys/stat.h>
#include <unistd.h>

#include <optional>
#include <utility>

#include "platform/accounts/security_labels.h"
#include "platform/process/run_as_user.h"

namespace bellhop::platform {
namespace {

// The file is there when selinuxfs is mounted, and the kernel makes that filesystem only when
// SELinux is on. Whether it enforces does not matter: it may do so tomorrow.
bool has_selinux(const std::filesystem::path& root) {
  return ::access((root / "sys/fs/selinux/enforce").c_str(), R_OK) == 0;
}

std::optional<std::string> find_restorecon(const std::filesystem::path& root) {
  for (const char* directory : {"usr/sbin", "sbin", "usr/bin", "bin"}) {
    std::string path = (root / directory / "restorecon").string();
    struct stat status{};
    if (::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode)) return path;
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
  // What does not exist is left out.
  paths.insert(paths.begin(), {"-i", "--"});
  return run_program_as_user(user, limit, *program, std::move(paths));
}

}  // namespace bellhop::platform
