// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "platform/io/io_posix.h"
#include "platform/io/memory_file.h"

namespace bellhop::platform {
namespace {

constexpr int every_seal = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

}  // namespace

Result<MemoryFile> MemoryFile::create() {
  Handle fd(::memfd_create("bellhop", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd) return system_failure(errno, "cannot make a file in memory");
  return MemoryFile(std::move(fd));
}

Result<void> MemoryFile::append(std::string_view bytes) {
  const int reason = write_all(fd_.get(), bytes);
  if (reason != 0) return system_failure(reason, "cannot write to memory");
  return {};
}

Result<void> MemoryFile::seal() {
  if (::fcntl(fd_.get(), F_ADD_SEALS, every_seal) == 0) return {};
  return system_failure(errno, "cannot seal a file in memory");
}

Result<SealedMemory> SealedMemory::open(Handle fd) {
  const int seals = ::fcntl(fd.get(), F_GET_SEALS);
  if (seals < 0) return system_failure(errno, "descriptor {} is no file in memory", fd.get());
  if ((seals & every_seal) != every_seal) {
    return failure("the file in memory with descriptor {} is not sealed", fd.get());
  }
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) return system_failure(errno, "cannot read from memory");
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) return SealedMemory(nullptr, 0);
  const void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  if (data == MAP_FAILED) return system_failure(errno, "cannot read from memory");
  return SealedMemory(data, size);
}

SealedMemory::~SealedMemory() {
  if (data_) ::munmap(const_cast<void*>(data_), size_);  // munmap's type; it was mapped here
}

}  // namespace bellhop::platform
