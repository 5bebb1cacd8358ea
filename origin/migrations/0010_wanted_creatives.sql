-- The creatives that ad servers named for a site and that nobody had conditioned, as the edge reports them. Times are Unix seconds.
CREATE TABLE wanted_creatives (
    host     TEXT   NOT NULL,
    id       TEXT   NOT NULL,
    times    BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at  BIGINT NOT NULL,
    creative TEXT   NOT NULL,  -- JSON: its universal ad ids, its file, its duration
    PRIMARY KEY (host, id)
);
CREATE INDEX wanted_creatives_by_time ON wanted_creatives (last_at);

-- The mark of the edge's last answer for a site.
CREATE TABLE wanted_marks (
    host TEXT   NOT NULL PRIMARY KEY,
    mark BIGINT NOT NULL
);
