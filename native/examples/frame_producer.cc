// frame_producer NAME FRAMES [PER-SECOND]: a camera. Commits so many frames of 1920 by 1080 pixels of 3 bytes, 60 per second unless
// told, for whoever follows: frame-consumer.js does.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <shmnode/shmnode.hpp>
#include <thread>
#include <vector>

namespace {

constexpr size_t kFrameBytes = size_t{1920} * 1080 * 3;
constexpr const char* kMediaType = "video/x-raw;format=RGB;width=1920;height=1080";

int Explain(const shmnode::Error& error) {
  std::fprintf(stderr, "%s\n", shmnode::ErrorText(error).c_str());
  return 1;
}

// A grey that changes from frame to frame. A real one's driver would write here.
void Paint(std::vector<std::byte>& frame, int number) { std::fill(frame.begin(), frame.end(), static_cast<std::byte>(number)); }

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return std::fputs("usage: frame_producer NAME FRAMES [PER-SECOND]\n", stderr), 2;
  const int frames = std::atoi(argv[2]);
  const double per_second = argc > 3 ? std::atof(argv[3]) : 60;
  if (frames < 1 || !(per_second > 0)) return std::fputs("FRAMES and PER-SECOND are above 0\n", stderr), 2;

  const auto soon = shmnode::Deadline::After(std::chrono::seconds(5));
  const auto cell = shmnode::OpenCell(shmnode::Target::Name(argv[1]), {.capacity = kFrameBytes}, soon);
  if (!cell) return Explain(cell.error());

  std::vector<std::byte> frame(kFrameBytes);
  uint64_t version = 0;
  const auto began = std::chrono::steady_clock::now();
  for (int number = 1; number <= frames; number++) {
    std::this_thread::sleep_until(began + std::chrono::duration<double>(number / per_second));
    Paint(frame, number);
    const auto written = cell->Write({.data = frame.data(), .length = frame.size(), .media_type = kMediaType},
                                     shmnode::Deadline::After(std::chrono::seconds(1)));
    if (!written) return Explain(written.error());
    version = *written;
  }
  std::printf("committed %d frames of %zu bytes, the last as version %llu\n", frames, kFrameBytes,
              static_cast<unsigned long long>(version));
}
