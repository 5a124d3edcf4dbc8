// SPDX-License-Identifier: Apache-2.0
#include "agent/services.h"
#include "config/settings.h"
#include "platform/machine/os_info.h"
#include "rpc/command.h"

namespace bellhop::platform {

constexpr auto fields_of(const OsInfo*) {
  return fields<"GuestOSInfo">(
      field<"kernel-release", &OsInfo::kernel_release>("Release of the kernel, from uname(2)."),
      field<"kernel-version", &OsInfo::kernel_version>("Version of the kernel, from uname(2)."),
      field<"machine", &OsInfo::machine>("Type of processor, from uname(2)."),
      field<"id", &OsInfo::id>("ID in os-release(5), such as `debian`."),
      field<"name", &OsInfo::name>("NAME in os-release(5), such as `Debian GNU/Linux`."),
      field<"pretty-name", &OsInfo::pretty_name>("PRETTY_NAME in os-release(5)."),
      field<"version", &OsInfo::version>("VERSION in os-release(5)."),
      field<"version-id", &OsInfo::version_id>("VERSION_ID in os-release(5), such as `12`."),
      field<"variant", &OsInfo::variant>("VARIANT in os-release(5)."),
      field<"variant-id", &OsInfo::variant_id>("VARIANT_ID in os-release(5)."));
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
        "Returns the names and versions of the guest's operating system and kernel. Members that "
        "the operating system does not provide are omitted. The environment variable "
        "QGA_OS_RELEASE names a file to read instead of the operating system's os-release(5).",
    .since = "2.10",
    .access = Access::inspect,
});

}  // namespace bellhop::commands
