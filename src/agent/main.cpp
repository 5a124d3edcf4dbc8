// SPDX-License-Identifier: Apache-2.0
// bellhopd: the guest agent.
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/guest_agent.h"
#include "agent/log.h"
#include "agent/upgrade/live_upgrade.h"
#include "base/path.h"
#include "base/version.h"
#include "config/startup.h"
#include "platform/accounts/name_services.h"
#include "platform/process/daemon.h"
#include "platform/process/lifecycle_requests.h"
#include "platform/process/pid_file.h"
#include "platform/process/process_id.h"
#include "platform/process/reexec.h"
#include "platform/process/service_manager.h"
#include "platform/process/upgrade_request.h"
#include "platform/storage/freeze_guard.h"
#include "rpc/registry.h"
#include "rpc/schema.h"
#include "state/freeze/freeze.h"
#include "state/snapshot.h"

namespace bellhop::agent {
namespace {

constexpr std::string_view pid_file_record = "pid-file";

// How long --reload waits: for the probe, for running requests, and for the successor's start.
constexpr std::chrono::seconds reload_timeout{20};

int print_error(const Error& error) {
  fmt::print(stderr, "{}\n", error.message);
  return EXIT_FAILURE;
}

int list_commands() {
  for (const Command* command : commands_on(this_system)) {
    fmt::print("{}\n", command->facts.name);
  }
  return EXIT_SUCCESS;
}

int print_schema() {
  std::string text;
  wire::JsonWriter writer(text);
  write_schema(writer, commands_on(this_system), program_version);
  fmt::print("{}\n", text);
  return EXIT_SUCCESS;
}

// Requests a live upgrade of the running agent and prints its result.
int reload(const config::Startup& startup) {
  const auto agent = startup.reload_pid ? Result<platform::ProcessId>(*startup.reload_pid)
                                        : platform::PidFile::owner(startup.settings.pid_file);
  if (!agent) {
    return print_error(failure("{}; name the pid file of the agent with --pidfile, or its pid with "
                               "--reload=PID",
                               agent.error().message)
                           .error());
  }
  const Result<std::string> result = platform::request_upgrade(*agent, reload_timeout);
  if (!result) return print_error(result.error());
  fmt::print("{}\n", *result);
  return EXIT_SUCCESS;
}

// The part of the start that waits for the thaw if filesystems are frozen at the start.
void finish_deferred_startup(Log& log, const config::Settings& settings,
                             const std::string& identifier,
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

// The pid file of a daemon: the predecessor's, with its lock, or a new one.
Result<platform::PidFile> claim_pid_file(const std::string& path, state::Snapshot* snapshot) {
  if (snapshot) {
    for (const state::SnapshotRecord* record : snapshot->take(pid_file_record)) {
      platform::Handle descriptor = record->descriptor("file");
      if (descriptor && record->text("path") == path) {
        return platform::PidFile::restore(path, std::move(descriptor));
      }
    }
  }
  return platform::PidFile::create(path);
}

void snapshot_pid_file(const std::optional<platform::PidFile>& file,
                       state::SnapshotWriter& writer) {
  if (!file) return;
  writer.begin(pid_file_record);
  writer.text("path", file->path());
  writer.descriptor("file", file->descriptor());
}

int fail_start(Log& log, const std::string& service_manager, const Error& error) {
  log.critical("{}", error.message);
  log.critical("failed to initialize guest agent channel");
  // An error is ignored: the log has the reason.
  static_cast<void>(platform::notify_service_manager(
      service_manager, platform::ServiceState::unchanged, error.message));
  return EXIT_FAILURE;
}

int serve(config::Startup startup, RunningExecutable executable,
          std::optional<state::Snapshot> snapshot, platform::FreezeAtStart freeze,
          std::optional<platform::Daemon> daemon) {
  const config::Settings settings = startup.settings;
  const std::string identifier = startup.identifier;
  const std::string service_manager = executable.service_manager;
  const bool frozen = freeze.freeze || (snapshot && state::Freeze::was_frozen(*snapshot));

  auto output = open_log_output(settings, identifier, frozen);
  if (!output) {
    print_error(output.error());
    if (!snapshot) return EXIT_FAILURE;
    // Not fatal after a live upgrade: an exit would lose the restored state.
    config::Settings without_log = settings;
    without_log.log.target = config::LogTarget::standard_error;
    without_log.log_file.reset();
    output = open_log_output(without_log, identifier, frozen);
    if (!output) return print_error(output.error());
  }
  Log log(settings.log.level, *std::move(output), open_audit_output(settings, identifier));
  std::optional<platform::PidFile> pid_file;
  if (settings.daemonize && (!frozen || (snapshot && snapshot->find(pid_file_record)))) {
    auto created = claim_pid_file(settings.pid_file, snapshot ? &*snapshot : nullptr);
    if (created) {
      pid_file.emplace(*std::move(created));
    } else {
      log.critical("{}", created.error().message);
      if (!snapshot) return EXIT_FAILURE;
    }
  }
  for (const std::string& warning : freeze.warnings) log.audit(Log::Level::warning, warning);
  if (frozen) log.disable();

  const std::vector<const Command*> commands = commands_on(this_system);
  GuestAgent agent(
      std::move(startup), commands, log,
      {.frozen = frozen,
       .freeze = std::move(freeze.freeze),
       .after_first_thaw = [&] { finish_deferred_startup(log, settings, identifier, pid_file); },
       .snapshot = std::move(snapshot),
       .executable = std::move(executable),
       .add_to_snapshot =
           [&](state::SnapshotWriter& writer) { snapshot_pid_file(pid_file, writer); }});
  if (Result<void> started = agent.start(); !started) {
    return fail_start(log, service_manager, started.error());
  }
  if (daemon) {
    if (Result<void> detached = daemon->detach(); !detached) {
      log.critical("{}", detached.error().message);
      return EXIT_FAILURE;
    }
  }
  agent.run();
  if (!agent.stop()) {
    // Threads that are stuck in the kernel use objects that a return would destroy.
    pid_file.reset();
    std::_Exit(EXIT_SUCCESS);
  }
  return EXIT_SUCCESS;
}

bool is_relative(const std::optional<std::string>& path) {
  return path && !is_absolute_path(*path);
}

int run(config::Startup startup, RunningExecutable executable,
        std::optional<state::Snapshot> snapshot, platform::FreezeAtStart freeze) {
  executable.socket_was_passed = static_cast<bool>(startup.inherited_socket);
  executable.configuration_is_lost =
      startup.settings.daemonize && (is_relative(startup.settings.guest_agent_configuration_file) ||
                                     is_relative(startup.settings.configuration_file));
  // The predecessor has already become a daemon.
  if (!startup.settings.daemonize || snapshot) {
    return serve(std::move(startup), std::move(executable), std::move(snapshot), std::move(freeze),
                 std::nullopt);
  }
  Result<platform::Daemon> daemon = platform::Daemon::start();
  if (!daemon) return print_error(daemon.error());
  if (const std::optional<int> status = daemon->status()) std::_Exit(*status);
  return serve(std::move(startup), std::move(executable), std::nullopt, std::move(freeze),
               *std::move(daemon));
}

// The predecessor's snapshot, after a live upgrade. Unsets the variable: jobs do not inherit it.
std::optional<state::Snapshot> inherited_snapshot() {
  std::optional<platform::Handle> memory = platform::claim_inherited_variable(snapshot_variable);
  if (!memory) return std::nullopt;
  auto content = platform::SealedMemory::open(*std::move(memory));
  if (!content) {
    print_error(content.error());
    return std::nullopt;
  }
  return state::Snapshot(*std::move(content), platform::current_pid());
}

RunningExecutable this_executable(int argc, char* argv[],
                                  const std::optional<state::Snapshot>& snapshot) {
  RunningExecutable executable{.arguments = {argv, argv + argc},
                               .working_directory = to_utf8(std::filesystem::current_path()),
                               .service_manager = platform::claim_service_manager()};
  if (const auto* record = snapshot ? snapshot->find("agent") : nullptr) {
    executable.path = record->text("program").value_or("");
    platform::name_process(executable.path);
    executable.working_directory = record->text("working-directory").value_or("/");
    executable.upgrades = record->number("replacements").value_or(0);
    executable.service_manager = record->text("service-manager").value_or("");
  } else if (argc > 0) {
    executable.path = platform::executable_path(argv[0], executable.working_directory).value_or("");
  }
  return executable;
}

int main(int argc, char* argv[]) {
  if (argc == 2 && argv[1] == platform::freeze_guard_option) return platform::run_freeze_guard();
  platform::LifecycleRequests::hold_until_start();
  platform::choose_name_services();
  std::optional<state::Snapshot> snapshot = inherited_snapshot();
  RunningExecutable executable = this_executable(argc, argv, snapshot);
  const config::Environment environment{
      .variable = [](const char* name) -> const char* { return std::getenv(name); },
      .working_directory = path_from_utf8(executable.working_directory)};
  // Before anything that can fail or wait: what is frozen must thaw in time.
  platform::FreezeAtStart freeze;
  if (!snapshot || !snapshot->find("freeze")) {
    if (const auto settings = config::read_early_settings(argc, argv, environment)) {
      freeze = platform::inherit_freeze(settings->state_directory, settings->limit);
    }
  }
  Result<config::Startup> startup = config::parse_startup(argc, argv, environment);
  if (!startup) return print_error(startup.error());
  switch (startup->action) {
    case config::Startup::Action::print:
      fmt::print("{}", startup->output);
      return EXIT_SUCCESS;
    case config::Startup::Action::list_commands:
      return list_commands();
    case config::Startup::Action::print_schema:
      return print_schema();
    case config::Startup::Action::reload:
      return reload(*startup);
    case config::Startup::Action::answer_probe:
      fmt::print("{}", probe_answer());
      return EXIT_SUCCESS;
    case config::Startup::Action::run:
      return run(*std::move(startup), std::move(executable), std::move(snapshot),
                 std::move(freeze));
  }
  return EXIT_FAILURE;
}

}  // namespace
}  // namespace bellhop::agent

int main(int argc, char* argv[]) {
  return bellhop::agent::main(argc, argv);
}
