#include "lib/ec2/compute/libvirt/trial_guest.h"

// Where virtualization is only emulated in software, an instruction of a guest's kernel costs microseconds: real
// hardware runs the loop below in some 20 ms, such a host needs minutes, and its deadline tells.
//
// QEMU shows the ROM at 0xffff0000, where a processor's first instruction (at 0xfffffff0) is. The code copies itself to
// 0x8000, so that the identity map it makes for the first 2 MiB covers it.
// clang-format off
asm(R"(
.pushsection .rodata
brume_trial_rom:
.code16
  cli
  data32 lgdt %cs:(9f - brume_trial_rom)
  mov %cr0, %eax
  or $1, %al
  mov %eax, %cr0
  data32 ljmp $0x08, $(0xffff0000 + 1f - brume_trial_rom)
.code32
1:
  mov $0x10, %eax
  mov %eax, %ds
  mov %eax, %es
  mov %eax, %ss
  cld
  mov $0xffff0000, %esi
  mov $0x8000, %edi
  mov $0x100, %ecx
  rep movsl
  mov $0x1000, %edi              # page tables: one 2 MiB page, mapped to itself
  xor %eax, %eax
  mov $0xc00, %ecx
  rep stosl
  movl $0x2003, 0x1000
  movl $0x3003, 0x2000
  movl $0x0083, 0x3000
  lgdt 0x8000 + 8f - brume_trial_rom
  ljmp $0x08, $(0x8000 + 2f - brume_trial_rom)
2:
  mov %cr4, %eax
  or $0x220, %eax                # PAE, OSFXSR
  mov %eax, %cr4
  mov $0x1000, %eax
  mov %eax, %cr3
  mov $0xc0000080, %ecx          # EFER.LME
  rdmsr
  or $0x100, %eax
  wrmsr
  mov %cr0, %eax
  or $0x80000002, %eax           # PG, MP
  and $0x9fffffff, %eax          # caches on
  mov %eax, %cr0
  ljmp $0x18, $(0x8000 + 3f - brume_trial_rom)
.code64
3:
  mov $0x02000000, %ecx
4:
  add %rcx, %rax
  dec %ecx
  jnz 4b
  pxor %xmm0, %xmm0
  movups %xmm0, 0x7000
  mov $0x10, %al
  out %al, $0xf4
5:
  hlt
  jmp 5b
.balign 8
6:                               # descriptors: none, 32-bit code, data, 64-bit code
  .quad 0
  .quad 0x00cf9b000000ffff
  .quad 0x00cf93000000ffff
  .quad 0x00af9b000000ffff
9:
  .word 31
  .long 0xffff0000 + 6b - brume_trial_rom
8:
  .word 31
  .long 0x8000 + 6b - brume_trial_rom
.org brume_trial_rom + 0xfff0
  .byte 0xe9                     # the reset vector: a 16-bit jump to offset 0
  .word 0x000d
.org brume_trial_rom + 0x10000
.popsection
)");
// clang-format on

extern "C" const char brume_trial_rom[0x10000];

namespace brume::compute {

absl::string_view TrialGuestRom() { return absl::string_view(brume_trial_rom, sizeof brume_trial_rom); }

}  // namespace brume::compute
