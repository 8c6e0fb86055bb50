#pragma once

#include <sys/ipc.h>
#include <unistd.h>

#include <optional>

#include "result.hpp"
#include "segment_facts.hpp"

namespace shmnode {

// Whose segments are accepted. The kernel would give a squatter's segment to whoever asks for the key.
struct OwnerPolicy {
  bool anyone = false;                  // whoever made it, and whoever owns it
  std::optional<uid_t> user;            // instead of this process's effective user; root is accepted in any case
  std::optional<unsigned> widest_mode;  // permissions of which a segment may have none besides, such as 0640; whoever owns it

  // kOwner where the set or segment of which the kernel told this is not to be used.
  Status Check(const ipc_perm& facts) const noexcept { return Check(facts.uid, facts.cuid, facts.mode & 0777U); }
  // The same of a segment.
  Status Check(const SegmentFacts& facts) const noexcept { return Check(facts.uid, facts.creator, facts.mode); }

 private:
  Status Check(uid_t uid, uid_t creator, unsigned mode) const noexcept {
    if (widest_mode && (mode & ~*widest_mode) != 0) return Fail(Code::kOwner, "a wider mode", mode);
    if (anyone) return Nothing{};
    const uid_t wanted = user.value_or(geteuid());
    const auto accepted = [wanted](uid_t one) { return one == wanted || one == 0; };
    if (!accepted(uid) || !accepted(creator)) return Fail(Code::kOwner, "another user's", creator);
    return Nothing{};
  }
};

}  // namespace shmnode
