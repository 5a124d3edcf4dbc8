#include "agent/services.h"
#include "config/settings.h"
#include "platform/machine/os_info.h"
#include "rpc/command.h"

namespace bellhop::platform {

constexpr auto fields_of(const OsInfo*) {
  return fields<"GuestOSInfo">(
      field<"kernel-release", &OsInfo::kernel_release>("Release of the kernel, of uname(2)."),
      field<"kernel-version", &OsInfo::kernel_version>("Version of the kernel, of uname(2)."),
      field<"machine", &OsInfo::machine>("Kind of processor, of uname(2)."),
      field<"id", &OsInfo::id>("ID of os-release(5), as `debian`."),
      field<"name", &OsInfo::name>("NAME of os-release(5), as `Debian GNU/Linux`."),
      field<"pretty-name", &OsInfo::pretty_name>("PRETTY_NAME of os-release(5)."),
      field<"version", &OsInfo::version>("VERSION of os-release(5)."),
      field<"version-id", &OsInfo::version_id>("VERSION_ID of os-release(5), as `12`."),
      field<"variant", &OsInfo::variant>("VARIANT of os-release(5)."),
      field<"variant-id", &OsInfo::variant_id>("VARIANT_ID of os-release(5)."));
}

}  // namespace bellhop::platform

namespace bellhop::commands {
namespace {

Result<platform::OsInfo> run(CommandContext& context, const Nothing&) {
  return platform::os_info(context.services.settings.os_release);
}

}  // namespace

extern constinit const Command guest_get_osinfo = declare<run>({
    .name = "guest-get-osinfo",
    .documentation =
        "Returns what the guest's operating system and kernel are called. Names that the system "
        "does not give are left out. The environment variable QGA_OS_RELEASE names another file "
        "to read than the system's os-release(5).",
    .since = "2.10",
    .access = Access::inspect,
    .runs = Runs::worker,
});

}  // namespace bellhop::commands
