-- Who changed what. One row for each state of a document: the current state, whose body is in `documents`, and the states that it
-- replaced, until they are pruned. Of a site's revocations, one row for each that was added or taken back.
CREATE TABLE history (
    revision   BIGINT NOT NULL PRIMARY KEY,
    kind       TEXT   NOT NULL,
    id         TEXT   NOT NULL,
    at         BIGINT NOT NULL,  -- when the state began
    changed_by TEXT,             -- the public id of the API key
    action     TEXT   NOT NULL CHECK (action IN ('create', 'change', 'delete', 'revoke', 'unrevoke')),
    body       TEXT,             -- the document of a replaced state, without shared secrets; the entry of a revocation
    ended_at   BIGINT            -- when another state replaced it, or when a revocation was added or taken back; NULL: current
);
CREATE INDEX history_by_document ON history (kind, id, revision);
CREATE INDEX history_by_kind ON history (kind, revision);
CREATE INDEX history_by_end ON history (ended_at, revision);

-- The sites of each row, for API keys of some sites: those of the title in that state, or the site itself.
CREATE TABLE history_sites (
    host     TEXT   NOT NULL,
    kind     TEXT   NOT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (host, kind, revision)
);
CREATE INDEX history_sites_by_revision ON history_sites (revision, host);

-- A revision is the time of its change in Unix milliseconds, unless the clock was set back.
INSERT INTO history (revision, kind, id, at, changed_by, action)
SELECT d.revision, d.kind, d.id, COALESCE(o.changed_at, d.revision), d.changed_by,
       CASE WHEN d.body IS NULL THEN 'delete' ELSE 'change' END
  FROM documents d LEFT JOIN outbox o ON o.revision = d.revision
 WHERE d.kind <> 'revocations';
INSERT INTO history_sites (host, kind, revision)
SELECT d.id, d.kind, d.revision FROM documents d WHERE d.kind = 'site';
INSERT INTO history_sites (host, kind, revision)
SELECT t.host, d.kind, d.revision FROM title_sites t JOIN documents d ON d.kind = 'title' AND d.id = t.id;
