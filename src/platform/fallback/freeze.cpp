#include "platform/freeze.h"

#include "platform/unsupported.h"

namespace bellhop::platform {
namespace {

class NoFilesystems final : public Filesystems {
 public:
  Result<std::vector<std::string>> mountpoints() override { return unsupported(); }
  Result<std::unique_ptr<Filesystem>> open(const std::string&) override { return unsupported(); }
};

}  // namespace

std::unique_ptr<Filesystems> system_filesystems() {
  return std::make_unique<NoFilesystems>();
}

}  // namespace bellhop::platform
