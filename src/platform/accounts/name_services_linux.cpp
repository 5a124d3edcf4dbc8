// SPDX-License-Identifier: Apache-2.0
#include <grp.h>  // defines __GLIBC__ with glibc

#include <initializer_list>

#include "platform/accounts/name_services.h"

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
