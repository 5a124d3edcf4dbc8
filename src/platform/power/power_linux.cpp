// SPDX-License-Identifier: Apache-2.0
#include <signal.h>  // NOLINT(modernize-deprecated-headers): SIGRTMIN

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/text.h"
#include "platform/io/small_file.h"
#include "platform/machine/control_directory_linux.h"
#include "platform/power/power.h"
#include "platform/power/power_backend_linux.h"

namespace bellhop::platform {
namespace {

// The result of one method; nullopt when the guest does not have it.
using Attempt = std::optional<Result<void>>;

// The names, options and signals of one shutdown mode, by program and by init system.
struct Stop {
  const char* verb;             // of systemctl, and the program of that name
  const char* shutdown_option;  // of sysvinit's shutdown(8)
  const char* openrc_option;    // of openrc-shutdown(8)
  int systemd_signal;           // above SIGRTMIN; systemd(1), "Signals"
  int busybox_signal;           // BusyBox' init/init.c
};

Stop stop_of(ShutdownMode mode) {
  switch (mode) {
    case ShutdownMode::halt:
      return {"halt", "-H", "--halt", 3, SIGUSR1};
    case ShutdownMode::powerdown:
      return {"poweroff", "-P", "--poweroff", 4, SIGUSR2};
    case ShutdownMode::reboot:
      break;
  }
  return {"reboot", "-r", "--reboot", 5, SIGTERM};
}

// The names of one suspend mode, by program and in the kernel.
struct Sleep {
  const char* verb;       // of systemctl and loginctl
  const char* pm_option;  // of pm-is-supported
  const char* pm_program;
  std::string_view kernel_state;  // of /sys/power/state
  std::string_view disk_mode;     // of /sys/power/disk; empty: the selected one
};

Sleep sleep_of(SuspendMode mode) {
  switch (mode) {
    case SuspendMode::disk:
      return {"hibernate", "--hibernate", "pm-hibernate", "disk", {}};
    case SuspendMode::ram:
      return {"suspend", "--suspend", "pm-suspend", "mem", {}};
    case SuspendMode::hybrid:
      break;
  }
  return {"hybrid-sleep", "--suspend-hybrid", "pm-suspend-hybrid", "disk", "suspend"};
}

// True if a list such as "freeze [mem] disk" contains `word`.
bool has_word(std::string_view list, std::string_view word) {
  for (std::string_view item : text::split(list, ' ')) {
    if (item.starts_with('[') && item.ends_with(']')) item = item.substr(1, item.size() - 2);
    if (item == word) return true;
  }
  return false;
}

// The selected word of a list such as "[platform] shutdown reboot"; empty without one.
std::string chosen_word(std::string_view list) {
  const std::size_t begin = list.find('[');
  const std::size_t end = list.find(']', begin == std::string_view::npos ? 0 : begin);
  if (begin == std::string_view::npos || end == std::string_view::npos) return {};
  return std::string(list.substr(begin + 1, end - begin - 1));
}

// Error texts are those of qemu-ga for its shutdown program.
Result<void> check_shutdown_exit(const ProgramRun& run) {
  if (run.end.exit_code == 0) return {};
  if (!run.end.exit_code) {
    return failure("child process has terminated abnormally{}{}", run.output.empty() ? "" : ": ",
                   run.output);
  }
  return failure(
      "child process has failed to shutdown: {}",
      run.output.empty() ? fmt::format("exit status {}", *run.end.exit_code) : run.output);
}

// Error texts are those of qemu-ga for its suspend programs, followed by the program's output.
Result<void> check_suspend_exit(const std::string& command, const ProgramRun& run) {
  if (run.end.exit_code == 0) return {};
  const std::string said(text::trim_end(run.output, "\n"));
  const std::string reason = said.empty() ? "" : ": " + said;
  if (!run.end.exit_code) return failure("the helper program '{}' was killed{}", command, reason);
  return failure("the helper program '{}' returned an unexpected exit status code ({}){}", command,
                 *run.end.exit_code, reason);
}

Result<void> write_state(const ControlDirectory& power, const char* file, std::string_view value) {
  const auto written = power.write(file, value);
  if (written) return {};
  return system_failure(written.error().error_number, "suspend: cannot write to '/sys/power/{}'",
                        file);
}

class LinuxPower final : public Power {
 public:
  LinuxPower(std::unique_ptr<PowerBackend> backend, std::filesystem::path system_root)
      : backend_(std::move(backend)), root_(std::move(system_root)) {}

  // The first method that the guest has decides. If `poweroff` refuses, its administrator may have
  // a reason, so no harsher method is tried.
  Result<void> shut_down(ShutdownMode mode) override {
    const Stop stop = stop_of(mode);
    for (const auto method : {&LinuxPower::stop_systemd, &LinuxPower::shutdown_with_program,
                              &LinuxPower::stop_openrc, &LinuxPower::stop_busybox}) {
      if (Attempt done = (this->*method)(stop)) return *std::move(done);
    }
    return backend_->stop_kernel(mode);
  }

  // When a method fails, the next one is tried, as in qemu-ga: desktops forbid what a host may
  // request, and services are built without features that the kernel has. When a method fails after
  // the guest has resumed, no other is tried: it would suspend the guest again, unexpectedly.
  Result<void> suspend(SuspendMode mode) override {
    Result<void> last = failure("the requested suspend mode is not supported by the guest");
    const Slept before = slept();
    for (const auto method : {&LinuxPower::sleep_by_login_manager, &LinuxPower::sleep_by_pm_utils,
                              &LinuxPower::sleep_by_kernel}) {
      Attempt done = (this->*method)(sleep_of(mode));
      if (done) last = *std::move(done);
      if (last || has_slept_since(before)) return {};
    }
    return last;
  }

 private:
  // Compared later to detect whether the guest has been suspended meanwhile.
  struct Slept {
    std::string times;  // number of suspends to RAM, as the kernel counts them
    std::chrono::milliseconds time;
  };

  Slept slept() {
    return {read_small_file(root_ / "sys/power/suspend_stats/success")
                .value_or(std::nullopt)
                .value_or(""),
            backend_->time_asleep()};
  }

  bool has_slept_since(const Slept& before) {
    const Slept now = slept();
    // Tolerance: the two clocks are not read at the same moment.
    return now.times != before.times || now.time - before.time > std::chrono::milliseconds(500);
  }

  bool exists(const char* path) const {
    std::error_code error;
    return std::filesystem::exists(root_ / path, error);
  }

  // sd_booted(3)
  bool runs_systemd() const { return exists("run/systemd/system"); }

  Attempt run_shutdown(const std::string& program, const std::vector<std::string>& arguments) {
    const auto run = backend_->run(program, arguments);
    if (!run) return failure("child process has failed to shutdown: {}", run.error().message);
    if (!*run) return std::nullopt;
    return check_shutdown_exit(**run);
  }

  Attempt run_suspend(const std::string& program, const std::string& verb) {
    const auto run = backend_->run(
        program, verb.empty() ? std::vector<std::string>{} : std::vector<std::string>{verb});
    if (!run) {
      return failure("failed to create child process, error '{}'", run.error().message);
    }
    if (!*run) return std::nullopt;
    return check_suspend_exit(verb.empty() ? program : program + " " + verb, **run);
  }

  Attempt stop_systemd(const Stop& stop) {
    if (!runs_systemd()) return std::nullopt;
    if (Attempt done = run_shutdown("systemctl", {stop.verb})) return done;
    return backend_->signal_init(SIGRTMIN + stop.systemd_signal);
  }

  // The programs that come with every init system, or with a substitute. qemu-ga uses them too.
  Attempt shutdown_with_program(const Stop& stop) {
    if (Attempt done = run_shutdown(stop.verb, {})) return done;
    std::vector<std::string> arguments;
    if (stop.shutdown_option != std::string_view("-r")) arguments.emplace_back("-h");
    arguments.insert(arguments.end(),
                     {stop.shutdown_option, "+0", "hypervisor initiated shutdown"});
    return run_shutdown("shutdown", arguments);
  }

  // openrc-init without programs that have sysvinit's names.
  Attempt stop_openrc(const Stop& stop) {
    return run_shutdown("openrc-shutdown", {stop.openrc_option, "now"});
  }

  // BusyBox as init, without links for its other applets. As another applet, such as the shell of
  // an initramfs, it ignores the signals.
  Attempt stop_busybox(const Stop& stop) {
    std::error_code error;
    const auto init = std::filesystem::read_symlink(root_ / "proc/1/exe", error);
    if (error || init.filename() != "busybox") return std::nullopt;
    const auto command = read_small_file(root_ / "proc/1/cmdline");
    if (!command || !*command) return std::nullopt;
    const std::filesystem::path applet = (*command)->c_str();  // up to the zero byte
    if (applet.filename() != "init" && applet.filename() != "linuxrc") return std::nullopt;
    return backend_->signal_init(stop.busybox_signal);
  }

  Attempt sleep_by_login_manager(const Sleep& sleep) {
    if (runs_systemd()) return run_suspend("systemctl", sleep.verb);
    if (exists("run/elogind.pid")) return run_suspend("loginctl", sleep.verb);
    return std::nullopt;
  }

  Attempt sleep_by_pm_utils(const Sleep& sleep) {
    const auto supported = backend_->run("pm-is-supported", {sleep.pm_option});
    if (!supported || !*supported || (*supported)->end.exit_code != 0) return std::nullopt;
    return run_suspend(sleep.pm_program, {});
  }

  // /sys/power/disk selects what the kernel does once the hibernation image is on disk (Linux,
  // Documentation/admin-guide/pm/sleep-states.rst): it turns the guest off or, in the mode
  // "suspend", suspends it to RAM. Programs do not restore the selection: after elogind's hybrid
  // sleep, "disk" alone would not turn the guest off.
  Attempt sleep_by_kernel(const Sleep& sleep) {
    const auto power = ControlDirectory::open(root_ / "sys/power");
    if (!power || !has_word(power->read("state").value_or(""), sleep.kernel_state)) {
      return std::nullopt;
    }
    if (sleep.kernel_state != "disk") return write_state(*power, "state", sleep.kernel_state);
    const std::string modes = power->read("disk").value_or("");
    if (!sleep.disk_mode.empty() && !has_word(modes, sleep.disk_mode)) return std::nullopt;
    const std::string chosen = chosen_word(modes);
    std::string_view wanted = sleep.disk_mode.empty() ? chosen : sleep.disk_mode;
    if (sleep.disk_mode.empty() && chosen == "suspend") {
      wanted = has_word(modes, "platform") ? "platform" : "shutdown";
    }
    if (wanted != chosen) {
      TRY(write_state(*power, "disk", wanted));
    }
    Attempt slept = write_state(*power, "state", sleep.kernel_state);
    if (wanted != chosen && !chosen.empty()) {
      static_cast<void>(power->write("disk", chosen));  // as far as possible
    }
    return slept;
  }

  std::unique_ptr<PowerBackend> backend_;
  std::filesystem::path root_;
};

}  // namespace

std::unique_ptr<Power> make_power(std::unique_ptr<PowerBackend> backend,
                                  std::filesystem::path system_root) {
  return std::make_unique<LinuxPower>(std::move(backend), std::move(system_root));
}

std::unique_ptr<Power> system_power(std::filesystem::path system_root) {
  return make_power(system_power_backend(), std::move(system_root));
}

}  // namespace bellhop::platform
