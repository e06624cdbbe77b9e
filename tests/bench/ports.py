#!/usr/bin/env python3
"""ports.py BUILD: how long an emulated mini guest takes to userspace with few and with many PCIe root ports.

A QEMU by hand, without brumed: 6, 16 and 30 ports in turn. Prints medians in seconds.
"""
import os
import statistics
import subprocess
import sys
import time

ROUNDS = 5


def boot(mini, ports):
    argv = ["qemu-system-x86_64", "-M", "q35", "-accel", "tcg", "-cpu", "max", "-m", "128", "-nodefaults", "-display",
            "none", "-serial", "stdio", "-no-reboot", "-nic", "none", "-kernel", f"{mini}/vmlinux", "-initrd",
            f"{mini}/initrd.img", "-append", "console=ttyS0 quiet cryptomgr.notests noreplace-smp no_timer_check"]
    for i in range(ports):
        argv += ["-device", f"pcie-root-port,id=port{i},chassis={i + 1},bus=pcie.0,multifunction=on,"
                            f"addr={4 + i // 8:#x}.{i % 8}"]
    began = time.monotonic()
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as qemu:
        said = b""
        while b"userspace" not in said:
            part = os.read(qemu.stdout.fileno(), 4096)
            if not part:
                sys.exit(f"the guest did not come to userspace: {said[-500:]!r}")
            said += part
        took = time.monotonic() - began
        qemu.kill()
    return took


def main():
    mini = os.path.join(sys.argv[1], "mini")
    times = {6: [], 16: [], 30: []}
    for _ in range(ROUNDS):
        for ports in (6, 16, 30, 30, 16, 6):
            times[ports].append(boot(mini, ports))
    for ports, each in times.items():
        print(f"{ports} ports: {statistics.median(each):.2f} s")


if __name__ == "__main__":
    main()
