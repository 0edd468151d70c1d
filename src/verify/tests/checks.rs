//! Which test fails when a check is gone: every check, and the test in which this check alone can fail.

/// What is checked, the file under `src/` or `tests/`, and the test.
const CHECKS: &[(&str, &str, &str)] = &[
    // The trusted root.
    ("schema, media type, keys, periods, chains", "src/format/trusted_root/tests.rs", "each_check_by_itself"),
    ("times are RFC 3339", "tests/mutations.rs", "times_of_a_root_are_rfc_3339_as_protobuf_takes_it"),
    // The form of a bundle.
    ("one JSON document of the schema", "src/format/bundle/tests.rs", "json_that_is_not_exactly_a_bundle_is_refused"),
    ("media type, content, material, chains, counts, body", "src/format/bundle/tests.rs", "the_rules_of_form"),
    ("promise or proof by version", "src/format/bundle/tests.rs", "promises_and_proofs_by_version"),
    ("kind and version are the body's", "src/verify/tests/isolated.rs", "an_entry_says_what_its_body_is"),
    // Log entries.
    ("no entry twice; distinct logs", "src/verify/tests/isolated.rs", "ghsa_9vcr_two_entries_of_one_log_are_one_log"),
    ("at most 32 entries", "src/verify/tests/isolated.rs", "ghsa_cq38_entries_are_counted_before_they_are_looked_at"),
    ("a promise or a proof; a proof in version 2", "src/verify/tests/isolated.rs", "an_entry_proves_something"),
    ("promise by the log's key, in its period", "src/verify/tests/isolated.rs", "a_promise_is_the_logs_own_and_within_its_period"),
    ("promise covers index, time, log and body", "src/format/tlog/tests.rs", "the_promise_covers_index_time_log_and_body"),
    ("every hash of the proof", "src/verify/tests/genuine.rs", "every_hash_of_a_proof"),
    ("index, size and body of the proof", "src/format/tlog/tests.rs", "a_proof_is_for_this_index_size_and_body"),
    ("checkpoint by the log's key", "src/verify/tests/genuine.rs", "the_key_of_the_log"),
    ("checkpoint's root hash", "src/verify/tests/genuine.rs", "a_checkpoint_of_another_tree"),
    ("checkpoint's tree size", "src/format/tlog/tests.rs", "the_checkpoint_signs_the_size_of_the_tree"),
    ("origin and signer name in version 2", "src/verify/tests/isolated.rs", "the_name_of_a_log_of_version_2_counts"),
    ("the entry has this signature", "src/verify/tests/isolated.rs", "log_entries_are_bound_to_the_signature"),
    ("the entry has this certificate or key", "src/verify/tests/isolated.rs", "log_entries_are_bound_to_the_key"),
    ("the entry has this digest", "src/verify/tests/isolated.rs", "log_entries_are_bound_to_the_digest"),
    ("the entry has this payload", "src/verify/tests/isolated.rs", "log_entries_are_bound_to_the_payload"),
    ("body of version 2", "src/verify/tests/isolated.rs", "a_body_of_version_2_that_differs_from_the_signed_content_is_refused"),
    ("integrated time within the certificate", "src/verify/tests/isolated.rs", "the_log_took_the_entry_while_the_certificate_counted"),
    // Time.
    ("a certificate needs a verified time", "src/verify/tests/isolated.rs", "a_certificate_needs_a_time"),
    ("response granted", "src/crypto/timestamp/tests.rs", "only_granted_responses"),
    ("signature and digest of the token", "src/crypto/timestamp/tests.rs", "the_signature_covers_all"),
    ("the signer is the one that is checked", "src/crypto/timestamp/tests.rs", "cve_2026_39984_the_signer_is_the_one_that_is_checked"),
    ("certificate in the token is the root's", "src/crypto/timestamp/tests.rs", "a_token_with_and_without_its_certificate"),
    ("imprint is of the signature", "src/verify/tests/genuine.rs", "a_genuine_token_over_another_signature"),
    ("authority's chain, usage, time", "src/crypto/timestamp/tests.rs", "the_certificate_is_for_time_stamps_alone_and_valid_then"),
    ("authority's period", "src/verify/tests/genuine.rs", "an_authority_of_time_counts_in_its_period"),
    ("distinct authorities", "src/verify/tests/genuine.rs", "a_second_token_of_one_authority_does_not_count"),
    ("unsigned parts of a token", "tests/mutations.rs", "a_time_stamp_is_whole"),
    // The certificate.
    ("path to an authority, in its period", "src/verify/tests/isolated.rs", "authority_and_its_period"),
    ("every certificate at the time", "src/verify/tests/advisories.rs", "ghsa_wfqv_every_certificate_of_the_path_counts"),
    ("signatures of the path", "src/crypto/chain/tests.rs", "signatures_count"),
    ("authorities only, path length", "src/crypto/chain/tests.rs", "only_authorities_sign"),
    ("extended key usages", "src/crypto/chain/tests.rs", "extended_key_usages_nest"),
    ("unknown critical extensions", "src/crypto/chain/tests.rs", "unknown_critical_extensions_are_refused"),
    ("name constraints", "src/crypto/chain/tests.rs", "name_constraints_hold_for_each_kind_of_name"),
    ("a SCT is there", "src/verify/tests/isolated.rs", "an_sct_is_asked_for_unless_ignored"),
    ("SCT by the log's key", "src/verify/tests/genuine.rs", "the_key_of_the_ct_log"),
    ("SCT over certificate and issuer", "src/crypto/sct/tests.rs", "the_certificate_and_its_issuer_are_bound"),
    ("CT log's period", "src/crypto/sct/tests.rs", "the_logs_key_must_count_at_that_time"),
    ("a key replaces no identity", "src/verify/tests/advisories.rs", "ghsa_fx35_a_raw_key_in_cert_never_replaces_the_policy"),
    // Signature and subject.
    ("signature over the artifact", "src/verify/tests/key.rs", "bundles_of_every_key_kind_hold_for_their_key_and_file_only"),
    ("message digest is the artifact's", "src/verify/tests/key.rs", "changed_bundles_are_refused"),
    ("message digest is there", "src/verify/tests/key.rs", "only_ed25519_with_the_bytes_at_hand_may_lack_the_message_digest"),
    ("a given digest is the signed one", "src/verify/tests/key.rs", "a_digest_in_place_of_the_file"),
    ("payload type is signed", "src/verify/tests/isolated.rs", "a_payload_type_is_part_of_what_is_signed"),
    ("subject is the artifact", "src/verify/tests/key.rs", "attestations_of_files"),
    ("predicate type", "src/verify/tests/key.rs", "the_predicate_type_counts_whether_claims_are_checked_or_not"),
    ("payload is a statement", "src/verify/tests/claims.rs", "ghsa_w6c6_a_malformed_payload_is_refused"),
    ("image and annotations of simple signing", "src/verify/tests/key.rs", "a_sig_layer_is_bound_to_image_and_annotations"),
    // Identity.
    ("identity whole and with case", "src/verify/tests/isolated.rs", "identities_match_whole_and_with_case"),
    ("workflow", "tests/blob_checks.rs", "each_workflow_flag_is_compared_by_itself"),
];

#[test]
fn every_check_has_its_test() {
    for (check, file, test) in CHECKS {
        let source = std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
        assert!(source.contains(&format!("#[test]\nfn {test}()")), "{check}: no test {test} in {file}");
    }
}
