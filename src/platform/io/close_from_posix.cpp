#include "platform/io/close_from_posix.h"

#include <unistd.h>

namespace bellhop::platform {

bool close_from(int first) {
  ::closefrom(first);  // the BSDs have it as a system call
  return true;
}

}  // namespace bellhop::platform
