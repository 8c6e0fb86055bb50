// shmat and shmdt of the fuzz programs: a fence around every attach, so that an access outside the segment is a crash.
// Inaccessible pages lie before and behind it, and what is left of its last page is poisoned for AddressSanitizer.
#include <sanitizer/asan_interface.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <mutex>
#include <unordered_map>

namespace {

constexpr size_t kPage = 4096;

struct Fence {
  std::byte* begin;
  size_t bytes;
};

std::mutex mutex;
std::unordered_map<const void*, Fence> fences;  // by the address of the attach

void* const kFailed = reinterpret_cast<void*>(-1);  // NOLINT(performance-no-int-to-ptr): what shmat(2) gives

}  // namespace

extern "C" void* shmat(int id, const void*, int flags) noexcept {
  shmid_ds facts{};
  if (shmctl(id, IPC_STAT, &facts) != 0) return kFailed;
  const size_t room = (facts.shm_segsz + kPage - 1) / kPage * kPage;
  const Fence fence{nullptr, room + 2 * kPage};
  void* begin = mmap(nullptr, fence.bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (begin == MAP_FAILED) return kFailed;
  std::byte* data = static_cast<std::byte*>(begin) + kPage;
  if (syscall(SYS_shmat, id, data, flags | SHM_REMAP) < 0) {
    munmap(begin, fence.bytes);
    return kFailed;
  }
  ASAN_POISON_MEMORY_REGION(data + facts.shm_segsz, room - facts.shm_segsz);
  const std::lock_guard lock(mutex);
  fences[data] = {static_cast<std::byte*>(begin), fence.bytes};
  return data;
}

// Unmapping detaches.
extern "C" int shmdt(const void* data) noexcept {
  const std::lock_guard lock(mutex);
  const auto found = fences.find(data);
  if (found == fences.end()) return -1;
  const auto [begin, bytes] = found->second;
  fences.erase(found);
  ASAN_UNPOISON_MEMORY_REGION(begin, bytes);
  return munmap(begin, bytes);
}
