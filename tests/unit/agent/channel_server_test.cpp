// SPDX-License-Identifier: Apache-2.0
#include "agent/channel_server.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "platform/io/handle.h"
#include "unit/agent/fake_channel.h"
#include "unit/commands/command_fixture.h"
#include "unit/state/reexec_fixture.h"
#include "wire/base64.h"

namespace bellhop::agent {
namespace {

struct PathArgument {
  std::string path;
};

constexpr auto fields_of(const PathArgument*) {
  return fields(field<"path", &PathArgument::path>("A file."));
}

struct Content {
  Base64Stream data;
};

constexpr auto fields_of(const Content*) {
  return fields(field<"data", &Content::data>("What is in it."));
}

// Streams a file with reads that may block, unlike those of guest-file-read.
Result<Content> stream_file(CommandContext&, const PathArgument& arguments) {
  struct Source {
    platform::Handle fd;
    std::vector<std::byte> piece = std::vector<std::byte>(96 * 1024);
  };
  auto source = std::make_shared<Source>();
  source->fd = platform::Handle(::open(arguments.path.c_str(), O_RDONLY | O_CLOEXEC));
  return Content{.data = {[source]() -> std::span<const std::byte> {
                   std::size_t filled = 0;
                   while (filled < source->piece.size()) {
                     const ssize_t count = ::read(source->fd.get(), source->piece.data() + filled,
                                                  source->piece.size() - filled);
                     if (count <= 0) break;
                     filled += static_cast<std::size_t>(count);
                   }
                   return std::span(source->piece).first(filled);
                 }}};
}

constexpr Command stream_command =
    declare<stream_file>({.name = "test-stream-file", .documentation = "", .since = ""});

std::vector<const Command*> with_test_commands() {
  std::vector<const Command*> commands(all_commands().begin(), all_commands().end());
  commands.push_back(&stream_command);
  return commands;
}

Services& using_commands(Services& services, std::span<const Command* const> commands) {
  services.commands = commands;
  return services;
}

class ChannelServerTest : public testing::CommandTest {
 protected:
  // Every command must end.
  ~ChannelServerTest() override { EXPECT_TRUE(workers.stop(std::chrono::seconds(30))); }

  void receive(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::span<char> room = server.read_buffer();
      ASSERT_FALSE(room.empty());
      const std::size_t size = std::min(room.size(), bytes.size());
      std::copy_n(bytes.data(), size, room.data());
      server.input(size);
      bytes.remove_prefix(size);
    }
  }

  void until(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    loop.restart();
    // A worker may still post to the loop.
    const auto guard = asio::make_work_guard(loop);
    while (!condition()) ASSERT_TRUE(loop.run_one_until(deadline)) << "sent: " << channel.sent;
  }

  std::vector<std::string> lines() const {
    std::vector<std::string> all;
    std::istringstream stream(channel.sent);
    for (std::string line; std::getline(stream, line);) all.push_back(line);
    return all;
  }
  void until_lines(std::size_t count) {
    until([&] { return lines().size() >= count && channel.sent.ends_with('\n'); });
  }

  // Runs a command that is stuck until release(): it opens a FIFO without a writer.
  void run_stuck_command(std::string_view id) {
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    receive(request("test-stream-file", {{"path", fifo}}, id));
  }
  void open_writer() { writer = platform::Handle(::open(fifo.c_str(), O_WRONLY | O_CLOEXEC)); }
  void release() {
    open_writer();
    writer.reset();
  }
  void write_to_fifo(std::size_t size) const {
    const std::string bytes(size, 'x');
    ASSERT_EQ(::write(writer.get(), bytes.data(), size), std::ssize(bytes));
  }

  static std::string request(std::string_view command, const nlohmann::json& arguments,
                             std::string_view id) {
    return nlohmann::json{{"execute", command}, {"arguments", arguments}, {"id", id}}.dump();
  }
  std::int64_t open_file(const std::string& path, std::string_view mode) {
    receive(request("guest-file-open", {{"path", path}, {"mode", mode}}, "open"));
    until_lines(1);
    const std::int64_t handle = nlohmann::json::parse(lines().front())["return"];
    channel.sent.clear();
    return handle;
  }

  const std::string fifo = directory / "fifo";
  platform::Handle writer;
  std::vector<const Command*> commands = with_test_commands();
  asio::io_context loop;
  testing::FakeChannel channel;
  Dispatcher dispatcher{using_commands(services, commands)};
  state::Workers workers{4};
  ChannelServer server{loop, channel, dispatcher, workers, log};
};

TEST_F(ChannelServerTest, AnswersInTheOrderOfTheRequests) {
  receive(R"({"execute": "guest-get-timezone", "id": 1}{"execute": "guest-ping", "id": 2})"
          R"( {"execute": "guest-nonsense", "id": 3} {"execute": "guest-ping", "id": 4})");
  until_lines(4);
  const auto replies = lines();
  EXPECT_TRUE(replies[0].ends_with(R"("id": 1})")) << replies[0];
  EXPECT_EQ(replies[1], R"({"return": {}, "id": 2})");
  EXPECT_TRUE(replies[2].starts_with(R"({"id": 3, "error": {"class": "CommandNotFound")"));
  EXPECT_EQ(replies[3], R"({"return": {}, "id": 4})");
}

TEST_F(ChannelServerTest, SendsRepliesOfOneReadTogether) {
  receive("{\"execute\": \"guest-ping\"}{\"execute\": \"guest-ping\"}");
  EXPECT_EQ(channel.sent, "{\"return\": {}}\n{\"return\": {}}\n");
  EXPECT_EQ(channel.max_send, channel.sent.size());
}

TEST_F(ChannelServerTest, ReportsInvalidRequests) {
  receive(R"([] {"id": 7} x )");
  until_lines(3);
  EXPECT_EQ(lines()[0],
            R"({"error": {"class": "GenericError", "desc": "QMP input must be a JSON object"}})");
  EXPECT_TRUE(lines()[1].ends_with(
      R"("error": {"class": "GenericError", "desc": "QMP input lacks member 'execute'"}})"));
}

TEST_F(ChannelServerTest, RejectsCommandsThatThePolicyForbids) {
  policy = Policy({"guest-get-time"});
  receive(R"({"execute": "guest-get-time"})");
  until_lines(1);
  EXPECT_EQ(lines()[0],
            R"({"error": {"class": "CommandNotFound", "desc": "Command guest-get-time has been )"
            R"(disabled: the command is not allowed"}})");
}

TEST_F(ChannelServerTest, LogsWhyItRefusesARequest) {
  policy = Policy({"guest-get-time"});
  server.connected("pid 1, uid 0");
  receive(R"({"execute": "guest-get-time"}{"execute": "guest-ping", "x": 1})");
  until_lines(2);
  EXPECT_THAT(log_lines.all(),
              ::testing::ElementsAre(
                  "invalid request on fake (pid 1, uid 0): refused: QMP input member 'x' is "
                  "unexpected",
                  "guest-get-time called on fake (pid 1, uid 0): refused: Command guest-get-time "
                  "has been disabled: the command is not allowed"));
}

TEST_F(ChannelServerTest, LogsACommandWhoseClientDoesNotWaitForIt) {
  run_stuck_command("stuck");
  receive(R"({"execute": "guest-sync", "arguments": {"id": 9}})");
  until_lines(1);
  server.disconnected();
  const auto begins = [](const char* result) {
    return ::testing::AllOf(::testing::StartsWith("test-stream-file called on fake, path: "),
                            ::testing::HasSubstr(result));
  };
  EXPECT_THAT(log_lines.all(), ::testing::ElementsAre(
                                   ::testing::StartsWith("guest-sync called on fake, id: 9: succ"),
                                   begins(": abandoned after ")));
  release();
  until([&] { return log_lines.all().size() == 3; });
  EXPECT_THAT(log_lines.all().back(), begins(": succeeded after "));
}

TEST_F(ChannelServerTest, LetsPingOvertakeAStuckCommand) {
  run_stuck_command("stuck");
  receive(R"({"execute": "guest-ping", "id": "ping"})");
  until_lines(1);
  EXPECT_EQ(lines()[0], R"({"return": {}, "id": "ping"})");
  release();
  until_lines(2);
  EXPECT_TRUE(lines()[1].ends_with(R"("id": "stuck"})")) << lines()[1];
}

TEST_F(ChannelServerTest, LetsThawOvertakeAStuckCommand) {
  run_stuck_command("stuck");
  receive(R"({"execute": "guest-fsfreeze-thaw", "id": "thaw"})");
  until_lines(1);
  EXPECT_TRUE(lines()[0].ends_with(R"("id": "thaw"})")) << lines()[0];
  release();
  until_lines(2);
}

TEST_F(ChannelServerTest, DropsOlderRequestsAndRepliesOnResynchronisation) {
  run_stuck_command("stuck");
  receive(R"({"execute": "guest-get-timezone", "id": "never run"})"
          R"({"execute": "guest-sync", "arguments": {"id": 9}})");
  until_lines(1);
  EXPECT_EQ(channel.sent, "{\"return\": 9}\n");
  release();
  receive(R"({"execute": "guest-get-users", "id": "after"})");
  until_lines(2);
  EXPECT_TRUE(lines()[1].ends_with(R"("id": "after"})"));
  EXPECT_EQ(lines().size(), 2U);
}

// A client discards everything before the reply to its sync.
TEST_F(ChannelServerTest, AnswersLaterRequestsAfterAResynchronisation) {
  run_stuck_command("stuck");
  receive(R"({"execute": "guest-sync", "arguments": {"id": 9}})"
          R"({"execute": "guest-ping", "id": "later"})");
  until_lines(2);
  EXPECT_EQ(channel.sent, "{\"return\": 9}\n{\"return\": {}, \"id\": \"later\"}\n");
  release();
}

TEST_F(ChannelServerTest, KeepsRepliesThatPrecedeASynchronisation) {
  receive(R"({"execute": "guest-get-host-name"})"
          "\xFF"
          R"({"execute": "guest-sync-delimited", "arguments": {"id": 5}})"
          R"({"execute": "guest-get-host-name"})");
  until_lines(4);
  EXPECT_TRUE(lines()[0].starts_with(R"({"return": {"host-name")"));
  EXPECT_TRUE(lines()[1].starts_with(R"({"error")"));
  EXPECT_EQ(lines()[2], "\xFF{\"return\": 5}");
  EXPECT_TRUE(lines()[3].starts_with(R"({"return": {"host-name")"));
}

TEST_F(ChannelServerTest, DiscardsTheIncompleteRequestOfADisconnectedClient) {
  receive(R"({"execute": "guest-pi)");
  server.disconnected();
  receive(R"({"execute": "guest-ping"})");
  EXPECT_EQ(channel.sent, "{\"return\": {}}\n");
}

TEST_F(ChannelServerTest, ServesTheNextClientWhileACommandIsStuck) {
  run_stuck_command("stuck");
  server.disconnected();
  receive(R"({"execute": "guest-get-users", "id": "next"})");
  until_lines(1);
  EXPECT_TRUE(lines()[0].ends_with(R"("id": "next"})"));
  release();
}

TEST_F(ChannelServerTest, RunsTheRequestsOfADisconnectedClient) {
  const std::string path = directory / "written";
  const std::int64_t handle = open_file(path, "w");
  // Queued behind a stuck command, so that it has not begun when the client disconnects.
  run_stuck_command("stuck");
  receive(request("guest-file-write", {{"handle", handle}, {"buf-b64", "aGk="}}, "write"));
  server.disconnected();
  release();
  until([&] { return std::filesystem::file_size(path) == 2; });
  EXPECT_EQ(channel.sent, "");
}

TEST_F(ChannelServerTest, FinishesAHalfClosedClientAfterItsReplies) {
  run_stuck_command("slow");
  server.input_ended();
  EXPECT_FALSE(channel.finished);
  release();
  until([&] { return channel.finished; });
  EXPECT_EQ(lines().size(), 1U);
}

TEST_F(ChannelServerTest, ReportsThatAllThreadsAreBusy) {
  state::Workers none(0);
  ChannelServer busy(loop, channel, dispatcher, none, log);
  const std::string_view request = R"({"execute": "guest-get-users"}{"execute": "guest-ping"})";
  std::ranges::copy(request, busy.read_buffer().begin());
  busy.input(request.size());
  until_lines(2);
  EXPECT_NE(
      lines()[0].find("guest-get-users cannot run: as many commands as the agent has threads"),
      std::string::npos);
  EXPECT_EQ(lines()[1], R"({"return": {}})");
  EXPECT_THAT(log_lines.all(), ::testing::Contains(::testing::StartsWith(
                                   "guest-get-users called on fake: refused: guest-get-users "
                                   "cannot run: as many commands")));
}

TEST_F(ChannelServerTest, ProducesALargeReplyOnlyAsFastAsTheClientReads) {
  const std::string path = directory / "large";
  constexpr std::size_t size = 16 * 1024 * 1024;
  std::ofstream(path) << std::string(size, 'x');
  const std::int64_t handle = open_file(path, "r");

  channel.room = 0;
  receive(request("guest-file-read", {{"handle", handle}, {"count", size}}, "large"));
  constexpr std::size_t max_unsent = 1024 * 1024;
  until([&] { return channel.sent.size() >= max_unsent; });
  loop.restart();
  loop.poll();
  EXPECT_LT(channel.sent.size(), 2 * max_unsent);

  channel.room = SIZE_MAX;
  server.output_sent();
  until_lines(1);
  const auto reply = nlohmann::json::parse(lines()[0]);
  EXPECT_EQ(reply["return"]["count"], size);
  EXPECT_EQ(reply["return"]["buf-b64"].get_ref<const std::string&>().size(),
            wire::base64::encoded_size(size));
}

TEST_F(ChannelServerTest, StopsReadingWhileRepliesAreUnsent) {
  channel.room = 0;
  channel.sent = std::string(2 * 1024 * 1024, 'x');
  EXPECT_TRUE(server.read_buffer().empty());
  channel.sent.clear();
  server.output_sent();
  EXPECT_EQ(channel.resumed, 1);
  EXPECT_FALSE(server.read_buffer().empty());
}

TEST_F(ChannelServerTest, EndsAPartialReplyBeforeTheReplyToASync) {
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  receive(request("test-stream-file", {{"path", fifo}}, "broken"));
  open_writer();
  // More than one piece: the first is sent, and the worker waits for more.
  write_to_fifo(400 * 1024);
  until([&] { return !channel.sent.empty(); });
  receive(R"({"execute": "guest-sync", "arguments": {"id": 3}})");
  until([&] { return channel.sent.ends_with("\n{\"return\": 3}\n"); });
  EXPECT_EQ(lines().size(), 2U);
  // The rest of the reply is dropped, but the command runs to its end.
  ::signal(SIGPIPE, SIG_IGN);  // the command may end before this write
  const std::string more(400 * 1024, 'x');
  EXPECT_NE(::write(writer.get(), more.data(), more.size()), 0);
  writer.reset();
}

TEST_F(ChannelServerTest, AcceptsNoRequestsWhilePaused) {
  server.pause();
  EXPECT_TRUE(server.read_buffer().empty());
  server.resume();
  EXPECT_EQ(channel.resumed, 1);
  receive(R"({"execute": "guest-ping", "id": 1})");
  EXPECT_EQ(lines().size(), 1U);
}

TEST_F(ChannelServerTest, IsIdleWhenAllRequestsHaveEnded) {
  EXPECT_TRUE(server.is_idle());
  run_stuck_command("stuck");
  EXPECT_FALSE(server.is_idle());
  server.disconnected();  // requests continue without their client
  EXPECT_FALSE(server.is_idle());
  EXPECT_FALSE(server.waits_for_client());
  release();
  until([&] { return server.is_idle(); });
}

TEST_F(ChannelServerTest, FinishesPendingRequestsWhilePaused) {
  run_stuck_command("stuck");
  receive(R"({"execute": "guest-get-timezone", "id": 2})");
  server.pause();
  release();
  until([&] { return server.is_idle(); });
  EXPECT_EQ(lines().size(), 2U);
}

TEST_F(ChannelServerTest, WaitsForAClientThatDoesNotRead) {
  run_stuck_command("stuck");
  channel.room = 0;
  channel.sent.assign(2 << 20, 'x');
  release();
  EXPECT_TRUE(server.waits_for_client());
  channel.room = SIZE_MAX;
  server.output_sent();
  until([&] { return server.is_idle(); });
}

TEST_F(ChannelServerTest, ReceivesTheRestOfARequestWhilePaused) {
  receive(R"({"execute": "guest-pi)");
  EXPECT_TRUE(server.has_partial_request());
  server.pause();
  receive(R"(ng", "id": 1})");
  EXPECT_EQ(lines(), std::vector<std::string>{R"({"return": {}, "id": 1})"});
  EXPECT_FALSE(server.has_partial_request());
  EXPECT_TRUE(server.read_buffer().empty());
}

// One read may bring the rest of a request, another request and the start of a third one.
TEST_F(ChannelServerTest, ReceivesWholeRequestsWhilePaused) {
  receive(R"({"execute": "guest-pi)");
  server.pause();
  receive(R"(ng"}{"execute": "guest-ping"} {"exec)");
  EXPECT_EQ(lines().size(), 2U);
  EXPECT_TRUE(server.has_partial_request());
  server.disconnected();
  EXPECT_FALSE(server.has_partial_request());
}

// The closing bracket of a request is missing: its tail must not be read as another request.
TEST_F(ChannelServerTest, HasAPartialRequestAfterASyntaxError) {
  receive(R"({"execute": guest,)");
  EXPECT_EQ(lines().size(), 1U);
  EXPECT_TRUE(server.has_partial_request());
}

TEST_F(ChannelServerTest, HasNoPartialRequestAfterAResetByte) {
  receive("\xFF");
  EXPECT_EQ(lines().size(), 1U);
  EXPECT_FALSE(server.has_partial_request());
}

TEST_F(ChannelServerTest, WritesTheChannelToTheSnapshot) {
  state::SnapshotWriter snapshot_writer(platform::current_pid());
  server.snapshot(snapshot_writer);
  state::Snapshot snapshot = testing::reexec(snapshot_writer, [] {});
  const auto records = snapshot.take("channel");
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0]->text("description"), "fake");
}

}  // namespace
}  // namespace bellhop::agent
