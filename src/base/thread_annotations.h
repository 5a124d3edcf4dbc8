// SPDX-License-Identifier: Apache-2.0
// What a mutex protects, as clang checks it with -Wthread-safety. Other compilers see nothing.
// https://clang.llvm.org/docs/ThreadSafetyAnalysis.html
#pragma once

#ifdef __clang__
#define BELLHOP_THREAD_ATTRIBUTE(attribute) __attribute__((attribute))
#else
#define BELLHOP_THREAD_ATTRIBUTE(attribute)
#endif

// A class that is a lock, and one that holds a lock for its lifetime.
#define CAPABILITY(name) BELLHOP_THREAD_ATTRIBUTE(capability(name))
#define SCOPED_CAPABILITY BELLHOP_THREAD_ATTRIBUTE(scoped_lockable)

// A member that is only used with the mutex held.
#define GUARDED_BY(mutex) BELLHOP_THREAD_ATTRIBUTE(guarded_by(mutex))

// A function, also a lambda, that is called with the mutex held, and holds it when it returns.
#define REQUIRES(...) BELLHOP_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define REQUIRES_SHARED(...) BELLHOP_THREAD_ATTRIBUTE(requires_shared_capability(__VA_ARGS__))

// Functions that lock and unlock.
#define ACQUIRE(...) BELLHOP_THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define RELEASE(...) BELLHOP_THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))

// The same for locks that several threads can share. RELEASE_GENERIC: of either kind.
#define ACQUIRE_SHARED(...) BELLHOP_THREAD_ATTRIBUTE(acquire_shared_capability(__VA_ARGS__))
#define RELEASE_SHARED(...) BELLHOP_THREAD_ATTRIBUTE(release_shared_capability(__VA_ARGS__))
#define RELEASE_GENERIC(...) BELLHOP_THREAD_ATTRIBUTE(release_generic_capability(__VA_ARGS__))

// A function that the check does not understand.
#define NO_THREAD_SAFETY_ANALYSIS BELLHOP_THREAD_ATTRIBUTE(no_thread_safety_analysis)
