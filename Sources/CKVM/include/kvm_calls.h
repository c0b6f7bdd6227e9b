/* The ioctls of /dev/kvm (Documentation/virt/kvm/api.rst), whose numbers are macros Swift cannot
 * import. Each returns -errno on failure. */
#pragma once
#if defined(__linux__)
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <linux/kvm.h>

/* Numbers of the requests that are still made when a guest runs. */
static const uint32_t ix_kvm_request_run = KVM_RUN;
static const uint32_t ix_kvm_request_registers = KVM_GET_REGS;
static const uint32_t ix_kvm_request_system_registers = KVM_GET_SREGS;
static const uint32_t ix_kvm_request_translate = KVM_TRANSLATE;
static const uint32_t ix_kvm_request_routes = KVM_SET_GSI_ROUTING;
static const uint32_t ix_kvm_request_doorbell = KVM_IOEVENTFD;
/* And those of a debugger. */
static const uint32_t ix_kvm_request_set_registers = KVM_SET_REGS;
static const uint32_t ix_kvm_request_debug = KVM_SET_GUEST_DEBUG;

#define KVM_CALL(descriptor, request, argument)                    \
  do {                                                             \
    int result = ioctl(descriptor, request, argument);             \
    return result < 0 ? -errno : result;                           \
  } while (0)

static inline int ix_kvm_version(int kvm) { KVM_CALL(kvm, KVM_GET_API_VERSION, 0); }
static inline int ix_kvm_check(int kvm, unsigned long capability) {
  KVM_CALL(kvm, KVM_CHECK_EXTENSION, capability);
}
static inline int ix_kvm_create(int kvm) { KVM_CALL(kvm, KVM_CREATE_VM, 0); }
static inline int ix_kvm_run_bytes(int kvm) { KVM_CALL(kvm, KVM_GET_VCPU_MMAP_SIZE, 0); }

/* The CPUID leaves KVM can show, at most `limit`; returns how many. */
static inline int ix_kvm_supported_cpuid(int kvm, struct kvm_cpuid_entry2 *leaves, int limit) {
  struct kvm_cpuid2 *list = calloc(1, sizeof *list + (size_t)limit * sizeof *leaves);
  int result = -ENOMEM;
  if (!list) return result;
  list->nent = (uint32_t)limit;
  result = ioctl(kvm, KVM_GET_SUPPORTED_CPUID, list) < 0 ? -errno : (int)list->nent;
  if (result > 0) memcpy(leaves, list->entries, (size_t)result * sizeof *leaves);
  free(list);
  return result;
}

/* Of a virtual machine. */
static inline int ix_kvm_set_identity_map(int vm, uint64_t address) {
  KVM_CALL(vm, KVM_SET_IDENTITY_MAP_ADDR, &address);
}
static inline int ix_kvm_set_task_state(int vm, uint64_t address) {
  KVM_CALL(vm, KVM_SET_TSS_ADDR, (unsigned long)address);
}
static inline int ix_kvm_split_interrupt_controller(int vm, unsigned pins) {
  struct kvm_enable_cap request;
  memset(&request, 0, sizeof request);
  request.cap = KVM_CAP_SPLIT_IRQCHIP;
  request.args[0] = pins;
  KVM_CALL(vm, KVM_ENABLE_CAP, &request);
}
/* `exits`: KVM_X86_DISABLE_EXITS_*. Before any processor is made. */
static inline int ix_kvm_disable_exits(int vm, uint64_t exits) {
  struct kvm_enable_cap request;
  memset(&request, 0, sizeof request);
  request.cap = KVM_CAP_X86_DISABLE_EXITS;
  request.args[0] = exits;
  KVM_CALL(vm, KVM_ENABLE_CAP, &request);
}
static inline int ix_kvm_set_memory(int vm, uint32_t slot, uint64_t guest, uint64_t bytes,
                                    uint64_t host) {
  struct kvm_userspace_memory_region region = {
      .slot = slot, .guest_phys_addr = guest, .memory_size = bytes, .userspace_addr = host};
  KVM_CALL(vm, KVM_SET_USER_MEMORY_REGION, &region);
}
static inline int ix_kvm_create_vcpu(int vm, unsigned long index) {
  KVM_CALL(vm, KVM_CREATE_VCPU, index);
}
static inline int ix_kvm_statistics(int owner) { KVM_CALL(owner, KVM_GET_STATS_FD, 0); }

/* One message-signalled interrupt of the routing table: its number and what is written where. */
typedef struct {
  uint32_t number;
  uint32_t data;
  uint64_t address;
} ix_kvm_route;

/* Replaces the routing table. */
static inline int ix_kvm_set_routes(int vm, const ix_kvm_route *routes, unsigned count) {
  struct kvm_irq_routing *table = calloc(1, sizeof *table + count * sizeof *table->entries);
  int result = -ENOMEM;
  if (!table) return result;
  table->nr = count;
  for (unsigned i = 0; i < count; i++) {
    table->entries[i].gsi = routes[i].number;
    table->entries[i].type = KVM_IRQ_ROUTING_MSI;
    table->entries[i].u.msi.address_lo = (uint32_t)routes[i].address;
    table->entries[i].u.msi.address_hi = (uint32_t)(routes[i].address >> 32);
    table->entries[i].u.msi.data = routes[i].data;
  }
  result = ioctl(vm, KVM_SET_GSI_ROUTING, table) < 0 ? -errno : 0;
  free(table);
  return result;
}

/* A signal of `event` raises interrupt `number` from now on, or no longer. */
static inline int ix_kvm_interrupt_by(int vm, int event, uint32_t number, int assign) {
  struct kvm_irqfd request = {.fd = (uint32_t)event,
                              .gsi = number,
                              .flags = assign ? 0 : KVM_IRQFD_FLAG_DEASSIGN};
  KVM_CALL(vm, KVM_IRQFD, &request);
}

/* A guest's write of `value`, `bytes` wide, to `address` signals `event` from now on, or no
 * longer; it is no exit to user space then. `bytes` 0: a write of any width and value. */
static inline int ix_kvm_signal_at(int vm, int event, uint64_t address, uint32_t bytes,
                                   uint64_t value, int assign) {
  struct kvm_ioeventfd request = {
      .datamatch = value, .addr = address, .len = bytes, .fd = event,
      .flags = (bytes ? KVM_IOEVENTFD_FLAG_DATAMATCH : 0) |
               (assign ? 0 : KVM_IOEVENTFD_FLAG_DEASSIGN)};
  KVM_CALL(vm, KVM_IOEVENTFD, &request);
}

/* Of a virtual processor. */
static inline int ix_kvm_run(int vcpu) { KVM_CALL(vcpu, KVM_RUN, 0); }
static inline int ix_kvm_get_registers(int vcpu, struct kvm_regs *registers) {
  KVM_CALL(vcpu, KVM_GET_REGS, registers);
}
static inline int ix_kvm_set_registers(int vcpu, struct kvm_regs *registers) {
  KVM_CALL(vcpu, KVM_SET_REGS, registers);
}
static inline int ix_kvm_get_system_registers(int vcpu, struct kvm_sregs *registers) {
  KVM_CALL(vcpu, KVM_GET_SREGS, registers);
}
static inline int ix_kvm_set_system_registers(int vcpu, struct kvm_sregs *registers) {
  KVM_CALL(vcpu, KVM_SET_SREGS, registers);
}
static inline int ix_kvm_tsc_kilohertz(int vcpu) { KVM_CALL(vcpu, KVM_GET_TSC_KHZ, 0); }
static inline int ix_kvm_set_cpuid(int vcpu, const struct kvm_cpuid_entry2 *leaves, int count) {
  struct kvm_cpuid2 *list = calloc(1, sizeof *list + (size_t)count * sizeof *leaves);
  int result = -ENOMEM;
  if (!list) return result;
  list->nent = (uint32_t)count;
  memcpy(list->entries, leaves, (size_t)count * sizeof *leaves);
  result = ioctl(vcpu, KVM_SET_CPUID2, list) < 0 ? -errno : 0;
  free(list);
  return result;
}
/* The physical address behind a linear one, by the processor's own page tables; -EFAULT: none. */
static inline int ix_kvm_translate(int vcpu, uint64_t linear, uint64_t *physical) {
  struct kvm_translation translation = {.linear_address = linear};
  if (ioctl(vcpu, KVM_TRANSLATE, &translation) < 0) return -errno;
  if (!translation.valid) return -EFAULT;
  *physical = translation.physical_address;
  return 0;
}

/* What a debugger is told of. */
typedef struct {
  uint8_t is_enabled;
  uint8_t is_stepping;
  uint64_t addresses[4]; /* DR0 to DR3 */
  uint64_t control;      /* DR7 */
} ix_kvm_debugging;

/* Breakpoint instructions come to the caller of KVM_RUN from now on, single steps and the debug
 * registers where asked for; or nothing does. No interrupt comes between steps where KVM can do that. */
static inline int ix_kvm_set_debugging(int vcpu, const ix_kvm_debugging *debugging) {
  struct kvm_guest_debug request;
  memset(&request, 0, sizeof request);
  if (debugging->is_enabled) request.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP;
  if (debugging->control) {
    request.control |= KVM_GUESTDBG_USE_HW_BP;
    memcpy(request.arch.debugreg, debugging->addresses, sizeof debugging->addresses);
    request.arch.debugreg[7] = debugging->control;
  }
  if (!debugging->is_stepping) KVM_CALL(vcpu, KVM_SET_GUEST_DEBUG, &request);
  request.control |= KVM_GUESTDBG_SINGLESTEP | KVM_GUESTDBG_BLOCKIRQ;
  if (ioctl(vcpu, KVM_SET_GUEST_DEBUG, &request) >= 0) return 0;
  request.control &= ~(uint32_t)KVM_GUESTDBG_BLOCKIRQ;
  KVM_CALL(vcpu, KVM_SET_GUEST_DEBUG, &request);
}

/* Why KVM_RUN came back. Swift does not import the anonymous union of kvm_run. */
typedef struct {
  uint64_t address;  /* of a memory access, or port number */
  uint8_t *data;     /* what was written, or where to put what is read */
  uint32_t count;    /* accesses of `bytes` each, for a string instruction */
  uint8_t bytes;     /* 1, 2, 4 or 8 */
  uint8_t is_write;
} ix_kvm_access;

static inline uint32_t ix_kvm_exit_reason(const struct kvm_run *run) { return run->exit_reason; }
static inline void ix_kvm_set_immediate_exit(struct kvm_run *run, int value) {
  run->immediate_exit = (uint8_t)value;
}
static inline ix_kvm_access ix_kvm_port_access(struct kvm_run *run) {
  return (ix_kvm_access){.address = run->io.port,
                         .data = (uint8_t *)run + run->io.data_offset,
                         .count = run->io.count,
                         .bytes = run->io.size,
                         .is_write = run->io.direction == KVM_EXIT_IO_OUT};
}
static inline ix_kvm_access ix_kvm_memory_access(struct kvm_run *run) {
  return (ix_kvm_access){.address = run->mmio.phys_addr,
                         .data = run->mmio.data,
                         .count = 1,
                         .bytes = (uint8_t)run->mmio.len,
                         .is_write = run->mmio.is_write};
}
/* DR6 of a debug exit: which of DR0 to DR3 it was. */
static inline uint64_t ix_kvm_debug_status(const struct kvm_run *run) {
  return run->debug.arch.exception == 1 ? run->debug.arch.dr6 : 0;
}
/* Hardware's reason of a failed entry, the suberror of an internal error, the kind of system event. */
static inline uint64_t ix_kvm_exit_detail(const struct kvm_run *run) {
  switch (run->exit_reason) {
    case KVM_EXIT_FAIL_ENTRY: return run->fail_entry.hardware_entry_failure_reason;
    case KVM_EXIT_INTERNAL_ERROR: return run->internal.suberror;
    case KVM_EXIT_SYSTEM_EVENT: return run->system_event.type;
    default: return 0;
  }
}
#endif
