#include "config/dump_configuration.h"

#include <fmt/format.h>

#include <string_view>
#include <vector>

#include "config/key_file.h"

namespace bellhop::config {
namespace {

std::string line(std::string_view key, std::string_view value) {
  return fmt::format("{}={}\n", key, escaped_value(value));
}

std::string line(std::string_view key, bool value) {
  return fmt::format("{}={}\n", key, value);
}

std::string line(std::string_view key, const std::optional<std::string>& value) {
  return value ? line(key, std::string_view(*value)) : std::string();
}

std::string line(std::string_view key, const std::vector<std::string>& names) {
  return line(key, std::string_view(fmt::format("{}", fmt::join(names, ","))));
}

}  // namespace

std::string dump_configuration(const Settings& settings) {
  std::string text = "[general]\n";
  text += line("daemon", settings.daemonize);
  text += line("method", std::string_view(settings.method));
  text += line("path", settings.path);
  text += line("logfile", settings.log_file);
  text += line("pidfile", std::string_view(settings.pid_file));
  text += line("fsfreeze-hook", settings.fsfreeze_hook);
  text += line("statedir", std::string_view(settings.state_dir));
  text += line("verbose", settings.verbose);
  text += line("retry-path", settings.retry_path);
  text += line("block-rpcs", settings.blocked_commands);
  text += line("allow-rpcs", settings.allowed_commands.value_or(std::vector<std::string>()));
  return text;
}

}  // namespace bellhop::config
