/* The classic tutorial's program: text in System V shared memory, ended by a NUL. It knows nothing of shmnode, and takes no lock.
 *
 *   classic write TEXT    stores it
 *   classic read          prints what is there
 *   classic hold          takes the semaphore, says so, and keeps it until it is killed
 *
 * SHM_KEY and SHM_SEMAPHORE in the environment name another segment, and the semaphore that `hold` waits for; the others only
 * make that, as the tutorial does. */
#include <fcntl.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <unistd.h>

enum { KEY = 32140895, BYTES = 2048 };

static const char* setting(const char* name, const char* otherwise) {
  const char* value = getenv(name);
  return value != NULL && *value != '\0' ? value : otherwise;
}

static char* attach(void) {
  const char* key = getenv("SHM_KEY");
  const int id = shmget(key != NULL ? (key_t)strtol(key, NULL, 0) : KEY, BYTES, IPC_CREAT | 0600);
  if (id < 0) {
    perror("shmget");
    exit(1);
  }
  char* text = shmat(id, NULL, 0);
  if (text == (char*)-1) {
    perror("shmat");
    exit(1);
  }
  return text;
}

static sem_t* make_semaphore(void) {
  sem_t* semaphore = sem_open(setting("SHM_SEMAPHORE", "/classic"), O_CREAT, 0600, 1);
  if (semaphore == SEM_FAILED) {
    perror("sem_open");
    exit(1);
  }
  return semaphore;
}

int main(int argc, char** argv) {
  char* text = attach();
  sem_t* semaphore = make_semaphore();
  if (argc == 3 && strcmp(argv[1], "write") == 0) {
    strncpy(text, argv[2], BYTES - 1);
  } else if (argc == 2 && strcmp(argv[1], "read") == 0) {
    puts(text);
  } else if (argc == 2 && strcmp(argv[1], "hold") == 0) {
    sem_wait(semaphore);
    puts("holding");
    fflush(stdout);
    for (;;) pause();
  } else {
    fputs("usage: classic write TEXT | classic read | classic hold\n", stderr);
    return 2;
  }
  return shmdt(text);
}
