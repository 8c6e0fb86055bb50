// settings_reader NAME COUNT: prints so many values as they come, the current one first; blocks until somebody, settings-writer.js
// for one, has committed a newer one. It has no right to write, and needs none.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <shmnode/shmnode.hpp>
#include <string>

namespace {

shmnode::Deadline Soon() { return shmnode::Deadline::After(std::chrono::seconds(5)); }

int Explain(const shmnode::Error& error) {
  std::fprintf(stderr, "%s\n", shmnode::ErrorText(error).c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return std::fputs("usage: settings_reader NAME COUNT\n", stderr), 2;
  const auto cell = shmnode::OpenCell(shmnode::Target::Name(argv[1]), {.read_only = true}, Soon());
  if (!cell) return Explain(cell.error());

  std::string value;
  uint64_t seen = 0;  // of what was never written, version 0 is the current one
  for (int left = std::atoi(argv[2]); left > 0; left--) {
    const auto newer = cell->WaitNewer(seen, shmnode::Deadline::Never());
    if (!newer) return Explain(newer.error());
    value.resize(cell->geometry().capacity);
    const auto facts = cell->Read({.target = reinterpret_cast<std::byte*>(value.data()), .room = value.size()}, Soon());
    if (!facts) return Explain(facts.error());
    value.resize(facts->length);
    seen = facts->version;
    std::printf("version %llu by process %u, %s: %s\n", static_cast<unsigned long long>(seen), facts->writer_pid, facts->media_type.data(),
                value.c_str());
    std::fflush(stdout);
  }
}
