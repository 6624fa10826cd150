// What a thread is to the system: its name in lists of threads (top -H, perf), and how much it matters.
#ifndef TIMEBANK_STORAGE_THREADS_H_
#define TIMEBANK_STORAGE_THREADS_H_

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

namespace timebank::storage {

// Names the calling thread. At most 15 characters; longer ones are not taken.
inline void NameThread(const char* name) { pthread_setname_np(pthread_self(), name); }

// The calling thread's work can wait: where there is not enough processor time for all, callers who wait come
// first. A little only: what it does is waited for in the end, and other programs on the machine come before
// it as well. Linux keeps this value by thread. Where it is not granted nothing changes.
inline void StepBack() { setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), 5); }

}  // namespace timebank::storage

#endif  // TIMEBANK_STORAGE_THREADS_H_
