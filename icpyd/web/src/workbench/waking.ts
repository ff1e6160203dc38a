// Whether the computer was asleep, or has another network than before.

const LOOK_MS = 2_000;
/** What passes between two looks where nothing slept. */
const GAP_MS_MAX = 10_000;

/** Tells when the connection may be dead without having said so. Returns how to end that. */
export function watchWaking(tell: () => void): () => void {
  let lookedAt = Date.now();
  const look = () => {
    const now = Date.now();
    if (now - lookedAt > GAP_MS_MAX) tell();
    lookedAt = now;
  };
  const seen = () => {
    if (!document.hidden) tell();
  };
  const timer = setInterval(look, LOOK_MS);
  window.addEventListener("online", tell);
  document.addEventListener("visibilitychange", seen);
  return () => {
    clearInterval(timer);
    window.removeEventListener("online", tell);
    document.removeEventListener("visibilitychange", seen);
  };
}
