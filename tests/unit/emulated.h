// SPDX-License-Identifier: Apache-2.0
// Detects an emulator of another processor.
#pragma once

#include <filesystem>

namespace bellhop {

// True if QEMU's user-mode emulation (tools/arm64) runs the test. It reports the emulated program
// as the target of /proc/self/exe, but opens itself there. It supports most, but not all, of the
// kernel's interface.
inline bool is_emulated() {
  const std::filesystem::path self = "/proc/self/exe";
  return !std::filesystem::equivalent(self, std::filesystem::read_symlink(self));
}

}  // namespace bellhop
