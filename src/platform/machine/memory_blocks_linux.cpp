// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "platform/machine/control_directory_linux.h"
#include "platform/machine/memory_blocks.h"

namespace bellhop::platform {
namespace {

using Outcome = MemoryBlockChange::Outcome;

// Linux' Documentation/admin-guide/mm/memory-hotplug.rst.
constexpr std::string_view blocks_directory = "sys/devices/system/memory";
// `online`, `offline` or `going-offline`. Kernels before 2.6.28 have no such file: all memory is
// always online.
constexpr const char* state_file = "state";
constexpr const char* size_file = "block_size_bytes";

std::filesystem::path directory_of(const std::filesystem::path& root, std::uint64_t phys_index) {
  return root / blocks_directory / fmt::format("memory{}", phys_index);
}

bool says_online(std::string_view state) {
  return state.starts_with("online");
}

std::unexpected<Error> file_failure(const ControlError& error, std::string_view file) {
  if (error.step == ControlError::Step::open) {
    return system_failure(error.error_number, "open sysfs file \"{}\"", file);
  }
  if (error.error_number == 0) return failure("pread sysfs file \"{}\": unexpected EOF", file);
  return system_failure(error.error_number, "pread sysfs file \"{}\"", file);
}

Result<MemoryBlock> read_block(const std::filesystem::path& root, std::uint64_t index) {
  const auto directory = ControlDirectory::open(directory_of(root, index));
  if (!directory) {
    return system_failure(directory.error(), "Could not open '/{}/memory{}/'", blocks_directory,
                          index);
  }
  const auto state = directory->read(state_file);
  if (!state && !state.error().is_missing_file()) return file_failure(state.error(), state_file);
  if (!state) return MemoryBlock{.phys_index = index, .online = true, .can_offline = false};
  const auto removable = directory->read("removable");
  return MemoryBlock{.phys_index = index,
                     .online = says_online(*state),
                     .can_offline = removable && !removable->starts_with('0')};
}

MemoryBlockChange failed(const ControlError& error) {
  return {Outcome::failed, error.error_number == 0 ? EIO : error.error_number};
}

MemoryBlockChange not_opened(const std::filesystem::path& root, int error_number) {
  if (error_number != ENOENT) return {Outcome::failed, error_number};
  const bool any_blocks = ControlDirectory::open(root / blocks_directory).has_value();
  return {any_blocks ? Outcome::not_found : Outcome::not_supported, error_number};
}

}  // namespace

Result<std::vector<MemoryBlock>> memory_blocks(const std::filesystem::path& system_root) {
  const auto indexes = numbered_entries(system_root / blocks_directory, "memory");
  if (!indexes && indexes.error() == ENOENT) return std::vector<MemoryBlock>{};
  if (!indexes)
    return system_failure(indexes.error(), "Can't open directory\"/{}/\"", blocks_directory);
  if (indexes->empty()) return failure("guest reported zero memory blocks!");
  return read_each<MemoryBlock>(
      *indexes, [&](std::uint64_t index) { return read_block(system_root, index); });
}

MemoryBlockChange set_memory_block_online(const std::filesystem::path& system_root,
                                          std::uint64_t phys_index, bool online) {
  const auto directory = ControlDirectory::open(directory_of(system_root, phys_index));
  if (!directory) return not_opened(system_root, directory.error());
  const auto state = directory->read(state_file);
  if (!state && !state.error().is_missing_file()) return failed(state.error());
  if ((state ? says_online(*state) : true) == online) return {};
  if (!state) return {Outcome::not_supported, state.error().error_number};
  const auto written = directory->write(state_file, online ? "online" : "offline");
  if (!written) return failed(written.error());
  return {};
}

Result<std::uint64_t> memory_block_size(const std::filesystem::path& system_root) {
  const auto directory = ControlDirectory::open(system_root / blocks_directory);
  if (!directory) return system_failure(directory.error(), "open(\"/{}/\")", blocks_directory);
  const auto text = directory->read(size_file);
  if (!text) return file_failure(text.error(), size_file);
  const auto size = text::parse_number<std::uint64_t>(*text, 16);
  if (!size) return failure("sysfs file \"{}\" holds no size: {}", size_file, *text);
  return *size;
}

}  // namespace bellhop::platform
