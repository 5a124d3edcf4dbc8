// SPDX-License-Identifier: Apache-2.0
#include "platform/storage/filesystem_size.h"

#include <gtest/gtest.h>

namespace bellhop::platform {
namespace {

TEST(FilesystemSize, FailsForAMissingPath) {
  EXPECT_TRUE(filesystem_size("/"));
  EXPECT_FALSE(filesystem_size("/nonexistent"));
}

}  // namespace
}  // namespace bellhop::platform
