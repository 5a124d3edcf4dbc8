// SPDX-License-Identifier: Apache-2.0
#include "platform/storage/block_device_linux.h"

#include <system_error>
#include <utility>

#include "base/text.h"
#include "platform/io/small_file.h"

namespace bellhop::platform {
namespace {

namespace fs = std::filesystem;

// The value of the first line that starts with `name` and '='; nullopt if it is empty.
std::optional<std::string> value_of(std::string_view lines, std::string_view name) {
  const auto value = text::find_value(lines, name);
  return value && !value->empty() ? std::optional(std::string(*value)) : std::nullopt;
}

}  // namespace

std::vector<std::string> names_in(const fs::path& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  return names;
}

std::optional<std::string> read_attribute(const fs::path& file) {
  const auto content = read_small_file(file.string());
  if (!content || !*content) return std::nullopt;
  const std::string_view value = text::trim(**content, " \t\n");
  return value.empty() ? std::nullopt : std::optional(std::string(value));
}

std::optional<BlockDevice> BlockDevice::find(const fs::path& system_root, const fs::path& path) {
  std::error_code error;
  BlockDevice start;
  start.system_root_ = system_root;
  start.devices_ = fs::canonical(system_root / "sys/devices", error);
  if (error) return std::nullopt;
  return start.resolve(system_root / path);
}

std::optional<BlockDevice> BlockDevice::resolve(const fs::path& path) const {
  std::error_code error;
  BlockDevice device;
  device.system_root_ = system_root_;
  device.devices_ = devices_;
  device.directory_ = fs::canonical(path, error);
  if (error) return std::nullopt;
  for (const fs::path& part : device.directory_.lexically_relative(devices_)) {
    device.location_.push_back(part.string());
  }
  if (device.location_.empty() || device.location_.front() == "..") return std::nullopt;
  return device;
}

fs::path BlockDevice::directory_of(std::size_t parts) const {
  fs::path directory = devices_;
  for (std::size_t i = 0; i < parts; ++i) directory /= location_[i];
  return directory;
}

bool BlockDevice::is_partition() const {
  return attribute("partition").has_value();
}

bool BlockDevice::is_virtual() const {
  return location_.size() > 2 && location_[0] == "virtual" && location_[1] == "block";
}

std::optional<std::string> BlockDevice::attribute(std::string_view name) const {
  return read_attribute(directory_ / name);
}

std::optional<std::string> BlockDevice::node() const {
  const auto facts = attribute("uevent");
  const auto name = facts ? value_of(*facts, "DEVNAME") : std::nullopt;
  return name ? std::optional("/dev/" + *name) : std::nullopt;
}

std::optional<std::string> BlockDevice::udev_property(std::string_view name) const {
  const auto own_number = number();
  if (!own_number) return std::nullopt;
  const auto facts = read_attribute(system_root_ / "run/udev/data" / ("b" + *own_number));
  return facts ? value_of(*facts, "E:" + std::string(name)) : std::nullopt;
}

std::optional<std::vector<BlockDevice>> BlockDevice::slaves() const {
  std::error_code error;
  const fs::path directory = directory_ / "slaves";
  if (!fs::is_directory(directory, error)) return std::nullopt;
  std::vector<BlockDevice> devices;
  for (const std::string& name : names_in(directory)) {
    if (auto device = resolve(directory / name)) devices.push_back(*std::move(device));
  }
  return devices;
}

std::optional<BlockDevice> BlockDevice::disk() const {
  return is_partition() ? resolve(directory_.parent_path()) : std::nullopt;
}

std::vector<BlockDevice> BlockDevice::partitions() const {
  std::vector<BlockDevice> devices;
  for (const std::string& entry : names_in(directory_)) {
    if (!entry.starts_with(name())) continue;
    auto device = resolve(directory_ / entry);
    if (device && device->is_partition()) devices.push_back(*std::move(device));
  }
  return devices;
}

}  // namespace bellhop::platform
