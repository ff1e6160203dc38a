// Shows who is logged in, and that the daemon is there: over one WebSocket, which comes back by itself.

const state = document.querySelector("#state");
const facts = document.querySelector("#facts");
let socket;
let csrfToken;
let pauseMs = 250;

function show(entries) {
  facts.replaceChildren(
    ...entries.flatMap(([name, value]) => {
      const term = document.createElement("dt");
      const text = document.createElement("dd");
      term.textContent = name;
      text.textContent = value;
      return [term, text];
    }),
  );
}

async function call(method, params) {
  const headers = { "Content-Type": "application/json" };
  if (csrfToken) headers["X-Icpy-Csrf"] = csrfToken;
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  return fetch("/rpc", { method: "POST", headers, body });
}

function connect() {
  socket = new WebSocket(`${location.origin.replace("http", "ws")}/ws`, "icpy.v1");
  socket.onopen = () => {
    pauseMs = 250;
    state.textContent = "Connected.";
    socket.send(JSON.stringify({ jsonrpc: "2.0", id: "status", method: "daemon:status", params: {} }));
  };
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    if (message.id !== "status" || !message.result) return;
    const { version, sessions, openFiles } = message.result;
    show([["icpyd", version], ["Sessions", sessions], ["Open files", openFiles ?? 0]]);
  };
  socket.onclose = ({ reason }) => {
    state.textContent = reason ? `The connection was closed: ${reason}.` : "The connection was lost.";
    setTimeout(begin, pauseMs);
    pauseMs = Math.min(pauseMs * 2, 5000);
  };
}

async function begin() {
  try {
    const who = await fetch("/api/v1/auth/whoami");
    if (who.status === 401) return location.replace("/login");
    csrfToken = (await who.json()).csrfToken;
    document.querySelector("#actions").hidden = false;
    connect();
  } catch {
    state.textContent = "The daemon is not there.";
    setTimeout(begin, pauseMs);
    pauseMs = Math.min(pauseMs * 2, 5000);
  }
}

document.querySelector("#logout").addEventListener("click", async () => {
  await fetch("/logout", { method: "POST", headers: { "X-Icpy-Csrf": csrfToken } });
  location.replace("/login");
});

begin();
