#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "platform/io/pipe_posix.h"
#include "platform/process/run_as_user.h"
#include "platform/process/spawn_posix.h"

namespace bellhop::platform {
namespace {

// The start of the available output, in one line.
std::string read_output(const Handle& pipe) {
  char buffer[1024];
  if (!wait_readable(pipe, {})) return {};
  const ssize_t size = ::read(pipe.get(), buffer, sizeof buffer);
  const std::string_view text(buffer, static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  std::string line(text::trim_end(text, "\n"));
  std::ranges::replace(line, '\n', ' ');
  return line;
}

Result<void> check_exit(const std::string& path, const ProcessEnd& end, const Handle& output) {
  if (end.exit_code == 0) return {};
  if (!end.exit_code) return failure("'{}' was ended by signal {}", path, end.signal.value_or(0));
  const std::string said = read_output(output);
  return failure("'{}' ended with status {}{}{}", path, *end.exit_code, said.empty() ? "" : ": ",
                 said);
}

}  // namespace

Result<void> run_program_as_user(const UserAccount& user, std::chrono::milliseconds limit,
                                 const std::string& path, std::vector<std::string> arguments) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  const Identity identity(user);
  TRY_ASSIGN(auto input, open_null(O_RDONLY));
  TRY_ASSIGN(auto output, make_pipe());
  TRY_ASSIGN(auto report, make_pipe());
  undo_ignored_sigchld();
  const ProcessRequest request{
      .path = path,
      .arguments = std::move(arguments),
      .environment = std::vector<std::string>{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"},
      .input = {}};
  const auto child = spawn(request,
                           {.in = input.get(),
                            .out = output.write.get(),
                            .err = output.write.get(),
                            .user = &identity,
                            .deadline = deadline},
                           std::move(report));
  if (!child && child.error().stage == ChildStage::program) {
    return system_failure(child.error().error, "cannot run '{}'", path);
  }
  if (!child) return check_report(user, limit, child.error());
  output.write.reset();
  const auto end = exit_descriptor(*child);
  if (!end) {
    kill_child(*child, {});
    return std::unexpected(end.error());
  }
  if (!wait_readable(*end, deadline)) {
    kill_child(*child, *end);
    return check_report(user, limit, {ChildStage::timed_out, 0});
  }
  return check_exit(path, reap(*child), output.read);
}

}  // namespace bellhop::platform
