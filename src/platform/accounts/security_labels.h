// SPDX-License-Identifier: Apache-2.0
// File labels of SELinux.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "platform/accounts/user_account.h"

namespace bellhop::platform {

// If SELinux is on, gives those of the user's files that exist the labels that the policy assigns
// to their paths; otherwise does nothing. A file that another program or an agent created has the
// label of its directory, or the one that the policy assigns to files of its creator's domain, and
// sshd may be forbidden to read such a file.
//
// Runs restorecon(8) with the user's rights (run_as_user.h): these permit relabelling only the
// user's own files, and a file that the user puts in their place is the user's own too. The policy
// decides whether the agent's domain, or the domain that restorecon changes to, may relabel.
// `system_root` contains /sys and the programs. Errors: those of run_program_as_user(), or
// restorecon is not installed.
Result<void> restore_labels(const UserAccount& user, std::vector<std::string> paths,
                            const std::filesystem::path& system_root,
                            std::chrono::milliseconds limit = std::chrono::seconds(10));

}  // namespace bellhop::platform
