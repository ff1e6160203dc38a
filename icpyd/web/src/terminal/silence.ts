// Keeps xterm.js from answering what programs ask of their terminal: the daemon answers, once, however many windows look on.

import type { IDisposable, Terminal } from "@xterm/xterm";

/** Reports of the window, which `CSI t` asks for; what is not here changes titles. */
const REPORTS = new Set([11, 13, 14, 15, 16, 18, 19, 20, 21]);
/** DA, DSR, DECRQM, XTVERSION, DECREQTPARM and the keyboard's modes. */
const QUESTIONS = [
  { final: "c" },
  { prefix: "?", final: "c" },
  { prefix: ">", final: "c" },
  { prefix: "=", final: "c" },
  { final: "n" },
  { prefix: "?", final: "n" },
  { intermediates: "$", final: "p" },
  { prefix: "?", intermediates: "$", final: "p" },
  { prefix: ">", final: "q" },
  { final: "x" },
  { prefix: "?", final: "u" },
];
const COLORS = [4, 10, 11, 12];

/** Takes all questions out. */
export function silence({ parser }: Terminal): IDisposable[] {
  return [
    ...QUESTIONS.map((id) => parser.registerCsiHandler(id, () => true)),
    parser.registerCsiHandler({ final: "t" }, ([first]) => typeof first === "number" && REPORTS.has(first)),
    parser.registerDcsHandler({ intermediates: "$", final: "q" }, () => true),
    parser.registerDcsHandler({ intermediates: "+", final: "q" }, () => true),
    ...COLORS.map((color) => parser.registerOscHandler(color, (data) => data.split(";").includes("?"))),
  ];
}
