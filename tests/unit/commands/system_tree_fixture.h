// SPDX-License-Identifier: Apache-2.0
// An agent in whose eyes a made tree is the system, for tests of commands that read and write
// /sys, /proc and the like.
#pragma once

#include "unit/commands/command_fixture.h"
#include "unit/system_tree.h"

namespace bellhop::testing {

class SystemTreeTest : public CommandTest {
 protected:
  SystemTreeTest() { services.system_root = tree.path(); }

  SystemTree tree;
};

}  // namespace bellhop::testing
