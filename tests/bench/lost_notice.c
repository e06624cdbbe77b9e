// A guest without an operating system that asks a virtio disk for two sectors at a time, the second some moments after the
// first, about when QEMU's thread goes back to wait for a notice. Ends when a request is never answered. Run by
// lost_notice.py. Sources: Virtual I/O Device (VIRTIO) 1.1, 2.6 and 4.1.4.8 (the legacy interface); Multiboot 0.6.96.
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

__attribute__((section(".multiboot"), used)) static const u32 multiboot[3] = {0x1badb002, 0, -0x1badb002};

static inline void outb(u16 port, u8 value) { asm volatile("outb %0, %1" ::"a"(value), "Nd"(port)); }
static inline void outw(u16 port, u16 value) { asm volatile("outw %0, %1" ::"a"(value), "Nd"(port)); }
static inline void outl(u16 port, u32 value) { asm volatile("outl %0, %1" ::"a"(value), "Nd"(port)); }
static inline u8 inb(u16 port) {
  u8 value;
  asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}
static inline u16 inw(u16 port) {
  u16 value;
  asm volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}
static inline u32 inl(u16 port) {
  u32 value;
  asm volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}

static void SelectPci(int device, int offset) { outl(0xcf8, 0x80000000u | device << 11 | offset); }
static u32 ReadPci(int device, int offset) {
  SelectPci(device, offset);
  return inl(0xcfc);
}
static void WritePci(int device, int offset, u32 value) {
  SelectPci(device, offset);
  outl(0xcfc, value);
}

static void Put(char c) {
  while (!(inb(0x3fd) & 0x20)) continue;
  outb(0x3f8, c);
}
static void Say(const char* text) {
  while (*text) Put(*text++);
}
static void SayNumber(u32 number) {
  char digits[10];
  int count = 0;
  do digits[count++] = '0' + number % 10;
  while (number /= 10);
  while (count) Put(digits[--count]);
}

enum { kTransitionalDisk = 0x10011af4, kEventIdx = 1u << 29, kPage = 4096 };
enum { kFeatures = 0, kGuestFeatures = 4, kQueuePage = 8, kQueueSize = 12, kQueueSelect = 14, kNotify = 16, kStatus = 18 };

struct Descriptor {
  u64 address;
  u32 length;
  u16 flags, next;
};

static u8 memory[1 << 16] __attribute__((aligned(kPage)));
static struct {
  u32 type, priority;
  u64 sector;
} headers[2];
static u8 data[2][512], results[2];
static volatile u16 *available, *used, *avail_event;
static u16 queue_size, io, published;

static void Publish(int which) {
  available[2 + published % queue_size] = which * 3;
  asm volatile("" ::: "memory");
  ++published;
  available[1] = published;
  // As Linux's smp_mb(): what follows must not be read before the line above is seen.
  asm volatile("lock; addl $0, -4(%%esp)" ::: "memory", "cc");
  const u16 event = *avail_event;
  if ((u16)(published - event - 1) < 1) outw(io + kNotify, 0);
}

static void FindDisk(void) {
  int device = 0;
  while (ReadPci(device, 0) != kTransitionalDisk) ++device;
  WritePci(device, 4, ReadPci(device, 4) | 5);  // ports, bus master
  io = ReadPci(device, 0x10) & ~3;
  outb(io + kStatus, 0);
  outb(io + kStatus, 3);
  outl(io + kGuestFeatures, inl(io + kFeatures) & kEventIdx);
  outw(io + kQueueSelect, 0);
  queue_size = inw(io + kQueueSize);
  struct Descriptor* table = (void*)memory;
  available = (void*)(memory + 16 * queue_size);
  used = (void*)(memory + ((18 * queue_size + 6 + kPage - 1) & -kPage));
  avail_event = used + 2 + 4 * queue_size;
  for (int i = 0; i < 2; ++i) {
    table[i * 3] = (struct Descriptor){(u32)&headers[i], 16, 1, i * 3 + 1};
    table[i * 3 + 1] = (struct Descriptor){(u32)data[i], 512, 3, i * 3 + 2};
    table[i * 3 + 2] = (struct Descriptor){(u32)&results[i], 1, 2, 0};
  }
  outl(io + kQueuePage, (u32)memory / kPage);
  outb(io + kStatus, 7);
}

void Start(void) {
  asm volatile("cli; mov %0, %%esp" ::"r"(memory + sizeof memory - 16));
  FindDisk();
  u32 random = 2463534242u;
  for (u32 requests = 2;; requests += 2) {
    available[2 + queue_size] = published + 0x4000;  // no interrupts
    Publish(0);
    random ^= random << 13;
    random ^= random >> 17;
    random ^= random << 5;
    for (volatile u32 pause = random % 400; pause; pause--) continue;
    Publish(1);
    for (u32 looks = 0; used[1] != published; ++looks) {
      if (looks < 400000000u) continue;
      Say("lost after ");
      SayNumber(requests);
      Say(" requests: the device waits for notice of the one behind ");
      SayNumber(*avail_event);
      Say(", published are ");
      SayNumber(published);
      Say("\n");
      outw(0x604, 0x2000);  // power off
      for (;;) asm volatile("hlt");
    }
    if (requests % 100000 == 0) {
      SayNumber(requests);
      Say(" requests\n");
    }
  }
}
