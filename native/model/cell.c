// The write and read protocol of include/shmnode/cell.hpp for GenMC, which tries every execution that RC11 or IMM allows:
//
//     genmc --disable-estimation [--imm] -- -DKILLED=2 [-DSLOTS=3 -DWRITES=3] [-DWITHOUT_RELEASE_FENCE] native/model/cell.c
//
// One writer writes WRITES values; another takes KILLED of its five steps and dies (6: lives on); a reader reads without
// the lock, then with it.
// A definition such as WITHOUT_RELEASE_FENCE breaks one step, to show that the check would find it.
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#ifndef SLOTS
#define SLOTS 2
#endif
#ifndef WRITES
#define WRITES 2
#endif
#ifdef WITH_RELAXED_MARK
#define MARK_ORDER memory_order_relaxed
#else
#define MARK_ORDER memory_order_seq_cst
#endif
#ifdef WITH_RELAXED_COMMIT
#define COMMIT_ORDER memory_order_relaxed
#else
#define COMMIT_ORDER memory_order_seq_cst
#endif
#ifdef WITH_RELAXED_READ_OF_COMMIT
#define READ_ORDER memory_order_relaxed
#else
#define READ_ORDER memory_order_acquire
#endif
#ifdef WITH_RELAXED_FIRST_CHECK
#define CHECK_ORDER memory_order_relaxed
#else
#define CHECK_ORDER memory_order_acquire
#endif
#ifdef WITHOUT_SLOTS
#define NEXT_SLOT (current % SLOTS)
#else
#define NEXT_SLOT (next % SLOTS)
#endif

struct slot {
  atomic_ulong version;
  atomic_ulong first;  // the words that the copy moves
  atomic_ulong second;
};

static atomic_ulong commit_word;
static struct slot slots[SLOTS];
static pthread_mutex_t lock;

static atomic_ulong told[2];                // the newest version that each writer has told of
static atomic_ulong committed[WRITES + 3];  // the value of each version

enum { kLivesOn = 6 };

static void fill_slot(struct slot* slot, unsigned long value, unsigned long next, int steps) {
#ifndef WITH_LATE_MARK
  if (steps-- == 0) return;
  atomic_store_explicit(&slot->version, 0, MARK_ORDER);
#endif
#ifndef WITHOUT_RELEASE_FENCE
  atomic_thread_fence(memory_order_release);
#endif
  if (steps-- == 0) return;
  atomic_store_explicit(&slot->first, value, memory_order_relaxed);
  if (steps-- == 0) return;
  atomic_store_explicit(&slot->second, value, memory_order_relaxed);
#ifdef WITH_LATE_MARK
  if (steps-- == 0) return;
  atomic_store_explicit(&slot->version, 0, MARK_ORDER);
#endif
  if (steps-- == 0) return;
  atomic_store_explicit(&slot->version, next, memory_order_release);
  if (steps-- == 0) return;
  atomic_store_explicit(&committed[next], value, memory_order_relaxed);
  unsigned long current = next - 1;
  assert(atomic_compare_exchange_strong_explicit(&commit_word, &current, next, COMMIT_ORDER, memory_order_relaxed));
}

// A killed writer's lock is given back by the kernel, which orders its stores before the next holder's steps.
static void write_value(int writer, unsigned long value, int steps) {
  pthread_mutex_lock(&lock);
  const unsigned long current = atomic_load_explicit(&commit_word, memory_order_acquire);
  const unsigned long next = current + 1;
  fill_slot(&slots[NEXT_SLOT], value, next, steps);
  pthread_mutex_unlock(&lock);
  if (steps >= kLivesOn) atomic_store_explicit(&told[writer], next, memory_order_release);
}

static bool read_once(unsigned long oldest) {
  const unsigned long version = atomic_load_explicit(&commit_word, READ_ORDER);
  struct slot* slot = &slots[version % SLOTS];
  if (atomic_load_explicit(&slot->version, CHECK_ORDER) != version) {
    const bool falsely_corrupt = atomic_load_explicit(&commit_word, READ_ORDER) == version;
    assert(!falsely_corrupt);
    return false;
  }
  const unsigned long first = atomic_load_explicit(&slot->first, memory_order_relaxed);
  const unsigned long second = atomic_load_explicit(&slot->second, memory_order_relaxed);
#ifndef WITHOUT_ACQUIRE_FENCE
  atomic_thread_fence(memory_order_acquire);
#endif
#ifndef WITHOUT_SECOND_CHECK
  if (atomic_load_explicit(&slot->version, memory_order_relaxed) != version) return false;
#endif
  const bool torn = first != second || first != atomic_load_explicit(&committed[version], memory_order_relaxed);
  assert(!torn);
  const bool stale = version < oldest;
  assert(!stale);
  return true;
}

static void* live(void* unused) {
  for (int i = 0; i < WRITES; i++) write_value(0, 100 + (unsigned long)i, kLivesOn);
  return unused;
}

static void* die(void* unused) {
  write_value(1, 200, KILLED);
  return unused;
}

static void* read_twice(void* unused) {
  for (int i = 0; i < 2; i++) read_once(atomic_load_explicit(&told[i], memory_order_acquire));
  pthread_mutex_lock(&lock);
  const bool starved = !read_once(0);
  assert(!starved);
  pthread_mutex_unlock(&lock);
  return unused;
}

int main(void) {
  struct slot* slot = &slots[1 % SLOTS];
  atomic_init(&commit_word, 1);
  atomic_init(&slot->version, 1);
  atomic_init(&slot->first, 1);
  atomic_init(&slot->second, 1);
  atomic_init(&committed[1], 1);
  pthread_t threads[3];
  pthread_create(&threads[0], NULL, live, NULL);
  pthread_create(&threads[1], NULL, die, NULL);
  pthread_create(&threads[2], NULL, read_twice, NULL);
  for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
  return 0;
}
