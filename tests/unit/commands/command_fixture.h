// SPDX-License-Identifier: Apache-2.0
// An agent around one command, for tests of commands.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/log.h"
#include "agent/policy.h"
#include "agent/services.h"
#include "config/settings.h"
#include "rpc/registry.h"
#include "state/freeze/freeze.h"
#include "state/jobs.h"
#include "state/keyed_mutex.h"
#include "state/open_files.h"
#include "state/persistent_state.h"
#include "state/statvfs_pool.h"
#include "unit/commands/fake_machine.h"
#include "unit/gate.h"
#include "unit/state/fake_filesystems.h"
#include "wire/json_reader.h"
#include "wire/reply.h"

namespace bellhop::testing {

// Keeps what is logged.
class LogLines {
 public:
  void add(std::string_view line) {
    const std::lock_guard lock(mutex_);
    lines_.emplace_back(line);
  }
  std::vector<std::string> all() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

class RecordingLog final : public platform::LogOutput {
 public:
  explicit RecordingLog(LogLines& lines) : lines_(lines) {}
  void write(const platform::LogRecord& record) override { lines_.add(record.message); }

 private:
  LogLines& lines_;
};

// Everything is real, except that filesystems only seem to freeze and the machine to stop. A test
// changes what it needs before its first call().
class CommandTest : public ::testing::Test {
 protected:
  // Runs a command on this thread and returns its reply as it goes over the wire, without the line
  // feed. `arguments` is a JSON object; empty for a request without arguments.
  std::string call(const Command& command, std::string_view arguments = {}) {
    std::optional<wire::Document> document;
    if (!arguments.empty()) {
      auto parsed = wire::parse(arguments);
      EXPECT_TRUE(parsed) << arguments;
      if (!parsed) return "the arguments are not JSON";
      document = *std::move(parsed);
    }
    std::string out;
    wire::SuccessReply reply(out, drain, command.facts.delimits_reply);
    CommandContext context(services, caller);
    const auto result = command.invoke(
        command, context, document ? std::optional(document->root()) : std::nullopt, reply);
    EXPECT_FALSE(context.is_parked());
    if (result) {
      reply.finish(std::nullopt);
      if (replies_are_taken) context.delivered();
    } else {
      EXPECT_FALSE(reply.begun()) << "an error came after the reply had begun";
      wire::append_error_reply(out, result.error(), std::nullopt);
    }
    if (out.ends_with('\n')) out.pop_back();
    return out;
  }

  // The reply to a command that is found by its wire name.
  std::string call(std::string_view name, std::string_view arguments = {}) {
    for (const Command* command : all_commands()) {
      if (command->facts.name == name) return call(*command, arguments);
    }
    ADD_FAILURE() << "there is no command " << name;
    return {};
  }

  static std::string error_reply(std::string_view description) {
    return fmt::format(R"({{"error": {{"class": "GenericError", "desc": "{}"}}}})", description);
  }

  TemporaryDirectory directory;  // of the test: also the state directory
  LogLines log_lines;
  wire::JsonWriter::Drain drain = {};  // of large replies; none: they are collected
  bool replies_are_taken = true;       // by the client

  Caller caller{.channel = "test"};
  agent::Policy policy{{}};
  config::Settings settings = {};
  state::PersistentState persistent{directory.path()};
  state::OpenFiles files{persistent};
  state::Jobs jobs = state::Jobs();
  FakeFilesystems filesystems{{"/", "/home"}};
  state::Freeze freeze{filesystems, {.directory = directory.path()}};
  platform::Processes programs;
  FakePower power;
  FakeClockSetting clock_setting;
  state::StatvfsPool statvfs_pool;
  state::KeyedMutex authorized_keys_mutex;
  agent::Log log{agent::Log::Level::debug, std::make_unique<RecordingLog>(log_lines)};
  Services services_with(agent::Log& other_log) {
    return {.commands = all_commands(),
            .policy = policy,
            .settings = settings,
            .files = files,
            .jobs = jobs,
            .freeze = freeze,
            .programs = programs,
            .power = power,
            .clock_setting = clock_setting,
            .statvfs_pool = statvfs_pool,
            .authorized_keys_mutex = authorized_keys_mutex,
            .log = other_log,
            .started = std::chrono::steady_clock::now()};
  }
  Services services = services_with(log);
};

}  // namespace bellhop::testing
