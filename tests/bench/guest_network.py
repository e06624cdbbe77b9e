"""What one TCP connection between two guests carries, beside two QEMUs by hand on a plain bridge. Part of bench."""

import json
import os
import re
import socket
import statistics
import subprocess
import time

from conditions import wait_until

PORT, SECONDS = 7000, 3
BRIDGE, SUBNET = "byhand", "10.77.0"
CALLS_FIREWALLS = "/proc/sys/net/bridge/bridge-nf-call-iptables"


def program():
    return os.path.join(os.environ["BRUME_BIN"], "tcp_load")


class Console:
    """The shell on the serial console of a QEMU by hand."""

    def __init__(self, path):
        wait_until(lambda: os.path.exists(path), 10, "the console of the guest by hand")
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.socket.settimeout(0.5)
        said = b""
        deadline = time.monotonic() + 60
        # What is typed before its shell is up is lost, so it is asked until it answers.
        while b"UP\r\n" not in said:
            assert time.monotonic() < deadline, said[-500:]
            self.socket.sendall(b"echo U''P\n")
            try:
                said += self.socket.recv(4096)
            except TimeoutError:
                pass
        self.socket.settimeout(120)

    def run(self, command):
        self.socket.sendall(f"echo BEG''IN; {command}; echo EN''D\n".encode())
        said = b""
        while b"END\r\n" not in said:
            part = self.socket.recv(4096)
            assert part, "the guest by hand is gone"
            said += part
        return said.rpartition(b"BEGIN\r\n")[2].partition(b"END\r\n")[0].decode()


class ByHand:
    """A guest with the machine arguments of one of Brume's, and a tap of its own at the bridge."""

    def __init__(self, argv, layer, directory, number):
        os.mkdir(directory)
        self.address = f"{SUBNET}.{number}"
        tap = f"{BRIDGE}{number}"
        subprocess.run(["ip", "tuntap", "add", tap, "mode", "tap"], check=True)
        subprocess.run(["ip", "link", "set", tap, "master", BRIDGE, "up"], check=True)
        disk, console = f"{directory}/disk.qcow2", f"{directory}/console"
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", layer, "-F", "qcow2", disk], check=True)
        words = []
        for word in argv(directory, disk):
            if "charserial0" in word and word.startswith("file,"):
                word = f"socket,id=charserial0,path={console},server=on,wait=off"
            if word.startswith("{") and json.loads(word).get("ifname"):
                word = json.dumps({**json.loads(word), "ifname": tap})
            words.append(re.sub(r'("mac":")[0-9a-f:]+', rf"\g<1>02:77:00:00:00:{number:02x}", word))
        words += ["-drive", f"file={program()},format=raw,if=none,id=program,readonly=on",
                  "-device", "virtio-blk-pci,drive=program,serial=program,bus=pcie.0,addr=0x1d"]
        # In a session of its own, as libvirt starts its QEMU: the scheduler shares the processors out among sessions.
        self.qemu = subprocess.Popen(words, stdin=subprocess.DEVNULL, start_new_session=True)
        self.pid = self.qemu.pid
        self.console = Console(console)
        blocks = -(-os.path.getsize(program()) // 4096)
        self.run(f"killall udhcpc; ip address add {self.address}/24 dev eth0; "
                 "disk=$(grep -l program /sys/block/*/serial | cut -d/ -f4); "
                 f"dd if=/dev/$disk of=/tmp/load bs=4096 count={blocks} 2>/dev/null; chmod +x /tmp/load")

    def run(self, command):
        return self.console.run(command)

    def end(self):
        self.qemu.kill()
        self.qemu.wait()
        self.console.socket.close()


class Ours:
    def __init__(self, guest):
        self.guest = guest
        self.address = guest.private_ip
        self.pid = guest.qemu_pid()
        with open(program(), "rb") as file:
            subprocess.run([*guest.ssh_argv(), "cat >/tmp/load && chmod +x /tmp/load"], stdin=file, check=True)

    def run(self, command):
        return self.guest.ssh(command)


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def carried(sender, receiver):
    """Mbit a second, and milliseconds of processor time of both QEMUs for a Mbit: the kernel carries packets from the one
    to the other in their time."""
    pids = [sender.pid, receiver.pid]
    before = sum(map(processor_seconds, pids))
    receiver.run(f"(/tmp/load receive {PORT} >/dev/null 2>&1 </dev/null &)")
    rate = float(sender.run(f"/tmp/load send {receiver.address} {PORT} {SECONDS}"))
    return rate, 1000 * (sum(map(processor_seconds, pids)) - before) / (rate * SECONDS)


def compare(ours, by_hand, rounds):
    mine, bare = [], []
    for turn in range(rounds):
        pair = [(mine, ours), (bare, by_hand)]
        for kept, guests in pair if turn % 2 == 0 else reversed(pair):
            kept.append(carried(*guests))
    return mine, bare


def measure(host, rounds, tools):
    directory = os.path.join(host.directory, "by-hand-network")
    os.mkdir(directory)
    guests = host.launch(2)
    for guest in guests:
        guest.wait_ssh()
    ours = [Ours(guest) for guest in guests]
    with open(f"/proc/{ours[0].pid}/cmdline") as file:
        words = file.read().rstrip("\0").split("\0")
    subprocess.run(["ip", "link", "add", BRIDGE, "type", "bridge"], check=True)
    subprocess.run(["ip", "link", "set", BRIDGE, "up"], check=True)
    if os.path.exists(CALLS_FIREWALLS):
        with open(CALLS_FIREWALLS, "w") as file:
            file.write("0")
    by_hand = []
    try:
        for number in (1, 2):
            by_hand.append(ByHand(lambda *place: tools["adapt"](words, *place), tools["layer_of"](words),
                                  f"{directory}/{number}", number))
        mine, bare = compare(ours, by_hand, rounds)
    finally:
        for guest in by_hand:
            guest.end()
        subprocess.run(["ip", "link", "delete", BRIDGE], check=True)
        for number in (1, 2):
            subprocess.run(["ip", "link", "delete", f"{BRIDGE}{number}"], check=False)
    host.terminate_instances([guest.id for guest in guests])
    spread, verdict = tools["spread"], tools["verdict"]
    for number, what, unit in ((0, "one TCP connection between two guests", "Mbit/s"),
                               (1, "processor time of both QEMUs for a Mbit", "ms")):
        yield f"{what}: Brume's", spread([one[number] for one in mine], unit), ""
        yield f"{what}: by hand, at a bridge", spread([one[number] for one in bare], unit), ""
    rates = [one[0] / other[0] for one, other in zip(mine, bare)]
    costs = [one[1] / other[1] for one, other in zip(mine, bare)]
    yield "rate pair by pair", spread(rates, ""), verdict(statistics.median(rates) >= 0.95, "≥ 0.95")
    yield "processor time pair by pair", spread(costs, ""), ""
