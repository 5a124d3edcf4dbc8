// SPDX-License-Identifier: Apache-2.0
// The output of --help and --version.
#pragma once

#include <string>
#include <string_view>

namespace bellhop::config {

// The last component of the path of the program.
std::string_view base_name(std::string_view program);

std::string help_text(std::string_view program);

// One line. If the program is called qemu-ga, the line is qemu-ga's, because scripts parse the
// version in it.
std::string version_text(std::string_view program);

}  // namespace bellhop::config
