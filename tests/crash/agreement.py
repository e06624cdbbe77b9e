"""Rows against host: whether the database and what stands on the host say the same."""

import os
import sqlite3

import leftovers

STATES = {0: "pending", 16: "running", 32: "shutting-down", 48: "terminated", 64: "stopping", 80: "stopped"}


def differences(host):
    """One line for each thing that is on one side only. Call when nothing is in transition."""
    found = []
    with sqlite3.connect(f"file:{host.state_dir}/brume.db?mode=ro", uri=True) as database:
        instances = dict(database.execute("SELECT id, state FROM instances"))
        interfaces = list(database.execute("SELECT id, instance_id, public_ip FROM network_interfaces"))
        volumes = {row[0] for row in database.execute("SELECT id FROM volumes")}
        # Images that have files of their own, and snapshots that are no copies.
        layers = {row[0] for row in database.execute("SELECT id FROM images WHERE disk_file || kernel_file <> '' "
                                                     "AND boot_image_id IS NULL")}
        layers |= {row[0] for row in database.execute("SELECT id FROM snapshots WHERE layer_id = id AND state <> 2")}
    database.close()
    states = {id: STATES[code] for id, code in instances.items()}

    transitional = sorted(id for id, state in states.items() if state not in ("running", "stopped", "terminated"))
    found += [f"{id} is still {states[id]}" for id in transitional]

    running = {id for id, state in states.items() if state == "running"}
    guests = guests_on(host)
    found += [f"{id} runs by its row, and there is no guest" for id in sorted(running - set(guests))]
    found += [f"there is a guest {id} whose row says {states.get(id)}" for id in sorted(set(guests) - running)]
    found += [f"{id} has {len(pids)} QEMUs" for id, pids in guests.items() if len(pids) > 1]

    taps = set(leftovers.taps())
    expected = {"bm" + id[-13:] for id, instance, _ in interfaces if instance in running}
    found += [f"no tap {tap}" for tap in sorted(expected - taps)]
    found += [f"a tap {tap} of no running instance" for tap in sorted(taps - expected)]

    of_gone = [id for id, instance, _ in interfaces if instance and states.get(instance, "terminated") == "terminated"]
    found += [f"interface {id} of an instance that is gone" for id in of_gone]
    addresses = [address for _, _, address in interfaces if address]
    found += ["an address given twice"] if len(addresses) != len(set(addresses)) else []

    found += compare("volume", volumes, listing(host, "volumes"))
    found += compare("layer", layers, listing(host, "layers"))
    # One that was terminated before its launch began never had a directory.
    directories = listing(host, "instances")
    found += compare("instance directory", running | (set(instances) & directories), directories)
    return found


def guests_on(host):
    """{instance id: QEMU's pids}"""
    found = {}
    for pid, line in leftovers.processes(host.state_dir).items():
        words = line.split()
        if "qemu-system" not in words[0]:
            continue
        for word in words:
            if word.startswith("guest="):
                found.setdefault(word.removeprefix("guest=").split(",")[0], []).append(pid)
    return found


def listing(host, directory):
    try:
        return set(os.listdir(os.path.join(host.state_dir, directory)))
    except FileNotFoundError:
        return set()


def compare(what, rows, files):
    return ([f"no {what} {name}" for name in sorted(rows - files)]
            + [f"a {what} {name} without a row" for name in sorted(files - rows)])
