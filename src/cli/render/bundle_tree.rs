//! What `bundle inspect` shows of a bundle.

use serde_json::Value;

use super::certificate_tree;
use super::tree::Tree;
use crate::crypto::timestamp;
use crate::encoding::{UnixTime, base64, hex};
use crate::format::bundle::{Bundle, BundleContent, BundleLogEntry, BundleMaterial, BundleSigner, BundleVersion};
use crate::format::dsse::{Envelope, INTOTO_PAYLOAD_TYPE};
use crate::format::material::MessageSignature;
use crate::format::tlog::{Checkpoint, InclusionProof};

/// Everything that the bundle says, and what is wrong with its form.
pub fn of(bundle: &Bundle) -> Tree {
    let mut tree = Tree::root();
    tree.add("Bundle Media Type", &bundle.media_type);
    let version = bundle.version().ok();
    match version {
        None if bundle.media_type.is_empty() => tree.warn("Missing Bundle Media Type"),
        None => tree.warn("Unrecognized Media Type"),
        Some(_) => {}
    }
    match &bundle.material {
        Some(material) => add_material(tree.add("Verification Material", ""), material, version),
        None => tree.warn("Missing Verification Material"),
    }
    match &bundle.content {
        Some(BundleContent::Envelope(envelope)) => {
            let hint = bundle.material.as_ref().and_then(|material| match &material.signer {
                Some(BundleSigner::KeyHint(hint)) => Some(hint.as_str()),
                _ => None,
            });
            add_envelope(tree.add("Content", ""), envelope, hint);
        }
        Some(BundleContent::Message(message)) => add_message(tree.add("Content", ""), message),
        None => tree.warn("Missing Content"),
    }
    tree
}

fn add_material(node: &mut Tree, material: &BundleMaterial, version: Option<BundleVersion>) {
    add_signer(node, material.signer.as_ref(), version);
    if !material.log_entries.is_empty() {
        let entries = node.add("Transparency Log Entries", material.log_entries.len());
        for (at, entry) in material.log_entries.iter().enumerate() {
            add_log_entry(entries.add(format!("Entry [{at}]"), ""), entry, version);
        }
    }
    if !material.timestamps.is_empty() {
        let node = node.add("Timestamp Verification Data", "");
        node.add("RFC3161 Timestamps", material.timestamps.len());
        for (at, response) in material.timestamps.iter().enumerate() {
            let one = node.add(format!("Timestamp [{at}]"), "");
            match timestamp::describe(response) {
                Ok(token) => {
                    one.add("Time", token.time);
                    one.add("Hash Algorithm", token.hash.name().to_uppercase().replace("SHA", "SHA-"));
                    one.present("Message Imprint", token.imprint.len());
                    one.add("Serial Number", decimal(&token.serial));
                    one.add("Policy", token.policy);
                }
                Err(error) => one.warn(&error.to_string()),
            }
        }
    }
}

fn add_signer(node: &mut Tree, signer: Option<&BundleSigner>, version: Option<BundleVersion>) {
    let is_old = version.is_some_and(|version| version < BundleVersion::V0_3);
    match signer {
        Some(BundleSigner::Certificate(der)) => {
            let node = node.add("Content", "X.509 Certificate");
            if der.is_empty() {
                node.warn("Certificate raw_bytes is empty");
            } else {
                certificate_tree::add(node, der);
            }
            if is_old {
                node.warn("v0.1/v0.2 bundle should use certificate chain, not single certificate");
            }
        }
        Some(BundleSigner::Chain(chain)) => {
            let node = node.add("Content", "X.509 Certificate Chain");
            if chain.is_empty() {
                node.warn("Certificate chain is empty");
            } else {
                node.add("Certificates", chain.len());
            }
            for (at, der) in chain.iter().enumerate() {
                certificate_tree::add(node.add(format!("Certificate [{at}]"), ""), der);
            }
            if version == Some(BundleVersion::V0_3) {
                node.warn("v0.3 bundle should use single certificate, not chain");
            }
        }
        Some(BundleSigner::KeyHint(hint)) => {
            let node = node.add("Content", "Public Key Identifier");
            if hint.is_empty() {
                node.warn("Public key hint is empty");
            } else {
                node.add("Hint", shown_hint(hint));
            }
        }
        None => node.warn("Missing Verification Material Content (must be certificate, chain, or public key)"),
    }
}

/// In hexadecimal where it is base64.
fn shown_hint(hint: &str) -> String {
    base64::decode(hint).map_or_else(|_| hint.to_owned(), hex::encode)
}

fn add_log_entry(node: &mut Tree, value: &BundleLogEntry, version: Option<BundleVersion>) {
    let entry = &value.entry;
    node.add("Log Index", entry.log_index);
    if !entry.log_id.is_empty() {
        node.add("Log ID", hex::encode(&entry.log_id));
    }
    if !entry.kind.is_empty() || !entry.version.is_empty() {
        node.add("Kind", &entry.kind);
        node.add("Version", &entry.version);
    }
    match entry.integrated_time {
        0 => node.add("Integrated Time", "0 (Not set)"),
        time => node.add("Integrated Time", UnixTime(time)),
    };
    if let Some(promise) = &entry.inclusion_promise {
        node.add("Inclusion Promise", "").present("Signed Entry Timestamp", promise.len());
    }
    if let Some(proof) = &entry.inclusion_proof {
        add_proof(node.add("Inclusion Proof", ""), proof, value.has_checkpoint);
    }
    if !entry.canonicalized_body.is_empty() {
        node.present("Canonicalized Body", entry.canonicalized_body.len());
    }
    match version {
        Some(BundleVersion::V0_1) if entry.inclusion_promise.is_none() => {
            node.warn("v0.1 bundle tlog entry MUST contain an inclusion promise");
        }
        Some(BundleVersion::V0_2) if entry.inclusion_proof.is_none() => {
            node.warn("v0.2 bundle tlog entry MUST contain an inclusion proof");
        }
        Some(BundleVersion::V0_3) if entry.inclusion_proof.is_none() => {
            node.warn("v0.3 bundle tlog entry MUST contain an inclusion proof");
        }
        _ => {}
    }
}

fn add_proof(node: &mut Tree, proof: &InclusionProof, has_checkpoint: bool) {
    node.add("Log Index", proof.log_index);
    node.add("Tree Size", proof.tree_size);
    node.add("Hashes", proof.hashes.len());
    if !has_checkpoint {
        return;
    }
    let node = node.add("Checkpoint", "");
    let Some(checkpoint) = Checkpoint::describe(&proof.checkpoint) else { return node.present("Envelope", proof.checkpoint.len()) };
    node.add("Origin", checkpoint.checkpoint.origin);
    node.add("Tree Size", checkpoint.checkpoint.size);
    if !checkpoint.other_lines.is_empty() {
        let other = node.add("Other Content", format_args!("{} lines", checkpoint.other_lines.len()));
        for (at, line) in checkpoint.other_lines.iter().enumerate() {
            other.add(format!("[{at}]"), line);
        }
    }
    let witnesses = node.add("Witnesses", checkpoint.signatures.len());
    for (name, length) in checkpoint.signatures {
        witnesses.add(name, format_args!("Signature Present ({length} bytes)"));
    }
}

fn add_envelope(node: &mut Tree, envelope: &Envelope, hint: Option<&str>) {
    node.add("Type", "DSSE Envelope");
    node.add("Payload Type", &envelope.payload_type);
    node.present("Payload", envelope.payload.len());
    if envelope.payload_type == INTOTO_PAYLOAD_TYPE
        && let Ok(Value::Object(statement)) = serde_json::from_slice(&envelope.payload)
    {
        let node = node.add("Payload Content (in-toto)", "");
        if let Some(Value::String(predicate_type)) = statement.get("predicateType") {
            node.add("Predicate Type", predicate_type);
        }
        if let Some(Value::Array(subjects)) = statement.get("subject") {
            let node = node.add("Subjects", subjects.len());
            for name in subjects.iter().filter_map(|subject| subject.get("name")?.as_str()) {
                node.add("Name", name);
            }
        }
    }
    let signatures = node.add("Signatures", envelope.signatures.len());
    for (at, signature) in envelope.signatures.iter().enumerate() {
        let one = signatures.add(format!("Signature [{at}]"), "");
        one.present("Signature", signature.signature.len());
        if !signature.key_id.is_empty() {
            one.add("Key Hint", shown_hint(&signature.key_id));
            if hint.is_some_and(|hint| hint != signature.key_id) {
                one.warn("Key hint mismatch with Verification Material");
            }
        }
    }
    if envelope.signatures.len() != 1 {
        node.warn("DSSE envelope MUST contain only one signature");
    }
}

fn add_message(node: &mut Tree, message: &MessageSignature) {
    node.add("Type", "Message Signature");
    if let Some(digest) = &message.digest {
        let node = node.add("Message Digest", "");
        node.add("Algorithm", digest.algorithm_name());
        node.present("Digest", digest.bytes.len());
    }
    node.present("Signature", message.signature.len());
}

/// A big-endian number in decimal; hexadecimal where it is longer than serial numbers are.
fn decimal(bytes: &[u8]) -> String {
    if bytes.len() > 64 {
        return hex::encode(bytes);
    }
    let mut digits = vec![0u8];
    for byte in bytes {
        let mut carry = u32::from(*byte);
        for digit in &mut digits {
            carry += u32::from(*digit) * 256;
            *digit = (carry % 10) as u8;
            carry /= 10;
        }
        while carry > 0 {
            digits.push((carry % 10) as u8);
            carry /= 10;
        }
    }
    digits.iter().rev().map(|digit| char::from(b'0' + digit)).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn decimal_numbers() {
        assert_eq!(decimal(&[]), "0");
        assert_eq!(decimal(&[1, 0]), "256");
        assert_eq!(decimal(&[0xff; 8]), "18446744073709551615");
    }

    #[test]
    fn what_is_missing_is_said() {
        let shown = of(&Bundle::read(b"{}").unwrap()).to_string();
        for what in ["Missing Bundle Media Type", "Missing Verification Material", "Missing Content"] {
            assert!(shown.contains(&format!("- [!] WARNING: {what}\n")), "{shown}");
        }
    }

    #[test]
    fn no_value_starts_a_line_of_its_own() {
        let shown = of(&Bundle::read(br#"{"mediaType":"x\n::set-output name=a::b"}"#).unwrap()).to_string();
        assert!(shown.lines().all(|line| line.trim_start().starts_with("- ")), "{shown}");
    }
}
