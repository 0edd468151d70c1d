//! `--k8s-keychain`. The clouds here are fakes: servers of this process behind a proxy that answers for their names. `ministack` (PyPI), where it is
//! installed, is the second opinion for ECR; it is not part of the set-up of `.ci/run`.

use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use tempfile::TempDir;

use crate::support::http_server::{Request, Response, Server};
use crate::support::pki::{self, Issued};
use crate::support::proxy::Proxy;
use crate::support::registry::behaviour::{Authentication, PASSWORD, USER};
use crate::support::registry::{Behaviour, TestRegistry};
use crate::support::sandbox::{Call, Sandbox};

const ECR: &str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
const GOOGLE: &str = "europe-docker.pkg.dev";
const ACR: &str = "mine.azurecr.io";
const ALIBABA: &str = "mine-registry.cn-beijing.cr.aliyuncs.com";
const CLOUD_HOSTS: [&str; 6] = [
    "api.ecr.eu-west-1.amazonaws.com",
    "sts.eu-west-1.amazonaws.com",
    "oauth2.googleapis.com",
    "login.microsoftonline.com",
    "cr.cn-beijing.aliyuncs.com",
    "sts.googleapis.com",
];

/// A registry under a name of a cloud's, and the fake cloud.
struct World {
    directory: TempDir,
    ca: Issued,
    registry: TestRegistry,
    cloud: Cloud,
    proxy: Proxy,
    sandbox: Sandbox,
    image: String,
}

/// A server that plays a cloud: over TLS, and on a second port without, as metadata services are.
struct Cloud {
    secure: Server,
    plain: Server,
    log: Arc<Mutex<Vec<Request>>>,
}

impl Cloud {
    fn start(issued: &Issued) -> Self {
        let log = Arc::new(Mutex::new(Vec::new()));
        let seen = log.clone();
        let handler = Arc::new(move |request: &Request| {
            seen.lock().unwrap().push(request.clone());
            answer(request)
        });
        let secure = Server::start(Some(pki::server_config(issued)), handler.clone());
        Self { secure, plain: Server::start(None, handler), log }
    }

    fn asked(&self) -> Vec<Request> {
        self.log.lock().unwrap().clone()
    }
}

/// What the fakes know: every credential leads to [`PASSWORD`].
fn answer(request: &Request) -> Response {
    let body = String::from_utf8_lossy(&request.body).into_owned();
    let json = |value: serde_json::Value| Response::new(200, value.to_string()).with("Content-Type", "application/json");
    let signed = request.header("authorization").unwrap_or("");
    let temporary = json!({"AccessKeyId": "AKIDTEMP", "SecretAccessKey": "temporary-secret", "Token": "session-token"});
    let host = request.header("host").unwrap_or("");
    match (host, request.path()) {
        ("api.ecr.eu-west-1.amazonaws.com", "/") if signed.starts_with("AWS4-HMAC-SHA256 Credential=AKID") => {
            let token = STANDARD.encode(format!("{USER}:{PASSWORD}"));
            json(json!({"authorizationData": [{"authorizationToken": token, "proxyEndpoint": format!("https://{ECR}")}]}))
        }
        ("sts.eu-west-1.amazonaws.com", "/") if body.contains("WebIdentityToken=the-identity") || signed.contains("Credential=AKID") => {
            Response::new(
                200,
                "<R><Credentials><AccessKeyId>AKIDTEMP</AccessKeyId><SecretAccessKey>temporary-secret</SecretAccessKey><SessionToken>session-token</SessionToken></Credentials></R>",
            )
        }
        (_, "/v2/credentials/task") if signed == "task-token" => json(temporary),
        (_, "/latest/api/token") if request.method == "PUT" => Response::new(200, "imds-token"),
        (_, "/latest/meta-data/iam/security-credentials/") if request.header("x-aws-ec2-metadata-token") == Some("imds-token") => {
            Response::new(200, "node-role")
        }
        (_, "/latest/meta-data/iam/security-credentials/node-role") => json(temporary),
        ("oauth2.googleapis.com", "/token") if body.contains("assertion=") || body.contains("refresh_token=") => {
            json(json!({"access_token": PASSWORD, "expires_in": 3599}))
        }
        ("sts.googleapis.com", "/v1/token") if body.contains("subject_token=the-identity") => json(json!({"access_token": PASSWORD})),
        (_, "/computeMetadata/v1/instance/service-accounts/default/token") if request.header("metadata-flavor") == Some("Google") => {
            json(json!({"access_token": PASSWORD}))
        }
        ("login.microsoftonline.com", "/the-tenant/oauth2/token")
            if body.contains("client_secret=client-secret") || body.contains("client_assertion=the-identity") =>
        {
            json(json!({"access_token": "entra-token"}))
        }
        (_, "/msi/token") if request.header("x-identity-header") == Some("identity-secret") => json(json!({"access_token": "entra-token"})),
        (ACR, "/oauth2/exchange") if body.contains("access_token=entra-token") => json(json!({"refresh_token": PASSWORD})),
        ("cr.cn-beijing.aliyuncs.com", "/") if signed.starts_with("ACS3-HMAC-SHA256 Credential=LTAI") => {
            match request.header("x-acs-action") {
                Some("ListInstance") => json(json!({"Instances": [{"InstanceId": "cri-1", "InstanceName": "mine"}], "IsSuccess": true})),
                _ if request.query("InstanceId").as_deref() == Some("cri-1") => {
                    json(json!({"TempUsername": USER, "AuthorizationToken": PASSWORD, "IsSuccess": true}))
                }
                _ => Response::new(400, "{}"),
            }
        }
        _ => Response::new(403, format!("the fake cloud does not know {} {host}{}", request.method, request.target)),
    }
}

fn world(name: &'static str, user: &'static str) -> Option<World> {
    let directory = TempDir::new().unwrap();
    let ca = pki::self_signed(directory.path(), "ca", "DNS:ca.test")?;
    let names: Vec<String> = CLOUD_HOSTS.iter().chain([&name]).map(|host| format!("DNS:{host}")).collect();
    let server = pki::issued_by(&ca, directory.path(), "server", &names.join(","))?;
    let authentication = if name == ACR { Authentication::Bearer } else { Authentication::Basic };
    let behaviour = Behaviour::default().with(|b| {
        b.authentication = authentication;
        b.public_name = Some(name);
        b.user = user;
    });
    let registry = TestRegistry::start_with(behaviour, Some(pki::server_config(&server)));
    let cloud = Cloud::start(&server);
    let (registry_host, cloud_host) = (registry.host(), cloud.secure.host());
    let routes: Vec<(&str, &str)> =
        CLOUD_HOSTS.iter().map(|host| (*host, cloud_host.as_str())).chain([(name, registry_host.as_str())]).collect();
    let proxy = Proxy::start(&routes, None);
    Some(World { directory, ca, registry, cloud, proxy, sandbox: Sandbox::new(), image: format!("{name}/app:v1") })
}

impl World {
    fn reaching(&self, call: Call) -> Call {
        let call = call.env("HTTPS_PROXY", self.proxy.url()).env("SSL_CERT_FILE", &self.ca.certificate);
        call.env("SSL_CERT_DIR", self.directory.path())
    }

    /// Signs and verifies with the keychain; without it the registry refuses.
    #[track_caller]
    fn works(&self, prepare: impl Fn(Call) -> Call) {
        let call = |call: Call| prepare(self.reaching(call));
        call(self.sandbox.sign(&[&self.image])).run().fails(1).says("UNAUTHORIZED");
        let signed = call(self.sandbox.sign(&["-d", "--k8s-keychain", &self.image])).run().exits(0);
        let secrets =
            [PASSWORD, "temporary-secret", "session-token", "client-secret", "entra-token", "the-identity", "the-secret", "imds-token"];
        secrets.iter().fold(signed, |signed, secret| signed.does_not_say(secret));
        call(self.sandbox.verify(&["--k8s-keychain", &self.image])).run().exits(0);
    }
}

fn aws_keys(call: Call) -> Call {
    call.env("AWS_ACCESS_KEY_ID", "AKIDENV").env("AWS_SECRET_ACCESS_KEY", "the-secret")
}

#[test]
fn ecr_by_keys_in_the_environment() {
    let Some(world) = world(ECR, USER) else { return };
    world.works(aws_keys);
    let asked = world.cloud.asked();
    assert_eq!(asked.len(), 2, "once a command");
    assert_eq!(asked[0].header("x-amz-target"), Some("AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"));
    assert_eq!(asked[0].body, br#"{"registryIds":["123456789012"]}"#);
    assert!(asked[0].header("authorization").unwrap().contains("/eu-west-1/ecr/aws4_request"));
}

#[test]
fn ecr_by_profiles_and_roles() {
    let Some(world) = world(ECR, USER) else { return };
    std::fs::create_dir(world.sandbox.path("home/.aws")).unwrap();
    world.sandbox.write("home/.aws/credentials", "[default]\naws_access_key_id = AKIDFILE\naws_secret_access_key = the-secret\n");
    world.works(|call| call);
    world.sandbox.write("home/.aws/config", "[profile ci]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = default\n");
    world.works(|call| call.env("AWS_PROFILE", "ci"));
    assert!(world.cloud.asked().last().unwrap().header("authorization").unwrap().contains("Credential=AKIDTEMP/"));
    assert_eq!(world.cloud.asked().last().unwrap().header("x-amz-security-token"), Some("session-token"));
    let absent = world.sandbox.sign(&["--k8s-keychain", &world.image]).env("AWS_PROFILE", "absent");
    world.reaching(absent).run().fails(1).says("there is no profile absent");
}

#[test]
fn ecr_by_a_web_identity() {
    let Some(world) = world(ECR, USER) else { return };
    world.sandbox.write("token", "the-identity\n");
    let file = world.sandbox.path("token");
    world.works(|call| call.env("AWS_WEB_IDENTITY_TOKEN_FILE", &file).env("AWS_ROLE_ARN", "arn:aws:iam::1:role/r"));
}

#[test]
fn ecr_by_the_container_and_by_the_machine() {
    let Some(world) = world(ECR, USER) else { return };
    let base = format!("http://{}", world.cloud.plain.host());
    world.works(|call| {
        call.env("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("{base}/v2/credentials/task"))
            .env("AWS_CONTAINER_AUTHORIZATION_TOKEN", "task-token")
    });
    world.works(|call| call.env("AWS_EC2_METADATA_SERVICE_ENDPOINT", &base));
    // Another machine is not told the token over plain http.
    let elsewhere = world.sandbox.sign(&["--k8s-keychain", &world.image]);
    let elsewhere =
        elsewhere.env("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://evil.example/").env("AWS_CONTAINER_AUTHORIZATION_TOKEN", "t");
    world.reaching(elsewhere).run().fails(1).says("plain http");
}

#[test]
fn google_by_a_service_account_by_the_machine_and_by_gcloud() {
    let Some(world) = world(GOOGLE, "_token") else { return };
    world.sandbox.copy("keys/raw-rsa2048-pkcs8.pem", "key.pem");
    let account =
        json!({"type": "service_account", "client_email": "me@p", "private_key_id": "k", "private_key": world.sandbox.read("key.pem")});
    world.sandbox.write("account.json", account.to_string());
    let file = world.sandbox.path("account.json");
    world.works(|call| call.env("GOOGLE_APPLICATION_CREDENTIALS", &file));
    let metadata = world.cloud.plain.host();
    world.works(|call| call.env("GCE_METADATA_HOST", &metadata));
    std::fs::create_dir(world.sandbox.path("bin")).unwrap();
    world.sandbox.write("bin/gcloud", format!("#!/bin/sh\necho '{{\"credential\": {{\"access_token\": \"{PASSWORD}\"}}}}'\n"));
    std::fs::set_permissions(world.sandbox.path("bin/gcloud"), PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", world.sandbox.path("bin").display(), std::env::var("PATH").unwrap());
    world.works(|call| call.env("PATH", &path).env("GCE_METADATA_HOST", "127.0.0.1:9"));
}

#[test]
fn google_by_a_user_and_by_a_workload_identity() {
    let Some(world) = world(GOOGLE, "_token") else { return };
    std::fs::create_dir_all(world.sandbox.path("home/.config/gcloud")).unwrap();
    let user = json!({"type": "authorized_user", "client_id": "c", "client_secret": "client-secret", "refresh_token": "the-identity"});
    world.sandbox.write("home/.config/gcloud/application_default_credentials.json", user.to_string());
    world.works(|call| call);
    world.sandbox.write("token", "the-identity");
    let federated = json!({
        "type": "external_account", "audience": "//iam.googleapis.com/x", "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": "https://sts.googleapis.com/v1/token", "credential_source": {"file": world.sandbox.path("token")},
    });
    world.sandbox.write("federated.json", federated.to_string());
    let file = world.sandbox.path("federated.json");
    world.works(|call| call.env("GOOGLE_APPLICATION_CREDENTIALS", &file));
}

/// The registry itself exchanges the token, so it plays that part too.
fn acr() -> Option<World> {
    use crate::support::registry::{Effect, Fault};
    let world = world(ACR, USER)?;
    let exchange = Response::new(200, json!({"refresh_token": PASSWORD}).to_string()).with("Content-Type", "application/json");
    world.registry.inject(Fault::on("POST", "/oauth2/exchange", Effect::Answer(exchange)));
    Some(world)
}

#[test]
fn azure_by_a_service_principal_a_federated_token_and_the_machine() {
    let Some(world) = acr() else { return };
    let principal = |call: Call| call.env("AZURE_TENANT_ID", "the-tenant").env("AZURE_CLIENT_ID", "the-client");
    world.works(|call| principal(call).env("AZURE_CLIENT_SECRET", "client-secret"));
    assert_eq!(world.registry.count("POST", "/oauth2/exchange"), 2, "once a command");
    assert_eq!(world.registry.count("POST", "/token"), 2, "with the refresh token");
    world.sandbox.write("token", "the-identity");
    let file = world.sandbox.path("token");
    world.works(|call| principal(call).env("AZURE_FEDERATED_TOKEN_FILE", &file));
    let endpoint = format!("http://{}/msi/token", world.cloud.plain.host());
    world.works(|call| call.env("IDENTITY_ENDPOINT", &endpoint).env("IDENTITY_HEADER", "identity-secret"));
}

#[test]
fn alibaba_by_keys() {
    let Some(world) = world(ALIBABA, USER) else { return };
    world.works(|call| call.env("ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAIx").env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "the-secret"));
}

#[test]
fn github_by_its_token() {
    let Some(world) = world("ghcr.io", USER) else { return };
    world.works(|call| call.env("GITHUB_TOKEN", PASSWORD).env("GITHUB_ACTOR", USER));
}

#[test]
fn dockers_config_comes_first_and_flags_do_not_count() {
    let Some(world) = world(ECR, USER) else { return };
    std::fs::create_dir(world.sandbox.path("home/.docker")).unwrap();
    let auth = STANDARD.encode(format!("{USER}:{PASSWORD}"));
    world.sandbox.write("home/.docker/config.json", json!({"auths": {ECR: {"auth": auth}}}).to_string());
    let wrong = ["--k8s-keychain", "--registry-username", "x", "--registry-password", "wrong", &world.image];
    world.reaching(aws_keys(world.sandbox.sign(&wrong))).run().exits(0);
    assert_eq!(world.cloud.asked().len(), 0);
}

#[test]
fn a_cloud_that_fails_is_said_and_what_is_public_is_read_without() {
    let Some(world) = world(ECR, USER) else { return };
    let refused = world.sandbox.sign(&["--k8s-keychain", &world.image]).env("AWS_EC2_METADATA_DISABLED", "true");
    world.reaching(refused).run().fails(1).says("WARNING: no credentials for").says("UNAUTHORIZED");
    let other = TestRegistry::start(Behaviour::default());
    world.sandbox.sign(&["--k8s-keychain", &other.image("v1")]).run().exits(0).does_not_say("no credentials");
}

mod ministack {
    //! Somebody else's AWS, in a process.

    use std::net::{TcpListener, TcpStream};
    use std::process::{Child, Command, Stdio};
    use std::time::Duration;

    use super::{ECR, world};
    use crate::support::registry::behaviour::USER;
    use crate::support::skipped;

    struct Running(Child);

    impl Drop for Running {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    fn start() -> Option<(Running, String)> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
        let mut command = Command::new("ministack");
        command.env("BIND_HOST", "127.0.0.1").env("GATEWAY_PORT", &port).env("SERVICES", "sts,ecr").env("IOT_MTLS_ENABLED", "0");
        let Ok(child) = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn() else {
            skipped("ministack is missing (pip install ministack)");
            return None;
        };
        let running = Running(child);
        let host = format!("127.0.0.1:{port}");
        for _ in 0..400 {
            if TcpStream::connect(&host).is_ok() {
                return Some((running, host));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        skipped("ministack does not start");
        None
    }

    #[test]
    fn ecr_gives_a_password() {
        let Some((_running, host)) = start() else { return };
        let Some(world) = world(ECR, USER) else { return };
        let call = super::aws_keys(world.sandbox.sign(&["--k8s-keychain", &world.image])).env("AWS_ENDPOINT_URL", format!("http://{host}"));
        // The registry here does not know the password that ministack made up; it saw one.
        world.reaching(call).run().fails(1).does_not_say("no credentials for");
        assert!(world.registry.all_requests().iter().any(|request| request.authentication.as_deref() == Some("Basic")));
    }
}
