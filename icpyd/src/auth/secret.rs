//! What is secret in a credential: 256 random bits in hexadecimal, of which only the SHA-256 is kept. Nobody can try out so
//! many, so that a hash that is made to be slow would gain nothing.

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::store::accounts::Hash;

/// What a token begins with, so that people and scanners know it where they see it.
pub const TOKEN_PREFIX: &str = "icpy_";

/// What is kept of a secret.
pub fn hash(secret: &str) -> Hash {
    Sha256::digest(secret.as_bytes()).into()
}

/// Whether two secrets are the same. It takes as long whatever they have in common.
pub fn is_same(one: &str, other: &str) -> bool {
    hash(one).ct_eq(&hash(other)).into()
}

/// What a page that was served to a browser knows, and a page of somebody else cannot.
pub fn csrf_token(secret: &str) -> String {
    let digest = Sha256::new().chain_update("icpy csrf ").chain_update(secret.as_bytes()).finalize();
    format!("{digest:x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_compared_whole() {
        assert!(is_same("icpy_1", "icpy_1"));
        for other in ["", "icpy_", "icpy_2", "icpy_11", "Icpy_1"] {
            assert!(!is_same("icpy_1", other), "{other}");
        }
    }

    #[test]
    fn what_a_page_knows_tells_nothing_of_the_secret() {
        let token = csrf_token("secret");
        assert_eq!(token.len(), 64);
        assert_ne!(token, format!("{:x}", Sha256::digest(b"secret")));
        assert_ne!(token, csrf_token("other"));
    }
}
