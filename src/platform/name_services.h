// Where users and groups are looked up.
#pragma once

namespace bellhop::platform {

// To be called before the first thread starts. A program without shared libraries asks the system's
// files only, /etc/passwd and /etc/group: what else nsswitch.conf(5) names would have to be loaded
// into it, and glibc's own do not expect that: libnss_systemd crashed the agent. Other programs ask
// what the system names.
void choose_name_services();

}  // namespace bellhop::platform
