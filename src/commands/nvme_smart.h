// The health of an NVMe drive, as guest-get-disks tells it.
#pragma once

#include <cstdint>
#include <string_view>

#include "commands/disk_address.h"
#include "platform/storage/disks.h"
#include "rpc/field.h"

namespace bellhop::commands {

// 128-bit counters are parted in two: `-lo` has the lower 64 bits.
struct NvmeSmart {
  platform::DiskBus type;
  std::int64_t critical_warning;
  std::int64_t temperature;
  std::int64_t available_spare;
  std::int64_t available_spare_threshold;
  std::int64_t percentage_used;
  std::uint64_t data_units_read_lo;
  std::uint64_t data_units_read_hi;
  std::uint64_t data_units_written_lo;
  std::uint64_t data_units_written_hi;
  std::uint64_t host_read_commands_lo;
  std::uint64_t host_read_commands_hi;
  std::uint64_t host_write_commands_lo;
  std::uint64_t host_write_commands_hi;
  std::uint64_t controller_busy_time_lo;
  std::uint64_t controller_busy_time_hi;
  std::uint64_t power_cycles_lo;
  std::uint64_t power_cycles_hi;
  std::uint64_t power_on_hours_lo;
  std::uint64_t power_on_hours_hi;
  std::uint64_t unsafe_shutdowns_lo;
  std::uint64_t unsafe_shutdowns_hi;
  std::uint64_t media_errors_lo;
  std::uint64_t media_errors_hi;
  std::uint64_t number_of_error_log_entries_lo;
  std::uint64_t number_of_error_log_entries_hi;
};

constexpr auto fields_of(const NvmeSmart*) {
  using N = NvmeSmart;
  return fields<"GuestDiskSmart">(
      field<"type", &N::type>("Always `nvme`."),
      field<"critical-warning", &N::critical_warning>("Bits of the drive's warnings; 0: none."),
      field<"temperature", &N::temperature>("In kelvin."),
      field<"available-spare", &N::available_spare>("Spare capacity left, percent."),
      field<"available-spare-threshold", &N::available_spare_threshold>(
          "Spare capacity below which the drive warns, percent."),
      field<"percentage-used", &N::percentage_used>("Of the drive's life; may be above 100."),
      field<"data-units-read-lo", &N::data_units_read_lo>("In units of 512,000 bytes."),
      field<"data-units-read-hi", &N::data_units_read_hi>("The upper 64 bits."),
      field<"data-units-written-lo", &N::data_units_written_lo>("In units of 512,000 bytes."),
      field<"data-units-written-hi", &N::data_units_written_hi>("The upper 64 bits."),
      field<"host-read-commands-lo", &N::host_read_commands_lo>("Reads done."),
      field<"host-read-commands-hi", &N::host_read_commands_hi>("The upper 64 bits."),
      field<"host-write-commands-lo", &N::host_write_commands_lo>("Writes done."),
      field<"host-write-commands-hi", &N::host_write_commands_hi>("The upper 64 bits."),
      field<"controller-busy-time-lo", &N::controller_busy_time_lo>("In minutes."),
      field<"controller-busy-time-hi", &N::controller_busy_time_hi>("The upper 64 bits."),
      field<"power-cycles-lo", &N::power_cycles_lo>("How often it was switched on."),
      field<"power-cycles-hi", &N::power_cycles_hi>("The upper 64 bits."),
      field<"power-on-hours-lo", &N::power_on_hours_lo>("Hours that it was on."),
      field<"power-on-hours-hi", &N::power_on_hours_hi>("The upper 64 bits."),
      field<"unsafe-shutdowns-lo", &N::unsafe_shutdowns_lo>("How often power went without notice."),
      field<"unsafe-shutdowns-hi", &N::unsafe_shutdowns_hi>("The upper 64 bits."),
      field<"media-errors-lo", &N::media_errors_lo>("Data errors that were not corrected."),
      field<"media-errors-hi", &N::media_errors_hi>("The upper 64 bits."),
      field<"number-of-error-log-entries-lo", &N::number_of_error_log_entries_lo>(
          "Errors logged in the drive's life."),
      field<"number-of-error-log-entries-hi", &N::number_of_error_log_entries_hi>(
          "The upper 64 bits."));
}

inline NvmeSmart wire_form(const platform::NvmeSmart& smart) {
  return {
      .type = platform::DiskBus::nvme,
      .critical_warning = smart.critical_warning,
      .temperature = smart.temperature,
      .available_spare = smart.available_spare,
      .available_spare_threshold = smart.available_spare_threshold,
      .percentage_used = smart.percentage_used,
      .data_units_read_lo = smart.data_units_read.lo,
      .data_units_read_hi = smart.data_units_read.hi,
      .data_units_written_lo = smart.data_units_written.lo,
      .data_units_written_hi = smart.data_units_written.hi,
      .host_read_commands_lo = smart.host_read_commands.lo,
      .host_read_commands_hi = smart.host_read_commands.hi,
      .host_write_commands_lo = smart.host_write_commands.lo,
      .host_write_commands_hi = smart.host_write_commands.hi,
      .controller_busy_time_lo = smart.controller_busy_time.lo,
      .controller_busy_time_hi = smart.controller_busy_time.hi,
      .power_cycles_lo = smart.power_cycles.lo,
      .power_cycles_hi = smart.power_cycles.hi,
      .power_on_hours_lo = smart.power_on_hours.lo,
      .power_on_hours_hi = smart.power_on_hours.hi,
      .unsafe_shutdowns_lo = smart.unsafe_shutdowns.lo,
      .unsafe_shutdowns_hi = smart.unsafe_shutdowns.hi,
      .media_errors_lo = smart.media_errors.lo,
      .media_errors_hi = smart.media_errors.hi,
      .number_of_error_log_entries_lo = smart.number_of_error_log_entries.lo,
      .number_of_error_log_entries_hi = smart.number_of_error_log_entries.hi,
  };
}

}  // namespace bellhop::commands
