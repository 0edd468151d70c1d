use super::micro_server::{MicroServer, Seen, ok, tag};
use super::*;
use crate::secret::IdToken;

const SECRETS: [&str; 4] = ["hunter2", "tok3n-abc", "r3fresh", "s1gned"];

#[tokio::test]
async fn a_bearer_token_is_fetched_once_and_nothing_secret_is_traced() {
    let manifest = br#"{"schemaVersion":2}"#;
    let server = MicroServer::start(|seen: &Seen| {
        if seen.path.starts_with("/token") {
            return ok("application/json", br#"{"token":"tok3n-abc"}"#);
        }
        if seen.header("authorization") != Some("Bearer tok3n-abc") {
            let realm =
                format!("Bearer realm=\"http://{}/token\",service=\"s\",scope=\"repository:a/b:pull\"", seen.header("host").unwrap());
            return (401, vec![("Www-Authenticate", realm)], Vec::new());
        }
        ok(media_type::OCI_MANIFEST, br#"{"schemaVersion":2}"#)
    })
    .await;
    let (context, heard) = context_with(&[]);
    let options =
        RegistryOptions { username: Some("alice".into()), password: Some(Password::new(*b"hunter2")), ..RegistryOptions::default() };
    let registries = Registries::new(options, context).unwrap();
    let name = RepositoryName::parse(&format!("{}/a/b", server.address)).unwrap();
    let repository = registries.repository(&name, Access::Push).unwrap();
    assert_eq!(repository.manifest(&tag("v1")).await.unwrap().bytes, manifest);
    repository.manifest(&tag("v2")).await.unwrap();
    let again = registries.repository(&name, Access::Pull).unwrap();
    again.manifest(&tag("v3")).await.unwrap();
    let expected = [
        "GET /v2/a/b/manifests/v1",
        "GET /token?scope=repository%3Aa%2Fb%3Apush%2Cpull&service=s",
        "GET /v2/a/b/manifests/v1",
        "GET /v2/a/b/manifests/v2",
        "GET /v2/a/b/manifests/v3",
    ];
    assert_eq!(server.requests(), expected);
    assert_eq!(server.log()[1].header("authorization"), Some("Basic YWxpY2U6aHVudGVyMg=="));
    let traced = heard.traces.lock().unwrap().join("\n");
    assert!(traced.contains("--> GET http://") && traced.contains("Authorization: <redacted>"));
    for secret in SECRETS.iter().chain(&["YWxpY2U6aHVudGVyMg"]) {
        assert!(!traced.contains(secret), "{secret} in {traced}");
    }
}

#[tokio::test]
async fn an_identity_token_is_exchanged_and_replaced() {
    let server = MicroServer::start(|seen: &Seen| {
        if seen.method == "POST" {
            return ok("application/json", br#"{"access_token":"tok3n-abc","refresh_token":"r3fresh"}"#);
        }
        match seen.header("authorization") {
            Some("Bearer tok3n-abc") => ok(media_type::OCI_MANIFEST, b"{}"),
            _ => (401, vec![("Www-Authenticate", format!("Bearer realm=\"http://{}/token\"", seen.header("host").unwrap()))], Vec::new()),
        }
    })
    .await;
    let config = format!(r#"{{"auths":{{"{}":{{"identitytoken":"hunter2"}}}}}}"#, server.address);
    let (context, heard) = context_with(&[("DOCKER_AUTH_CONFIG", &config)]);
    let registries = Registries::new(RegistryOptions::default(), context).unwrap();
    let name = RepositoryName::parse(&format!("{}/a/b", server.address)).unwrap();
    registries.repository(&name, Access::Pull).unwrap().manifest(&tag("v1")).await.unwrap();
    let form = String::from_utf8(server.log()[1].body.clone()).unwrap();
    let expected = "scope=repository%3Aa%2Fb%3Apull&client_id=go-containerregistry&grant_type=refresh_token&refresh_token=hunter2";
    assert_eq!(form, expected);
    let traced = heard.traces.lock().unwrap().join("\n");
    assert!(SECRETS.iter().all(|secret| !traced.contains(secret)), "{traced}");
}

#[tokio::test]
async fn a_registry_that_wants_more_scope_gets_it() {
    let server = MicroServer::start(|seen: &Seen| {
        if seen.path.starts_with("/token") {
            let token = if seen.path.contains("other") { "wide" } else { "narrow" };
            return ok("application/json", format!(r#"{{"token":"{token}"}}"#).as_bytes());
        }
        match seen.header("authorization") {
            Some("Bearer wide") => ok(media_type::OCI_MANIFEST, b"{}"),
            _ => {
                let realm = format!("Bearer realm=\"http://{}/token\",scope=\"repository:other:pull\"", seen.header("host").unwrap());
                (401, vec![("Www-Authenticate", realm)], Vec::new())
            }
        }
    })
    .await;
    repository(&format!("{}/a/b", server.address)).manifest(&tag("v1")).await.unwrap();
    assert_eq!(server.requests()[1], "GET /token?scope=repository%3Aother%3Apull&scope=repository%3Aa%2Fb%3Apush%2Cpull");
}

#[tokio::test]
async fn redirects_leave_the_credentials_behind() {
    let elsewhere = MicroServer::start(|_: &Seen| ok("application/octet-stream", b"blob")).await;
    let port = elsewhere.address.rsplit(':').next().unwrap().to_owned();
    let server = MicroServer::start(move |seen: &Seen| match seen.header("authorization") {
        None => (401, vec![("Www-Authenticate", "Basic realm=x".to_owned())], Vec::new()),
        Some(_) => (307, vec![("Location", format!("http://localhost:{port}/blob?X-Signature=s1gned"))], Vec::new()),
    })
    .await;
    let (context, heard) = context_with(&[]);
    let options =
        RegistryOptions { username: Some("alice".into()), password: Some(Password::new(*b"hunter2")), ..RegistryOptions::default() };
    let registries = Registries::new(options, context).unwrap();
    let repository = registries.repository(&RepositoryName::parse(&format!("{}/a/b", server.address)).unwrap(), Access::Pull).unwrap();
    assert_eq!(repository.blob(&Descriptor::of("x", b"blob"), 10).await.unwrap(), b"blob");
    assert_eq!(elsewhere.log()[0].header("authorization"), None);
    let traced = heard.traces.lock().unwrap().join("\n");
    assert!(SECRETS.iter().all(|secret| !traced.contains(secret)), "{traced}");
}

#[tokio::test]
async fn a_registry_token_is_sent_as_it_is() {
    let server = MicroServer::start(|seen: &Seen| match seen.header("authorization") {
        Some("Bearer tok3n-abc") => ok(media_type::OCI_MANIFEST, b"{}"),
        _ => (401, vec![("Www-Authenticate", "Bearer realm=\"https://auth.example/\"".to_owned())], Vec::new()),
    })
    .await;
    let options = RegistryOptions { token: Some(IdToken::new("tok3n-abc")), ..RegistryOptions::default() };
    let registries = Registries::new(options, context_with(&[]).0).unwrap();
    let name = RepositoryName::parse(&format!("{}/a/b", server.address)).unwrap();
    registries.repository(&name, Access::Pull).unwrap().manifest(&tag("v1")).await.unwrap();
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_proxy_is_used_for_other_machines_and_its_password_is_not_shown() {
    let proxy = MicroServer::start(|_: &Seen| ok(media_type::OCI_MANIFEST, b"{}")).await;
    let url = format!("http://me:hunter2@{}", proxy.address);
    let (context, heard) = context_with(&[("HTTP_PROXY", &url), ("NO_PROXY", "direct.invalid")]);
    let options = RegistryOptions { insecure_allow_http: true, ..RegistryOptions::default() };
    let registries = Registries::new(options, context).unwrap();
    let ask = async |name: &str| {
        let repository = registries.repository(&RepositoryName::parse(name).unwrap(), Access::Pull).unwrap();
        repository.manifest(&tag("v1")).await
    };
    ask("registry.invalid/a/b").await.unwrap();
    assert_eq!(proxy.requests(), ["GET http://registry.invalid/v2/a/b/manifests/v1"]);
    assert_eq!(proxy.log()[0].header("proxy-authorization"), Some("Basic bWU6aHVudGVyMg=="));
    ask("direct.invalid/a/b").await.unwrap_err();
    assert_eq!(proxy.requests().len(), 1);
    let traced = heard.traces.lock().unwrap().join("\n");
    assert!(!traced.contains("hunter2") && !traced.contains("bWU6aHVudGVyMg"), "{traced}");
}

#[tokio::test]
async fn a_server_that_repeats_the_password_does_not_get_it_shown() {
    let server = MicroServer::start(|seen: &Seen| match seen.header("authorization") {
        None => (401, vec![("Www-Authenticate", "Basic realm=x".to_owned())], Vec::new()),
        Some(sent) => (403, Vec::new(), format!("not {sent}, not hunter2").into_bytes()),
    })
    .await;
    let (context, heard) = context_with(&[]);
    let options =
        RegistryOptions { username: Some("alice".into()), password: Some(Password::new(*b"hunter2")), ..RegistryOptions::default() };
    let registries = Registries::new(options, context).unwrap();
    let repository = registries.repository(&RepositoryName::parse(&format!("{}/a/b", server.address)).unwrap(), Access::Pull).unwrap();
    let error = repository.manifest(&tag("v1")).await.unwrap_err();
    assert!(error.is_forbidden() && error.to_string().ends_with(": not Basic <redacted>, not <redacted>"), "{error}");
    let traced = heard.traces.lock().unwrap().join("\n");
    assert!(!traced.contains("hunter2") && !traced.contains("YWxpY2U6aHVudGVyMg"), "{traced}");
}

#[tokio::test]
async fn forty_repositories_are_read_at_once_with_one_token_each() {
    let server = MicroServer::start(|seen: &Seen| {
        if seen.path.starts_with("/token") {
            return ok("application/json", br#"{"token":"tok3n-abc"}"#);
        }
        match seen.header("authorization") {
            Some(_) => ok(media_type::OCI_MANIFEST, b"{}"),
            None => {
                (401, vec![("Www-Authenticate", format!("Bearer realm=\"http://{}/token\"", seen.header("host").unwrap()))], Vec::new())
            }
        }
    })
    .await;
    let registries = Registries::new(RegistryOptions::default(), context_with(&[]).0).unwrap();
    let readers: Vec<_> = (0..80)
        .map(|number| {
            let name = RepositoryName::parse(&format!("{}/a/b{}", server.address, number % 40)).unwrap();
            let repository = registries.repository(&name, Access::Pull).unwrap();
            tokio::spawn(async move { repository.manifest(&tag("v1")).await.unwrap() })
        })
        .collect();
    for reader in readers {
        reader.await.unwrap();
    }
    let tokens = server.requests().iter().filter(|request| request.contains("/token")).count();
    assert_eq!(tokens, 40);
}
