// SPDX-License-Identifier: Apache-2.0
#include "unit/commands/exec_fixture.h"

namespace bellhop::commands {
namespace {

class GuestExec : public bellhop::testing::ExecTest {};

constexpr std::string_view both = "echo out; echo err >&2";  // b3V0Cg== and ZXJyCg==
constexpr std::string_view nothing_captured = R"({"return": {"exited": true, "exitcode": 0}})";
constexpr std::string_view both_captured =
    R"({"return": {"exited": true, "exitcode": 0, "out-data": "b3V0Cg==", "err-data": "ZXJyCg==", )"
    R"("out-truncated": false, "err-truncated": false}})";

TEST_F(GuestExec, CapturesNothingUnlessTold) {
  EXPECT_EQ(run_script(both), nothing_captured);
  EXPECT_EQ(run_script(both, R"("capture-output": false)"), nothing_captured);
  EXPECT_EQ(run_script(both, R"("capture-output": "none")"), nothing_captured);
}

TEST_F(GuestExec, CapturesBothStreams) {
  EXPECT_EQ(run_script(both, R"("capture-output": true)"), both_captured);
  EXPECT_EQ(run_script(both, R"("capture-output": "separated")"), both_captured);
}

TEST_F(GuestExec, CapturesOneStream) {
  EXPECT_EQ(run_script(both, R"("capture-output": "stdout")"),
            R"({"return": {"exited": true, "exitcode": 0, "out-data": "b3V0Cg==", )"
            R"("out-truncated": false}})");
  EXPECT_EQ(run_script(both, R"("capture-output": "stderr")"),
            R"({"return": {"exited": true, "exitcode": 0, "err-data": "ZXJyCg==", )"
            R"("err-truncated": false}})");
}

TEST_F(GuestExec, MergesBothStreams) {
  EXPECT_EQ(run_script(both, R"("capture-output": "merged")"),
            R"({"return": {"exited": true, "exitcode": 0, "out-data": "b3V0CmVycgo=", )"
            R"("out-truncated": false}})");
}

TEST_F(GuestExec, PassesArgumentsAndEnvironment) {
  EXPECT_EQ(run(R"({"path": "sh", "arg": ["-c", "echo $1$A$B", "sh", "o"], "env": ["A=u", "B=t"],)"
                R"("capture-output": "stdout"})"),
            R"({"return": {"exited": true, "exitcode": 0, "out-data": "b3V0Cg==", )"
            R"("out-truncated": false}})");
  EXPECT_EQ(run(R"({"path": "/usr/bin/env", "env": [], "capture-output": true})"),
            nothing_captured);
}

TEST_F(GuestExec, PassesTheNulCharacterAsQemuGaDoes) {
  EXPECT_EQ(run(R"({"path": "printf", "arg": ["a\u0000b"], "capture-output": true})"),
            R"({"return": {"exited": true, "exitcode": 0, "out-data": "YcCAYg==", )"
            R"("out-truncated": false}})");
}

TEST_F(GuestExec, FeedsTheInput) {
  EXPECT_EQ(run(R"({"path": "cat", "input-data": "b3V0Cg==", "capture-output": true})"),
            R"({"return": {"exited": true, "exitcode": 0, "out-data": "b3V0Cg==", )"
            R"("out-truncated": false}})");
  EXPECT_EQ(run(R"({"path": "cat", "input-data": "", "capture-output": true})"), nothing_captured);
}

TEST_F(GuestExec, RefusesInputThatIsNotBase64BeforeItStartsAnything) {
  EXPECT_EQ(call("guest-exec", R"({"path": "/none/such", "input-data": "%"})"),
            error_reply("Base64 data contains invalid characters"));
}

TEST_F(GuestExec, SaysWhyAProgramCannotBeStarted) {
  const auto refusal = [](std::string_view path, std::string_view reason) {
    return error_reply(
        fmt::format("Failed to execute child process \\u201C{}\\u201D ({})", path, reason));
  };
  EXPECT_EQ(call("guest-exec", R"({"path": "/none/such"})"),
            refusal("/none/such", "No such file or directory"));
  EXPECT_EQ(call("guest-exec", R"({"path": ""})"), refusal("", "No such file or directory"));
  EXPECT_EQ(call("guest-exec", R"({"path": "/"})"), refusal("/", "Permission denied"));
  EXPECT_EQ(call("guest-exec", R"({"path": "/none/ü\n\u0000"})"),
            refusal("/none/\\u00FC\\n\\u0000", "No such file or directory"));
}

TEST_F(GuestExec, ChecksItsArguments) {
  EXPECT_EQ(call("guest-exec"), error_reply("Parameter 'path' is missing"));
  EXPECT_EQ(call("guest-exec", R"({"path": 1})"),
            error_reply("Invalid parameter type for 'path', expected: string"));
  EXPECT_EQ(call("guest-exec", R"({"path": "true", "arg": "x"})"),
            error_reply("Invalid parameter type for 'arg', expected: array"));
  EXPECT_EQ(call("guest-exec", R"({"path": "true", "arg": ["x", 1]})"),
            error_reply("Invalid parameter type for 'arg[1]', expected: string"));
  EXPECT_EQ(call("guest-exec", R"({"path": "true", "env": [null]})"),
            error_reply("Invalid parameter type for 'env[0]', expected: string"));
  EXPECT_EQ(call("guest-exec", R"({"path": "true", "input-data": true})"),
            error_reply("Invalid parameter type for 'input-data', expected: string"));
  EXPECT_EQ(call("guest-exec", R"({"path": "true", "capture-output": 1})"),
            error_reply("Invalid parameter type for 'capture-output', "
                        "expected: GuestExecCaptureOutput"));
  EXPECT_EQ(call("guest-exec", R"({"path": "true", "capture-output": "bogus"})"),
            error_reply("Parameter 'capture-output' does not accept value 'bogus'"));
  EXPECT_EQ(call("guest-exec", R"({"path": "true", "foo": 1})"),
            error_reply("Parameter 'foo' is unexpected"));
}

}  // namespace
}  // namespace bellhop::commands
