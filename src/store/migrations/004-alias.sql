-- Names under which a job was known before it was renamed, or merged into another: reports of them are this job's.
CREATE TABLE alias (
	name TEXT NOT NULL,
	host TEXT NOT NULL,
	slug TEXT NOT NULL,
	job_id INTEGER NOT NULL REFERENCES job (id),
	strand TEXT NOT NULL, -- '': the job itself; else the job that was merged into it, whose run numbers are its own
	PRIMARY KEY (name, host)
) STRICT, WITHOUT ROWID;
