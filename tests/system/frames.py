"""Ethernet frames, octet by octet, as a guest with a raw socket may send them."""

import ipaddress
import struct

ARP, IPV4, IPV6, VLAN = 0x0806, 0x0800, 0x86DD, 0x8100
ICMP, TCP, UDP, ICMPV6 = 1, 6, 17, 58
BROADCAST = "ff:ff:ff:ff:ff:ff"
REQUEST, REPLY = 1, 2


def mac_octets(text):
    return bytes.fromhex(text.replace(":", ""))


def address_octets(text):
    return ipaddress.ip_address(text).packed


def link_local(mac):
    """The address that a card with this MAC gives itself (RFC 4291, appendix A)."""
    octets = mac_octets(mac)
    return str(ipaddress.IPv6Address(b"\xfe\x80" + bytes(6) + bytes([octets[0] ^ 2]) + octets[1:3] + b"\xff\xfe"
                                     + octets[3:]))


def checksum(octets):
    """RFC 1071."""
    padded = octets + bytes(len(octets) % 2)
    total = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def ethernet(source, target, kind, payload):
    return mac_octets(target) + mac_octets(source) + struct.pack("!H", kind) + payload


def tagged(frame, vlan):
    """The same within a VLAN (IEEE 802.1Q)."""
    return frame[:12] + struct.pack("!HH", VLAN, vlan) + frame[12:]


def arp(operation, sender_mac, sender, target_mac, target):
    return struct.pack("!HHBBH", 1, IPV4, 6, 4, operation) + mac_octets(sender_mac) + address_octets(sender) + \
        mac_octets(target_mac) + address_octets(target)


def ipv4(source, target, protocol, payload, identification=0, offset=0, more=False):
    flags = (0x2000 if more else 0) | offset // 8
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), identification, flags, 64, protocol, 0)
    header += address_octets(source) + address_octets(target)
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + payload


def ipv6(source, target, protocol, payload, hops=255):
    return struct.pack("!IHBB", 6 << 28, len(payload), protocol, hops) + address_octets(source) + \
        address_octets(target) + payload


def with_checksum(source, target, protocol, payload, at):
    """The payload with the checksum over it and both addresses, which stands `at` that octet."""
    octets = address_octets(source) + address_octets(target) + struct.pack("!II", len(payload), protocol) + payload
    return payload[:at] + struct.pack("!H", checksum(octets) or 0xFFFF) + payload[at + 2:]


def udp(source, target, source_port, target_port, data):
    header = struct.pack("!HHHH", source_port, target_port, 8 + len(data), 0)
    return with_checksum(source, target, UDP, header + data, 6)


def tcp_syn(source, target, source_port, target_port):
    header = struct.pack("!HHIIBBHHH", source_port, target_port, 1, 0, 5 << 4, 2, 65535, 0, 0)
    return with_checksum(source, target, TCP, header, 16)


def icmpv6(source, target, kind, body):
    return with_checksum(source, target, ICMPV6, struct.pack("!BBH", kind, 0, 0) + body, 2)


def link_layer_option(kind, mac):
    """Of neighbour discovery: 1 names the source's MAC, 2 the target's (RFC 4861, 4.6.1)."""
    return struct.pack("!BB", kind, 1) + mac_octets(mac)


def router_advertisement(mac, prefix):
    """The body of one that is a router for half an hour, with a prefix to make addresses of (RFC 4861, 4.2)."""
    prefix_option = struct.pack("!BBBBIII", 3, 4, 64, 0xC0, 1800, 1800, 0) + address_octets(prefix)
    return struct.pack("!BBHII", 64, 0, 1800, 0, 0) + link_layer_option(1, mac) + prefix_option


def neighbour_advertisement(address, mac):
    """The body of one that overrides what is known (RFC 4861, 4.4)."""
    return struct.pack("!I", 0x60000000) + address_octets(address) + link_layer_option(2, mac)


def redirect(target, destination, mac):
    """The body of one that has the target be the way to the destination (RFC 4861, 4.5)."""
    return bytes(4) + address_octets(target) + address_octets(destination) + link_layer_option(2, mac)


def dhcp_offer(client_mac, address, server, data):
    """A server's message that gives out an address with itself as the router (RFC 2131, 2132)."""
    message = struct.pack("!BBBBIHH", 2, 1, 6, 0, 0x12345678, 0, 0x8000) + bytes(4) + address_octets(address) + \
        address_octets(server) + bytes(4) + mac_octets(client_mac) + bytes(10 + 64 + 128) + b"\x63\x82\x53\x63"
    router = b"\x03\x04" + address_octets(server)
    return message + b"\x35\x01\x02" + b"\x36\x04" + address_octets(server) + router + b"\xff" + data
