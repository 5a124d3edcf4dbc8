// Whether an emulator of another processor runs the test.
#pragma once

#include <filesystem>

namespace bellhop {

// QEMU's emulation of programs (tools/arm64) says for /proc/self/exe what it runs, but opens itself
// there. It passes on mostly, but not everything, of what the kernel has to say.
inline bool is_emulated() {
  const std::filesystem::path self = "/proc/self/exe";
  return !std::filesystem::equivalent(self, std::filesystem::read_symlink(self));
}

}  // namespace bellhop
