// bellhopd: the guest agent.
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "agent/log.h"
#include "agent/replacement.h"
#include "agent/service.h"
#include "agent/start_plan.h"
#include "agent/version.h"
#include "command/registry.h"
#include "command/schema.h"
#include "platform/daemon.h"
#include "platform/name_services.h"
#include "platform/pid_file.h"
#include "platform/program_image.h"
#include "state/freeze.h"
#include "state/handover.h"

namespace bellhop::agent {
namespace {

constexpr std::string_view pid_file_record = "pid-file";

int complain(const Error& error) {
  fmt::print(stderr, "{}\n", error.message);
  return EXIT_FAILURE;
}

int list_commands() {
  for (const Command* command : all_commands()) fmt::print("{}\n", command->facts.name);
  return EXIT_SUCCESS;
}

int print_schema() {
  std::string text;
  wire::JsonWriter writer(text);
  write_schema(writer, all_commands(), version);
  fmt::print("{}\n", text);
  return EXIT_SUCCESS;
}

// What waits for the thaw when the agent starts with filesystems frozen.
void catch_up(Log& log, const Settings& settings, const std::string& identifier,
              std::optional<platform::PidFile>& pid_file) {
  if (auto output = open_log_output(settings, identifier)) log.set_output(*std::move(output));
  if (!settings.daemonize || pid_file) return;
  auto created = platform::PidFile::create(settings.pid_file);
  if (created) {
    pid_file.emplace(*std::move(created));
  } else {
    log.warning("{}", created.error().message);
  }
}

// The pid file of a daemon, created anew or with the lock of the program before.
Result<platform::PidFile> claim_pid_file(const std::string& path, state::Handover* handover) {
  if (handover) {
    for (const state::HandoverRecord* record : handover->take(pid_file_record)) {
      platform::UniqueFd descriptor = record->descriptor("file");
      if (descriptor && record->text("path") == path) {
        return platform::PidFile::adopt(path, std::move(descriptor));
      }
    }
  }
  return platform::PidFile::create(path);
}

void hand_over_pid_file(const std::optional<platform::PidFile>& file,
                        state::HandoverWriter& writer) {
  if (!file) return;
  writer.begin(pid_file_record);
  writer.text("path", file->path());
  writer.descriptor("file", file->descriptor());
}

int serve(StartPlan plan, Program program, std::optional<state::Handover> handover,
          std::optional<platform::Daemon> daemon) {
  const Settings settings = plan.settings;
  const std::string identifier = plan.identifier;
  const bool frozen = handover && handover->find("freeze")
                          ? state::Freeze::was_frozen(*handover)
                          : std::filesystem::exists(freeze_mark(settings));

  auto output = open_log_output(settings, identifier, frozen);
  if (!output) {
    complain(output.error());
    if (!handover) return EXIT_FAILURE;
    // What was taken over is worth more than where the log goes.
    Settings without_log = settings;
    without_log.log.target = LogTarget::standard_error;
    without_log.log_file.reset();
    output = open_log_output(without_log, identifier, frozen);
    if (!output) return complain(output.error());
  }
  Log log(settings.log.level, *std::move(output), open_audit_output(settings, identifier));
  std::optional<platform::PidFile> pid_file;
  if (settings.daemonize && (!frozen || (handover && handover->find(pid_file_record)))) {
    auto created = claim_pid_file(settings.pid_file, handover ? &*handover : nullptr);
    if (created) {
      pid_file.emplace(*std::move(created));
    } else {
      log.critical("{}", created.error().message);
      if (!handover) return EXIT_FAILURE;
    }
  }
  if (frozen) log.disable();

  Service service(
      std::move(plan), all_commands(), log,
      {.frozen = frozen,
       .after_first_thaw = [&] { catch_up(log, settings, identifier, pid_file); },
       .handover = std::move(handover),
       .program = std::move(program),
       .hand_over = [&](state::HandoverWriter& writer) { hand_over_pid_file(pid_file, writer); }});
  if (Result<void> started = service.start(); !started) {
    log.critical("{}", started.error().message);
    log.critical("failed to initialize guest agent channel");
    return EXIT_FAILURE;
  }
  if (daemon) {
    if (Result<void> detached = daemon->detach(); !detached) {
      log.critical("{}", detached.error().message);
      return EXIT_FAILURE;
    }
  }
  service.run();
  if (!service.stop()) {
    // Threads that are stuck in the kernel use what would be destroyed now.
    pid_file.reset();
    ::_exit(EXIT_SUCCESS);
  }
  return EXIT_SUCCESS;
}

bool is_relative(const std::optional<std::string>& path) {
  return path && std::filesystem::path(*path).is_relative();
}

int run(StartPlan plan, Program program, std::optional<state::Handover> handover) {
  program.socket_was_passed = static_cast<bool>(plan.inherited_socket);
  program.configuration_is_lost =
      plan.settings.daemonize && (is_relative(plan.settings.guest_agent_configuration_file) ||
                                  is_relative(plan.settings.configuration_file));
  // The program before has become a daemon already.
  if (!plan.settings.daemonize || handover) {
    return serve(std::move(plan), std::move(program), std::move(handover), std::nullopt);
  }
  Result<platform::Daemon> daemon = platform::Daemon::start();
  if (!daemon) return complain(daemon.error());
  if (const std::optional<int> status = daemon->status()) ::_exit(*status);
  return serve(std::move(plan), std::move(program), std::nullopt, *std::move(daemon));
}

// What an earlier program of this process has left. Jobs do not see the variable.
std::optional<state::Handover> inherited_handover() {
  const char* variable = std::getenv(handover_variable);
  if (!variable) return std::nullopt;
  platform::UniqueFd memory = platform::take_inherited(std::atoi(variable));
  ::unsetenv(handover_variable);
  auto content = platform::SealedMemory::open(std::move(memory));
  if (!content) {
    complain(content.error());
    return std::nullopt;
  }
  return state::Handover(*std::move(content), platform::process_number());
}

Program this_program(int argc, char* argv[], const std::optional<state::Handover>& handover) {
  Program program{.arguments = {argv, argv + argc},
                  .working_directory = std::filesystem::current_path()};
  if (const auto* record = handover ? handover->find("agent") : nullptr) {
    program.path = record->text("program").value_or("");
    program.working_directory = record->text("working-directory").value_or("/");
    program.replacements = record->number("replacements").value_or(0);
  } else if (argc > 0) {
    program.path = platform::program_path(argv[0], program.working_directory).value_or("");
  }
  return program;
}

int main(int argc, char* argv[]) {
  platform::hold_signals(std::array{SIGUSR2});  // which would end it until it is handled
  platform::choose_name_services();
  std::optional<state::Handover> handover = inherited_handover();
  Program program = this_program(argc, argv, handover);
  const Surroundings surroundings{
      .variable = [](const char* name) -> const char* { return std::getenv(name); },
      .working_directory = program.working_directory};
  Result<StartPlan> plan = plan_start(argc, argv, surroundings);
  if (!plan) return complain(plan.error());
  switch (plan->action) {
    case StartPlan::Action::print:
      fmt::print("{}", plan->output);
      return EXIT_SUCCESS;
    case StartPlan::Action::list_commands:
      return list_commands();
    case StartPlan::Action::print_schema:
      return print_schema();
    case StartPlan::Action::run:
      return run(*std::move(plan), std::move(program), std::move(handover));
  }
  return EXIT_FAILURE;
}

}  // namespace
}  // namespace bellhop::agent

int main(int argc, char* argv[]) {
  return bellhop::agent::main(argc, argv);
}
