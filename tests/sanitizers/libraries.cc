// Shows the thread sanitizer what Abseil's locks and gRPC's queues do. Linked into every program of the
// `tsan` build, and into no other.
//
// Debian's libraries are not instrumented: the sanitizer does not see an Abseil mutex, and takes whatever it
// guards for unguarded. The functions below have the names of the libraries' own, and a program's definitions
// come before a shared library's. So they are what everybody in the process calls, gRPC included: each tells
// the sanitizer, and has the library do the work.

#include <dlfcn.h>
#include <grpc/grpc.h>
#include <sanitizer/tsan_interface.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"

namespace {

// The library's function behind `kOurs`, which is a function of the same name in this file.
template <auto kOurs>
auto Library() {
  static const auto theirs = [] {
    auto function = kOurs;
    void* address = nullptr;  // what a pointer to a member function begins with; the offset behind it stays
    std::memcpy(&address, &function, sizeof(address));
    Dl_info ours;
    const bool named = dladdr(address, &ours) != 0 && ours.dli_sname != nullptr;
    address = named ? dlsym(RTLD_NEXT, ours.dli_sname) : nullptr;
    if (address == nullptr) {
      std::fprintf(stderr, "tests/sanitizers/libraries.cc: no shared library has %s\n",
                   named ? ours.dli_sname : "a function of this name");
      std::abort();
    }
    std::memcpy(&function, &address, sizeof(address));
    return function;
  }();
  return theirs;
}

constexpr unsigned kWrite = 0;
constexpr unsigned kRead = __tsan_mutex_read_lock;

void Unlocked(absl::Mutex* mutex, unsigned how) {
  __tsan_mutex_pre_unlock(mutex, how);
  __tsan_mutex_post_unlock(mutex, how);
}

// Runs `lock`, which takes `mutex` whatever it returns.
template <typename Lock>
auto Locking(absl::Mutex* mutex, unsigned how, Lock lock) {
  struct Told {
    absl::Mutex* mutex;
    unsigned how;
    ~Told() { __tsan_mutex_post_lock(mutex, how, 0); }
  };
  __tsan_mutex_pre_lock(mutex, how);
  const Told told{mutex, how};
  return lock();
}

// Runs `lock`, which says whether it has taken `mutex`.
template <typename Lock>
bool Trying(absl::Mutex* mutex, unsigned how, Lock lock) {
  how |= __tsan_mutex_try_lock;
  __tsan_mutex_pre_lock(mutex, how);
  const bool taken = lock();
  __tsan_mutex_post_lock(mutex, taken ? how : how | __tsan_mutex_try_lock_failed, 0);
  return taken;
}

// Runs `unlock`, which lets `mutex` go.
template <typename Unlock>
void Unlocking(absl::Mutex* mutex, unsigned how, Unlock unlock) {
  __tsan_mutex_pre_unlock(mutex, how);
  unlock();
  __tsan_mutex_post_unlock(mutex, how);
}

// Runs `wait`, which lets `mutex` go and has taken it again when it returns.
template <typename Wait>
auto Waiting(absl::Mutex* mutex, Wait wait) {
  Unlocked(mutex, kWrite);
  return Locking(mutex, kWrite, wait);
}

// Abseil looks for deadlocks itself, by addresses: where a server of an earlier test has stood, it takes
// another one's locks for that one's. The sanitizer looks as well, and sees a lock go.
[[maybe_unused]] const bool stopped_looking = [] {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  return true;
}();

}  // namespace

// Abseil's locks. What the library runs while it waits is not looked at (a Condition may be evaluated by any
// thread that lets the mutex go): it stands between "before" and "after" of an operation. A Condition is
// therefore evaluated once more where it is told, under the lock.

namespace absl {
ABSL_NAMESPACE_BEGIN

// Told only of a mutex that was told of when it was made, by Abseil's header in instrumented code: what
// orders the last use of gRPC's and its end are atomics that the sanitizer does not see. (The library's own
// destructor forgets what EnableDebugLog() keeps, which nobody here calls.)
Mutex::~Mutex() { __tsan_mutex_destroy(this, __tsan_mutex_not_static); }

void Mutex::Lock() {
  Locking(this, kWrite, [&] { (this->*Library<&Mutex::Lock>())(); });
}

void Mutex::Unlock() {
  Unlocking(this, kWrite, [&] { (this->*Library<&Mutex::Unlock>())(); });
}

bool Mutex::TryLock() {
  return Trying(this, kWrite, [&] { return (this->*Library<&Mutex::TryLock>())(); });
}

void Mutex::ReaderLock() {
  Locking(this, kRead, [&] { (this->*Library<&Mutex::ReaderLock>())(); });
}

void Mutex::ReaderUnlock() {
  Unlocking(this, kRead, [&] { (this->*Library<&Mutex::ReaderUnlock>())(); });
}

bool Mutex::ReaderTryLock() {
  return Trying(this, kRead, [&] { return (this->*Library<&Mutex::ReaderTryLock>())(); });
}

// Await() and the waits of a CondVar take the mutex to be held for writing: a reader's are reported as a
// wrong unlock. What has a timeout becomes what has a deadline, as in the library, whose own calls of the
// latter would come here again.

void Mutex::Await(const Condition& condition) {
  if (condition.Eval()) return;
  Waiting(this, [&] { (this->*Library<&Mutex::Await>())(condition); });
}

bool Mutex::AwaitWithTimeout(const Condition& condition, Duration timeout) {
  return AwaitWithDeadline(condition, absl::Now() + timeout);
}

bool Mutex::AwaitWithDeadline(const Condition& condition, Time deadline) {
  if (condition.Eval()) return true;
  return Waiting(this, [&] { return (this->*Library<&Mutex::AwaitWithDeadline>())(condition, deadline); });
}

void Mutex::LockWhen(const Condition& condition) {
  Locking(this, kWrite, [&] { (this->*Library<&Mutex::LockWhen>())(condition); });
  condition.Eval();
}

bool Mutex::LockWhenWithTimeout(const Condition& condition, Duration timeout) {
  return LockWhenWithDeadline(condition, absl::Now() + timeout);
}

bool Mutex::LockWhenWithDeadline(const Condition& condition, Time deadline) {
  Locking(this, kWrite, [&] { (this->*Library<&Mutex::LockWhenWithDeadline>())(condition, deadline); });
  return condition.Eval();
}

void Mutex::ReaderLockWhen(const Condition& condition) {
  Locking(this, kRead, [&] { (this->*Library<&Mutex::ReaderLockWhen>())(condition); });
  condition.Eval();
}

bool Mutex::ReaderLockWhenWithTimeout(const Condition& condition, Duration timeout) {
  return ReaderLockWhenWithDeadline(condition, absl::Now() + timeout);
}

bool Mutex::ReaderLockWhenWithDeadline(const Condition& condition, Time deadline) {
  Locking(this, kRead, [&] { (this->*Library<&Mutex::ReaderLockWhenWithDeadline>())(condition, deadline); });
  return condition.Eval();
}

void CondVar::Wait(Mutex* mutex) {
  Waiting(mutex, [&] { (this->*Library<&CondVar::Wait>())(mutex); });
}

bool CondVar::WaitWithTimeout(Mutex* mutex, Duration timeout) {
  return WaitWithDeadline(mutex, absl::Now() + timeout);
}

bool CondVar::WaitWithDeadline(Mutex* mutex, Time deadline) {
  return Waiting(mutex, [&] { return (this->*Library<&CondVar::WaitWithDeadline>())(mutex, deadline); });
}

// A notification is an atomic beside a mutex, and the library's stores to it are not seen: Abseil's own
// functions again, in instrumented code.

Notification::~Notification() { MutexLock lock(&mutex_); }

void Notification::Notify() {
  MutexLock lock(&mutex_);
  notified_yet_.store(true, std::memory_order_release);
}

void Notification::WaitForNotification() const {
  if (!HasBeenNotified()) ReaderMutexLock lock(&mutex_, Condition(this, &Notification::HasBeenNotified));
}

bool Notification::WaitForNotificationWithTimeout(Duration timeout) const {
  return WaitForNotificationWithDeadline(absl::Now() + timeout);
}

bool Notification::WaitForNotificationWithDeadline(Time deadline) const {
  if (HasBeenNotified()) return true;
  const bool notified =
      mutex_.LockWhenWithDeadline(Condition(this, &Notification::HasBeenNotified), deadline);
  mutex_.Unlock();
  return notified;
}

ABSL_NAMESPACE_END
}  // namespace absl

// gRPC's queues: what is done before an operation is begun comes before what is done when its tag is handed
// out. (Callbacks too are handed out by grpc_completion_queue_next(), to a thread of gRPC's C++ library.)

extern "C" {

grpc_call_error grpc_call_start_batch(grpc_call* call, const grpc_op* ops, size_t count, void* tag,
                                      void* reserved) {
  __tsan_release(tag);
  return Library<&grpc_call_start_batch>()(call, ops, count, tag, reserved);
}

grpc_event grpc_completion_queue_next(grpc_completion_queue* queue, gpr_timespec deadline, void* reserved) {
  const grpc_event event = Library<&grpc_completion_queue_next>()(queue, deadline, reserved);
  if (event.type == GRPC_OP_COMPLETE) __tsan_acquire(event.tag);
  return event;
}

grpc_event grpc_completion_queue_pluck(grpc_completion_queue* queue, void* tag, gpr_timespec deadline,
                                       void* reserved) {
  const grpc_event event = Library<&grpc_completion_queue_pluck>()(queue, tag, deadline, reserved);
  if (event.type == GRPC_OP_COMPLETE) __tsan_acquire(event.tag);
  return event;
}

}  // extern "C"
