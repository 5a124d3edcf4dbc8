// SPDX-License-Identifier: Apache-2.0
#include "agent/upgrade/live_upgrade.h"

#include <gtest/gtest.h>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <filesystem>
#include <optional>
#include <string>

#include "unit/temporary_directory.h"

namespace bellhop::agent {
namespace {

// An agent that never becomes idle.
class BusyTarget final : public LiveUpgrade::Target {
 public:
  explicit BusyTarget(asio::io_context& loop) : loop_(loop) {}

  void quiesce() override {
    EXPECT_FALSE(quiesced);
    quiesced = true;
    ++windows;
  }
  std::optional<std::string> busy_reason() override { return "guest-exec is still running"; }
  bool snapshot(state::SnapshotWriter&) override { return false; }
  void resume() override { quiesced = false; }
  void upgrade_failed(const Error& error) override {
    failure = error.message;
    loop_.stop();
  }

  bool quiesced = false;
  int windows = 0;
  std::string failure;

 private:
  asio::io_context& loop_;
};

// The agent resumes between the windows, so that clients are served.
TEST(LiveUpgrade, AbortsAfterSeveralWindows) {
  const TemporaryDirectory directory;
  RunningExecutable executable{
      .path = directory.file("program", "#!/bin/sh\nprintf %s '" + probe_answer() + "'\n"),
      .arguments = {"bellhopd"}};
  std::filesystem::permissions(executable.path, std::filesystem::perms::owner_all);
  asio::io_context loop;
  state::Workers workers(4);
  platform::Processes processes;
  BusyTarget target(loop);
  LiveUpgrade upgrade(loop, executable, workers, processes, target);
  const auto guard = asio::make_work_guard(loop);
  upgrade.start();
  loop.run();
  EXPECT_EQ(target.failure, "guest-exec is still running; try again later, or restart the agent");
  EXPECT_FALSE(target.quiesced);
  EXPECT_GT(target.windows, 1);
}

TEST(LiveUpgrade, IsRefusedWhenTheConfigurationIsLost) {
  RunningExecutable executable{
      .path = "/bin/true", .arguments = {"bellhopd"}, .configuration_is_lost = true};
  asio::io_context loop;
  state::Workers workers(4);
  platform::Processes processes;
  BusyTarget target(loop);
  LiveUpgrade upgrade(loop, executable, workers, processes, target);
  upgrade.start();
  EXPECT_TRUE(target.failure.starts_with("the path of its configuration file is relative"))
      << target.failure;
  EXPECT_EQ(target.windows, 0);
}

}  // namespace
}  // namespace bellhop::agent
