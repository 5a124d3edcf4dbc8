// bellhopd: the guest agent.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "agent/log.h"
#include "agent/service.h"
#include "agent/start_plan.h"
#include "agent/version.h"
#include "command/registry.h"
#include "command/schema.h"
#include "platform/daemon.h"
#include "platform/pid_file.h"

namespace bellhop::agent {
namespace {

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

int serve(StartPlan plan, std::optional<platform::Daemon> daemon) {
  const Settings settings = plan.settings;
  const std::string identifier = plan.identifier;
  const bool frozen = std::filesystem::exists(freeze_mark(settings));

  auto output = open_log_output(settings, identifier, frozen);
  if (!output) return complain(output.error());
  Log log(settings.log.level, *std::move(output), open_audit_output(settings, identifier));
  std::optional<platform::PidFile> pid_file;
  if (settings.daemonize && !frozen) {
    auto created = platform::PidFile::create(settings.pid_file);
    if (!created) {
      log.critical("{}", created.error().message);
      return EXIT_FAILURE;
    }
    pid_file.emplace(*std::move(created));
  }
  if (frozen) log.disable();

  Service service(std::move(plan), all_commands(), log, frozen,
                  [&] { catch_up(log, settings, identifier, pid_file); });
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

int run(StartPlan plan) {
  if (!plan.settings.daemonize) return serve(std::move(plan), std::nullopt);
  Result<platform::Daemon> daemon = platform::Daemon::start();
  if (!daemon) return complain(daemon.error());
  if (const std::optional<int> status = daemon->status()) ::_exit(*status);
  return serve(std::move(plan), *std::move(daemon));
}

int main(int argc, char* argv[]) {
  const Surroundings surroundings{
      .variable = [](const char* name) -> const char* { return std::getenv(name); },
      .working_directory = std::filesystem::current_path()};
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
      return run(*std::move(plan));
  }
  return EXIT_FAILURE;
}

}  // namespace
}  // namespace bellhop::agent

int main(int argc, char* argv[]) {
  return bellhop::agent::main(argc, argv);
}
