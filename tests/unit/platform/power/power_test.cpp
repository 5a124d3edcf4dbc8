// SPDX-License-Identifier: Apache-2.0
#include "platform/power/power.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): SIGRTMIN
#include <sys/mman.h>
#include <unistd.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "platform/io/handle.h"
#include "platform/power/power_backend_linux.h"
#include "unit/system_tree.h"

namespace bellhop::platform {
namespace {

// A backend that only records its calls.
class FakeBackend final : public PowerBackend {
 public:
  Result<std::optional<ProgramRun>> run(const std::string& program,
                                        const std::vector<std::string>& arguments) override {
    const auto found = programs.find(program);
    if (found == programs.end()) return std::nullopt;
    std::string call = program;
    for (const auto& argument : arguments) call += " " + argument;
    calls.push_back(call);
    if (at_run) at_run();
    return found->second;
  }
  std::chrono::milliseconds time_asleep() override {
    return std::chrono::milliseconds(calls.empty() ? 7000 : 7000 + asleep);
  }
  Result<void> signal_init(int number) override {
    calls.push_back(number >= SIGRTMIN ? fmt::format("signal RTMIN+{}", number - SIGRTMIN)
                                       : fmt::format("signal {}", number));
    return {};
  }
  Result<void> stop_kernel(ShutdownMode mode) override {
    calls.push_back(fmt::format("kernel {}", static_cast<int>(mode)));
    return failure("the kernel does not stop the machine");
  }

  std::map<std::string, Result<ProgramRun>> programs;  // the installed programs with their results
  std::vector<std::string> calls;
  std::function<void()> at_run;
  int asleep = 0;  // milliseconds asleep since the first call
};

Result<ProgramRun> ended(int code, std::string output = {}) {
  return ProgramRun{.end = {.exit_code = code, .signal = {}}, .output = std::move(output)};
}

class PowerTest : public ::testing::Test {
 protected:
  PowerTest() {
    auto backend = std::make_unique<FakeBackend>();
    backend_ = backend.get();
    power_ = make_power(std::move(backend), tree_.path());
  }
  void add(const std::string& program, Result<ProgramRun> end = ended(0)) {
    backend_->programs.insert_or_assign(program, std::move(end));
  }
  void boot_systemd() { tree_.make_directory("run/systemd/system"); }
  std::string shut_down(ShutdownMode mode = ShutdownMode::powerdown) {
    const auto result = power_->shut_down(mode);
    return result ? "" : result.error().message;
  }
  std::string suspend(SuspendMode mode) {
    const auto result = power_->suspend(mode);
    return result ? "" : result.error().message;
  }
  using Calls = std::vector<std::string>;
  Calls calls() { return std::exchange(backend_->calls, {}); }

  testing::SystemTree tree_;
  FakeBackend* backend_ = nullptr;
  std::unique_ptr<Power> power_;
};

using Shutdown = PowerTest;

TEST_F(Shutdown, UsesSystemdIfItRuns) {
  boot_systemd();
  for (const char* program : {"systemctl", "poweroff", "halt", "reboot", "shutdown"}) add(program);
  EXPECT_EQ(shut_down(ShutdownMode::powerdown), "");
  EXPECT_EQ(shut_down(ShutdownMode::halt), "");
  EXPECT_EQ(shut_down(ShutdownMode::reboot), "");
  EXPECT_EQ(calls(), (Calls{"systemctl poweroff", "systemctl halt", "systemctl reboot"}));
}

TEST_F(Shutdown, SignalsSystemdWithoutSystemctl) {
  boot_systemd();
  add("poweroff");
  shut_down(ShutdownMode::halt);
  shut_down(ShutdownMode::powerdown);
  shut_down(ShutdownMode::reboot);
  EXPECT_EQ(calls(), (Calls{"signal RTMIN+3", "signal RTMIN+4", "signal RTMIN+5"}));
}

TEST_F(Shutdown, DoesNotUseSystemctlIfSystemdDoesNotRun) {
  for (const char* program : {"systemctl", "poweroff", "halt", "reboot", "shutdown"}) add(program);
  shut_down(ShutdownMode::powerdown);
  shut_down(ShutdownMode::halt);
  shut_down(ShutdownMode::reboot);
  EXPECT_EQ(calls(), (Calls{"poweroff", "halt", "reboot"}));
}

TEST_F(Shutdown, UsesShutdownWithoutPoweroffHaltAndReboot) {
  add("shutdown");
  add("openrc-shutdown");
  shut_down(ShutdownMode::powerdown);
  shut_down(ShutdownMode::halt);
  shut_down(ShutdownMode::reboot);
  EXPECT_EQ(calls(), (Calls{"shutdown -h -P +0 hypervisor initiated shutdown",
                            "shutdown -h -H +0 hypervisor initiated shutdown",
                            "shutdown -r +0 hypervisor initiated shutdown"}));
}

TEST_F(Shutdown, UsesOpenRcShutdownIfItIsTheOnlyProgram) {
  add("openrc-shutdown");
  shut_down(ShutdownMode::powerdown);
  shut_down(ShutdownMode::halt);
  shut_down(ShutdownMode::reboot);
  EXPECT_EQ(calls(), (Calls{"openrc-shutdown --poweroff now", "openrc-shutdown --halt now",
                            "openrc-shutdown --reboot now"}));
}

TEST_F(Shutdown, SignalsBusyBoxWithoutPrograms) {
  tree_.link("proc/1/exe", "/bin/busybox");
  tree_.write("proc/1/cmdline", std::string("/sbin/init\0", 11));
  shut_down(ShutdownMode::powerdown);
  shut_down(ShutdownMode::halt);
  shut_down(ShutdownMode::reboot);
  EXPECT_EQ(calls(), (Calls{fmt::format("signal {}", SIGUSR2), fmt::format("signal {}", SIGUSR1),
                            fmt::format("signal {}", SIGTERM)}));
}

TEST_F(Shutdown, StopsTheKernelAsLastResort) {
  tree_.link("proc/1/exe", "/init");
  EXPECT_EQ(shut_down(ShutdownMode::reboot), "the kernel does not stop the machine");
  EXPECT_EQ(calls(), Calls{"kernel 2"});
}

TEST_F(Shutdown, DistinguishesTheShellOfBusyBoxFromItsInit) {
  tree_.link("proc/1/exe", "/bin/busybox");
  tree_.write("proc/1/cmdline", std::string("sh\0/init\0", 9));
  shut_down(ShutdownMode::powerdown);
  EXPECT_EQ(calls(), Calls{"kernel 1"});
}

TEST_F(Shutdown, DoesNotTryAnotherMethodAfterARefusal) {
  add("poweroff", ended(1, "not now\n"));
  add("shutdown");
  EXPECT_EQ(shut_down(), "child process has failed to shutdown: not now\n");
  EXPECT_EQ(calls(), Calls{"poweroff"});
}

TEST_F(Shutdown, ReportsHowTheProgramEnded) {
  add("poweroff", ended(3));
  EXPECT_EQ(shut_down(), "child process has failed to shutdown: exit status 3");
  add("poweroff", ProgramRun{.end = {.exit_code = {}, .signal = SIGKILL}, .output = {}});
  EXPECT_EQ(shut_down(), "child process has terminated abnormally");
  add("poweroff", ProgramRun{.end = {.exit_code = {}, .signal = SIGKILL}, .output = "oh"});
  EXPECT_EQ(shut_down(), "child process has terminated abnormally: oh");
  add("poweroff", failure("Failed to fork child process"));
  EXPECT_EQ(shut_down(), "child process has failed to shutdown: Failed to fork child process");
}

constexpr const char* not_supported = "the requested suspend mode is not supported by the guest";

class Suspend : public PowerTest {
 protected:
  void add_kernel(std::string_view states, std::string_view disk_modes = {}) {
    tree_.write("sys/power/state", states);
    if (!disk_modes.empty()) tree_.write("sys/power/disk", disk_modes);
  }
  std::string state() { return tree_.content("sys/power/state"); }
};

TEST_F(Suspend, IsUnsupportedWithoutAMethod) {
  for (const auto mode : {SuspendMode::disk, SuspendMode::ram, SuspendMode::hybrid}) {
    EXPECT_EQ(suspend(mode), not_supported);
  }
  EXPECT_EQ(calls(), Calls{});
}

TEST_F(Suspend, UsesSystemdIfItRuns) {
  boot_systemd();
  add("systemctl");
  for (const auto mode : {SuspendMode::disk, SuspendMode::ram, SuspendMode::hybrid}) {
    EXPECT_EQ(suspend(mode), "");
  }
  EXPECT_EQ(calls(), (Calls{"systemctl hibernate", "systemctl suspend", "systemctl hybrid-sleep"}));
}

TEST_F(Suspend, UsesElogindIfItRuns) {
  tree_.write("run/elogind.pid", "17\n");
  add("systemctl");
  add("loginctl");
  for (const auto mode : {SuspendMode::disk, SuspendMode::ram, SuspendMode::hybrid}) {
    EXPECT_EQ(suspend(mode), "");
  }
  EXPECT_EQ(calls(), (Calls{"loginctl hibernate", "loginctl suspend", "loginctl hybrid-sleep"}));
}

TEST_F(Suspend, UsesPmUtilsIfTheySupportTheMode) {
  for (const char* program :
       {"pm-is-supported", "pm-hibernate", "pm-suspend", "pm-suspend-hybrid"}) {
    add(program);
  }
  for (const auto mode : {SuspendMode::disk, SuspendMode::ram, SuspendMode::hybrid}) {
    EXPECT_EQ(suspend(mode), "");
  }
  EXPECT_EQ(calls(),
            (Calls{"pm-is-supported --hibernate", "pm-hibernate", "pm-is-supported --suspend",
                   "pm-suspend", "pm-is-supported --suspend-hybrid", "pm-suspend-hybrid"}));
  add("pm-is-supported", ended(1));
  EXPECT_EQ(suspend(SuspendMode::ram), not_supported);
  EXPECT_EQ(calls(), Calls{"pm-is-supported --suspend"});
}

TEST_F(Suspend, UsesTheKernelWithoutAnotherMethod) {
  add_kernel("freeze mem disk\n");
  EXPECT_EQ(suspend(SuspendMode::ram), "");
  EXPECT_EQ(state().substr(0, 3), "mem");
  add_kernel("freeze mem disk\n");
  EXPECT_EQ(suspend(SuspendMode::disk), "");
  EXPECT_EQ(state().substr(0, 4), "disk");
}

TEST_F(Suspend, MatchesCompleteNamesOfStates) {
  add_kernel("freeze memory diskette\n");
  EXPECT_EQ(suspend(SuspendMode::ram), not_supported);
  EXPECT_EQ(suspend(SuspendMode::disk), not_supported);
  EXPECT_EQ(state(), "freeze memory diskette\n");
}

TEST_F(Suspend, HybridIsHibernationWithModeSuspend) {
  add_kernel("freeze mem disk\n");
  EXPECT_EQ(suspend(SuspendMode::hybrid), not_supported);
  add_kernel("freeze mem disk\n", "[platform] shutdown reboot\n");
  EXPECT_EQ(suspend(SuspendMode::hybrid), not_supported);
  EXPECT_EQ(state(), "freeze mem disk\n");
  add_kernel("freeze mem disk\n", "platform [shutdown] reboot suspend test_resume\n");
  EXPECT_EQ(suspend(SuspendMode::hybrid), "");
  EXPECT_EQ(state().substr(0, 4), "disk");
  // The earlier mode is restored.
  EXPECT_EQ(tree_.content("sys/power/disk").substr(0, 8), "shutdown");
}

TEST_F(Suspend, ToDiskTurnsTheMachineOffAfterAnEarlierHybridSuspend) {
  add_kernel("freeze mem disk\n", "platform shutdown [suspend]\n");
  EXPECT_EQ(suspend(SuspendMode::disk), "");
  EXPECT_EQ(state().substr(0, 4), "disk");
  // "platform", overwritten by the earlier mode "suspend".
  EXPECT_EQ(tree_.content("sys/power/disk").substr(0, 8), "suspendm");
  add_kernel("freeze mem disk\n", "shutdown reboot [suspend]\n");
  EXPECT_EQ(suspend(SuspendMode::disk), "");
  EXPECT_EQ(tree_.content("sys/power/disk").substr(0, 8), "suspendn");
  add_kernel("freeze mem disk\n", "platform [reboot] suspend\n");
  EXPECT_EQ(suspend(SuspendMode::disk), "");
  EXPECT_EQ(tree_.content("sys/power/disk"), "platform [reboot] suspend\n");
}

TEST_F(Suspend, HybridIsUnsupportedWithoutHibernation) {
  add_kernel("freeze mem\n", "[disabled] suspend\n");
  EXPECT_EQ(suspend(SuspendMode::hybrid), not_supported);
}

TEST_F(Suspend, TriesTheNextMethodWhenOneFails) {
  boot_systemd();
  add("systemctl", ended(1, "Access denied\n"));
  add("pm-is-supported");
  add("pm-suspend", ended(2));
  add_kernel("mem\n");
  EXPECT_EQ(suspend(SuspendMode::ram), "");
  EXPECT_EQ(calls(), (Calls{"systemctl suspend", "pm-is-supported --suspend", "pm-suspend"}));
  EXPECT_EQ(state(), "mem\n");
}

TEST_F(Suspend, DoesNotSuspendAgainAfterAnErrorThatFollowsTheWakeUp) {
  boot_systemd();
  add("systemctl", ended(1, "a hook failed\n"));
  add_kernel("mem disk\n");
  for (const int asleep : {1000, 3'600'000}) {
    backend_->asleep = asleep;
    EXPECT_EQ(suspend(SuspendMode::disk), "");
    EXPECT_EQ(calls(), Calls{"systemctl hibernate"});
  }
  EXPECT_EQ(state(), "mem disk\n");
  backend_->asleep = 10;  // as the difference between reading two clocks
  EXPECT_EQ(suspend(SuspendMode::disk), "");
  EXPECT_EQ(state().substr(0, 4), "disk");
}

TEST_F(Suspend, DetectsAShortSleepByTheKernelsCounter) {
  boot_systemd();
  tree_.write("sys/power/suspend_stats/success", "4\n");
  add("systemctl", ended(1, "a hook failed\n"));
  backend_->at_run = [this] { tree_.write("sys/power/suspend_stats/success", "5\n"); };
  add_kernel("mem disk\n");
  EXPECT_EQ(suspend(SuspendMode::ram), "");
  EXPECT_EQ(state(), "mem disk\n");
}

TEST_F(Suspend, ReportsTheErrorOfTheLastMethod) {
  boot_systemd();
  add("systemctl", ended(1, "Access denied\n"));
  EXPECT_EQ(suspend(SuspendMode::disk),
            "the helper program 'systemctl hibernate' returned an unexpected exit status code (1): "
            "Access denied");
  add("pm-is-supported");
  add("pm-hibernate", ended(2));
  EXPECT_EQ(suspend(SuspendMode::disk),
            "the helper program 'pm-hibernate' returned an unexpected exit status code (2)");
  add("pm-hibernate", failure("Failed to fork child process"));
  EXPECT_EQ(suspend(SuspendMode::disk),
            "failed to create child process, error 'Failed to fork child process'");
  add("pm-hibernate", ProgramRun{.end = {.exit_code = {}, .signal = SIGKILL}, .output = {}});
  EXPECT_EQ(suspend(SuspendMode::disk), "the helper program 'pm-hibernate' was killed");
}

TEST_F(Suspend, ReportsTheErrorOfTheKernel) {
  // A file that can be opened and read, but not written.
  const Handle sealed(::memfd_create("state", MFD_ALLOW_SEALING | MFD_CLOEXEC));
  ASSERT_EQ(::write(sealed.get(), "mem\n", 4), 4);
  ASSERT_EQ(::fcntl(sealed.get(), F_ADD_SEALS, F_SEAL_WRITE), 0);
  tree_.link("sys/power/state", fmt::format("/proc/self/fd/{}", sealed.get()));
  EXPECT_EQ(suspend(SuspendMode::ram),
            "suspend: cannot write to '/sys/power/state': Operation not permitted");
}

}  // namespace
}  // namespace bellhop::platform
