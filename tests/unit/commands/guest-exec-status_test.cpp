// SPDX-License-Identifier: Apache-2.0
#include "unit/commands/exec_fixture.h"
#include "wire/base64.h"

namespace bellhop::commands {
namespace {

class GuestExecStatus : public bellhop::testing::ExecTest {
 protected:
  static std::string base64_of_zeros(std::size_t count) {
    const std::string zeros(count, '\0');
    std::string text;
    wire::base64::append_encoded(text, std::as_bytes(std::span(zeros)));
    return text;
  }
};

TEST_F(GuestExecStatus, HasOneMemberWhileTheProcessRuns) {
  bellhop::testing::Gate gate(directory / "gate");
  const auto pid =
      exec(fmt::format(R"({{"path": "sh", "arg": ["-c", "echo x; {}"], "capture-output": true}})",
                       gate.wait_command()));
  EXPECT_EQ(status(pid), R"({"return": {"exited": false}})");
  gate.open();
  wait(pid);
  EXPECT_EQ(status(pid), R"({"return": {"exited": true, "exitcode": 0, "out-data": "eAo=", )"
                         R"("out-truncated": false}})");
}

TEST_F(GuestExecStatus, TellsTheExitStatusOrTheSignal) {
  EXPECT_EQ(run_script("exit 42"), R"({"return": {"exited": true, "exitcode": 42}})");
  EXPECT_EQ(run_script("kill -KILL $$"), R"({"return": {"exited": true, "signal": 9}})");
}

TEST_F(GuestExecStatus, LeavesOutOutputThatIsEmpty) {
  EXPECT_EQ(run_script("exit 3", R"("capture-output": true)"),
            R"({"return": {"exited": true, "exitcode": 3}})");
  EXPECT_EQ(run_script("echo x", R"("capture-output": "separated")"),
            R"({"return": {"exited": true, "exitcode": 0, "out-data": "eAo=", )"
            R"("out-truncated": false}})");
}

TEST_F(GuestExecStatus, ForgetsTheProcessOnceItHasToldOfItsEnd) {
  const auto pid = exec(R"({"path": "true"})");
  wait(pid);
  EXPECT_EQ(status(pid), R"({"return": {"exited": true, "exitcode": 0}})");
  EXPECT_EQ(status(pid), error_reply(fmt::format("PID {} does not exist", pid)));
}

TEST_F(GuestExecStatus, KeepsTheProcessWhileNoClientHasTakenTheReply) {
  const auto pid = exec(R"({"path": "echo", "arg": ["x"], "capture-output": true})");
  wait(pid);
  replies_are_taken = false;
  const std::string reply = status(pid);
  EXPECT_EQ(reply, R"({"return": {"exited": true, "exitcode": 0, "out-data": "eAo=", )"
                   R"("out-truncated": false}})");
  replies_are_taken = true;
  EXPECT_EQ(status(pid), reply);
  EXPECT_EQ(status(pid), error_reply(fmt::format("PID {} does not exist", pid)));
}

TEST_F(GuestExecStatus, KnowsOnlyWhatGuestExecStarted) {
  EXPECT_EQ(status(1), error_reply("PID 1 does not exist"));
  EXPECT_EQ(status(-1), error_reply("PID -1 does not exist"));
  EXPECT_EQ(status(4611686018427387904), error_reply("PID 4611686018427387904 does not exist"));
}

TEST_F(GuestExecStatus, ChecksItsArguments) {
  EXPECT_EQ(call("guest-exec-status"), error_reply("Parameter 'pid' is missing"));
  EXPECT_EQ(call("guest-exec-status", R"({"pid": "1"})"),
            error_reply("Invalid parameter type for 'pid', expected: integer"));
}

TEST_F(GuestExecStatus, StreamsLargeOutput) {
  constexpr std::size_t limit = 16 << 20;
  std::size_t max_size = 0;
  std::string whole;
  drain = [&](std::string& waiting) {
    max_size = std::max(max_size, waiting.size());
    whole += std::exchange(waiting, {});
    return true;
  };
  whole += run_script("head -c 16777217 /dev/zero; echo end >&2", R"("capture-output": true)");
  const std::string zeros = base64_of_zeros(limit);
  // Not EXPECT_EQ, which would print both.
  EXPECT_TRUE(whole == R"({"return": {"exited": true, "exitcode": 0, "out-data": ")" + zeros +
                           R"(", "err-data": "ZW5kCg==", "out-truncated": true, )"
                           R"("err-truncated": false}})")
      << whole.substr(0, 80) << "..." << whole.substr(whole.size() - 80);
  EXPECT_LT(max_size, std::size_t{1} << 20);
}

TEST_F(GuestExecStatus, EncodesEveryLengthRightAtTheEdgesOfPieces) {
  for (const std::size_t size : {196607U, 196608U, 196609U, 393217U}) {
    const std::string reply =
        run_script(fmt::format("head -c {} /dev/zero", size), R"("capture-output": true)");
    const std::string zeros = base64_of_zeros(size);
    EXPECT_TRUE(reply == R"({"return": {"exited": true, "exitcode": 0, "out-data": ")" + zeros +
                             R"(", "out-truncated": false}})")
        << size;
  }
}

}  // namespace
}  // namespace bellhop::commands
