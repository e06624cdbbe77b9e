#include "lib/base/system_call_filter.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

namespace brume {
namespace {

#if !defined(__x86_64__)
#error "the numbers of system calls below are x86-64's"
#endif

// Above it are the calls of x32, by other numbers.
constexpr uint32_t kX32Bit = 0x40000000;

constexpr uint32_t kDenied[] = {
    // Other processes: guests run as the same user.
    SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_kill, SYS_tkill, SYS_pidfd_open, SYS_pidfd_getfd,
    SYS_pidfd_send_signal, SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo, SYS_kcmp, SYS_process_madvise,
    // Namespaces and mounts.
    SYS_unshare, SYS_setns, SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_fsopen, SYS_fsmount, SYS_fsconfig,
    SYS_open_tree, SYS_move_mount, SYS_mount_setattr, SYS_name_to_handle_at, SYS_open_by_handle_at,
    // The kernel's less trodden parts.
    SYS_bpf, SYS_perf_event_open, SYS_userfaultfd, SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register,
    SYS_add_key, SYS_request_key, SYS_keyctl, SYS_kexec_load, SYS_kexec_file_load, SYS_init_module, SYS_finit_module,
    SYS_delete_module, SYS_personality, SYS_vmsplice, SYS_fanotify_init, SYS_quotactl, SYS_swapon, SYS_swapoff,
    SYS_reboot, SYS_acct, SYS_syslog, SYS_iopl, SYS_ioperm, SYS_settimeofday, SYS_clock_settime, SYS_sethostname,
    // System V's shared memory and queues, which have no owner but a user.
    SYS_shmget, SYS_shmat, SYS_semget, SYS_msgget, SYS_mq_open};
constexpr uint32_t kDeniedWithoutNetwork[] = {SYS_socket, SYS_socketpair, SYS_connect, SYS_bind};

constexpr sock_filter Statement(uint16_t code, uint32_t value) { return {code, 0, 0, value}; }
constexpr sock_filter Jump(uint16_t code, uint32_t value, uint8_t if_true, uint8_t if_false) {
  return {code, if_true, if_false, value};
}

void Deny(std::vector<sock_filter>& filter, uint32_t call) {
  filter.push_back(Jump(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1));
  filter.push_back(Statement(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
}

}  // namespace

std::vector<sock_filter> SystemCallFilter(bool network, bool listens) {
  std::vector<sock_filter> filter = {
      Statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
      Jump(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
      Statement(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
      Statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      Jump(BPF_JMP | BPF_JGE | BPF_K, kX32Bit, 0, 1),
      Statement(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
  };
  for (const uint32_t call : kDenied) Deny(filter, call);
  if (!network) {
    for (const uint32_t call : kDeniedWithoutNetwork) Deny(filter, call);
    if (!listens) Deny(filter, SYS_listen);
  }
  // Its flags are in memory, where no filter sees them; the C library then makes threads by clone.
  filter.push_back(Jump(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1));
  filter.push_back(Statement(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS));
  filter.push_back(Statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  return filter;
}

}  // namespace brume
