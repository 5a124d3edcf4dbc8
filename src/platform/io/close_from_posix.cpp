#include "platform/io/close_from_posix.h"

#include <unistd.h>

namespace bellhop::platform {

bool close_from(int first) {
  ::closefrom(first);  // a system call on the BSDs
  return true;
}

}  // namespace bellhop::platform
