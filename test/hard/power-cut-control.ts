// A program that acknowledges what SQLite has not flushed, as others do: the replay of power cuts must see it lose rows.
import { Database } from "bun:sqlite";

const [path = "", synchronous = "NORMAL"] = process.argv.slice(2);
const db = new Database(path, { create: true });
db.run("PRAGMA journal_mode = WAL");
db.run(`PRAGMA synchronous = ${synchronous}`);
db.run("PRAGMA wal_autocheckpoint = 20");
db.run("CREATE TABLE run (id INTEGER PRIMARY KEY, version INTEGER NOT NULL, text TEXT NOT NULL)");
for (let version = 1; version <= 80; version++) {
	db.run("INSERT INTO run VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET version = ?2", [
		version % 50,
		version,
		"x".repeat(300),
	]);
	process.stdout.write(`acknowledged ${version}\n`);
}
process.kill(process.pid, "SIGKILL");
