"""A world beyond the host's uplink: a namespace that is no part of the host, and whose server says "outside" to everybody."""

import subprocess
import sys

OUTSIDE = "192.0.2.2"
SERVER = """
import socket
server = socket.create_server(("", 80))
print("serving", flush=True)
while True:
    connection, _ = server.accept()
    connection.sendall(b"outside\\n")
    connection.close()
"""


def ip(*words):
    subprocess.run(["ip", *words], check=True)


def serve_outside(suite):
    """Makes it, at OUTSIDE port 80, for as long as the class of tests runs."""
    ip("netns", "add", "outside")
    suite.addClassCleanup(ip, "netns", "del", "outside")
    ip("link", "add", "wan", "type", "veth", "peer", "name", "eth0", "netns", "outside")
    ip("address", "add", "192.0.2.1/24", "dev", "wan")
    ip("link", "set", "wan", "up")
    ip("-n", "outside", "address", "add", f"{OUTSIDE}/24", "dev", "eth0")
    ip("-n", "outside", "link", "set", "eth0", "up")
    server = subprocess.Popen(["ip", "netns", "exec", "outside", sys.executable, "-c", SERVER],
                              stdout=subprocess.PIPE, text=True)
    suite.addClassCleanup(server.stdout.close)
    suite.addClassCleanup(server.wait)
    suite.addClassCleanup(server.kill)
    assert server.stdout.readline() == "serving\n"
