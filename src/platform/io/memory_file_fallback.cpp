// SPDX-License-Identifier: Apache-2.0
#include "platform/io/memory_file.h"
#include "platform/unsupported.h"

namespace bellhop::platform {

Result<MemoryFile> MemoryFile::create() {
  return unsupported();
}

Result<void> MemoryFile::append(std::string_view) {
  return unsupported();
}

Result<void> MemoryFile::seal() {
  return unsupported();
}

Result<SealedMemory> SealedMemory::open(Handle) {
  return unsupported();
}

SealedMemory::~SealedMemory() = default;

}  // namespace bellhop::platform
