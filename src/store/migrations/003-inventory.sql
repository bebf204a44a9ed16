-- One look at a remote: when, by what road, and what came of it. What it showed stands in `snapshot`.
CREATE TABLE listing (
	id INTEGER PRIMARY KEY,
	job_id INTEGER NOT NULL REFERENCES job (id),
	at INTEGER NOT NULL,
	format TEXT NOT NULL,
	source TEXT NOT NULL,
	outcome TEXT NOT NULL CHECK (outcome IN ('ok', 'empty', 'failed', 'truncated')),
	entries INTEGER NOT NULL,
	bytes INTEGER,
	newest_at INTEGER,
	reason TEXT,
	digest TEXT, -- of its entries: the same again is compared with nothing
	is_compared INTEGER NOT NULL -- 0: it says nothing, or only its counts were found again in the journal
) STRICT;
CREATE INDEX listing_by_job ON listing (job_id, at);

-- What the good listings of a job have shown. Written when it changes: an unchanged listing of any length writes one row.
CREATE TABLE snapshot (
	job_id INTEGER NOT NULL,
	id TEXT NOT NULL,
	name TEXT,
	at INTEGER,
	size INTEGER,
	host TEXT,
	about TEXT NOT NULL,
	seen_at INTEGER NOT NULL, -- the first listing that had it
	gone_at INTEGER, -- the first listing that did not have it any more
	PRIMARY KEY (job_id, id)
) STRICT, WITHOUT ROWID;

-- Restore tests are rare and asked for at every page: without this, all runs of a job are read to find none.
CREATE INDEX drill_by_job ON run (job_id, started_at) WHERE kind = 'restore_test';
