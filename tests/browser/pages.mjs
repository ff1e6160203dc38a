// What a page can try on a server that is not its own. `attack` runs in the page: it knows nothing but what it is given.

export const ATTACKS = [
  "post text",
  "post json",
  "post with a header",
  "beacon",
  "get and read",
  "image",
  "script",
  "style",
  "frame",
  "form",
  "websocket",
  "events",
];

/// Tries one thing. It is a success when the page gets an answer that it can use.
export async function attack({ name, target, write, id }) {
  const at = (path) => `${target}${path}?attack=${encodeURIComponent(id)}`;
  const within = (promise) => Promise.race([promise, new Promise((resolve) => setTimeout(resolve, 5000, "nothing within 5 s"))]);
  const read = async (path, init) => {
    const answer = await fetch(at(path), { credentials: "include", ...init });
    return { success: answer.ok && answer.type !== "opaque", seen: `${answer.type} ${answer.status}` };
  };
  const element = (tag, attributes) => new Promise((resolve) => {
    const it = Object.assign(document.createElement(tag), attributes);
    it.onload = () => resolve({ success: true, seen: "loaded" });
    it.onerror = () => resolve({ success: false, seen: "error" });
    document.body.append(it);
  });
  const tries = {
    "post text": () => read("/rpc", { method: "POST", mode: "no-cors", headers: { "Content-Type": "text/plain" }, body: write }),
    "post json": () => read("/rpc", { method: "POST", headers: { "Content-Type": "application/json" }, body: write }),
    "post with a header": () => read("/rpc", {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: "Bearer icpy_guess", "X-Icpy-Csrf": "guess" },
      body: write,
    }),
    beacon: async () => ({ success: false, seen: navigator.sendBeacon(at("/rpc"), new Blob([write], { type: "text/plain" })) }),
    "get and read": () => read("/metrics", {}),
    image: () => element("img", { src: at("/api/v1/canary.png") }),
    script: async () => {
      const loaded = await element("script", { src: at("/metrics") });
      return { ...loaded, success: loaded.success || "stolen" in window };
    },
    style: () => element("link", { rel: "stylesheet", href: at("/assets/page.css") }),
    frame: async () => {
      const frame = Object.assign(document.createElement("iframe"), { src: at("/") });
      const loaded = new Promise((resolve) => (frame.onload = resolve));
      document.body.append(frame);
      await loaded;
      // A page that was refused has no document that says anything, and neither has one of another origin.
      return { success: Boolean(frame.contentDocument?.title), seen: frame.contentDocument?.title ?? "nothing" };
    },
    form: async () => {
      const frame = Object.assign(document.createElement("iframe"), { name: `answer ${id}` });
      const form = Object.assign(document.createElement("form"), { action: at("/rpc"), method: "POST", enctype: "text/plain", target: `answer ${id}` });
      // Sent as `{"jsonrpc": ... ,"a":"="}`: a form can write JSON.
      form.append(Object.assign(document.createElement("input"), { name: `${write.slice(0, -1)},"a":"`, value: '"}' }));
      document.body.append(frame, form);
      const loaded = new Promise((resolve) => (frame.onload = resolve));
      form.submit();
      await loaded;
      return { success: false, seen: "sent" };
    },
    websocket: () => new Promise((resolve) => {
      const socket = new WebSocket(at("/ws").replace("http", "ws"), "icpy.v1");
      socket.onopen = () => socket.send(write);
      socket.onmessage = ({ data }) => resolve({ success: true, seen: data });
      socket.onclose = () => resolve({ success: false, seen: "closed" });
    }),
    events: () => new Promise((resolve) => {
      const events = new EventSource(at("/api/v1/events"), { withCredentials: true });
      const end = (success) => () => {
        events.close();
        resolve({ success, seen: "events" });
      };
      Object.assign(events, { onopen: end(true), onmessage: end(true), onerror: end(false) });
    }),
  };
  try {
    const result = await within(tries[name]());
    return typeof result === "string" ? { success: false, seen: result } : result;
  } catch (error) {
    return { success: false, seen: String(error) };
  }
}
