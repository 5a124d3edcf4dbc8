// SPDX-License-Identifier: Apache-2.0
#include "platform/storage/local_filesystems.h"
#include "platform/unsupported.h"

namespace bellhop::platform {
namespace {

class NoFilesystems final : public Filesystems {
 public:
  Result<std::vector<LocalFilesystem>> list() override { return unsupported(); }
  Result<std::vector<std::string>> mountpoints() override { return unsupported(); }
  Result<std::unique_ptr<Filesystem>> open(const LocalFilesystem&) override {
    return unsupported();
  }
  Result<std::unique_ptr<Filesystem>> open_directory(const LocalFilesystem&) override {
    return unsupported();
  }
  std::unique_ptr<Filesystem> restore(Handle, std::string) override { return nullptr; }
};

}  // namespace

std::unique_ptr<Filesystems> system_filesystems() {
  return std::make_unique<NoFilesystems>();
}

}  // namespace bellhop::platform
