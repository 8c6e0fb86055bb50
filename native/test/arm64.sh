#!/bin/bash
# npm run test:arm64: everything of binding.gyp built for arm64, and the core's tests run by qemu-user.
#
#     apt-get install g++-aarch64-linux-gnu qemu-user
#
# It shows that the code compiles there, and that atomics, alignment, the CRC instruction and the system calls are right.
# It shows nothing of weak memory: qemu runs on this machine's processor, whose order is the stronger one.
set -euo pipefail
cd "$(dirname "$0")/../.."

triple=aarch64-linux-gnu
qemu=$(command -v qemu-aarch64 || command -v qemu-aarch64-static) || { echo 'no qemu-aarch64: apt-get install qemu-user' >&2; exit 1; }
command -v $triple-g++ >/dev/null || { echo "no $triple-g++: apt-get install g++-$triple" >&2; exit 1; }

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
git ls-files -z | tar --null -T - -c | tar -x -C "$scratch"
ln -s "$PWD/node_modules" "$scratch/node_modules"

cd "$scratch"
export CC=$triple-gcc CXX=$triple-g++ AR=$triple-ar
npx node-gyp configure --arch=arm64 -- -Dtests=1 >build.log 2>&1 && make -C build -j2 BUILDTYPE=Release >>build.log 2>&1 || { tail -n 60 build.log; exit 1; }
$triple-readelf -h build/Release/shmnode.node | grep -q AArch64
echo '# the addon is built'

run() {
  echo "# $*"
  timeout 600 "$qemu" -L /usr/$triple "build/Release/$@"
}
run core_test
run kill_writers --kills "${KILLS:-200}" --bytes 262144
