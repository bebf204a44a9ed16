// `bun start [--demo] [--port N]`: from a fresh clone to a running monitor. Only what Bun brings, until packages are there.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { installPackages } from "./install.ts";

const root = join(import.meta.dir, "..");
const given = process.argv.slice(2).filter((argument) => argument !== "--");
const isDemo = given.includes("--demo");
const options = given.filter((argument) => argument !== "--demo");

installPackages();
const env: NodeJS.ProcessEnv = { ...process.env, NODE_ENV: "production" };
// Whoever says where the database lies has said where the data is.
if (!isDemo && !env.DB_PATH) env.DATA_DIR ||= join(root, "data");
if (env.DATA_DIR) mkdirSync(env.DATA_DIR, { recursive: true });

// Takes this process's place, so that Ctrl-C, SIGTERM and the exit code are the monitor's own.
if (!process.execve) throw new Error(`Bun 1.4.5 is needed, this is ${Bun.version}`);
const main = join(root, "src", "main.ts");
process.execve(process.execPath, [process.execPath, "--smol", main, isDemo ? "demo" : "serve", ...options], env);
