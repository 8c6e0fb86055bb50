{
  "variables": {
    # The test programs and the bench's floors too: npm run build:tests.
    "tests%": 0,
    # Of a published package there is no native/test. A newer compiler's new warning is no reason to refuse its users.
    "checkout%": "<!(node -p \"Number(require('node:fs').existsSync('native/test'))\")",
    # What -fsanitize= takes, for npm run test:asan and test:tsan.
    "sanitize%": "",
    "warnings": ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Wsign-conversion", "-Wnon-virtual-dtor"],
    "system_headers": ["-isystem", "<(node_root_dir)/include/node", "-isystem", "<!(node -p \"require('node:path').dirname(require.resolve('node-addon-api'))\")"]
  },
  "target_defaults": {
    "cflags_cc": ["-std=c++20", "<@(warnings)", "-fvisibility=hidden"],
    "cflags_cc!": ["-std=gnu++14", "-std=gnu++17", "-std=gnu++20", "-Wno-unused-parameter"],
    "include_dirs": ["native/include"],
    "conditions": [
      ["checkout==1", { "cflags_cc": ["-Werror"] }],
      ["sanitize!=''", {
        "cflags_cc": ["-fsanitize=<(sanitize)", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer", "-g", "-O1",
          "-Wno-maybe-uninitialized"],  # GCC's manual: sanitizers make it warn of what is not so
        "cflags_cc!": ["-O3"],
        # Of the two sanitizers' shared libraries each would take the other's functions for its own, and not find its log.
        "ldflags": ["-fsanitize=<(sanitize)", "-static-libubsan", "-Wl,--exclude-libs,libubsan.a"]
      }],
      # It knows no fences, and says so.
      ["sanitize=='thread'", { "cflags_cc": ["-Wno-tsan"] }]
    ]
  },
  "targets": [
    {
      "target_name": "shmnode",
      "sources": ["<!@(node -p \"require('node:fs').readdirSync('native/addon').filter(f => f.endsWith('.cc')).map(f => 'native/addon/' + f).join(' ')\")"],
      "dependencies": ["<!(node -p \"require('node-addon-api').targets\"):node_addon_api_except"],
      # As system headers, so that our warnings are about our code.
      "cflags_cc": ["<@(system_headers)"],
      # Stays in memory after the worker thread that loaded it: V8 and the pool may still call into it.
      "ldflags": ["-Wl,-z,nodelete"],
      "defines": ["NAPI_VERSION=9", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"]
    }
  ],
  "conditions": [
    # Mistakes on purpose: see native/sanitize/self-check.js.
    ["sanitize!=''", {
      "targets": [
        {
          "target_name": "broken_addon",
          "type": "loadable_module",
          "sources": ["native/sanitize/broken_addon.cc"]
        },
        {
          "target_name": "broken_threads",
          "type": "executable",
          "sources": ["native/sanitize/broken_threads.cc"],
          "ldflags": ["-pthread"]
        }
      ]
    }],
    ["tests==1", {
      "targets": [
        {
          "target_name": "floors",
          "sources": ["bench/native/floors.cc"],
          "dependencies": ["<!(node -p \"require('node-addon-api').targets\"):node_addon_api_except"],
          "cflags_cc": ["<@(system_headers)"],
          "defines": ["NAPI_VERSION=9", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"]
        },
        {
          "target_name": "core_test",
          "type": "executable",
          "actions": [
            {
              "action_name": "vectors",
              "inputs": ["native/test/vectors.js", "test/conformance/vectors.json"],
              "outputs": ["<(INTERMEDIATE_DIR)/vectors.inc"],
              "action": ["node", "<@(_inputs)", "<@(_outputs)"]
            }
          ],
          "include_dirs": ["<(INTERMEDIATE_DIR)"],
          "sources": ["<!@(node -p \"require('node:fs').readdirSync('native/test').filter(f => f.endsWith('_test.cc')).map(f => 'native/test/' + f).join(' ')\")"],
          "ldflags": ["-pthread"],
          # shm_open before glibc 2.34, as in those below.
          "libraries": ["-lrt"]
        },
        {
          "target_name": "core_bench",
          "type": "executable",
          "sources": ["bench/native/core_bench.cc"]
        },
        {
          "target_name": "core_steps",
          "type": "executable",
          "sources": ["bench/native/core_steps.cc"]
        },
        {
          "target_name": "peers_bench",
          "type": "executable",
          "sources": ["bench/native/peers_bench.cc"]
        },
        {
          "target_name": "frame_producer",
          "type": "executable",
          "sources": ["native/examples/frame_producer.cc"]
        },
        {
          "target_name": "settings_reader",
          "type": "executable",
          "sources": ["native/examples/settings_reader.cc"]
        },
        {
          "target_name": "shared_counter",
          "type": "executable",
          "sources": ["native/examples/shared_counter.cc"]
        },
        {
          "target_name": "follow_many",
          "type": "executable",
          "sources": ["native/examples/follow_many.cc"],
          "ldflags": ["-pthread"]
        },
        {
          "target_name": "raw_text",
          "type": "executable",
          "sources": ["native/examples/raw_text.cc"]
        },
        {
          "target_name": "peer",
          "type": "executable",
          "sources": ["native/test/peer.cc"],
          "libraries": ["-lrt"]
        },
        {
          "target_name": "classic",
          "type": "executable",
          "sources": ["native/examples/classic.c"]
        },
        {
          "target_name": "conformance_driver",
          "type": "executable",
          "sources": ["native/test/conformance_driver.cc"]
        },
        {
          "target_name": "kill_writers",
          "type": "executable",
          "sources": ["native/test/kill_writers.cc"],
          "libraries": ["-lrt"]
        },
        {
          "target_name": "storm_peer",
          "type": "executable",
          "sources": ["native/test/storm_peer.cc"],
          "libraries": ["-lrt"]
        },
        {
          "target_name": "failing_calls",
          "type": "loadable_module",
          "sources": ["native/test/failing_calls.cc"],
          # Its functions take the place of the C library's.
          "cflags_cc!": ["-fvisibility=hidden", "-fno-exceptions"]
        },
        {
          "target_name": "fail_calls",
          "type": "executable",
          "sources": ["native/test/fail_calls.cc"],
          "cflags_cc!": ["-fno-exceptions"],
          "ldflags": ["-pthread"],
          "libraries": ["-lrt"]
        }
      ],
      "conditions": [
        # Its own look at each access to memory goes with no sanitizer's.
        ["sanitize==''", {
          "targets": [
            {
              "target_name": "simulated_calls",
              "type": "static_library",
              "sources": ["native/test/interleavings/calls.cc"],
              # Its functions take the place of the C library's, also for the C++ library.
              "cflags_cc!": ["-fvisibility=hidden"]
            },
            {
              "target_name": "interleavings",
              "type": "executable",
              "sources": ["native/test/interleavings.cc"],
              "dependencies": ["simulated_calls"],
              "cflags_cc": ["-fsanitize=thread"],
              "libraries": ["-ldl"],
              # ThreadSanitizer's own would be linked in place of ours.
              "conditions": [["clang==0", { "cflags_cc": ["-Wno-tsan"] }]]
            }
          ]
        }],
        ["target_arch=='x64'", {
          "targets": [
            {
              "target_name": "kill_every_instruction",
              "type": "executable",
              "sources": ["native/test/kill_every_instruction.cc"],
              "libraries": ["-lrt"]
            }
          ]
        }]
      ]
    }]
  ]
}
