// SPDX-License-Identifier: Apache-2.0
// Selects the databases for users and groups.
#pragma once

namespace bellhop::platform {

// Call before the first thread starts. A static executable uses only /etc/passwd and /etc/group:
// for the other services in nsswitch.conf(5), glibc loads shared libraries into it, and
// libnss_systemd crashed it. Other executables use the services in nsswitch.conf(5).
void choose_name_services();

}  // namespace bellhop::platform
