import { line } from "./parts.mjs";

document.getElementById("made").append(line("made"), line(import.meta.url.split("/").pop()));
document.documentElement.dataset.done = "yes";
