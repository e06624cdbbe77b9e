#!/usr/bin/env python3
"""lost_notice.py [SECONDS]: whether a guest with one processor and its disk miss each other's notices under emulation.

A QEMU by hand, without brumed, of a machine for one processor and of one with room for a second, in turn, for so many
seconds each (default 120).
"""
import os
import subprocess
import sys
import tempfile
import time

LAYOUT = """ENTRY(Start)
SECTIONS { . = 1M; .text : { *(.multiboot) *(.text*) } .data : { *(.rodata*) *(.data*) } .bss : { *(.bss*) } }"""
MACHINES = {"for one processor": "1", "with room for a second": "1,maxcpus=2,sockets=2,cores=1"}


def build(directory):
    layout, guest = os.path.join(directory, "layout"), os.path.join(directory, "guest")
    with open(layout, "w") as file:
        file.write(LAYOUT)
    subprocess.run(["gcc", "-m32", "-O2", "-Wall", "-ffreestanding", "-fno-pic", "-no-pie", "-fno-stack-protector",
                    "-fno-asynchronous-unwind-tables", "-nostdlib", "-Wl,--build-id=none,--no-warn-rwx-segments",
                    "-T", layout, "-o", guest,
                    os.path.join(os.path.dirname(os.path.abspath(__file__)), "lost_notice.c")], check=True)
    return guest


def run(guest, processors, seconds):
    """What the guest said last, and after how many seconds."""
    argv = ["qemu-system-x86_64", "-M", "q35", "-accel", "tcg", "-m", "64", "-nodefaults", "-display", "none", "-serial",
            "stdio", "-smp", processors, "-kernel", guest, "-blockdev", "driver=null-co,size=1073741824,node-name=disk",
            "-device", "virtio-blk-pci,drive=disk,disable-modern=on,disable-legacy=off"]
    began = time.monotonic()
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as qemu:
        try:
            said, _ = qemu.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            qemu.kill()
            said, _ = qemu.communicate()
    if not said:
        sys.exit("the guest said nothing")
    return time.monotonic() - began, said.splitlines()[-1]


def main():
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 120
    with tempfile.TemporaryDirectory() as directory:
        guest = build(directory)
        for name, processors in MACHINES.items():
            took, said = run(guest, processors, seconds)
            print(f"{name}: {took:.0f} s, {said}", flush=True)


if __name__ == "__main__":
    main()
