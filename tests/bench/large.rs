//! Large predicates: an SBOM of 200 MiB (`COSIGN_BENCH_MIB` says otherwise) attested and verified in every form, and the peak memory beside its size, which
//! has to stay below three times that.

use std::path::Path;

use crate::measure::one;
use crate::support::registry::{Behaviour, TestRegistry};
use crate::support::sandbox::{KEYED, OLD_FORM, Sandbox};

const NEW_FORM: &str = "--new-bundle-format=true";
const KIND: &str = "--type=spdxjson";

/// An SPDX document of about `size` bytes.
fn sbom(size: usize) -> Vec<u8> {
    let mut json = String::with_capacity(size + 1024);
    json.push_str(r#"{"spdxVersion":"SPDX-2.3","SPDXID":"SPDXRef-DOCUMENT","name":"large","packages":["#);
    for number in 0.. {
        if json.len() >= size {
            break;
        }
        let separator = if number == 0 { "" } else { "," };
        json.push_str(&format!(
            r#"{separator}{{"SPDXID":"SPDXRef-Package-{number}","name":"package-{number}","versionInfo":"1.{number}.0","downloadLocation":"NOASSERTION","licenseConcluded":"Apache-2.0","externalRefs":[{{"referenceCategory":"PACKAGE-MANAGER","referenceType":"purl","referenceLocator":"pkg:deb/debian/package-{number}@1.{number}.0?arch=amd64"}}]}}"#
        ));
    }
    json.push_str("]}");
    json.into_bytes()
}

/// Prints a line for each flow.
pub fn run(program: &Path) {
    let mib = std::env::var("COSIGN_BENCH_MIB").ok().and_then(|text| text.parse().ok()).unwrap_or(200_usize);
    let predicate = sbom(mib << 20);
    let size = predicate.len() as f64;
    let sandbox = Sandbox::new().with_program(program.to_owned());
    sandbox.write("sbom.json", predicate);
    sandbox.write("file", "content");
    let measured = |name: &str, words: &[&str]| {
        let cost = one(sandbox.cosign(words).env("COSIGN_MAX_ATTACHMENT_SIZE", "4GiB").command());
        println!("{name:<52} peak {:.2} x its size, {:.1} s", cost.memory as f64 / size, cost.elapsed.as_secs_f64());
    };
    println!("\nan SBOM of {mib} MiB:");
    let key = ["--key=cosign.pub", "--insecure-ignore-tlog", KIND];
    for (form, output, evidence) in [(NEW_FORM, "--bundle=out", "--bundle=out"), (OLD_FORM, "--output-signature=env", "--signature=env")] {
        let attest = [&["attest-blob", form, output, KIND, "--predicate=sbom.json"], KEYED, &["file"]].concat();
        measured(&format!("attest-blob {form}"), &attest);
        measured(&format!("verify-blob-attestation {form}"), &[&["verify-blob-attestation", evidence], &key[..], &["file"]].concat());
    }
    let registry = TestRegistry::start(Behaviour::default());
    sandbox.copy("images/layout", "layout");
    for (where_, image) in [("oci:", "oci:./layout:v1".to_owned()), ("registry", registry.image("v1"))] {
        for form in [NEW_FORM, OLD_FORM] {
            let attest = [&["attest", form, KIND, "--predicate=sbom.json"], KEYED, &[&image]].concat();
            measured(&format!("attest {where_} {form}"), &attest);
            measured(&format!("verify-attestation {where_} {form}"), &[&["verify-attestation", form], &key[..], &[&image]].concat());
        }
    }
}
