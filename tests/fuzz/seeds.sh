#!/bin/sh
# Copies test data to seeds/TARGET/ for each fuzz target.
set -eu
cd "$(dirname "$0")"
data=../../testdata
for target in bundle legacy_bundle certificate timestamp checkpoint dsse trusted_root manifest; do mkdir -p "seeds/$target"; done
cp "$data"/keyless/bundles/*.json seeds/bundle/
cp "$data"/keyless/bundles/leg-*.json seeds/legacy_bundle/
cp "$data"/keyless/trust/*.pem "$data"/own-ca/*.crt seeds/certificate/
for pem in "$data"/own-ca/*.crt; do openssl x509 -in "$pem" -outform DER -out "seeds/certificate/$(basename "$pem").der"; done
cp "$data"/timestamp/*.tsr seeds/timestamp/
cp "$data"/tlog/*.json seeds/checkpoint/
cp "$data"/keyless/bundles/att-*.json seeds/dsse/
cp "$data"/keyless/trust/*.json seeds/trusted_root/
find "$data/images/layout/blobs" -type f -size -8k -exec cp {} seeds/manifest/ \;
