// SPDX-License-Identifier: Apache-2.0
// Calls that wait on the loop, that are cancelled, and that have an on_delivered callback.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "agent/channel_server.h"
#include "unit/agent/fake_channel.h"
#include "unit/commands/command_fixture.h"

namespace bellhop::agent {
namespace {

using namespace std::chrono_literals;
using TimePoint = CommandContext::TimePoint;

// Records what the command under test does. The command has no other access to the test, so
// `calls` points to the record of the running test.
struct Calls {
  std::vector<WaitEnd> ends;
  int delivered = 0;
  Caller caller;
  std::stop_token cancelled;
  std::function<void()> waker;
};
Calls* calls = nullptr;

struct WaitArguments {
  std::int64_t times;
  std::int64_t milliseconds;
};

constexpr auto fields_of(const WaitArguments*) {
  return fields(field<"times", &WaitArguments::times>("How often to wait."),
                field<"milliseconds", &WaitArguments::milliseconds>(
                    "Timeout of the first wait; the others have an hour."));
}

// Waits `times` times, and returns how often it waited.
Result<std::int64_t> wait_again(CommandContext& context, WaitArguments arguments,
                                std::int64_t waited) {
  if (waited == arguments.times) return waited;
  const TimePoint deadline =
      std::chrono::steady_clock::now() +
      (waited == 0 ? std::chrono::milliseconds(arguments.milliseconds) : std::chrono::hours(1));
  return context.wait(deadline, [&context, arguments, waited](WaitEnd end) -> Result<std::int64_t> {
    calls->ends.push_back(end);
    if (end == WaitEnd::interrupted && arguments.times < 100) return waited + 1;
    return wait_again(context, arguments, waited + 1);
  });
}

Result<std::int64_t> run(CommandContext& context, const WaitArguments& arguments) {
  calls->caller = context.caller;
  calls->cancelled = context.cancelled();
  calls->waker = context.waker();
  context.on_delivered([] { ++calls->delivered; });
  if (arguments.times < 0) return failure("nothing to wait for");
  return wait_again(context, arguments, 0);
}

constexpr Command wait_command = declare<run>(
    {.name = "test-wait", .documentation = "", .since = "", .runs = Runs::inline_on_loop});
constexpr Command worker_command = declare<run>(
    {.name = "test-wait-on-worker", .documentation = "", .since = "", .runs = Runs::worker});

class ParkedCallTest : public testing::CommandTest {
 protected:
  ParkedCallTest() { calls = &log; }
  ~ParkedCallTest() override {
    EXPECT_TRUE(workers.stop(30s));
    calls = nullptr;
  }

  void receive(std::string_view bytes) {
    const std::span<char> room = server.read_buffer();
    ASSERT_GE(room.size(), bytes.size());
    std::ranges::copy(bytes, room.begin());
    server.input(bytes.size());
  }
  void wait(int times, int milliseconds, std::string_view name = "test-wait") {
    receive(fmt::format(R"({{"execute": "{}", "arguments": {{"times": {}, "milliseconds": {}}}}})",
                        name, times, milliseconds));
  }
  void until_sent(std::string_view bytes) {
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    loop.restart();
    const auto guard = asio::make_work_guard(loop);
    while (channel.sent != bytes) {
      ASSERT_TRUE(loop.run_one_until(deadline)) << "sent: " << channel.sent;
    }
  }
  // Runs the handlers that are ready.
  void poll() {
    loop.restart();
    loop.poll();
  }
  Services& with_test_commands() {
    commands.assign(all_commands().begin(), all_commands().end());
    commands.push_back(&wait_command);
    commands.push_back(&worker_command);
    services.commands = commands;
    return services;
  }

  static constexpr int never = 3'600'000;

  Calls log;
  std::vector<const Command*> commands;
  asio::io_context loop;
  testing::FakeChannel channel;
  Dispatcher dispatcher{with_test_commands()};
  state::Workers workers{4};
  ChannelServer server{loop, channel, dispatcher, workers, CommandTest::log};
};

TEST_F(ParkedCallTest, AnswersAtItsDeadline) {
  wait(1, 1);
  EXPECT_EQ(channel.sent, "");
  until_sent("{\"return\": 1}\n");
  EXPECT_EQ(log.ends, std::vector{WaitEnd::deadline});
}

TEST_F(ParkedCallTest, IsLoggedWhenItEnds) {
  wait(1, never);
  EXPECT_THAT(log_lines.all(), ::testing::IsEmpty());
  log.waker();
  until_sent("{\"return\": 1}\n");
  wait(1, never);
  server.disconnected();
  wait(1000, never);
  receive(R"({"execute": "guest-ping"})");
  using ::testing::StartsWith;
  EXPECT_THAT(log_lines.all(),
              ::testing::ElementsAre(StartsWith("test-wait called on fake, times: 1: succeeded"),
                                     StartsWith("test-wait called on fake, times: 1: abandoned"),
                                     StartsWith("test-wait called on fake, times: 1000: failed"),
                                     StartsWith("guest-ping called on fake: succeeded")));
}

TEST_F(ParkedCallTest, OccupiesNoWorker) {
  wait(1, never);
  EXPECT_TRUE(workers.running().empty());
  server.disconnected();
}

TEST_F(ParkedCallTest, AnswersWhenAnotherThreadWakesIt) {
  wait(1, never);
  std::thread(log.waker).join();
  until_sent("{\"return\": 1}\n");
  EXPECT_EQ(log.ends, std::vector{WaitEnd::woken});
}

TEST_F(ParkedCallTest, CanWaitSeveralTimes) {
  wait(2, never);
  log.waker();
  poll();
  EXPECT_EQ(channel.sent, "");
  log.waker();
  until_sent("{\"return\": 2}\n");
  log.waker();  // has no effect after the reply
  poll();
  EXPECT_EQ(log.ends, (std::vector{WaitEnd::woken, WaitEnd::woken}));
}

// The loop has already queued the end of the first wait when the waker ends it.
TEST_F(ParkedCallTest, DoesNotTakeTheDeadlineOfAnEarlierWaitForThatOfALaterOne) {
  wait(2, 0);
  log.waker();
  poll();
  EXPECT_EQ(log.ends, std::vector{WaitEnd::woken});
  EXPECT_EQ(channel.sent, "");
  log.waker();
  until_sent("{\"return\": 2}\n");
}

TEST_F(ParkedCallTest, CanAnswerWithoutWaiting) {
  wait(0, never);
  EXPECT_EQ(channel.sent, "{\"return\": 0}\n");
  wait(-1, never);
  EXPECT_EQ(channel.sent,
            "{\"return\": 0}\n{\"error\": {\"class\": \"GenericError\", \"desc\": \"nothing to "
            "wait for\"}}\n");
}

TEST_F(ParkedCallTest, AnswersImmediatelyWhenAnotherRequestArrives) {
  wait(1, never);
  receive(R"({"execute": "guest-ping"})");
  EXPECT_EQ(channel.sent, "{\"return\": 1}\n{\"return\": {}}\n");
  EXPECT_EQ(log.ends, std::vector{WaitEnd::interrupted});
}

TEST_F(ParkedCallTest, AnswersImmediatelyForAnUpgrade) {
  wait(1, never);
  EXPECT_FALSE(server.is_idle());
  server.pause();
  EXPECT_EQ(channel.sent, "{\"return\": 1}\n");
  EXPECT_TRUE(server.is_idle());
}

TEST_F(ParkedCallTest, CanWaitAfterAFailedUpgrade) {
  server.pause();
  server.resume();
  wait(1, never);
  EXPECT_EQ(channel.sent, "");
  log.waker();
  until_sent("{\"return\": 1}\n");
}

TEST_F(ParkedCallTest, FailsWhenItWaitsAgainAfterAnInterrupt) {
  wait(1000, never);
  receive(R"({"execute": "guest-ping"})");
  EXPECT_EQ(channel.sent,
            "{\"error\": {\"class\": \"GenericError\", \"desc\": \"test-wait has no answer "
            "yet\"}}\n{\"return\": {}}\n");
}

TEST_F(ParkedCallTest, FailsOnAWorker) {
  wait(1, never, "test-wait-on-worker");
  until_sent(
      "{\"error\": {\"class\": \"GenericError\", \"desc\": \"test-wait-on-worker waits, but does "
      "not run on the loop\"}}\n");
}

TEST_F(ParkedCallTest, IsCancelledWhenItsClientDisconnects) {
  wait(1, never);
  EXPECT_FALSE(log.cancelled.stop_requested());
  server.disconnected();
  EXPECT_TRUE(log.cancelled.stop_requested());
  EXPECT_TRUE(server.is_idle());
  log.waker();
  poll();
  EXPECT_EQ(log.ends, std::vector<WaitEnd>{});
  EXPECT_EQ(log.delivered, 0);
  EXPECT_EQ(channel.sent, "");
}

TEST_F(ParkedCallTest, CallsOnDeliveredAfterItsReply) {
  wait(1, never);
  EXPECT_EQ(log.delivered, 0);
  log.waker();
  until_sent("{\"return\": 1}\n");
  EXPECT_EQ(log.delivered, 1);
  wait(-1, never);
  EXPECT_EQ(log.delivered, 2) << "an error is a reply, too";
}

TEST_F(ParkedCallTest, ReceivesItsCaller) {
  wait(0, never);
  EXPECT_EQ(log.caller.channel, "fake");
  EXPECT_EQ(log.caller.peer, "");
  const std::uint64_t first = log.caller.session;
  server.disconnected();
  server.connected("pid 1, uid 0");
  wait(0, never);
  EXPECT_EQ(log.caller.peer, "pid 1, uid 0");
  EXPECT_NE(log.caller.session, first);
}

}  // namespace
}  // namespace bellhop::agent
