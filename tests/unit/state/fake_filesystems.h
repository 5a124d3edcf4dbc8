// Filesystems that only seem to freeze, and write down what is done to them.
#pragma once

#include <fmt/format.h>

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "platform/freeze.h"

namespace bellhop::testing {

// Lets threads through once it is open.
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
  // Returns when a thread waits in pass().
  void await_someone() {
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
    int frozen = 0;  // how many times it is frozen
    bool can_freeze = true;
    std::string open_error = {};
    std::string freeze_error = {};
    std::string thaw_error = {};
    Barrier* freeze_barrier = nullptr;  // freezing waits for it
    Barrier* thaw_barrier = nullptr;
  };

  explicit FakeFilesystems(std::vector<std::string> mountpoints)
      : mountpoints_(std::move(mountpoints)) {}

  // How the filesystem at a mountpoint behaves; set it before threads are at work.
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

  Result<std::vector<std::string>> mountpoints() override {
    if (table_error) return failure("{}", *table_error);
    return mountpoints_;
  }
  Result<std::unique_ptr<platform::Filesystem>> open(const std::string& mountpoint) override {
    const std::lock_guard lock(mutex_);
    const Behaviour& behaviour = behaviours_[mountpoint];
    if (!behaviour.open_error.empty()) return failure("{}", behaviour.open_error);
    return std::make_unique<Fake>(*this, mountpoint);
  }

 private:
  class Fake final : public platform::Filesystem {
   public:
    Fake(FakeFilesystems& all, std::string mountpoint)
        : all_(all), mountpoint_(std::move(mountpoint)) {}
    Result<bool> freeze() override { return all_.freeze(mountpoint_); }
    Result<bool> thaw() override { return all_.thaw(mountpoint_); }

   private:
    FakeFilesystems& all_;
    std::string mountpoint_;
  };

  Behaviour behaviour(const std::string& mountpoint) {
    const std::lock_guard lock(mutex_);
    return behaviours_[mountpoint];
  }

  Result<bool> freeze(const std::string& mountpoint) {
    const Behaviour now = behaviour(mountpoint);
    if (now.freeze_barrier) now.freeze_barrier->pass();
    if (!now.freeze_error.empty()) return failure("{}", now.freeze_error);
    if (!now.can_freeze || now.frozen > 0) return false;
    add_log("freeze " + mountpoint);
    const std::lock_guard lock(mutex_);
    ++behaviours_[mountpoint].frozen;
    return true;
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

  const std::vector<std::string> mountpoints_;
  std::mutex mutex_;
  std::map<std::string, Behaviour> behaviours_;
  std::vector<std::string> log_;
};

}  // namespace bellhop::testing
