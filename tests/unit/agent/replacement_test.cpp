#include "agent/replacement.h"

#include <gtest/gtest.h>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <filesystem>
#include <optional>
#include <string>

#include "unit/temporary_directory.h"

namespace bellhop::agent {
namespace {

// An agent that never comes to rest.
class Restless final : public Replacement::Subject {
 public:
  explicit Restless(asio::io_context& loop) : loop_(loop) {}

  void come_to_rest() override {
    EXPECT_FALSE(resting);
    resting = true;
    ++rounds;
  }
  std::optional<std::string> unrest() override { return "guest-exec has not ended"; }
  bool hand_over(state::HandoverWriter&) override { return false; }
  void go_on() override { resting = false; }
  void replacement_failed(const Error& error) override {
    failure = error.message;
    loop_.stop();
  }

  bool resting = false;
  int rounds = 0;
  std::string failure;

 private:
  asio::io_context& loop_;
};

// Clients are served between the rounds in which the agent tries to come to rest.
TEST(Replacement, GivesUpAfterSeveralRounds) {
  const TemporaryDirectory directory;
  Program program{
      .path = directory.file("program", "#!/bin/sh\nprintf %s '" + take_over_answer() + "'\n"),
      .arguments = {"bellhopd"}};
  std::filesystem::permissions(program.path, std::filesystem::perms::owner_all);
  asio::io_context loop;
  Workers workers(4);
  platform::Processes processes;
  Restless subject(loop);
  Replacement replacement(loop, program, workers, processes, subject);
  const auto guard = asio::make_work_guard(loop);
  replacement.begin();
  loop.run();
  EXPECT_EQ(subject.failure,
            "guest-exec has not ended; try again when that is over, or restart the agent");
  EXPECT_FALSE(subject.resting);
  EXPECT_GT(subject.rounds, 1);
}

TEST(Replacement, IsRefusedWhereTheConfigurationIsLost) {
  Program program{.path = "/bin/true", .arguments = {"bellhopd"}, .configuration_is_lost = true};
  asio::io_context loop;
  Workers workers(4);
  platform::Processes processes;
  Restless subject(loop);
  Replacement replacement(loop, program, workers, processes, subject);
  replacement.begin();
  EXPECT_TRUE(subject.failure.starts_with("its configuration file has a relative path"))
      << subject.failure;
  EXPECT_EQ(subject.rounds, 0);
}

}  // namespace
}  // namespace bellhop::agent
