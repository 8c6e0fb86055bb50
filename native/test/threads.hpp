// A number of threads at once.
#pragma once

#include <thread>
#include <vector>

// Body is called with 0 to count - 1.
template <class Body>
void InThreads(int count, Body body) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; i++) threads.emplace_back([&body, i] { body(i); });
  for (std::thread& thread : threads) thread.join();
}
