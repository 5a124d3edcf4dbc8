// SPDX-License-Identifier: Apache-2.0
// Freezes fake filesystems.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "state/freeze/freeze.h"
#include "unit/state/fake_filesystems.h"
#include "unit/temporary_directory.h"

namespace bellhop::testing {

// A Freeze of fake filesystems mounted at /, /a, /a/b and /c. Filesystems, hook, on_change and warn
// write to one log.
class FreezeTest : public ::testing::Test {
 protected:
  FreezeTest() {
    options.directory = directory.path();
    options.reply_timeout = std::chrono::minutes(1);
    options.hook = [this](std::string_view action, const std::stop_token&) -> Result<void> {
      filesystems.add_log("hook " + std::string(action));
      if (action == hook_fails_on) return std::unexpected(hook_error);
      return {};
    };
    options.on_change = [this](bool frozen) { filesystems.add_log(frozen ? "frozen" : "thawed"); };
    options.warn = [this](std::string_view message) {
      filesystems.add_log("warning: " + std::string(message));
    };
  }

  state::Freeze& freeze() {
    if (!freeze_) {
      const bool start = inherited.has_value();
      freeze_ = std::make_unique<state::Freeze>(filesystems, options,
                                                std::exchange(inherited, std::nullopt));
      if (start) freeze_->start();
    }
    return *freeze_;
  }
  // The next agent finds filesystems frozen, with a guard that thaws them all.
  void inherit_freeze() {
    std::ofstream(mark()).flush();
    inherited.emplace();
    inherited->since = std::chrono::system_clock::now();
    inherited->guard = filesystems
                           .replace_guard({.directory = options.directory,
                                           .limit = options.timeout,
                                           .retry_interval = options.retry_interval})
                           .value();
  }
  Result<std::int64_t> freeze_list(std::vector<std::string_view> names) {
    return freeze().freeze(std::span<const std::string_view>(names));
  }
  // Ends the agent: freeze() then creates that of the next agent.
  void end_agent() { freeze_.reset(); }
  std::filesystem::path mark() const { return directory / std::string(platform::freeze_mark_name); }
  std::filesystem::path notice() const {
    return directory / std::string(platform::freeze_notice_name);
  }
  std::filesystem::path owed_hooks() const {
    return directory / std::string(state::OwedHooks::file_name);
  }
  bool has_state_file() const { return std::filesystem::exists(mark()); }

  TemporaryDirectory directory;
  FakeFilesystems filesystems{{"/", "/a", "/a/b", "/c"}};
  state::FreezeOptions options;
  std::optional<platform::InheritedFreeze> inherited;
  Barrier barrier;  // for an operation that hangs
  std::string hook_fails_on;
  Error hook_error{.message = "hook failed"};

 private:
  std::unique_ptr<state::Freeze> freeze_;
};

// Freezes on a thread, and joins it before the members that the thread uses are destroyed.
class ConcurrentFreezeTest : public FreezeTest {
 protected:
  void freeze_on_thread(std::vector<std::string_view> names) {
    freeze();
    thread_ = std::jthread([this, names] { frozen_ = freeze_list(names); });
  }
  Result<std::int64_t> frozen() {
    thread_.join();
    return frozen_;
  }
  // Repeats the thaw until it has finished, independent of the machine's speed. Further calls join
  // the first.
  Result<std::int64_t> thaw() {
    auto thawed = freeze().thaw();
    while (!thawed) thawed = freeze().thaw();
    return thawed;
  }

 private:
  Result<std::int64_t> frozen_ = -1;
  std::jthread thread_;
};

}  // namespace bellhop::testing
