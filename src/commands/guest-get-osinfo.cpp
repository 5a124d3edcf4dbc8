#include <optional>
#include <string>
#include <utility>

#include "agent/services.h"
#include "config/settings.h"
#include "platform/machine/os_info.h"
#include "rpc/command.h"

namespace bellhop::commands {
namespace {

struct Reply {
  std::optional<std::string> kernel_release;
  std::optional<std::string> kernel_version;
  std::optional<std::string> machine;
  std::optional<std::string> id;
  std::optional<std::string> name;
  std::optional<std::string> pretty_name;
  std::optional<std::string> version;
  std::optional<std::string> version_id;
  std::optional<std::string> variant;
  std::optional<std::string> variant_id;
};

constexpr auto fields_of(const Reply*) {
  return fields<"GuestOSInfo">(
      field<"kernel-release", &Reply::kernel_release>("Release of the kernel, of uname(2)."),
      field<"kernel-version", &Reply::kernel_version>("Version of the kernel, of uname(2)."),
      field<"machine", &Reply::machine>("Kind of processor, of uname(2)."),
      field<"id", &Reply::id>("ID of os-release(5), as `debian`."),
      field<"name", &Reply::name>("NAME of os-release(5), as `Debian GNU/Linux`."),
      field<"pretty-name", &Reply::pretty_name>("PRETTY_NAME of os-release(5)."),
      field<"version", &Reply::version>("VERSION of os-release(5)."),
      field<"version-id", &Reply::version_id>("VERSION_ID of os-release(5), as `12`."),
      field<"variant", &Reply::variant>("VARIANT of os-release(5)."),
      field<"variant-id", &Reply::variant_id>("VARIANT_ID of os-release(5)."));
}

Result<Reply> run(CommandContext& context, const Nothing&) {
  auto kernel = platform::kernel();
  if (!kernel) return std::unexpected(std::move(kernel).error());
  auto release = platform::os_release(context.services.settings.os_release);
  return Reply{
      .kernel_release = std::move(kernel->release),
      .kernel_version = std::move(kernel->version),
      .machine = std::move(kernel->machine),
      .id = std::move(release.id),
      .name = std::move(release.name),
      .pretty_name = std::move(release.pretty_name),
      .version = std::move(release.version),
      .version_id = std::move(release.version_id),
      .variant = std::move(release.variant),
      .variant_id = std::move(release.variant_id),
  };
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
