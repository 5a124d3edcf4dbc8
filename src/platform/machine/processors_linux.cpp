// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <string_view>
#include <utility>

#include "platform/machine/control_directory_linux.h"
#include "platform/machine/processors.h"

namespace bellhop::platform {
namespace {

// Linux' Documentation/ABI/testing/sysfs-devices-system-cpu. A processor without this file cannot
// be taken offline.
constexpr const char* state_file = "online";

constexpr std::string_view cpu_directory = "sys/devices/system/cpu";

std::string name_of(std::int64_t logical_id) {
  return fmt::format("{}/cpu{}/", cpu_directory, logical_id);
}

// qemu-ga's wording, including its doubled slash.
std::unexpected<Error> state_failure(const ControlError& error, std::int64_t logical_id) {
  const std::string path = fmt::format("/{}/{}", name_of(logical_id), state_file);
  switch (error.step) {
    case ControlError::Step::open:
      return system_failure(error.error_number, "could not open {}", path);
    case ControlError::Step::write:
      return system_failure(error.error_number, "pwrite(\"{}\")", path);
    case ControlError::Step::read:
      break;
  }
  if (error.error_number == 0) return failure("pread(\"{}\"): unexpected EOF", path);
  return system_failure(error.error_number, "pread(\"{}\")", path);
}

Result<ControlDirectory> open_processor(const std::filesystem::path& root, std::int64_t id) {
  auto directory = ControlDirectory::open(root / name_of(id));
  if (!directory) return system_failure(directory.error(), "Could not open '/{}'", name_of(id));
  return *std::move(directory);
}

bool says_online(std::string_view state) {
  return !state.starts_with('0');
}

Result<Processor> read_processor(const std::filesystem::path& root, std::int64_t id) {
  TRY_ASSIGN(const auto directory, open_processor(root, id));
  const auto state = directory.read(state_file);
  if (state) return Processor{.logical_id = id, .online = says_online(*state), .can_offline = true};
  if (!state.error().is_missing_file()) return state_failure(state.error(), id);
  return Processor{.logical_id = id, .online = true, .can_offline = false};
}

}  // namespace

Result<std::vector<Processor>> processors(const std::filesystem::path& system_root) {
  const auto ids = numbered_entries(system_root / cpu_directory, "cpu");
  if (!ids) return system_failure(ids.error(), "failed to list entries: /{}", cpu_directory);
  if (ids->empty()) return failure("no processors in /{}", cpu_directory);
  return read_each<Processor>(*ids, [&](std::uint64_t id) {
    return read_processor(system_root, static_cast<std::int64_t>(id));
  });
}

Result<void> set_processor_online(const std::filesystem::path& system_root, std::int64_t logical_id,
                                  bool online) {
  TRY_ASSIGN(const auto directory, open_processor(system_root, logical_id));
  const auto state = directory.read(state_file);
  if (!state && !state.error().is_missing_file()) return state_failure(state.error(), logical_id);
  if ((state ? says_online(*state) : true) == online) return {};
  if (!state) return failure("logical processor #{} can't be offlined", logical_id);
  const auto written = directory.write(state_file, online ? "1" : "0");
  if (!written) return state_failure(written.error(), logical_id);
  return {};
}

}  // namespace bellhop::platform
