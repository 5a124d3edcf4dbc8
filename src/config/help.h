// What --help and --version print.
#pragma once

#include <string>
#include <string_view>

namespace bellhop::config {

// The last part of the path by which a program was called.
std::string_view base_name(std::string_view program);

std::string help_text(std::string_view program);

// One line. Under the name qemu-ga it is qemu-ga's, because scripts read the version out of it.
std::string version_text(std::string_view program);

}  // namespace bellhop::config
