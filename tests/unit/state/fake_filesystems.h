// SPDX-License-Identifier: Apache-2.0
// Fake filesystems that log the operations on them.
#pragma once

#include <fcntl.h>
#include <fmt/format.h>

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/path.h"
#include "platform/storage/local_filesystems.h"
#include "unit/state/fake_guard.h"

namespace bellhop::testing {

// Blocks threads until it is open.
class Barrier {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void pass() {
    std::unique_lock lock(mutex_);
    waiting_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  // Returns when a thread has called pass().
  void await_thread() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waiting_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  bool waiting_ = false;
};

class FakeFilesystems final : public platform::Filesystems {
 public:
  struct Behaviour {
    int frozen = 0;  // how often it is frozen
    bool can_freeze = true;
    bool read_only = false;
    std::string type = "ext4";
    std::vector<std::string> devices = {};
    std::vector<std::string> other_mountpoints = {};
    bool only_file = false;       // only a file of it is mounted
    std::string open_error = {};  // the reason
    std::error_code open_system_error = {};
    bool covered = false;
    std::string freeze_error = {};
    std::string thaw_error = {};
    platform::Trimmed trimmed = {};
    std::string trim_error = {};
    Barrier* freeze_barrier = nullptr;  // freeze() passes it
    Barrier* thaw_barrier = nullptr;    // thaw() passes it
  };

  explicit FakeFilesystems(std::vector<std::string> mountpoints)
      : mountpoints_(std::move(mountpoints)) {}

  // The behaviour of the filesystem at a mountpoint. Not synchronised: set it before threads start.
  Behaviour& operator[](const std::string& mountpoint) { return behaviours_[mountpoint]; }

  int frozen(const std::string& mountpoint) {
    const std::lock_guard lock(mutex_);
    return behaviours_[mountpoint].frozen;
  }
  void add_log(std::string line) {
    const std::lock_guard lock(mutex_);
    log_.push_back(std::move(line));
  }
  std::vector<std::string> take_log() {
    const std::lock_guard lock(mutex_);
    return std::exchange(log_, {});
  }
  std::optional<std::string> table_error;
  std::string guard_error;  // not empty: no guard can be started

  // The guard, also when its agent has ended; null if there was none yet.
  std::shared_ptr<FakeGuardProcess> guard() {
    const std::lock_guard lock(mutex_);
    return guard_;
  }

  // After this number of calls of list(), filesystems with an open_error are unmounted.
  int lists_until_unmount = -1;

  Result<std::vector<platform::LocalFilesystem>> list() override {
    if (table_error) return failure("{}", *table_error);
    const std::lock_guard lock(mutex_);
    const bool unmounted = lists_until_unmount == 0;
    if (lists_until_unmount > 0) --lists_until_unmount;
    std::vector<platform::LocalFilesystem> all;
    for (const std::string& mountpoint : mountpoints_) {
      const Behaviour& behaviour = behaviours_[mountpoint];
      if (unmounted && !behaviour.open_error.empty()) continue;
      all.push_back({.mountpoint = mountpoint,
                     .places = {{.path = mountpoint}},
                     .type = behaviour.type,
                     .devices = behaviour.devices,
                     .read_only = behaviour.read_only});
      for (const std::string& other : behaviour.other_mountpoints) {
        all.back().places.push_back({.path = other});
      }
    }
    return all;
  }
  // Those of list(), and /proc.
  Result<std::vector<std::string>> mountpoints() override {
    if (table_error) return failure("{}", *table_error);
    const std::lock_guard lock(mutex_);
    std::vector<std::string> all = mountpoints_;
    all.emplace_back("/proc");
    for (const auto& [mountpoint, behaviour] : behaviours_) {
      all.insert(all.end(), behaviour.other_mountpoints.begin(), behaviour.other_mountpoints.end());
    }
    return all;
  }
  Result<std::unique_ptr<platform::Filesystem>> open(
      const platform::LocalFilesystem& filesystem) override {
    const std::lock_guard lock(mutex_);
    const Behaviour& behaviour = behaviours_[filesystem.mountpoint];
    if (!behaviour.open_error.empty()) {
      auto error = failure("failed to open {}: {}", filesystem.mountpoint, behaviour.open_error);
      error.error().system = behaviour.open_system_error;
      return error;
    }
    if (behaviour.covered) return nullptr;
    return std::make_unique<Fake>(*this, filesystem.mountpoint);
  }
  Result<std::unique_ptr<platform::Filesystem>> open_directory(
      const platform::LocalFilesystem& filesystem) override {
    if (behaviour(filesystem.mountpoint).only_file) {
      return system_failure(std::make_error_code(std::errc::not_a_directory), "failed to open {}",
                            filesystem.mountpoint);
    }
    return open(filesystem);
  }
  std::unique_ptr<platform::Filesystem> restore(platform::Handle descriptor,
                                                std::string mountpoint) override {
    add_log("restore " + mountpoint);
    return std::make_unique<Fake>(*this, std::move(mountpoint), std::move(descriptor));
  }
  Result<std::unique_ptr<platform::FreezeGuard>> start_guard(
      const platform::GuardRequest& request) override {
    if (!guard_error.empty()) return failure("{}", guard_error);
    const auto mark = path_from_utf8(request.directory) / platform::freeze_mark_name;
    if (!std::ofstream(mark)) return failure("cannot create {}", mark.string());
    std::vector<FakeGuardProcess::Target> targets;
    for (const auto& one : request.filesystems)
      targets.insert(targets.begin(), target(one.mountpoint));
    return start_process(request, std::move(targets));
  }
  // A guard of a freeze that is in force thaws everything.
  Result<std::unique_ptr<platform::FreezeGuard>> replace_guard(
      const platform::GuardRequest& request) override {
    if (!guard_error.empty()) return failure("{}", guard_error);
    std::vector<FakeGuardProcess::Target> targets;
    for (const std::string& mountpoint : mountpoints_) targets.push_back(target(mountpoint));
    auto started = start_process(request, std::move(targets));
    guard()->end_freezing(request.limit);
    return started;
  }
  std::unique_ptr<platform::FreezeGuard> restore_guard(platform::Handle descriptor) override {
    return std::make_unique<FakeGuard>(guard(), std::move(descriptor));
  }

 private:
  FakeGuardProcess::Target target(const std::string& mountpoint) {
    return {mountpoint, [this, mountpoint] { return thaw(mountpoint); }};
  }
  std::unique_ptr<platform::FreezeGuard> start_process(
      const platform::GuardRequest& request, std::vector<FakeGuardProcess::Target> targets) {
    auto process = std::make_shared<FakeGuardProcess>(
        std::move(targets), request.limit, request.retry_interval,
        [mark = path_from_utf8(request.directory) / platform::freeze_mark_name] {
          std::filesystem::remove(mark);
        });
    {
      const std::lock_guard lock(mutex_);
      guard_.swap(process);
    }
    return restore_guard(platform::Handle(::open("/dev/null", O_RDONLY | O_CLOEXEC)));
  }

  class Fake final : public platform::Filesystem {
   public:
    Fake(FakeFilesystems& all, std::string mountpoint,
         platform::Handle fd = platform::Handle(::open("/dev/null", O_RDONLY | O_CLOEXEC)))
        : all_(all), mountpoint_(std::move(mountpoint)), fd_(std::move(fd)) {}
    platform::NativeHandle descriptor() const override { return fd_.get(); }
    Result<platform::FreezeOutcome> freeze() override { return all_.freeze(mountpoint_); }
    Result<bool> thaw() override { return all_.thaw(mountpoint_); }
    Result<platform::Trimmed> trim(std::uint64_t minimum) override {
      return all_.trim(mountpoint_, minimum);
    }

   private:
    FakeFilesystems& all_;
    std::string mountpoint_;
    platform::Handle fd_;
  };

  Behaviour behaviour(const std::string& mountpoint) {
    const std::lock_guard lock(mutex_);
    return behaviours_[mountpoint];
  }

  Result<platform::FreezeOutcome> freeze(const std::string& mountpoint) {
    const Behaviour now = behaviour(mountpoint);
    if (now.freeze_barrier) now.freeze_barrier->pass();
    if (!now.freeze_error.empty()) return failure("{}", now.freeze_error);
    if (!now.can_freeze) return platform::FreezeOutcome::unsupported;
    if (now.frozen > 0) return platform::FreezeOutcome::already_frozen;
    add_log("freeze " + mountpoint);
    const std::lock_guard lock(mutex_);
    ++behaviours_[mountpoint].frozen;
    return platform::FreezeOutcome::frozen;
  }

  Result<bool> thaw(const std::string& mountpoint) {
    const Behaviour now = behaviour(mountpoint);
    if (now.thaw_barrier) now.thaw_barrier->pass();
    if (!now.thaw_error.empty()) return failure("{}", now.thaw_error);
    if (now.frozen == 0) return false;
    add_log("thaw " + mountpoint);
    const std::lock_guard lock(mutex_);
    behaviours_[mountpoint].frozen = 0;
    return true;
  }

  Result<platform::Trimmed> trim(const std::string& mountpoint, std::uint64_t minimum) {
    const Behaviour now = behaviour(mountpoint);
    add_log(fmt::format("trim {} {}", mountpoint, minimum));
    if (!now.trim_error.empty()) return failure("{}", now.trim_error);
    return now.trimmed;
  }

  const std::vector<std::string> mountpoints_;
  std::mutex mutex_;
  std::map<std::string, Behaviour> behaviours_;
  std::vector<std::string> log_;
  std::shared_ptr<FakeGuardProcess> guard_;  // destroyed first
};

}  // namespace bellhop::testing
