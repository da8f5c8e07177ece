//! The secret that a browser holds, and the only form of it that a store sees.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

const BYTES: usize = 32;

/// 256 bits from the operating system's generator: what the session cookie carries.
///
/// It exists in memory while a cookie is read or written, and nowhere else.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token([u8; BYTES]);

impl Token {
    pub(crate) fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// The token in a cookie's value, if it is one that [`encode`](Token::encode) could have written. There is one
    /// encoding of each token: padding, other alphabets and stray bits are refused here, before a store is asked.
    pub(crate) fn decode(text: &[u8]) -> Option<Self> {
        let mut bytes = [0; BYTES];
        match URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) {
            Ok(BYTES) => Some(Self(bytes)),
            _ => None,
        }
    }

    pub(crate) fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    pub(crate) fn key(&self) -> SessionKey {
        SessionKey(Sha256::digest(self.0).into())
    }

    /// The same for the token of a browser's other cookie.
    pub(crate) fn browser_key(&self) -> BrowserKey {
        BrowserKey(Sha256::digest(self.0).into())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name([u8; BYTES]);

        impl $name {
            /// The 32 bytes of the hash.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; BYTES] {
                &self.0
            }

            /// A key from its bytes, for a store that reads it back.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; BYTES]) -> Self {
                Self(bytes)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )*};
}

keys! {
    /// What a [`Store`](crate::Store) knows a session by: the SHA-256 of the token in the browser's cookie.
    ///
    /// Whoever reads the store cannot make a cookie of it. `Debug` does not show it either.
    SessionKey;

    /// What a [`Store`](crate::Store) knows a browser by, connected or not: the SHA-256 of a token of its own.
    ///
    /// Whoever reads the store cannot make a cookie of it. `Debug` does not show it either.
    BrowserKey;

    /// What a [`Store`](crate::Store) knows a tab of a browser by: the SHA-256 of the tab's identifier. `Debug` does not show it.
    TabKey;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_its_encoding_and_nothing_else_decodes() {
        let token = Token::random().unwrap();
        let text = token.encode();
        assert_eq!(text.len(), 43);
        assert_eq!(Token::decode(text.as_bytes()), Some(token));

        for ill_formed in ["", "a", &text[1..], &format!("{text}A"), &format!("{text}="), &format!("\"{text}\"")] {
            assert_eq!(Token::decode(ill_formed.as_bytes()), None, "{ill_formed}");
        }
        // The last character carries four bits of the token; the two bits below them must be zero.
        let stray = [&[b'A'; 42][..], b"B"].concat();
        assert_eq!(Token::decode(&stray), None);
    }

    #[test]
    fn neither_token_nor_key_shows_in_debug() {
        let token = Token([7; 32]);
        assert_eq!(format!("{token:?} {:?}", token.key()), "Token(…) SessionKey(…)");
        let others = (BrowserKey::from_bytes([7; 32]), TabKey::from_bytes([7; 32]));
        assert_eq!(format!("{others:?}"), "(BrowserKey(…), TabKey(…))");
    }

    #[test]
    fn the_key_is_the_sha_256_of_the_token() {
        let key = Token([0; 32]).key();
        // FIPS 180-4 over 32 zero bytes.
        assert_eq!(key.as_bytes()[..4], [0x66, 0x68, 0x7a, 0xad]);
    }
}
