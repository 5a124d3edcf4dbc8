#include "platform/name_services.h"

#include <grp.h>  // tells which C library this is

#include <initializer_list>

#if defined(BELLHOP_STATIC) && defined(__GLIBC__)
#include <nss.h>
#endif

namespace bellhop::platform {

void choose_name_services() {
#if defined(BELLHOP_STATIC) && defined(__GLIBC__)
  for (const char* database : {"passwd", "group", "initgroups"}) {
    ::__nss_configure_lookup(database, "files");
  }
#endif
}

}  // namespace bellhop::platform
