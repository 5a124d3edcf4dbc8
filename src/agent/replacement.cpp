#include "agent/replacement.h"

#include <signal.h>

#include <array>
#include <asio/post.hpp>
#include <ranges>
#include <utility>

#include "agent/version.h"
#include "platform/program_image.h"
#include "platform/run_program.h"

namespace bellhop::agent {
namespace {

// How long the new program may take to answer.
constexpr std::chrono::seconds answer_limit{5};

// How often it is looked whether the agent is at rest, while it is to be replaced.
constexpr std::chrono::milliseconds look_interval{20};

// Come while the programs change: for the new one.
constexpr std::array end_signals{SIGINT, SIGTERM, SIGUSR2};

// How often the loop must come by what the system has to tell, so that a signal that it was told of
// has been handled: once to read of it, once to call who waits for it.
constexpr int polls_for_signals = 4;

std::string_view first_line(std::string_view text) {
  return text.substr(0, text.find('\n'));
}

std::vector<std::string> question(const Program& program) {
  std::vector<std::string> arguments{"--can-take-over"};
  // A program that only answers does not get the socket, which has no path.
  if (program.socket_was_passed) arguments.push_back("--path=/");
  const auto own = std::views::drop(program.arguments, 1);
  arguments.insert(arguments.end(), own.begin(), own.end());
  return arguments;
}

// Asks without changing anything but by running the program.
Result<void> ask(platform::Processes& processes, const Program& program) {
  platform::ProcessRequest request{
      .path = program.path, .arguments = question(program), .environment = {}, .input = {}};
  const auto run = platform::run_program(processes, std::move(request),
                                         {.time = answer_limit, .whole_output = true});
  if (!run) return std::unexpected(run.error());
  if (run->outcome != platform::ProgramRun::Outcome::ended) {
    return failure("'{}' does not answer", program.path);
  }
  const std::string_view said = first_line(run->output);
  if (run->end.exit_code == 0 && run->output == take_over_answer()) return {};
  if (run->end.exit_code == 0 && said.starts_with("bellhopd ")) {
    return failure(
        "'{}' cannot read what this version hands over (it says '{}'): restart the agent",
        program.path, said);
  }
  return failure("'{}' cannot take its place (it says '{}')", program.path, said);
}

}  // namespace

std::string take_over_answer() {
  return fmt::format("bellhopd handover {}\n", state::handover_version);
}

Replacement::Replacement(asio::io_context& loop, const Program& program, Workers& workers,
                         platform::Processes& processes, Subject& subject)
    : loop_(loop),
      program_(program),
      workers_(workers),
      processes_(processes),
      subject_(subject),
      timer_(loop) {}

void Replacement::begin() {
  if (std::exchange(under_way_, true)) return;
  if (program_.path.empty()) {
    return give_up(failure("it is not known where the program is").error());
  }
  if (program_.configuration_is_lost) {
    return give_up(failure("its configuration file has a relative path, which means nothing in a "
                           "daemon's directory: start it with an absolute one")
                       .error());
  }
  ask_program();
}

// Meanwhile the agent serves as ever.
void Replacement::ask_program() {
  const bool started = workers_.run(
      [this] {
        asio::post(loop_, [this, answer = ask(processes_, program_)] { answered(answer); });
      },
      "the question to the new program");
  if (!started) {
    give_up(failure("all threads of the agent are in use by commands that do not end").error());
  }
}

void Replacement::answered(const Result<void>& answer) {
  if (!answer) return give_up(answer.error());
  deadline_ = std::chrono::steady_clock::now() + patience;
  begin_round();
}

void Replacement::begin_round() {
  end_of_round_ = std::chrono::steady_clock::now() + round;
  subject_.come_to_rest();
  try_now();
}

void Replacement::try_now() {
  const std::optional<std::string> unrest = subject_.unrest();
  if (!unrest) {
    platform::hold_signals(end_signals);
    return handle_pending_events(polls_for_signals);
  }
  const auto now = std::chrono::steady_clock::now();
  if (now >= deadline_) {
    subject_.go_on();
    return give_up(
        failure("{}; try again when that is over, or restart the agent", *unrest).error());
  }
  if (now < end_of_round_) return look_again();
  subject_.go_on();
  timer_.expires_after(round);
  timer_.async_wait([this](std::error_code cancelled) {
    if (!cancelled) begin_round();
  });
}

void Replacement::look_again() {
  timer_.expires_after(look_interval);
  timer_.async_wait([this](std::error_code cancelled) {
    if (!cancelled) try_now();
  });
}

// A signal that has come before it was held is in a pipe of the loop, and would be lost with it.
void Replacement::handle_pending_events(int times) {
  if (times == 0) return replace_if_at_rest();
  asio::post(loop_, [this, times] { handle_pending_events(times - 1); });
}

void Replacement::replace_if_at_rest() {
  const bool at_rest = !subject_.unrest();
  const auto replaced = at_rest ? replace() : Result<void>();
  platform::let_signals_come(end_signals);
  if (at_rest) {
    subject_.go_on();
    return give_up(replaced.error());
  }
  look_again();
}

// Returns only with an error.
Result<void> Replacement::replace() {
  state::HandoverWriter writer(platform::process_number());
  Result<void> failed;
  if (!subject_.hand_over(writer)) {
    failed = failure("a freeze is just coming to its end");
  } else if (const auto memory = writer.finish(); !memory) {
    failed = std::unexpected(memory.error());
  } else {
    std::vector<int> descriptors = writer.descriptors();
    descriptors.push_back(memory->descriptor());
    failed = std::unexpected(platform::replace_program(
        {.path = program_.path,
         .arguments = program_.arguments,
         .variable = fmt::format("{}={}", handover_variable, memory->descriptor()),
         .descriptors = std::move(descriptors)}));
  }
  return failed;
}

void Replacement::give_up(const Error& error) {
  under_way_ = false;
  subject_.replacement_failed(error);
}

}  // namespace bellhop::agent
