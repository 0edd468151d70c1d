//! Services that fail or lie: each error names the service, what it said and what to do, and nothing is stored that does not verify.

use crate::sigstore_flows::{sign_blob, verify_blob};

use crate::support::registry::{Behaviour, Effect, TestRegistry};
use crate::support::sandbox::{OLD_FORM, Outcome, Sandbox};
use crate::support::sigstore::Sigstore;
use crate::support::sigstore::fulcio::Issue;
use crate::support::sigstore::rekor_v1::Answer;
use crate::support::sigstore::service::Fault;
use crate::support::sigstore::tsa::Stamp;
use crate::support::sigstore::world::World;

const CONFIG: &[&str] = &["--signing-config", "config.json"];

/// The virtual services and a sandbox with a file to sign in a log of that version.
struct Case {
    services: Sigstore,
    sandbox: Sandbox,
}

impl Case {
    fn new(rekor_version: u32) -> Self {
        let services = Sigstore::virtual_services();
        let sandbox = services.sandbox();
        sandbox.write("file", "content");
        sandbox.write("config.json", services.signing_config(rekor_version));
        Self { services, sandbox }
    }

    fn world(&self) -> &World {
        self.services.world()
    }

    /// Signing fails with these sentences, and leaves no bundle and no token in what it says.
    #[track_caller]
    fn refused(&self, says: &[&str]) -> Outcome {
        let outcome = sign_blob(&self.sandbox, CONFIG).run().fails(1);
        assert!(!self.sandbox.exists("bundle.json"), "{outcome}");
        let outcome = outcome.does_not_say(&self.sandbox.read("token"));
        says.iter().fold(outcome, |outcome, text| outcome.says(text))
    }

    /// Signing works, and what it makes verifies.
    #[track_caller]
    fn works(&self) -> Outcome {
        let outcome = sign_blob(&self.sandbox, CONFIG).run().exits(0);
        verify_blob(&self.sandbox, &self.services.who()).run().exits(0);
        std::fs::remove_file(self.sandbox.path("bundle.json")).unwrap();
        outcome
    }
}

#[test]
fn fulcio_refuses() {
    let case = Case::new(2);
    let fulcio = &case.world().fulcio.service;
    for (query, advice) in [
        ("?expired=1", "the identity token expired at "),
        ("?aud=another", "the identity token's audience is another"),
        ("?iss=http://127.0.0.1:1", "does this Fulcio accept it?"),
    ] {
        case.sandbox.write("token", case.services.token(query));
        case.refused(&["Fulcio returned 400: ", "There was an error processing the identity token", advice]);
    }
    case.sandbox.write("token", case.services.token(""));
    for (status, attempts) in [(400, 1), (401, 1), (429, 3), (500, 3)] {
        fulcio.fail(Fault::Answer(status, format!("{{\"message\":\"no {status}\"}}")));
        let before = fulcio.count();
        case.refused(&[&format!("Fulcio returned {status}: {{\"message\":\"no {status}\"}}")]);
        assert_eq!(fulcio.count() - before, attempts, "{status}");
        fulcio.heal();
    }
    // As it says of keys that it does not take.
    fulcio.fail(Fault::Answer(400, "{\"code\":3, \"message\":\"The public key supplied in the request could not be parsed\"}".to_owned()));
    case.refused(&["could not be parsed", "(does this Fulcio take ECDSA P-256 keys?)"]);
    fulcio.heal();
    // Nobody else heard of any of it.
    let (tsa, log) = (&case.world().tsa.service, &case.world().rekor_v2.service);
    assert_eq!((tsa.count(), log.count()), (0, 0));
    fulcio.fail_times(1, "", Fault::Answer(503, "busy".to_owned()));
    case.works();
}

#[test]
fn fulcio_answers_nonsense() {
    let case = Case::new(2);
    let fulcio = &case.world().fulcio.service;
    for (fault, says) in [
        (Fault::Answer(200, "{}".to_owned()), "Fulcio returned no certificates"),
        (Fault::Answer(200, "<html>".to_owned()), "Fulcio: the answer is no certificate"),
        (Fault::Status(201), "Fulcio returned 201: "),
        (Fault::Drop, "Fulcio: "),
    ] {
        fulcio.fail(fault);
        case.refused(&[says]);
        fulcio.heal();
    }
    assert_eq!(case.world().rekor_v2.entries(), 0);
}

#[test]
fn a_certificate_is_checked_on_receipt() {
    let case = Case::new(2);
    for (issue, says) in [
        (Issue::OtherKey, "Fulcio: the certificate is about another key than the one that was sent"),
        (Issue::UnknownCtLog, "only able to verify 0 SCT entries"),
        (Issue::ForeignSct, "only able to verify 0 SCT entries"),
        (Issue::NoSct, "only able to verify 0 SCT entries"),
        (Issue::UnknownAuthority, "leaf certificate verification failed"),
    ] {
        case.world().fulcio.issues(issue);
        let outcome = case.refused(&[says]);
        if issue != Issue::OtherKey {
            outcome.says("the certificate that Fulcio issued is refused").says("is this Fulcio in the trusted root, and its CT log?");
        }
    }
    // Neither log nor authority was told.
    let (tsa, log) = (&case.world().tsa.service, &case.world().rekor_v2.service);
    assert_eq!((tsa.count(), log.count()), (0, 0));
    // A detached SCT counts; the bundle has no place for it.
    case.world().fulcio.issues(Issue::Detached);
    sign_blob(&case.sandbox, CONFIG).run().exits(0);
    let who = case.services.who();
    verify_blob(&case.sandbox, &who).run().fails(1).says("only able to verify 0 SCT entries");
    verify_blob(&case.sandbox, &[&["--insecure-ignore-sct"], &who[..]].concat()).run().exits(0);
}

#[test]
fn rekor_v1_refuses() {
    let case = Case::new(1);
    let log = &case.world().rekor_v1.service;
    for (status, attempts) in [(400, 1), (429, 3), (500, 3)] {
        log.fail(Fault::Answer(status, format!("{{\"code\":{status},\"message\":\"boom\"}}")));
        let before = log.count();
        case.refused(&[&format!("Rekor returned {status}: {{\"code\":{status},\"message\":\"boom\"}}")]);
        assert_eq!(log.count() - before, attempts, "{status}");
        log.heal();
    }
    case.world().rekor_v1.takes_at_most(100);
    case.refused(&["Rekor returned 413: ", "entry too large (0.0 MB): "]);
    assert_eq!(case.world().rekor_v1.entries(), 0);
}

/// Real servers of another kind, or of another version, answer so.
#[test]
fn addresses_of_something_else() {
    let case = Case::new(1);
    let nothing = || Fault::Answer(404, "{\"code\":5, \"message\":\"Not Found\"}".to_owned());
    let world = case.world();
    let services = [
        (&world.fulcio.service, 1, "is this a Fulcio?"),
        (&world.rekor_v1.service, 1, "is this a Rekor of version 1"),
        (&world.rekor_v2.service, 2, "is this a Rekor of version 2"),
        (&world.tsa.service, 2, "does it lead to the authority itself"),
    ];
    for (service, version, advice) in services {
        case.sandbox.write("config.json", case.services.signing_config(version));
        service.fail(nothing());
        case.refused(&["returned 404: {\"code\":5, \"message\":\"Not Found\"}", advice]);
        service.heal();
    }
}

/// Pain point 11.
#[test]
fn rekor_v1_commits_and_drops_the_connection() {
    let case = Case::new(1);
    let log = &case.world().rekor_v1;
    log.service.fail_times(1, "", Fault::CommitAndDrop);
    case.works();
    assert_eq!(log.entries(), 1);
    // The second try was a conflict, and the entry was fetched.
    let asked: Vec<String> = log.service.asked().iter().map(|request| request.method.clone()).collect();
    assert_eq!(asked, ["POST", "POST", "GET"]);
    log.service.fail(Fault::CommitAndDrop);
    case.refused(&["Rekor: "]);
    assert_eq!(log.entries(), 2);
}

#[test]
fn what_rekor_answers_is_checked() {
    for version in [1, 2] {
        let case = Case::new(version);
        let answers = |answer| match version {
            1 => case.world().rekor_v1.answers(answer),
            _ => case.world().rekor_v2.answers(answer),
        };
        let promise = if version == 1 { Some(Answer::WrongPromise) } else { None };
        for answer in [Some(Answer::OtherDigest), Some(Answer::OtherLog), Some(Answer::WrongProof), promise].into_iter().flatten() {
            answers(answer);
            let outcome = case.refused(&["the new signature does not verify: ", "nothing was stored"]);
            // Where it stands nevertheless.
            outcome.says("the transparency log has it, at index ");
        }
        answers(Answer::Right);
        case.works();
    }
}

#[test]
fn rekor_v2_refuses() {
    let case = Case::new(2);
    let log = &case.world().rekor_v2;
    for status in [400, 429, 500] {
        log.service.fail(Fault::Answer(status, format!("{{\"code\":13,\"message\":\"boom {status}\"}}")));
        case.refused(&[&format!("Rekor returned {status}: {{\"code\":13,\"message\":\"boom {status}\"}}")]);
        log.service.heal();
    }
    log.takes_at_most(100);
    case.refused(&["Rekor returned 413: ", "entry too large (0.0 MB): "]);
    assert_eq!(log.entries(), 0);
}

#[test]
fn the_same_signature_twice() {
    let case = Case::new(1);
    // The signatures of such a key are always the same.
    case.sandbox.copy("keys/rsa2048.key", "rsa.key");
    case.sandbox.copy("keys/rsa2048.pub", "rsa.pub");
    let sign = |more: &[&str]| {
        case.sandbox.cosign([&["sign-blob", "--yes", "--key", "rsa.key", "--bundle", "bundle.json"], CONFIG, more, &["file"]].concat())
    };
    sign(&[]).run().exits(0);
    sign(&[]).run().exits(0);
    verify_blob(&case.sandbox, &["--key", "rsa.pub"]).run().exits(0);
    assert_eq!(case.world().rekor_v1.entries(), 1);
    case.sandbox.write("config.json", case.services.signing_config(2));
    sign(&[]).run().exits(0);
    sign(&[]).run().fails(1).says("Rekor returned 409: ").says("the same signature is in the log at index 5").says("ECDSA");
}

#[test]
fn time_stamps_are_checked() {
    let case = Case::new(2);
    for (stamp, says) in [
        (Stamp::OtherNonce, "nonce"),
        (Stamp::NoNonce, "nonce"),
        (Stamp::OtherImprint, "hashed messages don't match"),
        (Stamp::UnknownAuthority, "is this authority in the trusted root?"),
        (Stamp::Rejected, "not today"),
        (Stamp::Garbage, "timestamp authority"),
        (Stamp::BrokenSignature, "timestamp authority"),
    ] {
        case.world().tsa.stamps(stamp);
        // Log and authority are asked side by side.
        case.refused(&["timestamp authority", says, "the transparency log has the signature already, at index "]);
    }
    case.world().tsa.stamps(Stamp::Right);
    case.works();
}

#[test]
fn a_timestamp_authority_refuses() {
    let case = Case::new(2);
    let authority = &case.world().tsa.service;
    for (status, body) in [(400, "bad request"), (500, "boom")] {
        authority.fail(Fault::Answer(status, body.to_owned()));
        case.refused(&[&format!("timestamp authority returned {status}: {body}")]);
        authority.heal();
    }
    authority.fail(Fault::Drop);
    case.refused(&["timestamp authority: "]);
}

#[test]
fn clocks_that_differ_do_not_matter() {
    for seconds in [-3600, -240, 240, 3600] {
        let case = Case::new(1);
        case.world().clock.skew(seconds);
        case.sandbox.write("token", case.services.token(""));
        case.works();
        case.sandbox.write("config.json", case.services.signing_config(2));
        case.works();
    }
}

#[test]
fn a_run_over_images_says_what_was_written() {
    let case = Case::new(2);
    let registry = TestRegistry::start(Behaviour::default());
    let images = ["v1", "v2", "multi"].map(|tag| registry.image(tag));
    let sign = || {
        let images = images.iter().map(String::as_str).collect::<Vec<_>>();
        case.sandbox.cosign([&["sign", "--yes", "--identity-token", "token"], CONFIG, &images].concat())
    };
    case.world().rekor_v2.service.fail_after(1, Fault::Answer(500, "boom".to_owned()));
    let outcome = sign().run().fails(1).says("Rekor returned 500: boom");
    let digest = crate::support::images::digest("v1");
    outcome.says(&format!("Signatures of these were stored before the failure: {}/app@{digest}\n", registry.host()));
    let verify = |image: &str| case.sandbox.cosign([&["verify"], &case.services.who()[..], &[image]].concat());
    verify(&images[0]).run().exits(0);
    verify(&images[1]).run().fails(10);
}

/// The log has taken it, and then there is no place for it.
#[test]
fn a_signature_that_cannot_be_stored_says_where_it_is_logged() {
    let case = Case::new(2);
    let told = "The transparency log has the signature already, at index ";
    let nowhere = ["sign-blob", "--yes", "--identity-token", "token", "--bundle", "nowhere/bundle.json", "file"];
    case.sandbox.cosign(nowhere).run().fails(1).says(told).says("nowhere/bundle.json");
    case.sandbox.write("predicate.json", "{}");
    for output in ["--bundle", "--output-signature"] {
        let attest = ["attest-blob", "--yes", "--identity-token", "token", "--predicate", "predicate.json", output, "nowhere/file", "file"];
        case.sandbox.cosign(attest).run().fails(1).says(told).says("nowhere/file");
    }
    let registry = TestRegistry::start(Behaviour::default());
    let image = registry.image("v1");
    registry.inject(crate::support::registry::Fault::on("PUT", "/manifests/", Effect::status(403, "DENIED")));
    let by_hand = [&[OLD_FORM], &case.services.by_hand()[..]].concat();
    for form in [CONFIG, &by_hand] {
        let token = ["--yes", "--identity-token", "token"];
        case.sandbox.cosign([&["sign"], &token[..], form, &[&image]].concat()).run().fails(1).says(told).says("DENIED");
        let predicate = ["--predicate", "predicate.json", &image];
        case.sandbox.cosign([&["attest"], &token[..], form, &predicate].concat()).run().fails(1).says(told).says("DENIED");
    }
}

#[test]
fn an_online_look_up_tells_of_the_log() {
    let case = Case::new(1);
    let outputs = ["--output-signature", "sig", "--output-certificate", "cert", OLD_FORM];
    sign_blob(&case.sandbox, &[&outputs[..], &case.services.by_hand()].concat()).run().exits(0);
    let detached = ["--signature", "sig", "--certificate", "cert", "--rekor-url", &case.services.rekor];
    let verify = || case.sandbox.cosign([&["verify-blob"], &case.services.who()[..], &detached, &["file"]].concat());
    let log = &case.world().rekor_v1;
    log.service.fail(Fault::Answer(500, "boom".to_owned()));
    verify().run().fails(1).says("Rekor returned 500: boom");
    log.service.heal();
    log.answers(Answer::OtherLog);
    verify().run().fails(1);
    log.answers(Answer::Right);
    verify().run().exits(0);
}
