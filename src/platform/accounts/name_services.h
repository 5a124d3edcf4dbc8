// Where users and groups are looked up.
#pragma once

namespace bellhop::platform {

// To be called before the first thread starts. A program without shared libraries asks the system's
// files only, /etc/passwd and /etc/group: what else nsswitch.conf(5) names, glibc would load into
// it, and libnss_systemd crashed it. Other programs ask what the system names.
void choose_name_services();

}  // namespace bellhop::platform
