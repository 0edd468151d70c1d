//! Encrypted private keys as the Go program stores them (`go-securesystemslib/encrypted`): PEM around JSON around
//! PKCS#8, sealed with NaCl's secret box under a key that scrypt makes of the password.

use std::io;

use crypto_secretbox::aead::{Aead, KeyInit};
use crypto_secretbox::{Key, Nonce, XSalsa20Poly1305};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use super::PrivateKey;
use super::private_key::MalformedKey;
use crate::ambient::Rng;
use crate::encoding::{base64, go_json, pem, text};
use crate::secret::{Password, PrivateKeyPem};

/// The label of new keys.
const LABEL: &str = "ENCRYPTED SIGSTORE PRIVATE KEY";
/// The label that the Go program wrote before version 2.
const OLD_LABEL: &str = "ENCRYPTED COSIGN PRIVATE KEY";
const SALT_LEN: usize = 32;
const NONCE_LEN: usize = 24;

/// Why an encrypted private key cannot be opened. The texts, joined with those of their sources, are the Go program's.
#[derive(Debug, thiserror::Error)]
pub enum EncryptedPemError {
    /// There is no whole PEM block.
    #[error("invalid pem block")]
    NoPem,
    /// A PEM block of another kind; its label, quoted, and what to do about it.
    #[error("unsupported pem type: {label}{advice}")]
    Label {
        /// The label, quoted.
        label: String,
        /// What to do about it; may be empty.
        advice: &'static str,
    },
    /// The content cannot be decrypted.
    #[error("decrypt")]
    Decrypt(#[source] DecryptError),
    /// What was decrypted is no private key.
    #[error("parsing private key")]
    Key(#[source] MalformedKey),
}

/// Why the content of the PEM block cannot be decrypted.
#[derive(Debug, thiserror::Error)]
pub enum DecryptError {
    /// No JSON, or not of this shape.
    #[error("encrypted: the JSON is malformed: {0}")]
    Json(String),
    /// Another key derivation than scrypt; its name, quoted.
    #[error("encrypted: unknown kdf name \"{0}\"")]
    Kdf(String),
    /// Another cipher than NaCl's secret box; its name, quoted.
    #[error("encrypted: unknown cipher name \"{0}\"")]
    Cipher(String),
    /// Parameters that no program writes: they could make scrypt take hours or all memory.
    #[error("unsupported scrypt parameters (N = {n}, r = {r}, p = {p})")]
    Parameters {
        /// The cost.
        n: i64,
        /// The block size.
        r: i64,
        /// The parallelism.
        p: i64,
    },
    /// A nonce of another length than 24 bytes.
    #[error("encrypted: incorrect nonce size")]
    Nonce,
    /// A wrong password, or changed content: the two cannot be told apart.
    #[error("encrypted: decryption failed")]
    Failed,
}

/// An encrypted private key that was read but not opened.
pub struct EncryptedKey {
    data: Data,
    log_n: u8,
}

/// What is inside the PEM block. Unknown members are ignored, as in Go, and missing ones are empty.
#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct Data {
    kdf: Kdf,
    cipher: Cipher,
    ciphertext: Bytes,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct Kdf {
    name: String,
    params: Params,
    salt: Bytes,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct Params {
    #[serde(rename = "N")]
    n: i64,
    r: i64,
    p: i64,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct Cipher {
    name: String,
    nonce: Bytes,
}

#[derive(Default)]
struct Bytes(Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&base64::encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?.unwrap_or_default();
        base64::decode_lenient(text).map(Self).map_err(serde::de::Error::custom)
    }
}

impl EncryptedKey {
    /// Reads the first PEM block: `ENCRYPTED SIGSTORE PRIVATE KEY` or `ENCRYPTED COSIGN PRIVATE KEY`. All that can be wrong
    /// without a password is found here.
    ///
    /// # Errors
    /// [`EncryptedPemError`].
    pub fn from_pem(pem: &PrivateKeyPem) -> Result<Self, EncryptedPemError> {
        let (block, _) = pem::first(pem.expose()).ok_or(EncryptedPemError::NoPem)?;
        let bytes = Zeroizing::new(block.bytes);
        if block.label != LABEL && block.label != OLD_LABEL {
            return Err(EncryptedPemError::Label { advice: advice(&block.label), label: text::quote(&block.label) });
        }
        Self::from_json(&bytes).map_err(EncryptedPemError::Decrypt)
    }

    /// Opens the key. Tries the password as given, then without its trailing newline, then with one: pipes add them and
    /// keys were made with and without. Each costs one scrypt, and only a failure leads to the next.
    ///
    /// # Errors
    /// [`EncryptedPemError::Decrypt`] with [`DecryptError::Failed`] when none fits, [`EncryptedPemError::Key`].
    pub fn open(&self, password: &Password) -> Result<PrivateKey, EncryptedPemError> {
        let der = variants(password.expose()).iter().find_map(|variant| self.decrypt(variant));
        let der = der.ok_or(EncryptedPemError::Decrypt(DecryptError::Failed))?;
        PrivateKey::from_pkcs8_der(&der).map_err(EncryptedPemError::Key)
    }

    fn from_json(bytes: &[u8]) -> Result<Self, DecryptError> {
        // Go reads bytes that are no UTF-8 as replacement characters.
        let data: Data =
            serde_json::from_str(&String::from_utf8_lossy(bytes)).map_err(|error| DecryptError::Json(text::quote(&error.to_string())))?;
        if data.kdf.name != "scrypt" {
            return Err(DecryptError::Kdf(text::quote(&data.kdf.name)));
        }
        if data.cipher.name != "nacl/secretbox" {
            return Err(DecryptError::Cipher(text::quote(&data.cipher.name)));
        }
        // The three sets that programs write, as in Go. The largest takes 128 MiB and half a second.
        let log_n = match data.kdf.params {
            Params { n: 0x8000, r: 8, p: 1 } => 15,
            Params { n: 0x1_0000, r: 8, p: 1 } => 16,
            Params { n: 0x2_0000, r: 8, p: 1 } => 17,
            Params { n, r, p } => return Err(DecryptError::Parameters { n, r, p }),
        };
        if data.cipher.nonce.0.len() != NONCE_LEN {
            return Err(DecryptError::Nonce);
        }
        Ok(Self { data, log_n })
    }

    fn decrypt(&self, password: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let cipher = secret_box(password, &self.data.kdf.salt.0, self.log_n)?;
        let nonce = Nonce::from_slice(&self.data.cipher.nonce.0);
        cipher.decrypt(nonce, self.data.ciphertext.0.as_slice()).ok().map(Zeroizing::new)
    }
}

/// Encrypts a private key as the Go program does: scrypt with N = 2¹⁶, r = 8, p = 1, the label
/// `ENCRYPTED SIGSTORE PRIVATE KEY`. The password counts exactly as given, newlines included.
///
/// # Errors
/// The system has no randomness to give.
pub fn seal(key: &PrivateKey, password: &Password, rng: &dyn Rng) -> io::Result<PrivateKeyPem> {
    let failed = || io::Error::other("the cryptographic library failed to encrypt the key");
    let (mut salt, mut nonce) = (vec![0; SALT_LEN], vec![0; NONCE_LEN]);
    rng.fill(&mut salt)?;
    rng.fill(&mut nonce)?;
    let cipher = secret_box(password.expose(), &salt, 16).ok_or_else(failed)?;
    let ciphertext = cipher.encrypt(Nonce::from_slice(&nonce), key.to_pkcs8_der().as_slice()).map_err(|_| failed())?;
    let data = Data {
        kdf: Kdf { name: "scrypt".to_owned(), params: Params { n: 0x1_0000, r: 8, p: 1 }, salt: Bytes(salt) },
        cipher: Cipher { name: "nacl/secretbox".to_owned(), nonce: Bytes(nonce) },
        ciphertext: Bytes(ciphertext),
    };
    Ok(PrivateKeyPem::new(pem::encode(LABEL, &go_json::to_vec(&data)?)))
}

/// Whether the first PEM block is an encrypted key of either label.
pub fn is_encrypted(pem: &[u8]) -> bool {
    pem::first(pem).is_some_and(|(block, _)| block.label == LABEL || block.label == OLD_LABEL)
}

fn advice(label: &str) -> &'static str {
    match label {
        "EC PRIVATE KEY" | "RSA PRIVATE KEY" | "PRIVATE KEY" => " (import it with: cosign import-key-pair --key KEY)",
        "ENCRYPTED PRIVATE KEY" => {
            " (decrypt it with: openssl pkey -in KEY -out PLAIN; then import it with: cosign import-key-pair --key PLAIN)"
        }
        "PUBLIC KEY" => " (this is a public key, and a private one is needed)",
        _ => "",
    }
}

fn secret_box(password: &[u8], salt: &[u8], log_n: u8) -> Option<XSalsa20Poly1305> {
    let parameters = scrypt::Params::new(log_n, 8, 1).ok()?;
    let mut key = Zeroizing::new([0; 32]);
    scrypt::scrypt(password, salt, &parameters, key.as_mut_slice()).ok()?;
    Some(XSalsa20Poly1305::new(Key::from_slice(key.as_slice())))
}

/// The password as given, without its trailing newline, and with one; each once.
fn variants(password: &[u8]) -> Vec<Zeroizing<Vec<u8>>> {
    let bare = password.strip_suffix(b"\n").map_or(password, |line| line.strip_suffix(b"\r").unwrap_or(line));
    let mut all = vec![Zeroizing::new(password.to_vec())];
    for variant in [bare.to_vec(), [bare, b"\n"].concat()].map(Zeroizing::new) {
        if !all.contains(&variant) {
            all.push(variant);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::error::Error;

    use proptest::prelude::*;

    use super::*;
    use crate::ambient::fake::{Fake, testdata};

    fn read(name: &str) -> Result<EncryptedKey, EncryptedPemError> {
        EncryptedKey::from_pem(&PrivateKeyPem::new(testdata(&format!("keys/{name}"))))
    }

    fn chain(error: &EncryptedPemError) -> String {
        error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
    }

    fn opens(name: &str, password: &str) -> String {
        match read(name).and_then(|key| key.open(&Password::new(password.as_bytes()))) {
            Ok(key) => key.public().to_pem(),
            Err(error) => chain(&error),
        }
    }

    fn public(name: &str) -> String {
        String::from_utf8(testdata(&format!("keys/{name}"))).unwrap()
    }

    #[test]
    fn keys_of_the_go_program_open() {
        for kind in ["cosign", "p384", "p521", "ed25519", "rsa2048"] {
            assert_eq!(opens(&format!("{kind}.key"), "pw"), public(&format!("{kind}.pub")));
        }
        assert_eq!(opens("oldheader.key", "pw"), public("cosign.pub"));
        assert_eq!(opens("rewritten.key", "pw"), public("cosign.pub"));
        assert_eq!(opens("nopass.key", ""), public("nopass.pub"));
    }

    #[test]
    fn inside_is_pkcs8_as_the_go_program_writes_it() {
        for kind in ["p384", "p521", "ed25519", "rsa3072"] {
            let der = read(&format!("{kind}.key")).unwrap().decrypt(b"pw").unwrap();
            assert_eq!(PrivateKey::from_pkcs8_der(&der).unwrap().to_pkcs8_der(), der, "{kind}");
        }
    }

    #[test]
    fn newlines_of_pipes_do_not_count() {
        assert_eq!(opens("cosign.key", "pw\n"), public("cosign.pub"));
        assert_eq!(opens("cosign.key", "pw\r\n"), public("cosign.pub"));
        for wrong in ["nope", "", "pw\nmore\n", "pw\n\n", " pw"] {
            assert_eq!(opens("cosign.key", wrong), "decrypt: encrypted: decryption failed");
        }
        let texts =
            |password: &str| variants(password.as_bytes()).iter().map(|v| String::from_utf8(v.to_vec()).unwrap()).collect::<Vec<_>>();
        assert_eq!(texts("pw"), ["pw", "pw\n"]);
        assert_eq!(texts("pw\n"), ["pw\n", "pw"]);
        assert_eq!(texts("pw\r\n"), ["pw\r\n", "pw", "pw\n"]);
        assert_eq!(texts(""), ["", "\n"]);
    }

    #[test]
    fn broken_keys_say_what_is_broken() {
        assert_eq!(opens("bad-kdf.key", "pw"), "decrypt: encrypted: unknown kdf name \"pbkdf2\"");
        assert_eq!(opens("bad-cipher.key", "pw"), "decrypt: encrypted: unknown cipher name \"aes\"");
        for changed in ["bad-n.key", "bad-salt.key", "bad-ciphertext.key"] {
            assert_eq!(opens(changed, "pw"), "decrypt: encrypted: decryption failed", "{changed}");
        }
        assert!(opens("raw-p256-sec1.pem", "pw").starts_with("unsupported pem type: EC PRIVATE KEY (import it"));
        assert!(opens("cosign.pub", "pw").starts_with("unsupported pem type: PUBLIC KEY"));
        let cut = PrivateKeyPem::new(&testdata("keys/cosign.key")[..300]);
        assert_eq!(EncryptedKey::from_pem(&cut).err().unwrap().to_string(), "invalid pem block");
    }

    #[test]
    fn costly_parameters_and_odd_nonces_are_refused_without_work() {
        let json = |n: &str, r: &str, p: &str, nonce: &str| {
            format!(
                r#"{{"kdf":{{"name":"scrypt","params":{{"N":{n},"r":{r},"p":{p}}},"salt":"AAAA"}},"cipher":{{"name":"nacl/secretbox","nonce":"{nonce}"}},"ciphertext":"AAAA"}}"#
            )
        };
        let nonce = base64::encode([0; NONCE_LEN]);
        let says = |json: String| EncryptedKey::from_json(json.as_bytes()).err().map(|error| error.to_string()).unwrap_or_default();
        assert_eq!(says(json("32768", "8", "1", &nonce)), "");
        assert_eq!(says(json("131072", "8", "1", &nonce)), "");
        for (n, r, p) in
            [("262144", "8", "1"), ("65536", "16", "1"), ("65536", "8", "2"), ("1", "8", "1"), ("-65536", "8", "1"), ("0", "0", "0")]
        {
            assert!(says(json(n, r, p, &nonce)).starts_with("unsupported scrypt parameters"), "{n} {r} {p}");
        }
        assert_eq!(says(json("65536", "8", "1", "AAAA")), "encrypted: incorrect nonce size");
        assert!(says(json("1e99", "8", "1", &nonce)).starts_with("encrypted: the JSON is malformed"));
    }

    #[test]
    fn what_is_sealed_opens_and_has_the_shape_of_the_go_program() {
        let fake = Fake::default();
        let key = PrivateKey::generate(&fake).unwrap();
        let sealed = seal(&key, &Password::new(*b"pw\n"), &fake).unwrap();
        let again = seal(&key, &Password::new(*b"pw\n"), &fake).unwrap();
        assert_ne!(sealed, again, "salt and nonce are fresh");
        for password in ["pw\n", "pw"] {
            let opened = EncryptedKey::from_pem(&sealed).unwrap().open(&Password::new(password.as_bytes())).unwrap();
            assert_eq!(opened.to_pkcs8_der(), key.to_pkcs8_der());
        }
        let (block, _) = pem::first(sealed.expose()).unwrap();
        let json = String::from_utf8(block.bytes).unwrap();
        assert!(json.starts_with(r#"{"kdf":{"name":"scrypt","params":{"N":65536,"r":8,"p":1},"salt":""#), "{json}");
        let data: Data = serde_json::from_str(&json).unwrap();
        assert_eq!((data.kdf.salt.0.len(), data.cipher.nonce.0.len(), data.ciphertext.0.len()), (32, 24, 154));
        assert_eq!(block.label, LABEL);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), at in 0..400_usize, with: u8) {
            let _ = EncryptedKey::from_json(&bytes);
            let _ = EncryptedKey::from_pem(&PrivateKeyPem::new(bytes));
            let mut changed = testdata("keys/cosign.key");
            changed[at] = with;
            let _ = EncryptedKey::from_pem(&PrivateKeyPem::new(changed));
        }
    }
}
