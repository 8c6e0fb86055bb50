// A library for LD_PRELOAD that makes one call fail: the n-th of a kind, with an errno that the kernel may give there.
//
// Only in an IPC namespace and a /dev/shm of the test's own: where the errno says that an object is gone, it is removed first,
// because a lie about that would prove nothing.
#include "failing_calls.hpp"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <string_view>
#include <utility>

namespace {

using failing::Order;

Order* MapOrder() {
  const char* path = std::getenv(failing::kVariable);  // NOLINT(concurrency-mt-unsafe): before there are threads
  if (path == nullptr) return nullptr;
  const int file = open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) return nullptr;
  void* mapped = mmap(nullptr, sizeof(Order), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  return mapped == MAP_FAILED ? nullptr : static_cast<Order*>(mapped);
}

Order* const order = MapOrder();

// Is this the one? Sets errno then.
bool Fails(failing::Call call) {
  if (order == nullptr || order->call != call || ++order->seen != order->nth) return false;
  errno = order->error;
  return true;
}

bool IsAsked(failing::Call call) { return order != nullptr && order->call == call; }

bool IsInDevShm(std::string_view path) { return path.starts_with("/dev/shm"); }

bool IsInDevShm(int file) {
  char link[32];
  char path[16];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  const ssize_t length = readlink(link, path, sizeof path);
  return length > 0 && IsInDevShm(std::string_view(path, static_cast<size_t>(length)));
}

// The same of a call that takes a path, or a descriptor.
template <class File>
bool Fails(failing::Call call, File file) {
  return IsAsked(call) && IsInDevShm(file) && Fails(call);
}

bool SaysGone() { return errno == EIDRM || errno == EINVAL; }

template <class Function>
Function* Real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

int RemoveSegment(int id) {
  const int told = errno;
  syscall(SYS_shmctl, id, IPC_RMID, nullptr);
  errno = told;
  return -1;
}

int RemoveSet(int id) {
  const int told = errno;
  syscall(SYS_semctl, id, 0, IPC_RMID, 0);
  errno = told;
  return -1;
}

// A release cannot fail for want of memory or of rights: the acquire before it had both.
bool IsRelease(const sembuf* operations, size_t count) { return count == 1 && operations->sem_op < 0; }

// Removal fails for want of rights alone, which the core looks at beforehand, and where the object is gone.
bool MustRemove(int command) { return command == IPC_RMID && !SaysGone(); }

bool IsOurs(const void* caller) {
  Dl_info place{};
  if (dladdr(caller, &place) == 0 || place.dli_fname == nullptr) return false;
  const std::string_view file = place.dli_fname;
  return file.ends_with("shmnode.node") || file.ends_with("fail_calls");
}

// A file's, or anonymous memory of the core's own.
bool MmapFails(int flags, int file, const void* caller) {
  if (!IsAsked(failing::kMmap)) return false;
  const bool is_core = (flags & MAP_ANONYMOUS) == 0 ? IsInDevShm(file) : IsOurs(caller);
  return is_core && Fails(failing::kMmap);
}

bool IsOnPool() { return gettid() != getpid(); }

bool NewFails(const void* caller) {
  if (!(IsAsked(failing::kNew) || IsAsked(failing::kNewOnPool)) || !IsOurs(caller)) return false;
  return Fails(failing::kNew) || (IsOnPool() && Fails(failing::kNewOnPool));
}

}  // namespace

extern "C" {

int shmget(key_t key, size_t bytes, int flags) noexcept {
  if (Fails(failing::kShmget)) return -1;
  return static_cast<int>(syscall(SYS_shmget, key, bytes, flags));
}

void* shmat(int id, const void* address, int flags) noexcept {
  const bool fails = Fails(failing::kShmat);
  if (fails && SaysGone()) RemoveSegment(id);
  const long at = fails ? -1 : syscall(SYS_shmat, id, address, flags);
  return reinterpret_cast<void*>(at);  // NOLINT(performance-no-int-to-ptr)
}

int shmctl(int id, int command, shmid_ds* facts) noexcept {
  if (!Fails(failing::kShmctl) || MustRemove(command)) return static_cast<int>(syscall(SYS_shmctl, id, command, facts));
  if (!SaysGone() || command == SHM_STAT || command == SHM_INFO) return -1;
  // Where somebody is attached the kernel still tells of it, as of one that is removed.
  RemoveSegment(id);
  return static_cast<int>(syscall(SYS_shmctl, id, command, facts));
}

int semget(key_t key, int count, int flags) noexcept {
  if (Fails(failing::kSemget)) return -1;
  return static_cast<int>(syscall(SYS_semget, key, count, flags));
}

int semtimedop(int id, sembuf* operations, size_t count, const timespec* timeout) noexcept {
  if (!Fails(failing::kSemtimedop)) return static_cast<int>(syscall(SYS_semtimedop, id, operations, count, timeout));
  if (SaysGone()) return RemoveSet(id);
  if (errno == EINTR || !IsRelease(operations, count)) return -1;
  return static_cast<int>(syscall(SYS_semtimedop, id, operations, count, timeout));
}

int semctl(int id, int index, int command, ...) noexcept {
  va_list arguments;
  va_start(arguments, command);
  void* argument = va_arg(arguments, void*);
  va_end(arguments);
  if (!Fails(failing::kSemctl) || MustRemove(command)) return static_cast<int>(syscall(SYS_semctl, id, index, command, argument));
  return SaysGone() ? RemoveSet(id) : -1;
}

ssize_t getrandom(void* buffer, size_t length, unsigned flags) {
  if (Fails(failing::kGetrandom)) return -1;
  return syscall(SYS_getrandom, buffer, length, flags);
}

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const unsigned mode = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(arguments, unsigned) : 0;
  va_end(arguments);
  if (Fails(failing::kOpen, path)) return -1;
  return static_cast<int>(syscall(SYS_openat, AT_FDCWD, path, flags | O_LARGEFILE, mode));
}

int fstat(int file, struct stat* facts) noexcept {
  if (Fails(failing::kFstat, file)) return -1;
  return static_cast<int>(syscall(SYS_fstat, file, facts));
}

int lstat(const char* path, struct stat* facts) noexcept {
  if (Fails(failing::kLstat, path)) return -1;
  return static_cast<int>(syscall(SYS_newfstatat, AT_FDCWD, path, facts, AT_SYMLINK_NOFOLLOW));
}

void* mmap(void* address, size_t bytes, int rights, int flags, int file, off_t offset) noexcept {
  const long at = MmapFails(flags, file, __builtin_return_address(0)) ? -1 : syscall(SYS_mmap, address, bytes, rights, flags, file, offset);
  return reinterpret_cast<void*>(at);  // NOLINT(performance-no-int-to-ptr)
}

int ftruncate(int file, off_t bytes) noexcept {
  if (Fails(failing::kFtruncate, file)) return -1;
  return static_cast<int>(syscall(SYS_ftruncate, file, bytes));
}

// Which says so itself, and leaves errno alone.
int posix_fallocate(int file, off_t offset, off_t bytes) {
  const int before = errno;
  const bool fails = Fails(failing::kFallocate, file) || syscall(SYS_fallocate, file, 0, offset, bytes) != 0;
  return fails ? std::exchange(errno, before) : 0;
}

int fchmod(int file, mode_t mode) noexcept {
  if (Fails(failing::kFchmod, file)) return -1;
  return static_cast<int>(syscall(SYS_fchmod, file, mode));
}

int linkat(int folder, const char* path, int to_folder, const char* to, int flags) noexcept {
  if (Fails(failing::kLinkat, to)) return -1;
  return static_cast<int>(syscall(SYS_linkat, folder, path, to_folder, to, flags));
}

int unlink(const char* path) noexcept {
  const bool fails = Fails(failing::kUnlink, path);
  if (fails && errno != ENOENT) return -1;
  const int told = errno;
  const auto status = static_cast<int>(syscall(SYS_unlinkat, AT_FDCWD, path, 0));
  if (!fails) return status;
  errno = told;  // somebody else was faster
  return -1;
}

sem_t* sem_open(const char* name, int flags, ...) noexcept {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
  const unsigned value = (flags & O_CREAT) != 0 ? va_arg(arguments, unsigned) : 0;
  va_end(arguments);
  if (Fails(failing::kSemOpen)) return SEM_FAILED;
  static auto* const real = Real<sem_t*(const char*, int, ...)>("sem_open");
  return real(name, flags, mode, value);
}

DIR* opendir(const char* path) {
  if (Fails(failing::kOpendir, path)) return nullptr;
  static auto* const real = Real<DIR*(const char*)>("opendir");
  return real(path);
}

void* __libc_malloc(size_t bytes) noexcept;  // NOLINT(bugprone-reserved-identifier): what the C library's own is called, too

void* malloc(size_t bytes) noexcept { return Fails(failing::kMalloc) ? nullptr : __libc_malloc(bytes); }

// Whoever calls it for anything but the core's wake gets the real one.
long syscall(long number, ...) noexcept {
  va_list list;
  va_start(list, number);
  long a[6];
  for (long& argument : a) argument = va_arg(list, long);
  va_end(list);
  if (number == SYS_futex && a[1] == FUTEX_WAKE && Fails(failing::kFutex)) return -1;
  static auto* const real = Real<long(long, ...)>("syscall");
  return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

}  // extern "C"

// The library's own operator new for all but the one.
void* operator new(size_t bytes) {
  if (NewFails(__builtin_return_address(0))) throw std::bad_alloc();
  void* memory = std::malloc(bytes);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void* operator new(size_t bytes, const std::nothrow_t&) noexcept {
  return NewFails(__builtin_return_address(0)) ? nullptr : std::malloc(bytes);
}
