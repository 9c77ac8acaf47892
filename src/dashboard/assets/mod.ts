/** The files of the dashboard, as `serve` sends them. They are embedded as text, so that one file has the whole program. */

import app from "./app.js" with { type: "text" };
import styles from "./app.css" with { type: "text" };
import page from "./index.html" with { type: "text" };
import layoutWorker from "./layout_worker.js" with { type: "text" };
import markdownReader from "./markdown_reader.js" with { type: "text" };
import start from "./start.js" with { type: "text" };

const SCRIPT = "text/javascript; charset=utf-8";

export const ASSETS = [
  { path: "/", type: "text/html; charset=utf-8", body: page },
  { path: "/start.js", type: SCRIPT, body: start },
  { path: "/app.js", type: SCRIPT, body: app },
  { path: "/app.css", type: "text/css; charset=utf-8", body: styles },
  { path: "/layout_worker.js", type: SCRIPT, body: layoutWorker },
  { path: "/markdown_reader.js", type: SCRIPT, body: markdownReader },
];
