-- The sites on which each title and creative may be shown that is not deleted, for API keys of some sites.
CREATE TABLE document_sites (
    kind TEXT NOT NULL,
    host TEXT NOT NULL,
    id   TEXT NOT NULL,
    PRIMARY KEY (kind, host, id)
);
CREATE INDEX document_sites_by_document ON document_sites (kind, id, host);
INSERT INTO document_sites (kind, host, id) SELECT 'title', host, id FROM title_sites;
DROP TABLE title_sites;

-- The text in which a title or creative is searched that is not deleted: its id and its names, each letter in one case.
CREATE TABLE document_names (
    kind TEXT NOT NULL,
    id   TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (kind, id)
);
INSERT INTO document_names (kind, id, text) SELECT 'title', id, text FROM title_names;
DROP TABLE title_names;

-- The creatives that documents name which are not deleted: a site's campaigns, and sites for their slates and bumpers.
CREATE TABLE creative_uses (
    creative TEXT NOT NULL,
    kind     TEXT NOT NULL,
    id       TEXT NOT NULL,
    PRIMARY KEY (creative, kind, id)
);
CREATE INDEX creative_uses_by_document ON creative_uses (kind, id);
