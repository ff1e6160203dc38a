// A bare page with an editor and a terminal: what the browser and these two take by themselves.

import { EditorView, lineNumbers } from "@codemirror/view";
import { FitAddon } from "@xterm/addon-fit";
import { Terminal } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";

const editorParent = document.querySelector("#editor");
const terminalParent = document.querySelector<HTMLElement>("#terminal");
const extensions = [lineNumbers()];

/** Shows a file in the editor. */
async function open(name: string): Promise<void> {
  const doc = await (await fetch(name)).text();
  editorParent?.replaceChildren();
  if (editorParent) new EditorView({ doc, extensions, parent: editorParent });
}

const terminal = new Terminal({ scrollback: 10_000 });
const fit = new FitAddon();
terminal.loadAddon(fit);
if (terminalParent) terminal.open(terminalParent);
fit.fit();
const socket = new WebSocket(`${location.origin.replace("http", "ws")}/echo`);
socket.binaryType = "arraybuffer";
socket.onopen = () => terminal.write("floor$ ");
socket.onmessage = ({ data }) => terminal.write(new Uint8Array(data));
terminal.onData((data) => socket.send(data));
Object.assign(window, { open_file: open });
void open("/small.txt");
