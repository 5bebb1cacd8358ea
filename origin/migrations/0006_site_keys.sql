-- The sets of keys that each site names which is not deleted: the issuers of its viewer tokens, the sets of its dialects, and the
-- keys of its sessions. Rows of sites that were written before are made by the service when it opens the database.
CREATE TABLE site_keys (
    issuer TEXT NOT NULL,
    host   TEXT NOT NULL,
    PRIMARY KEY (issuer, host)
);
CREATE INDEX site_keys_by_site ON site_keys (host, issuer);
