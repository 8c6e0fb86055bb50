#pragma once

#include <sys/ipc.h>
#include <unistd.h>

#include <optional>

#include "result.hpp"

namespace shmnode {

// Whose segments are accepted. The kernel would give a squatter's segment to whoever asks for the key.
struct OwnerPolicy {
  bool anyone = false;                  // whoever made it, and whoever owns it
  std::optional<uid_t> user;            // instead of this process's effective user; root is accepted in any case
  std::optional<unsigned> widest_mode;  // permissions of which a segment may have none besides, such as 0640; whoever owns it

  // kOwner where the segment or set of which the kernel told this is not to be used.
  Status Check(const ipc_perm& facts) const noexcept {
    if (widest_mode && (facts.mode & 0777U & ~*widest_mode) != 0) return Fail(Code::kOwner, "a wider mode", facts.mode & 0777U);
    if (anyone) return Nothing{};
    const uid_t wanted = user.value_or(geteuid());
    const auto accepted = [wanted](uid_t uid) { return uid == wanted || uid == 0; };
    if (!accepted(facts.uid) || !accepted(facts.cuid)) return Fail(Code::kOwner, "another user's", facts.cuid);
    return Nothing{};
  }
};

}  // namespace shmnode
