// The labels that a mandatory access control, SELinux, has on files.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "platform/accounts/user_account.h"

namespace bellhop::platform {

// Gives those of the user's files that exist the labels that the policy has for their paths, when
// SELinux is on; else there is nothing to do. A file that another program or an agent made has the
// label of its directory, or what the policy says for the maker's domain, and sshd may be forbidden
// to read such a one.
//
// By restorecon(8) with the user's rights (run_as_user.h): only an owner's files can be given to
// another label, and whatever the user puts in their place is as well the user's own. Whether the
// agent's domain, or the one that restorecon changes to, may do it is up to the policy.
// `system_root` has the system's /sys and programs. Errors: those of run_program_as_user(), or that
// there is no restorecon.
Result<void> restore_labels(const UserAccount& user, std::vector<std::string> paths,
                            const std::filesystem::path& system_root,
                            std::chrono::milliseconds limit = std::chrono::seconds(10));

}  // namespace bellhop::platform
