// raw_text NAME [TEXT]: prints the text that is in a raw segment, and puts another one in its place. NAME is a segment's, or with a
// slash before it that of a file in /dev/shm; other programs may use either as it is, such as Node.js with { layout: 'raw' }.
#include <chrono>
#include <cstdio>
#include <cstring>
#include <shmnode/shmnode.hpp>
#include <string>

namespace {

shmnode::Deadline Soon() { return shmnode::Deadline::After(std::chrono::seconds(5)); }

int Explain(const shmnode::Error& error) {
  std::fprintf(stderr, "%s\n", shmnode::ErrorText(error).c_str());
  return 1;
}

shmnode::Target TargetOf(const char* name) { return name[0] == '/' ? shmnode::Target::Posix(name) : shmnode::Target::Name(name); }

// Under the shared lock, so that no writer who takes it is in the middle of another text.
shmnode::Result<std::string> Load(const shmnode::Raw& raw) {
  std::string text(raw.capacity(), '\0');
  const auto part = raw.Read({.target = reinterpret_cast<std::byte*>(text.data()), .room = text.size(), .nul_terminated = true}, Soon());
  if (!part) return part.error();
  text.resize(part->copied);
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::fputs("usage: raw_text NAME [TEXT]\n", stderr), 2;
  const auto raw = shmnode::OpenRaw(TargetOf(argv[1]), {.capacity = 2048}, Soon());
  if (!raw) return Explain(raw.error());
  const auto text = Load(*raw);
  if (!text) return Explain(text.error());
  std::printf("%s\n", text->c_str());
  if (argc < 3) return 0;
  const auto written = raw->Write({.data = argv[2], .length = std::strlen(argv[2]), .nul_terminated = true}, Soon());
  return written ? 0 : Explain(written.error());
}
