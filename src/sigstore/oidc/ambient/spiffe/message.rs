//! The two messages of `FetchJWTSVID` in protobuf's wire format.

/// Wire type of texts and messages.
const LENGTH_DELIMITED: u64 = 2;

/// `JWTSVIDRequest { repeated string audience = 1; }`. An audience is short: its length is one byte.
pub(super) fn request(audience: &str) -> Vec<u8> {
    let audience = &audience.as_bytes()[..audience.len().min(127)];
    let length = u8::try_from(audience.len()).unwrap_or_default();
    [&[0x0a, length], audience].concat()
}

/// The token of the first `JWTSVID { string spiffe_id = 1; string svid = 2; }` in a `JWTSVIDResponse { repeated JWTSVID svids = 1; }`.
pub(super) fn first_token(response: &[u8]) -> Option<String> {
    let token = field(field(response, 1)?, 2)?;
    String::from_utf8(token.to_vec()).ok().filter(|token| !token.is_empty())
}

/// The first field of that number that holds bytes.
fn field(mut message: &[u8], wanted: u64) -> Option<&[u8]> {
    while !message.is_empty() {
        let key = varint(&mut message)?;
        let content = match key & 7 {
            0 => {
                varint(&mut message)?;
                continue;
            }
            1 => take(&mut message, 8)?,
            LENGTH_DELIMITED => {
                let length = usize::try_from(varint(&mut message)?).ok()?;
                take(&mut message, length)?
            }
            5 => take(&mut message, 4)?,
            _ => return None,
        };
        if key == (wanted << 3 | LENGTH_DELIMITED) {
            return Some(content);
        }
    }
    None
}

fn take<'a>(message: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, rest) = message.split_at_checked(length)?;
    *message = rest;
    Some(taken)
}

fn varint(message: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = message.split_first()?;
        *message = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn messages_are_protobuf() {
        assert_eq!(request("sigstore"), b"\x0a\x08sigstore");
        let svid = b"\x0a\x03id1\x12\x05a.b.c\x1a\x01h";
        let response = [b"\x10\x96\x01".as_slice(), &[0x0a, u8::try_from(svid.len()).unwrap()], svid, b"\x0a\x00"].concat();
        assert_eq!(first_token(&response).unwrap(), "a.b.c");
        assert_eq!(first_token(b""), None);
        assert_eq!(first_token(b"\x0a\x02\x12\x00"), None);
        assert_eq!(first_token(b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"), None);
    }

    proptest::proptest! {
        #[test]
        fn foreign_messages_never_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..60)) {
            let _ = first_token(&bytes);
        }
    }
}
