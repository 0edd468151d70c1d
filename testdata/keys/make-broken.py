#!/usr/bin/env python3
"""Writes broken-*.pub: public keys that must be refused, each wrong in one way."""
import base64
import re


def der(name):
    return base64.b64decode(re.search("-----BEGIN.*?-----(.*?)-----END", open(name).read(), re.S)[1])


def write(name, data, label="PUBLIC KEY"):
    body = base64.encodebytes(data).decode().replace("\n", "")
    lines = "\n".join(body[i:i + 64] for i in range(0, len(body), 64))
    open(f"broken-{name}.pub", "w").write(f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n")


def flip_last(data):
    return data[:-1] + bytes([data[-1] ^ 1])


for kind in ("cosign", "p384", "p521"):
    write(f"{kind}-off-curve", flip_last(der(f"{kind}.pub")))
p256, ed25519, rsa = der("cosign.pub"), der("ed25519.pub"), der("rsa2048.pub")
write("trailing", p256 + b"\0")
x = p256[27:59]
write("compressed", bytes([0x30, 0x39]) + p256[2:23] + bytes([3, 0x22, 0, 2 + (p256[-1] & 1)]) + x)
write("infinity", bytes([0x30, 0x19]) + p256[2:23] + bytes([3, 2, 0, 0]))
write("unused-bits", p256[:25] + b"\1" + p256[26:])
write("ed25519-parameters", bytes([0x30, 0x2c, 0x30, 7]) + ed25519[4:9] + b"\5\0" + ed25519[9:])
write("ed25519-small-order", ed25519[:12] + b"\1" + bytes(31))
write("rsa-no-null", bytes([0x30, 0x82, 1, 0x20, 0x30, 11]) + rsa[6:17] + rsa[19:])
write("rsa-even-exponent", flip_last(rsa))
write("label", p256, "CERTIFICATE")
write("x25519", ed25519[:8] + bytes([110]) + ed25519[9:])
