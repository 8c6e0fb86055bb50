// Where callgrind is to begin a new count: it stops at this function's name (--dump-before).
#pragma once

// Not inlined, and not empty to the compiler, so that there is a call to stop at.
extern "C" [[gnu::noinline]] inline void BenchInstructionsMark() { asm volatile("" ::: "memory"); }
