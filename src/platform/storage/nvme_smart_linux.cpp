// SPDX-License-Identifier: Apache-2.0
#include "platform/storage/nvme_smart_linux.h"

#include <fcntl.h>
#include <linux/nvme_ioctl.h>
#include <sys/ioctl.h>

#include <array>
#include <cstdint>

#include "platform/io/handle.h"

namespace bellhop::platform {
namespace {

using Page = std::span<const std::byte, nvme_smart_size>;

// A little-endian number of `bytes` bytes.
std::uint64_t number_at(Page page, std::size_t offset, std::size_t bytes) {
  std::uint64_t number = 0;
  for (std::size_t i = bytes; i-- > 0;) {
    number = number << 8 | std::to_integer<std::uint64_t>(page[offset + i]);
  }
  return number;
}

std::int64_t small_at(Page page, std::size_t offset, std::size_t bytes) {
  return static_cast<std::int64_t>(number_at(page, offset, bytes));
}

}  // namespace

NvmeSmart parse_nvme_smart(Page page) {
  return {
      .critical_warning = small_at(page, 0, 1),
      .temperature = small_at(page, 1, 2),
      .available_spare = small_at(page, 3, 1),
      .available_spare_threshold = small_at(page, 4, 1),
      .percentage_used = small_at(page, 5, 1),
      .data_units_read_lo = number_at(page, 32, 8),
      .data_units_read_hi = number_at(page, 40, 8),
      .data_units_written_lo = number_at(page, 48, 8),
      .data_units_written_hi = number_at(page, 56, 8),
      .host_read_commands_lo = number_at(page, 64, 8),
      .host_read_commands_hi = number_at(page, 72, 8),
      .host_write_commands_lo = number_at(page, 80, 8),
      .host_write_commands_hi = number_at(page, 88, 8),
      .controller_busy_time_lo = number_at(page, 96, 8),
      .controller_busy_time_hi = number_at(page, 104, 8),
      .power_cycles_lo = number_at(page, 112, 8),
      .power_cycles_hi = number_at(page, 120, 8),
      .power_on_hours_lo = number_at(page, 128, 8),
      .power_on_hours_hi = number_at(page, 136, 8),
      .unsafe_shutdowns_lo = number_at(page, 144, 8),
      .unsafe_shutdowns_hi = number_at(page, 152, 8),
      .media_errors_lo = number_at(page, 160, 8),
      .media_errors_hi = number_at(page, 168, 8),
      .number_of_error_log_entries_lo = number_at(page, 176, 8),
      .number_of_error_log_entries_hi = number_at(page, 184, 8),
  };
}

std::optional<NvmeSmart> nvme_smart(const std::string& node) {
  constexpr std::uint8_t get_log_page = 0x02;
  constexpr std::uint32_t smart_log = 0x02;
  constexpr std::uint32_t keep_events = 1U << 15;  // do not clear events that others wait for
  constexpr std::uint32_t last_dword = nvme_smart_size / 4 - 1;

  const Handle fd(::open(node.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return std::nullopt;
  std::array<std::byte, nvme_smart_size> page{};
  nvme_admin_cmd command{};
  command.opcode = get_log_page;
  command.nsid = 0xFFFFFFFF;  // the whole drive
  command.addr = reinterpret_cast<std::uintptr_t>(page.data());
  command.data_len = page.size();
  command.cdw10 = smart_log | keep_events | last_dword << 16;
  if (::ioctl(fd.get(), NVME_IOCTL_ADMIN_CMD, &command) != 0) return std::nullopt;
  return parse_nvme_smart(page);
}

}  // namespace bellhop::platform
