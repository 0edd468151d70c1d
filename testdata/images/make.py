#!/usr/bin/env python3
"""Makes `layout` beside this file: an OCI image layout with v1 (amd64), v2 (arm64) and multi (an index of both), the same bytes always."""
import hashlib
import io
import json
import shutil
import struct
import tarfile
import zlib
from pathlib import Path

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
LAYOUT = Path(__file__).parent / "layout"


def compact(value) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def add(data: bytes) -> dict:
    digest = hashlib.sha256(data).hexdigest()
    (LAYOUT / "blobs/sha256" / digest).write_bytes(data)
    return {"size": len(data), "digest": "sha256:" + digest}


def stored_gzip(data: bytes) -> bytes:
    """gzip without compression, so that the bytes do not depend on the zlib at hand."""
    body = b"\x01" + struct.pack("<HH", len(data), len(data) ^ 0xFFFF) + data
    return b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff" + body + struct.pack("<II", zlib.crc32(data), len(data))


def image(architecture: str) -> dict:
    text = f"hello {architecture}".encode()
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        entry = tarfile.TarInfo("hello")
        entry.size = len(text)
        archive.addfile(entry, io.BytesIO(text))
    layer = add(stored_gzip(raw.getvalue()))
    diff_id = "sha256:" + hashlib.sha256(raw.getvalue()).hexdigest()
    config = add(compact({"architecture": architecture, "os": "linux", "config": {}, "rootfs": {"type": "layers", "diff_ids": [diff_id]}}))
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": {"mediaType": "application/vnd.oci.image.config.v1+json", **config},
                "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", **layer}]}
    return {"mediaType": MANIFEST, **add(compact(manifest))}


def main() -> None:
    shutil.rmtree(LAYOUT, ignore_errors=True)
    (LAYOUT / "blobs/sha256").mkdir(parents=True)
    images = {"v1": image("amd64"), "v2": image("arm64")}
    children = [{**images[tag], "platform": {"architecture": architecture, "os": "linux"}} for tag, architecture in (("v1", "amd64"), ("v2", "arm64"))]
    index = compact({"schemaVersion": 2, "mediaType": INDEX, "manifests": children})
    images["multi"] = {"mediaType": INDEX, **add(index)}
    entries = [{**entry, "annotations": {"org.opencontainers.image.ref.name": tag}} for tag, entry in images.items()]
    (LAYOUT / "index.json").write_bytes(compact({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}))
    (LAYOUT / "oci-layout").write_bytes(compact({"imageLayoutVersion": "1.0.0"}))


if __name__ == "__main__":
    main()
