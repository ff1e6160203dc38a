// Where a window begins.

import { mount } from "svelte";
import App from "./App.svelte";
import { Connection } from "./connection/connection.ts";
import { dial, isLoggedIn } from "./connection/dial.ts";
import "./ui/theme.css";
import { Workbench } from "./workbench/workbench.svelte.ts";

const workbench = new Workbench(new Connection({ dial, isLoggedIn }, "icpy-web"));
const target = document.querySelector("#app");
if (target) mount(App, { target, props: { workbench } });
workbench.start();
