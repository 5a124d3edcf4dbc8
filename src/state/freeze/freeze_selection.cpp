// SPDX-License-Identifier: Apache-2.0
#include "state/freeze/freeze_selection.h"

#include <algorithm>
#include <iterator>
#include <ranges>
#include <set>
#include <system_error>
#include <utility>

#include "base/text.h"

namespace bellhop::state {
namespace {

using platform::LocalFilesystem;

// The name as the mount table has it: without empty components and ".". ".." stays, because it is
// not the parent where a component before it is a symbolic link.
std::string normal_name(std::string_view name) {
  if (!name.starts_with('/')) return std::string(name);
  std::string normal;
  for (const std::string_view component : text::split(name, '/')) {
    if (component.empty() || component == ".") continue;
    normal += '/';
    normal += component;
  }
  return normal.empty() ? "/" : normal;
}

// The guest lacks a resource: this says nothing about the filesystem.
bool is_shortage(const std::error_code& error) {
  return error == std::errc::too_many_files_open ||
         error == std::errc::too_many_files_open_in_system || error == std::errc::not_enough_memory;
}

// The reason of an error whose message is "failed to open /x: reason".
std::string reason_of(const Error& error) {
  return error.system ? "it cannot be opened: " + error.system.message() : error.message;
}

// Decides about one filesystem after another.
class Selection {
 public:
  Selection(platform::Filesystems& filesystems, const FreezeRules& rules)
      : filesystems_(filesystems), rules_(rules) {}

  // Skips a filesystem that need not be opened. False if it must be.
  bool skip_unopened(const LocalFilesystem& one, bool is_named) {
    if (one.read_only) {
      add(one, SkipReason::read_only, "it is read-only", true);
    } else if (auto exclusion = excluded_by(rules_, one)) {
      add(one, SkipReason::excluded, std::move(exclusion->why), !is_named && exclusion->is_plain);
    } else {
      return false;
    }
    return true;
  }

  void open(const LocalFilesystem& one) {
    auto opened = filesystems_.open_directory(one);
    if (opened && *opened) {
      selected_.push_back({.mountpoint = one.mountpoint, .filesystem = *std::move(opened)});
    } else if (opened) {
      add_unreachable(one, SkipReason::hidden, "another one is mounted over it",
                      failure("cannot freeze the filesystem at '{}': another one is mounted over "
                              "it",
                              one.mountpoint));
    } else if (opened.error().system == std::errc::not_a_directory) {
      add_unreachable(one, SkipReason::not_a_directory, "only a file or socket of it is mounted",
                      failure("cannot freeze the filesystem at '{}': only a file or socket of it "
                              "is mounted",
                              one.mountpoint));
    } else {
      std::string why = reason_of(opened.error());
      add_unreachable(one, SkipReason::unreachable, std::move(why),
                      std::unexpected(std::move(opened).error()));
    }
  }

  // Leaves out unreachable filesystems that have been unmounted. Fails if another one must not be
  // skipped.
  Result<std::vector<SelectedFilesystem>> finish() && {
    if (has_unreachable_) {
      TRY_ASSIGN(const auto now, filesystems_.list());
      std::set<std::string_view> mounted;
      for (const LocalFilesystem& one : now) mounted.insert(one.mountpoint);
      std::erase_if(selected_, [&](const SelectedFilesystem& one) {
        return !one.filesystem && !mounted.contains(one.mountpoint);
      });
      for (auto& [mountpoint, error] : errors_) {
        if (mounted.contains(mountpoint)) return std::unexpected(std::move(error));
      }
    }
    return std::move(selected_);
  }

 private:
  void add(const LocalFilesystem& one, SkipReason reason, std::string why, bool is_expected) {
    selected_.push_back({.mountpoint = one.mountpoint,
                         .skipped = reason,
                         .why = std::move(why),
                         .is_expected = is_expected});
  }

  void add_unreachable(const LocalFilesystem& one, SkipReason reason, std::string why,
                       std::unexpected<Error> error) {
    has_unreachable_ = true;
    const bool may_skip = reason == SkipReason::unreachable
                              ? rules_.skip_unopened && !is_shortage(error.error().system)
                              : rules_.skip_hidden;
    if (!may_skip) errors_.emplace_back(one.mountpoint, std::move(error).error());
    add(one, reason, std::move(why), false);
  }

  platform::Filesystems& filesystems_;
  const FreezeRules& rules_;
  std::vector<SelectedFilesystem> selected_;
  bool has_unreachable_ = false;
  std::vector<std::pair<std::string, Error>> errors_;  // with the mountpoints
};

bool has_mount_at(const LocalFilesystem& one, const std::set<std::string>& names) {
  return std::ranges::any_of(
      one.places, [&](const platform::MountPlace& place) { return names.contains(place.path); });
}

}  // namespace

Result<void> check_mountpoints(platform::Filesystems& filesystems, const MountpointNames& names) {
  if (!names || names->empty()) return {};
  TRY_ASSIGN(const auto mountpoints, filesystems.mountpoints());
  const std::set<std::string_view> known(mountpoints.begin(), mountpoints.end());
  for (const std::string_view name : *names) {
    if (known.contains(normal_name(name))) continue;
    return failure(
        "cannot freeze '{}': no filesystem is mounted there; guest-get-fsinfo lists the "
        "mountpoints",
        name);
  }
  return {};
}

Result<std::vector<SelectedFilesystem>> select_filesystems(
    platform::Filesystems& filesystems, const FreezeRules& rules, const MountpointNames& names,
    const std::function<Result<void>(const std::string& mountpoint)>& proceed_to) {
  TRY_ASSIGN(const auto all, filesystems.list());
  std::set<std::string> named;
  if (names) std::ranges::transform(*names, std::inserter(named, named.end()), normal_name);
  Selection selection(filesystems, rules);
  for (const LocalFilesystem& one : std::views::reverse(all)) {
    if (names && !has_mount_at(one, named)) continue;
    if (selection.skip_unopened(one, names.has_value())) continue;
    TRY(proceed_to(one.mountpoint));
    selection.open(one);
  }
  return std::move(selection).finish();
}

}  // namespace bellhop::state
