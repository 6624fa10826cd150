// Names for threads, so that tools that list them (top -H, perf) tell what each one does.
#ifndef TIMEBANK_STORAGE_THREAD_NAME_H_
#define TIMEBANK_STORAGE_THREAD_NAME_H_

#include <pthread.h>

namespace timebank::storage {

// Names the calling thread. At most 15 characters; longer ones are not taken.
inline void NameThread(const char* name) { pthread_setname_np(pthread_self(), name); }

}  // namespace timebank::storage

#endif  // TIMEBANK_STORAGE_THREAD_NAME_H_
