// Whether somebody uses this window.

const EVENTS = ["keydown", "pointerdown", "pointermove", "wheel"] as const;
const IDLE_MS = 3 * 60_000;

/** Tells when nobody has used the window for a while or looks at it, and when somebody does again. Returns how to end that. */
export function watchIdle(tell: (isIdle: boolean) => void): () => void {
  let isIdle = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const set = (to: boolean) => {
    if (to !== isIdle) tell(to);
    isIdle = to;
  };
  const used = () => {
    clearTimeout(timer);
    timer = setTimeout(() => set(true), IDLE_MS);
    set(false);
  };
  const seen = () => (document.hidden ? set(true) : used());
  for (const event of EVENTS) window.addEventListener(event, used, { passive: true, capture: true });
  document.addEventListener("visibilitychange", seen);
  used();
  return () => {
    clearTimeout(timer);
    for (const event of EVENTS) window.removeEventListener(event, used, { capture: true });
    document.removeEventListener("visibilitychange", seen);
  };
}
