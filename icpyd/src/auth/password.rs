//! Passwords, kept as argon2id with the parameters of RFC 9106's second recommendation (64 MiB, three passes, by one lane).

use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use icpy_protocol::error::{Error, Result};
use tokio::sync::Semaphore;

const MEMORY_KIB: u32 = 64 << 10;
const PASSES: u32 = 3;

/// Passwords that are looked at, or wait for that. Each takes its memory and a tenth of a second of a core.
const WAITING_MAX: usize = 16;

/// How many bytes a password has.
pub(super) const PASSWORD_BYTES: std::ops::RangeInclusive<usize> = 8..=1024;

/// What looks at passwords, one after the other.
#[derive(Debug)]
pub(super) struct Passwords {
    turn: Semaphore,
    waiting: Semaphore,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { turn: Semaphore::new(1), waiting: Semaphore::new(WAITING_MAX) }
    }
}

impl Passwords {
    /// Whether it is the one that is kept. Takes as long where none is.
    pub(super) async fn check(&self, password: String, kept: Option<String>) -> Result<bool> {
        let check = move |argon2: &Argon2<'_>| match &kept {
            Some(kept) => {
                let kept =
                    PasswordHash::new(kept).map_err(|error| Error::internal(format!("a kept password: {error}")))?;
                Ok(argon2.verify_password(password.as_bytes(), &kept).is_ok())
            }
            None => write(argon2, &password, "as long as any").map(|_| false),
        };
        self.work(check).await
    }

    /// What is to be kept of a password.
    pub(super) async fn hash(&self, password: String, salt: String) -> Result<String> {
        if !PASSWORD_BYTES.contains(&password.len()) {
            let (min, max) = (PASSWORD_BYTES.start(), PASSWORD_BYTES.end());
            return Err(Error::invalid_params(format!("a password has {min} to {max} bytes")));
        }
        self.work(move |argon2| write(argon2, &password, &salt)).await
    }

    async fn work<T: Send + 'static>(&self, work: impl FnOnce(&Argon2<'_>) -> Result<T> + Send + 'static) -> Result<T> {
        let _waiting = self.waiting.try_acquire().map_err(|_| Error::busy("too many passwords are being looked at"))?;
        let closed = |_| Error::unavailable("the daemon is stopping");
        let _turn = self.turn.acquire().await.map_err(closed)?;
        let params = Params::new(MEMORY_KIB, PASSES, 1, None).expect("the parameters are in range");
        let done = tokio::task::spawn_blocking(move || work(&Argon2::new(Algorithm::Argon2id, Version::V0x13, params)));
        done.await.map_err(|error| Error::internal(error.to_string()))?
    }
}

/// The salt is text that is like no other.
fn write(argon2: &Argon2<'_>, password: &str, salt: &str) -> Result<String> {
    let failed = |error: argon2::password_hash::Error| Error::internal(format!("a password cannot be hashed: {error}"));
    let salt = SaltString::encode_b64(salt.as_bytes()).map_err(failed)?;
    Ok(argon2.hash_password(password.as_bytes(), &salt).map_err(failed)?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_known_by_its_hash() {
        let passwords = Passwords::default();
        let kept = passwords.hash("correct horse".to_owned(), "0123456789abcdef".to_owned()).await.unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=65536,t=3,p=1$"), "{kept}");
        assert!(passwords.check("correct horse".to_owned(), Some(kept.clone())).await.unwrap());
        assert!(!passwords.check("correct house".to_owned(), Some(kept)).await.unwrap());
        assert!(!passwords.check("correct horse".to_owned(), None).await.unwrap());
        assert!(passwords.hash("short".to_owned(), "0123456789abcdef".to_owned()).await.is_err());
    }
}
